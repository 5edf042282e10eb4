"""Run QC Lab with all its models, algorithms and options, and write the results for a comparison.

    python -m venv venv
    venv/bin/pip install -r tests/peers/requirements.txt
    venv/bin/python tests/peers/make_parity.py OUTDIR --seed 1

One compact JSON file per row of the comparison, with the keys that `qclab_run.py` describes and, under
`trajectories`, what each trajectory did: so a single flipped hop can be told from an error. Where MASH has
an antisymmetric direction, `stock_self_deviation` says how far QC Lab as it is agrees with itself.

Rows whose name begins with

  suite     have the constants and the initial wave function, i and zeros, of QC Lab's own test suite.
            Its settings are not in the package; they are in the repository, in
            tests/reference_settings.py. The runs are shorter, with longer time steps and fewer
            trajectories, modes and sites. The suite has no settings for the complex avoided crossings:
            they have their default constants and start nearer to the crossing
  random    have everything drawn at random, from a generator that is seeded with the seed and the name
            of the row: constants, sizes, batches, time steps, wave functions, and seeds in some
  without   are like random ones, with ingredients removed from the model

The same seed gives the same files: 679 of them, 16 MB, in some 8 minutes of one core's time.
"""

import argparse
import collections
import itertools
import json
import math
import multiprocessing
import os
import random
import time
import traceback

from qclab_run import DET, FSSH, MASH, MASH_CLASS, MF, drive, prepare, run, simulate

# After qclab_run, which limits its threads.
import numpy as np

GAUGES = ("sign_overlap", "phase_overlap", "phase_der_couple")

# QC Lab's names of the models and those in the names of rows.
MODELS = {
    "SpinBoson": "spin_boson",
    "HolsteinLattice": "holstein",
    "HolsteinLatticeReciprocalSpace": "reciprocal",
    "FMOComplex": "fmo",
    "TullyProblemOne": "tully_one",
    "TullyProblemTwo": "tully_two",
    "TullyProblemThree": "tully_three",
    "ComplexAvoidedCrossingA": "crossing_a",
    "ComplexAvoidedCrossingB": "crossing_b",
    "ComplexAvoidedCrossingC": "crossing_c",
}
HARMONIC = ("SpinBoson", "HolsteinLattice", "HolsteinLatticeReciprocalSpace", "FMOComplex")
SHORT = {MF[0]: "mf", FSSH[0]: "fssh", MASH_CLASS: "mash"}

# The constants and times (tmax, dt_update, dt_collect) of rows of the kind `suite`.
SUITE = {
    "SpinBoson": ({"A": 20}, (10.0, 0.05, 2.0)),
    "HolsteinLattice": ({"N": 4}, (10.0, 0.05, 2.0)),
    "HolsteinLatticeReciprocalSpace": ({"N": 4}, (5.0, 0.05, 1.0)),
    "FMOComplex": ({"N": 4}, (5.0, 0.05, 1.0)),
    "TullyProblemOne": ({"init_position": -5.0}, (2000.0, 10.0, 400.0)),
    "TullyProblemTwo": ({"init_position": -5.0}, (2000.0, 10.0, 400.0)),
    "TullyProblemThree": ({"init_position": -5.0}, (2000.0, 10.0, 400.0)),
    "ComplexAvoidedCrossingA": ({"init_position_x": -2.0}, (0.4, 0.0025, 0.08)),
    "ComplexAvoidedCrossingB": ({"init_position_x": -2.5, "init_position_y": -1.0}, (0.4, 0.0025, 0.08)),
    "ComplexAvoidedCrossingC": ({"init_position_x": -2.5, "init_position_y": -1.0}, (0.4, 0.0025, 0.08)),
}


def stock_self_deviation(model, constants, algorithm, settings, wf_db, seeds=None, without=()):
    """How far two runs of QC Lab are apart that differ only in the length of the model's own direction.

    The length does not matter: the size of the shift follows from the energy. The result is the largest
    absolute difference of `dm_db`.
    """
    results = []
    for factor in (1.0, 1.1):

        def scaled(stock, factor=factor):
            return lambda *args, **kwargs: factor * stock(*args, **kwargs)

        sim, _ = prepare(model, constants, algorithm, settings, wf_db, without, scaled)
        results.append(drive(sim, seeds)["dm_db"])
    return float(np.abs(results[1] - results[0]).max())


