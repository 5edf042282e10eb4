"""Write a small HDF5 file with QC Lab, for our reader.

    python -m venv venv
    venv/bin/pip install -r tests/peers/requirements.txt
    venv/bin/python tests/peers/write_hdf5.py tests/golden/qclab-1.3.0/saved-by-qclab.h5

Mean-field, a spin-boson model with 5 modes, 4 trajectories in batches of 3, 11 points in time.
"""

import os

for _name in ("OMP", "OPENBLAS", "MKL", "NUMBA", "VECLIB_MAXIMUM"):
    os.environ[_name + "_NUM_THREADS"] = "1"

import argparse

import numpy as np
from qclab import Simulation
from qclab.algorithms import MeanField
from qclab.dynamics import serial_driver
from qclab.models import SpinBoson


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("file")
    path = parser.parse_args().file
    sim = Simulation({"num_trajs": 4, "batch_size": 3, "tmax": 1.0, "dt_update": 0.05,
                      "dt_collect": 0.1, "progress_bar": False})
    sim.model = SpinBoson({"A": 5})
    sim.algorithm = MeanField()
    sim.initial_state["wf_db"] = np.array([0.6, 0.8j], dtype=complex)
    data = serial_driver(sim)
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    data.save(path)


if __name__ == "__main__":
    main()
