"""What a batch of one trajectory of one step costs QC Lab's MPI driver, in seconds.

    mpirun -n 3 python tests/mpi/qclab_mpi.py BATCHES
"""

import os

for _name in ("OMP", "OPENBLAS", "MKL", "NUMBA", "VECLIB_MAXIMUM"):
    os.environ[_name + "_NUM_THREADS"] = "1"

import sys
import time

import numpy as np
from mpi4py import MPI
from qclab import Simulation, algorithms, models
from qclab.dynamics import parallel_driver_mpi


def run(batches):
    sim = Simulation({"num_trajs": batches, "batch_size": 1, "tmax": 0.01, "dt_update": 0.01,
                      "dt_collect": 0.01, "progress_bar": False})
    sim.model = models.SpinBoson({"A": 2})
    sim.algorithm = algorithms.MeanField({})
    sim.initial_state["wf_db"] = np.array([1, 0], dtype=complex)
    MPI.COMM_WORLD.Barrier()
    start = time.perf_counter()
    parallel_driver_mpi(sim)
    MPI.COMM_WORLD.Barrier()
    return (time.perf_counter() - start) / batches


def main():
    # What Numba compiles is compiled.
    run(MPI.COMM_WORLD.Get_size())
    seconds = run(int(sys.argv[1]))
    if MPI.COMM_WORLD.Get_rank() == 0:
        print(seconds)


if __name__ == "__main__":
    main()