def options():
    """All algorithms with all combinations of options, and a name for each."""
    yield "mf", MF
    for deterministic, gauge, force in itertools.product((False, True), GAUGES, (False, True)):
        name = ("det_" if deterministic else "fssh_") + gauge + ("_force" if force else "")
        settings = {"fssh_deterministic": deterministic, "gauge_fixing": gauge, "use_gauge_field_force": force}
        yield name, (FSSH[0], settings)
    for gauge, force, reverse in itertools.product(GAUGES, (False, True), (True, False)):
        name = "mash_" + gauge + ("_force" if force else "") + ("" if reverse else "_keep")
        settings = {"gauge_fixing": gauge, "use_gauge_field_force": force, "reverse_frustrated_hops": reverse}
        yield name, (MASH_CLASS, settings)
    for name, number in (("max_hops", 1), ("max_hops", 3), ("num_bisections", 4), ("num_bisections", 13)):
        yield f"mash_{name}_{number}", (MASH_CLASS, {f"msmash_{name}": number})


def states(model, constants):
    """The number of quantum states."""
    if model.startswith("Holstein"):
        return constants["N"]
    return 7 if model == "FMOComplex" else 2


def is_deterministic(algorithm):
    """Whether it is deterministic surface hopping."""
    return algorithm[1].get("fssh_deterministic", False)


def suite_row(model, algorithm):
    """The constants, settings, wave function and seeds of a row of the kind `suite`."""
    constants, times = SUITE[model]
    number = states(model, constants)
    num_trajs = 2 * number if is_deterministic(algorithm) else 8
    if algorithm[0] == MASH_CLASS and (model == "FMOComplex" or not algorithm[1].get("reverse_frustrated_hops", True)):
        # Frustrated hops that are not reversed are attempted again and again.
        num_trajs = 4
    return dict(constants), run(num_trajs, num_trajs, *times), [1j] + [0.0] * (number - 1), None


def random_constants(rng, model, few):
    """Constants around the defaults, and the time it takes until something has happened."""

    def near(value, low=0.7, high=1.4):
        return value * rng.uniform(low, high)

    if model == "SpinBoson":
        constants = {
            "kBT": near(1.0, 0.4, 2.0),
            "V": near(0.5, 0.3, 1.2),
            "E": near(0.5, -1.0, 1.0),
            "A": rng.randint(1, 4 if few else 30),
            "W": near(0.1, 1.0, 5.0),
            "l_reorg": near(0.005, 10.0, 80.0),
            "boson_mass": near(1.0, 0.5, 2.0),
        }
        return constants, near(10.0)
    if model.startswith("Holstein"):
        constants = {
            "kBT": near(1.0, 0.5, 2.0),
            "g": near(0.5, 1.0, 2.5),
            "w": near(0.5, 0.7, 2.0),
            "N": rng.randint(2, 4 if few else 8),
            "J": near(1.0, 0.3, 1.2),
            "phonon_mass": near(1.0, 0.5, 2.0),
        }
        if model == "HolsteinLattice":
            constants["periodic"] = rng.random() < 0.5
        else:
            constants["N"] += constants["N"] % 2
            if rng.random() < 0.5:
                # It makes no difference there.
                constants["periodic"] = False
        return constants, near(6.0)
    if model == "FMOComplex":
        constants = {
            "kBT": near(1.0),
            "mass": near(1.0, 0.5, 2.0),
            "l_reorg": near(0.168, 0.5, 3.0),
            "w_c": near(0.509, 0.5, 2.0),
            "N": rng.randint(1, 6),
        }
        return constants, near(4.0)
    if model.startswith("Tully"):
        defaults = {
            "TullyProblemOne": {"A": 0.01, "B": 1.6, "C": 0.005, "D": 1.0},
            "TullyProblemTwo": {"A": 0.1, "B": 0.28, "C": 0.015, "D": 0.06, "E_0": 0.05},
            "TullyProblemThree": {"A": 0.0006, "B": 0.1, "C": 0.9},
        }[model]
        constants = {
            "init_momentum": rng.uniform(9.0, 22.0),
            "init_position": rng.uniform(-5.0, -2.5),
            "mass": near(2000.0),
            **{key: near(value) for key, value in defaults.items()},
        }
        return constants, near(-2.0 * constants["init_position"] * constants["mass"] / constants["init_momentum"])
    constants = {
        "W": near(2.0, 0.5, 1.5),
        "mass": near(1.0, 0.8, 1.5),
        "init_position_x": rng.uniform(-2.5, -1.0),
        "init_position_y": rng.uniform(-1.0, 1.0),
        "init_momentum_x": rng.uniform(5.0, 18.0),
        "init_momentum_y": rng.uniform(-6.0, 6.0),
    }
    if model == "ComplexAvoidedCrossingA":
        constants.update({"A": near(20.0, 0.4, 1.1), "B": near(1.0)})
    else:
        constants.update({"A": near(10.0, 0.5, 1.2), "Bx": near(1.0), "By": near(0.25, 0.5, 2.0)})
    return constants, near(-2.0 * constants["init_position_x"] * constants["mass"] / constants["init_momentum_x"])


