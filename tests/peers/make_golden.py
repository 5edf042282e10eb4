"""Run QC Lab and write its results as golden data for the Rust tests.

    python -m venv venv
    venv/bin/pip install -r tests/peers/requirements.txt
    venv/bin/python tests/peers/make_golden.py tests/golden/qclab-1.3.0

One compact JSON file per case. Numbers are written with Python's repr, so that
reading them gives the same doubles. Keys:

  case                 the name of the case, which is also the file's name
  versions             of qclab, numpy and python
  model, algorithm     QC Lab's class names
  constants            the model's constants that differ from the defaults
  algorithm_settings   the algorithm's settings that differ from the defaults
  settings             the simulation's settings as given: the driver adjusts its own copy
  seeds                only where seeds were given explicitly to the driver
  wf_db                the initial wave function, [re, im] for each state
  outputs              of the serial driver: t, dm_db, quantum_energy, classical_energy,
                       seed, norm_factor

Surface hopping cases say how near they are to a different course of events. A task inserted
behind `update_hop_vals_fssh` sees the hop probabilities and the random numbers; it changes
nothing. The last update, which comes after the last collection, is left out everywhere. So are, in
deterministic hopping, branches whose weight |b_branch(0)|^2 is below 1e-20: their hops are made of
rounding errors and nothing of them reaches the results.

  hops, frustrated     accepted and rejected hops, summed over trajectories (or branches)
  min_hop_margin       least |cumsum(P)_k - rand| over all trajectories, steps and k, with P
                       cleaned as QC Lab cleans it. All k count, those with P_k = 0 as well: there
                       the margin is that of the sum so far, at worst the random number itself
  min_surface_margin   least |cumsum(|b|^2)_k - rand| of the draw of the initial surface, without
                       the last k, where the sum is 1 (null if deterministic)
  min_energy_margin    least |B^2 - 4AC| / (B^2 + |4AC|) over attempted hops: the distance from the
                       line between accepted and frustrated (null without attempts)
  min_sign_margin      least |B| / sqrt(B^2 + |4AC|) over accepted hops: the distance from choosing
                       the other root (null without accepted hops)
"""

import os

for _name in ("OMP", "OPENBLAS", "MKL", "NUMBA", "VECLIB_MAXIMUM"):
    os.environ[_name + "_NUM_THREADS"] = "1"

import argparse
import json
import platform

import numpy as np
import qclab
from qclab import Simulation, algorithms, models, tasks
from qclab.dynamics import serial_driver

MF = ("MeanField", {})
FSSH = ("FewestSwitchesSurfaceHopping", {})
DET = ("FewestSwitchesSurfaceHopping", {"fssh_deterministic": True})

UP = [1.0, 0.0]
MIXED = [0.48 + 0.36j, 0.64 - 0.48j]

SB_OTHER = {"kBT": 0.6, "V": 0.35, "E": -0.2, "A": 7, "W": 0.25, "l_reorg": 0.12, "boson_mass": 1.7}
SB_HOPS = {"kBT": 0.3, "V": 0.2, "E": 0.1, "A": 9, "W": 0.3, "l_reorg": 0.3, "boson_mass": 1.0}
TU_OTHER = {"init_momentum": 17.0, "init_position": -6.5, "mass": 1500.0,
            "A": 0.012, "B": 1.3, "C": 0.007, "D": 0.8}
TU_ROUND = {"init_momentum": 20.0, "init_position": -6.0}
TU_HOPS = {"init_momentum": 8.0, "init_position": -5.0}


def run(num_trajs, batch_size, tmax, dt_update, dt_collect):
    """The simulation settings that matter."""
    return {"num_trajs": num_trajs, "batch_size": batch_size, "tmax": tmax,
            "dt_update": dt_update, "dt_collect": dt_collect}


