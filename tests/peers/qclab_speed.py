"""Measure QC Lab on one core.

    python -m venv venv
    venv/bin/pip install -r tests/peers/requirements.txt
    venv/bin/python tests/peers/qclab_speed.py --model SpinBoson --algorithm MeanField \\
        --batch-sizes 25,200,1000 --steps 200 --repeats 3

Times the serial driver, with one batch that holds all trajectories, no progress bar, and a collection
every 10 updates. The time includes drawing the initial conditions and collecting. QC Lab makes one
update after the last collection, so `steps` steps are steps + 1 updates: the time per trajectory and
step is that of an update. Numba compiles in a tiny run beforehand. One JSON line per batch size,
with the least time of the repeats.

SpinBoson has its default constants (100 modes) and dt_update 0.01. TullyProblemOne has dt_update 2.0 and
starts at -5 instead of -25, so that 1000 steps cross the coupling region.
"""

import os

for _name in ("OMP", "OPENBLAS", "MKL", "NUMBA", "VECLIB_MAXIMUM"):
    os.environ[_name + "_NUM_THREADS"] = "1"

import argparse
import json
import time

import numpy as np
from qclab import Simulation, algorithms, models
from qclab.dynamics import serial_driver

CONSTANTS = {"SpinBoson": {}, "TullyProblemOne": {"init_position": -5.0}}
DT = {"SpinBoson": 0.01, "TullyProblemOne": 2.0}


def measure(args, batch_size, steps):
    """Seconds of one run."""
    dt = DT[args.model]
    sim = Simulation({"num_trajs": batch_size, "batch_size": batch_size, "tmax": steps * dt,
                      "dt_update": dt, "dt_collect": 10 * dt, "progress_bar": False})
    sim.model = getattr(models, args.model)(CONSTANTS[args.model])
    settings = {"fssh_deterministic": True} if args.deterministic else {}
    sim.algorithm = getattr(algorithms, args.algorithm)(settings)
    sim.initial_state["wf_db"] = np.array([1.0, 0.0], dtype=complex)
    start = time.perf_counter()
    serial_driver(sim)
    seconds = time.perf_counter() - start
    assert sim.settings.tmax_n == steps
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--model", choices=list(DT), default="SpinBoson")
    parser.add_argument("--algorithm", choices=["MeanField", "FewestSwitchesSurfaceHopping"], default="MeanField")
    parser.add_argument("--deterministic", action="store_true")
    parser.add_argument("--batch-sizes", default="25,200,1000")
    parser.add_argument("--steps", type=int, default=200, help="a multiple of 10")
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    if args.steps < 10 or args.steps % 10:
        parser.error("--steps must be a multiple of 10")
    if args.repeats < 1:
        parser.error("--repeats must be positive")
    if args.deterministic and args.algorithm == "MeanField":
        parser.error("--deterministic needs surface hopping")
    measure(args, 4, 10)
    for batch_size in (int(size) for size in args.batch_sizes.split(",")):
        seconds = min(measure(args, batch_size, args.steps) for _ in range(args.repeats))
        print(json.dumps({
            "peer": "qclab",
            "model": args.model,
            "algorithm": args.algorithm + (" (deterministic)" if args.deterministic else ""),
            "batch_size": batch_size,
            "steps": args.steps,
            "seconds": round(seconds, 6),
            "us_per_trajectory_step": round(1e6 * seconds / (batch_size * (args.steps + 1)), 4),
        }), flush=True)


if __name__ == "__main__":
    main()