def random_row(rng, model, algorithm, few=False):
    """The constants, settings, wave function and seeds of a row of the kind `random`."""
    constants, duration = random_constants(rng, model, few)
    number = states(model, constants)
    branches = number if is_deterministic(algorithm) else 1
    keep = not algorithm[1].get("reverse_frustrated_hops", True)
    # MASH takes long where many hops are frustrated, and in reciprocal space small errors grow fast.
    short = keep or algorithm[0] == MASH_CLASS and model in ("HolsteinLatticeReciprocalSpace", "FMOComplex")
    if algorithm[0] == MASH_CLASS and model == "HolsteinLatticeReciprocalSpace":
        duration *= 0.4
        constants["N"] = rng.choice((2, 4, 4, 6))
        number = constants["N"]
    if algorithm[0] == MASH_CLASS and model == "FMOComplex":
        duration *= 0.6
        constants["N"] = rng.randint(1, 3)
        constants["kBT"] *= 1.5
    groups = max(1, rng.randint(4, 5 if short else 12) // branches)
    num_trajs = groups * branches
    steps = rng.randint(60, 80 if short else 150 if algorithm[0] == MASH_CLASS or few else 300)
    intervals = rng.randint(4, 7)
    dt_update = float(f"{duration / steps:.4g}")
    # Neither is a multiple of the other: the driver rounds.
    dt_collect = dt_update * (steps // intervals + rng.uniform(-0.4, 0.4))
    tmax = dt_collect * (intervals + rng.uniform(-0.3, 0.3))
    settings = run(num_trajs, branches * rng.randint(1, groups), tmax, dt_update, dt_collect)
    wf_db = [complex(rng.gauss(0.0, 1.0), rng.gauss(0.0, 1.0)) for _ in range(number)]
    norm = math.sqrt(sum(abs(c) ** 2 for c in wf_db))
    seeds = None
    if rng.random() < 0.25:
        first = rng.sample(range(2**32 // branches - 1), groups)
        seeds = [branches * seed + branch for seed in first for branch in range(branches)]
    return constants, settings, [c / norm for c in wf_db], seeds


def without_rows(seed):
    """Rows with ingredients removed."""
    gradients = (("no_dh_qc", ("dh_qc_dzc",)), ("no_dh_c", ("dh_c_dzc",)))
    hop = (("no_hop", ("hop",)),)
    init = (("no_init", ("init_classical",)), ("no_init_nonseparable", ("init_classical",)))
    chosen = ("SpinBoson", "HolsteinLattice", "TullyProblemOne", "TullyProblemTwo", "ComplexAvoidedCrossingB")
    for model in chosen:
        for short, algorithm in (("mf", MF), ("fssh", FSSH), ("det", DET), ("mash", MASH)):
            variants = gradients + (() if short == "mf" else hop) + (init if model in HARMONIC else ())
            names = [name for _, removed in variants for name in removed]
            variants += (("none", tuple(dict.fromkeys(names))),)
            if short == "det":
                variants = variants[-1:]
            for name, removed in variants:
                row = f"without_{MODELS[model]}_{short}_{name}"
                rng = random.Random(f"{seed} {row}")
                constants, settings, wf_db, seeds = random_row(rng, model, algorithm, few=True)
                if "init_classical" in removed:
                    constants["mcmc_burn_in_size"] = rng.randint(50, 150)
                    constants["mcmc_sample_size"] = rng.randint(100, 400)
                    constants["mcmc_std"] = rng.uniform(0.5, 1.5)
                    if name == "no_init_nonseparable":
                        constants["mcmc_h_c_separable"] = False
                if "hop" in removed and rng.random() < 0.5:
                    constants["numerical_fssh_hop_gamma_range"] = rng.uniform(2.0, 8.0)
                    constants["numerical_fssh_hop_max_iter"] = rng.randint(20, 40)
                    constants["numerical_fssh_hop_num_points"] = rng.randint(7, 13)
                    constants["numerical_fssh_hop_threshold"] = 10.0 ** rng.uniform(-9.0, -5.0)
                yield row, model, constants, algorithm, settings, wf_db, seeds, removed
    for model in ("ComplexAvoidedCrossingA", "ComplexAvoidedCrossingB", "ComplexAvoidedCrossingC"):
        for short, algorithm in (("fssh", FSSH), ("det", DET), ("mash", MASH)):
            for gauge in GAUGES:
                row = f"without_{MODELS[model]}_{short}_{gauge}_no_direction"
                rng = random.Random(f"{seed} {row}")
                algorithm = (algorithm[0], {**algorithm[1], "gauge_fixing": gauge})
                constants, settings, wf_db, seeds = random_row(rng, model, algorithm)
                yield row, model, constants, algorithm, settings, wf_db, seeds, ("rescaling_direction_fssh",)


def rows(seed):
    """All rows, as arguments of `simulate`."""
    for model, short in MODELS.items():
        for name, algorithm in options():
            yield (f"suite_{short}_{name}", model, *with_algorithm(suite_row(model, algorithm), algorithm), ())
        for name, algorithm in options():
            row = f"random_{short}_{name}"
            drawn = random_row(random.Random(f"{seed} {row}"), model, algorithm)
            yield (row, model, *with_algorithm(drawn, algorithm), ())
    yield from without_rows(seed)


def with_algorithm(row, algorithm):
    """The parts of a row in the order of `simulate`."""
    constants, settings, wf_db, seeds = row
    return constants, algorithm, settings, wf_db, seeds


def make(task):
    """Run one row and write its file. Returns what the summary needs."""
    outdir, case = task
    start = time.perf_counter()
    try:
        out = simulate(*case, trajectories=True, verbose=False)
        if out.get("antisymmetric_direction"):
            out["stock_self_deviation"] = stock_self_deviation(*case[1:])
        text = json.dumps(out, separators=(",", ":"), allow_nan=False)
        with open(os.path.join(outdir, case[0] + ".json"), "w", encoding="ascii") as file:
            file.write(text + "\n")
    except Exception:  # pylint: disable=broad-except
        return case, {"error": traceback.format_exc()}, time.perf_counter() - start
    brief = {key: out.get(key) for key in ("hops", "frustrated", "stock_self_deviation")}
    margins = [low for low in out["trajectories"]["min_margin"] if low is not None]
    brief["min_margin"] = min(margins, default=None)
    brief["sensitivity"] = max(out["trajectories"]["sensitivity"])
    brief["bytes"] = len(text)
    return case, brief, time.perf_counter() - start


def summarize(results):
    """Print hops by model and algorithm, and what else is worth knowing."""
    hops = collections.defaultdict(lambda: [0, 0, 0])
    for case, brief, _ in results:
        if brief.get("hops") is not None:
            short = "det" if is_deterministic(case[3]) else SHORT[case[3][0]]
            row = hops[case[1], short]
            row[0] += 1
            row[1] += brief["hops"]
            row[2] += brief["frustrated"]
    print(f"{'model':32s}{'algorithm':10s}{'rows':>6s}{'hops':>8s}{'frustrated':>12s}")
    for (model, short), (number, accepted, frustrated) in sorted(hops.items()):
        print(f"{model:32s}{short:10s}{number:6d}{accepted:8d}{frustrated:12d}")
    good = [each for each in results if "error" not in each[1]]
    near = [case[0] for case, brief, _ in good if brief["min_margin"] is not None and brief["min_margin"] < 1e-8]
    print(f"rows with a margin below 1e-8: {len(near)} {near}")
    for limit in (1e-11, 1e-9, 1e-6):
        count = sum(brief["sensitivity"] > limit for _, brief, _ in good)
        print(f"rows with a trajectory whose sensitivity is above {limit:.0e}: {count}")
    stock = collections.defaultdict(list)
    for case, brief, _ in good:
        if brief["stock_self_deviation"] is not None:
            stock[case[1]].append(brief["stock_self_deviation"])
    for model, found in sorted(stock.items()):
        found.sort()
        print(f"stock_self_deviation of {model}: {found[0]:.1e} .. {found[len(found) // 2]:.1e} .. {found[-1]:.1e}")
    slow = sorted(results, key=lambda each: -each[2])[:5]
    print("slowest:", ", ".join(f"{case[0]} {seconds:.1f} s" for case, _, seconds in slow))
    print(f"{len(good)} files, {sum(brief['bytes'] for _, brief, _ in good) / 1e6:.1f} MB")
    idle = [f"{model} {short}" for (model, short), (_, accepted, _) in hops.items() if accepted == 0]
    if idle:
        print("no hops at all:", ", ".join(idle))
    return not idle


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("outdir")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", help="run only the rows whose name contains this")
    args = parser.parse_args()
    os.makedirs(args.outdir, exist_ok=True)
    chosen = [(args.outdir, row) for row in rows(args.seed) if not args.only or args.only in row[0]]
    results = []
    start = time.perf_counter()
    with multiprocessing.Pool(args.jobs) as pool:
        for case, brief, seconds in pool.imap_unordered(make, chosen):
            results.append((case, brief, seconds))
            if "error" in brief:
                print(f"{case[0]} failed:\n{brief['error']}", flush=True)
            elif len(results) % 20 == 0 or len(results) == len(chosen):
                spent = time.perf_counter() - start
                print(f"{len(results)}/{len(chosen)} after {spent:.0f} s: {case[0]} {seconds:.1f} s", flush=True)
    complete = summarize(results)
    failed = sum("error" in brief for _, brief, _ in results)
    if failed:
        raise SystemExit(f"{failed} rows failed")
    if not complete and not args.only:
        raise SystemExit("some algorithm has no hops with some model")


if __name__ == "__main__":
    main()