# name, model, constants, algorithm, settings, wave function, explicit seeds
CASES = [
    # Default constants.
    ("spin_boson_mf_default", "SpinBoson", {}, MF, run(20, 7, 10.0, 0.01, 0.5), UP, None),
    ("spin_boson_fssh_default", "SpinBoson", {}, FSSH, run(20, 7, 10.0, 0.01, 0.5), UP, None),
    ("spin_boson_det_default", "SpinBoson", {}, DET, run(20, 8, 10.0, 0.01, 0.5), UP, None),
    # Other constants, an odd number of modes, a complex wave function.
    ("spin_boson_mf_other", "SpinBoson", SB_OTHER, MF, run(17, 5, 12.0, 0.02, 0.4), MIXED, None),
    ("spin_boson_fssh_other", "SpinBoson", SB_OTHER, FSSH, run(17, 5, 12.0, 0.02, 0.4), MIXED, None),
    ("spin_boson_det_other", "SpinBoson", SB_OTHER, DET, run(18, 8, 12.0, 0.02, 0.4), MIXED, None),
    # Time steps that must be rounded: 2.5 -> 2 and 8.5 -> 8; 3.33 -> 3; 0.4 -> 0 -> 1.
    ("spin_boson_mf_rounding", "SpinBoson", {"A": 5}, MF, run(9, 4, 2.125, 0.1, 0.25), UP, None),
    ("spin_boson_fssh_rounding", "SpinBoson", {"A": 5, "l_reorg": 0.2}, FSSH, run(9, 4, 2.0, 0.03, 0.1), MIXED, None),
    ("spin_boson_det_rounding", "SpinBoson", {"A": 5, "l_reorg": 0.2}, DET, run(10, 4, 2.0, 0.05, 0.02), UP, None),
    # Explicit seeds, unsorted and up to the largest; num_trajs is overridden.
    ("spin_boson_mf_seeds", "SpinBoson", {"A": 3}, MF, run(100, 2, 4.0, 0.02, 0.2), MIXED, [17, 5, 4294967295, 2147483648, 3]),
    ("spin_boson_fssh_seeds", "SpinBoson", {"A": 3, "l_reorg": 0.2}, FSSH, run(100, 2, 4.0, 0.02, 0.2), MIXED, [17, 5, 4294967295, 2147483648, 3]),
    # Many hops, some of them frustrated.
    ("spin_boson_fssh_hops", "SpinBoson", SB_HOPS, FSSH, run(60, 25, 20.0, 0.01, 0.5), UP, None),
    ("spin_boson_det_hops", "SpinBoson", SB_HOPS, DET, run(60, 26, 20.0, 0.01, 0.5), UP, None),
    ("tully_one_mf_default", "TullyProblemOne", {}, MF, run(10, 7, 10000.0, 2.0, 500.0), UP, None),
    ("tully_one_fssh_default", "TullyProblemOne", {}, FSSH, run(20, 7, 10000.0, 2.0, 500.0), UP, None),
    ("tully_one_det_default", "TullyProblemOne", {}, DET, run(20, 8, 10000.0, 2.0, 500.0), UP, None),
    ("tully_one_mf_other", "TullyProblemOne", TU_OTHER, MF, run(6, 5, 1200.0, 1.5, 30.0), MIXED, None),
    ("tully_one_fssh_other", "TullyProblemOne", TU_OTHER, FSSH, run(17, 5, 1200.0, 1.5, 30.0), MIXED, None),
    ("tully_one_det_other", "TullyProblemOne", TU_OTHER, DET, run(18, 8, 1200.0, 1.5, 30.0), MIXED, None),
    # 12.5 -> 12 and 24.5 -> 24; 6.43 -> 6; 0.42 -> 0 -> 1.
    ("tully_one_mf_rounding", "TullyProblemOne", TU_ROUND, MF, run(5, 2, 1225.0, 4.0, 50.0), UP, None),
    ("tully_one_fssh_rounding", "TullyProblemOne", TU_ROUND, FSSH, run(15, 4, 1200.0, 7.0, 45.0), UP, None),
    ("tully_one_det_rounding", "TullyProblemOne", TU_ROUND, DET, run(14, 4, 1000.0, 24.0, 10.0), MIXED, None),
    ("tully_one_fssh_hops", "TullyProblemOne", TU_HOPS, FSSH, run(60, 25, 4000.0, 2.0, 100.0), MIXED, None),
    ("tully_one_det_hops", "TullyProblemOne", TU_HOPS, DET, run(60, 26, 4000.0, 2.0, 100.0), MIXED, None),
]


