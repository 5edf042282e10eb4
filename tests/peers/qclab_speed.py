"""Time QC Lab on one core: one JSON request per line on standard input, one answer per line.

    echo '{"model": "SpinBoson", "algorithm": "MeanField", "constants": {}, "dt": 0.01,
           "steps": 200, "batch_size": 25, "states": 2}' | tr -d '\\n' \\
        | venv/bin/python tests/peers/qclab_speed.py

The answer is the number of seconds that the serial driver takes with one batch that holds all
trajectories, no progress bar, and a collection every 10 updates. It includes drawing the initial
conditions and collecting. QC Lab makes one update after the last collection, so `steps` steps are
steps + 1 updates, and the time per trajectory and step is that of an update. What Numba compiles, it
compiles in a tiny run before the first request for a model and an algorithm.
"""

import os

for _name in ("OMP", "OPENBLAS", "MKL", "NUMBA", "VECLIB_MAXIMUM"):
    os.environ[_name + "_NUM_THREADS"] = "1"

import json
import sys
import time

import numpy as np
from qclab import Simulation, algorithms, models
from qclab.dynamics import serial_driver


def measure(request, batch_size, steps):
    """Seconds of one run."""
    dt = request["dt"]
    sim = Simulation({"num_trajs": batch_size, "batch_size": batch_size, "tmax": steps * dt,
                      "dt_update": dt, "dt_collect": 10 * dt, "progress_bar": False})
    sim.model = getattr(models, request["model"])(dict(request["constants"]))
    sim.algorithm = getattr(algorithms, request["algorithm"])({})
    sim.initial_state["wf_db"] = np.eye(1, request["states"], dtype=complex)[0]
    start = time.perf_counter()
    serial_driver(sim)
    seconds = time.perf_counter() - start
    assert sim.settings.tmax_n == steps
    return seconds


def main():
    warm = set()
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        request = json.loads(line)
        kind = (request["model"], request["algorithm"])
        if kind not in warm:
            measure(request, 4, 10)
            warm.add(kind)
        seconds = measure(request, request["batch_size"], request["steps"])
        print(json.dumps(seconds), file=answers, flush=True)


if __name__ == "__main__":
    main()