def least(values, so_far):
    """The smaller of a minimum so far (or None) and the least of the values."""
    values = np.asarray(values, dtype=float)
    if values.size == 0:
        return so_far
    low = float(values.min())
    return low if so_far is None else min(low, so_far)


class Watch:
    """Tasks that look at a surface hopping run without changing it."""

    def __init__(self, model_name):
        self.model_name = model_name
        self.out = {"hops": 0, "frustrated": 0, "min_hop_margin": None, "min_surface_margin": None,
                    "min_energy_margin": None, "min_sign_margin": None}

    def attach(self, algorithm):
        """Insert the two tasks into the recipes of this algorithm."""
        at = algorithm.initialization_recipe.index(tasks.initialize_active_surface)
        algorithm.initialization_recipe.insert(at + 1, self.surface)
        at = algorithm.update_recipe.index(tasks.update_hop_vals_fssh)
        algorithm.update_recipe.insert(at + 1, self.hop)

    def surface(self, sim, state, parameters):
        """The draw of the initial surface."""
        if not sim.algorithm.settings.fssh_deterministic:
            sums = np.cumsum(np.abs(state["wf_adb"]) ** 2, axis=1)[:, :-1]
            margins = np.abs(sums - state["init_act_surf_rand_vals"])
            self.out["min_surface_margin"] = least(margins, self.out["min_surface_margin"])
        return state, parameters

    def hop(self, sim, state, parameters):
        """The hops of one step, after they were tested for energy and before they happen."""
        if sim.t_ind == sim.settings.tmax_n:
            return state, parameters
        prob = np.nan_to_num(state["hop_prob"], nan=0.0, posinf=1e102, neginf=0.0)
        sums = np.cumsum(np.maximum(prob, 0.0), axis=1)
        rand = state["hop_prob_rand_vals"][:, sim.t_ind]
        rand = np.repeat(rand, len(sums) // len(rand))[:, None]
        matters = np.full(len(sums), True)
        if sim.algorithm.settings.fssh_deterministic:
            every = np.arange(len(sums))
            matters = state["dm_adb_0"][every, state["branch_ind"], state["branch_ind"]].real >= 1e-20
        margins = np.abs(sums - rand)[matters]
        self.out["min_hop_margin"] = least(margins, self.out["min_hop_margin"])
        accepted = state["hop_successful"]
        for n, (trajectory, target) in enumerate(zip(state["hop_ind"], state["hop_dest"])):
            if not matters[trajectory]:
                continue
            self.out["hops" if accepted[n] else "frustrated"] += 1
            a, b, c = self.quadratic(sim, state, trajectory, target)
            scale = b * b + abs(4 * a * c)
            disc = b * b - 4 * a * c
            assert (disc >= 0) == accepted[n], "the watcher's quadratic equation is wrong"
            self.out["min_energy_margin"] = least(abs(disc) / scale, self.out["min_energy_margin"])
            if accepted[n]:
                self.out["min_sign_margin"] = least(abs(b) / np.sqrt(scale), self.out["min_sign_margin"])
        return state, parameters

    def quadratic(self, sim, state, trajectory, target):
        """Coefficients of the equation for the size of the shift along the coupling d."""
        active = state["act_surf_ind"][trajectory]
        gap = state["eigvals"][trajectory, target] - state["eigvals"][trajectory, active]
        inds, mels, shape = state["dh_qc_dzc"]
        mine = inds[0] == trajectory
        bra = np.conj(state["eigvecs"][trajectory, :, active])[inds[2][mine]]
        ket = state["eigvecs"][trajectory, :, target][inds[3][mine]]
        d = np.zeros(shape[1], dtype=complex)
        np.add.at(d, inds[1][mine], bra * mels[mine] * ket / gap)
        z = state["z"][trajectory]
        h = sim.model.constants.classical_coordinate_weight
        if self.model_name == "TullyProblemOne":
            return -np.sum(h * d.real**2), -2.0 * np.sum(h * d.real * z.imag), -gap
        k = sim.model.constants.harmonic_frequency ** 2 / h
        a = 0.5 * np.sum((k + h) * np.abs(d) ** 2 - (k - h) * (d * d).real)
        b = 2.0 * np.sum(h * z.imag * d.real - k * z.real * d.imag)
        return a, b, gap


def array(values):
    """An array as a shape and flat lists, in C order."""
    values = np.asarray(values)
    out = {"shape": list(values.shape), "re": values.real.ravel().tolist()}
    if np.iscomplexobj(values):
        out["im"] = values.imag.ravel().tolist()
    return out


def simulate(name, model, constants, algorithm, settings, wf_db, seeds):
    """Run one case and return what is written to its file."""
    class_name, algorithm_settings = algorithm
    wf_db = np.array(wf_db, dtype=complex)
    sim = Simulation({**settings, "progress_bar": False})
    sim.model = getattr(models, model)(dict(constants))
    sim.algorithm = getattr(algorithms, class_name)(dict(algorithm_settings))
    sim.initial_state["wf_db"] = wf_db
    watch = None
    if class_name != "MeanField":
        watch = Watch(model)
        watch.attach(sim.algorithm)
    data = serial_driver(sim, seeds=None if seeds is None else np.array(seeds)).data_dict

    trace = np.einsum("tii->t", data["dm_db"])
    assert all(np.all(np.isfinite(data[key])) for key in ("t", "dm_db", "quantum_energy", "classical_energy"))
    print(f"{name}: T {len(data['t'])}, steps {sim.settings.tmax_n}, t end {float(data['t'][-1])!r}, "
          f"|trace - 1| {np.abs(trace - 1).max():.1e}, "
          f"energy drift {np.ptp(data['quantum_energy'] + data['classical_energy']):.1e}, "
          f"population 0 {data['dm_db'][0, 0, 0].real:.3f} .. {data['dm_db'][-1, 0, 0].real:.3f}")
    out = {
        "case": name,
        "versions": {"qclab": qclab.__version__, "numpy": np.__version__, "python": platform.python_version()},
        "model": model,
        "constants": constants,
        "algorithm": class_name,
        "algorithm_settings": algorithm_settings,
        "settings": settings,
        "wf_db": [[c.real, c.imag] for c in wf_db.tolist()],
    }
    if seeds is not None:
        out["seeds"] = seeds
    out["outputs"] = {
        "t": data["t"].tolist(),
        "dm_db": array(data["dm_db"]),
        "quantum_energy": array(data["quantum_energy"]),
        "classical_energy": array(data["classical_energy"]),
        "seed": [int(seed) for seed in data["seed"]],
        "norm_factor": int(data["norm_factor"]),
    }
    if watch is not None:
        out.update(watch.out)
        print("   ", json.dumps(watch.out))
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("outdir")
    parser.add_argument("--only", help="run only the cases whose name contains this")
    args = parser.parse_args()
    os.makedirs(args.outdir, exist_ok=True)
    for case in CASES:
        if args.only and args.only not in case[0]:
            continue
        text = json.dumps(simulate(*case), separators=(",", ":"), allow_nan=False)
        with open(os.path.join(args.outdir, case[0] + ".json"), "w", encoding="ascii") as file:
            file.write(text + "\n")


if __name__ == "__main__":
    main()
