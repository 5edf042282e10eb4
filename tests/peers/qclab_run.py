"""Run one case of QC Lab, watch it, and put its results into a dictionary.

Used by `make_golden.py` and `make_parity.py`, which write one JSON file per case. Keys:

  case                 the name of the case, which is also the file's name
  versions             of qclab, numpy and python
  model, algorithm     QC Lab's class names
  constants            the model's constants that differ from the defaults; booleans as 0.0 and 1.0
  algorithm_settings   the algorithm's settings that differ from the defaults: booleans, words, integers
  settings             the simulation's settings as given: the driver adjusts its own copy
  wf_db                the initial wave function, [re, im] for each state
  seeds                only where seeds were given explicitly to the driver
  without              only where ingredients were removed from the model before the run: their names
  antisymmetric_direction   only where it is true, see `antisymmetric_direction` below
  outputs              of the serial driver: t, dm_db, quantum_energy, classical_energy, seed,
                       norm_factor. MASH has no energies

Surface hopping cases say how near they are to a different course of events. The watching changes
nothing. The last update, which comes after the last collection, is left out everywhere. So are, in
deterministic hopping, branches whose weight |b_branch(0)|^2 is below 1e-20: their hops are made of
rounding errors and nothing of them reaches the results.

  hops, frustrated     accepted and rejected hops, summed over trajectories (or branches)
  min_surface_margin   the choice of the initial surface. FSSH: least |cumsum(|b|^2)_k - rand| without
                       the last k, where the sum is 1 (null if deterministic). MASH: least difference
                       of the two largest adiabatic populations
  min_energy_margin    least |B^2 - 4AC| / (B^2 + |4AC|) over attempted hops: the distance from the
                       line between accepted and frustrated (null without attempts, and without the
                       ingredient `hop`)
  min_sign_margin      least |B| / sqrt(B^2 + |4AC|) over accepted hops: the distance from choosing
                       the other root (null without accepted hops, and without the ingredient `hop`)

FSSH only:

  min_hop_margin       least |cumsum(P)_k - rand| over all trajectories, steps and k, with P
                       cleaned as QC Lab cleans it. All k count, those with P_k = 0 as well: there
                       the margin is that of the sum so far, at worst the random number itself
  min_gauge_margin     only for models with a complex Hamiltonian. The choices of gauge fixing: least
                       |Re <V(t-dt)|V(t)>|, whose sign counts (phase_overlap: least absolute value
                       of the overlap, whose phase counts), and with phase_der_couple the distance
                       from taking the phase at another coordinate: how much smaller, relatively, its
                       coupling is, or how much its phase differs, modulo pi, whichever is more.
                       phase_der_couple often makes Re <V(t-dt)|V(t)> zero but for rounding, where
                       another coordinate is taken than in the step before. The sign, which is left to
                       chance then, changes the sign of that state's P. It counts only if that changes
                       the hop; if not, the margins of both courses are in min_hop_margin

MASH only:

  min_crossing_margin  least difference of populations where they are compared: the active surface and
                       the largest other one at the end of each step, and again where QC Lab resolves
                       a crossing; the two largest ones that can be the destination

Where the trajectories are wanted, too, `trajectories` has these keys, each with one entry per trajectory:

  seed                 as in the outputs. Deterministic: N entries in a row are the branches of one
  min_margin           the least of all its margins (null without any)
  dm_db, quantum_energy, classical_energy   as QC Lab has them before the average over trajectories, with
                       shapes (T, B, N, N) and (T, B). Deterministic: with the weight, N |b_branch(0)|^2,
                       of the branch. QC Lab sums the classical energy over branches; here it is not summed
  sensitivity          the largest change of the trajectory's dm_db when its initial z is multiplied by
                       1 + 1e-13: what rounding errors can grow to
"""

import os

for _name in ("OMP", "OPENBLAS", "MKL", "NUMBA", "VECLIB_MAXIMUM"):
    os.environ[_name + "_NUM_THREADS"] = "1"

import contextlib
import importlib
import itertools
import platform

import numpy as np
import qclab
from qclab import Simulation, algorithms, functions, ingredients, models, tasks
from qclab.dynamics import serial_driver

MASH_CLASS = "MultiStateMappingApproachToSurfaceHopping"
MF = ("MeanField", {})
FSSH = ("FewestSwitchesSurfaceHopping", {})
DET = ("FewestSwitchesSurfaceHopping", {"fssh_deterministic": True})
MASH = (MASH_CLASS, {})

# A real part of an overlap that is as good as zero.
ZERO_OVERLAP = 1e-9

# What the initial coordinates are multiplied by, to see what rounding errors can grow to.
SHAKE = 1.0 + 1e-13

# Models whose quantum Hamiltonian is complex: there the gauge of the eigenvectors matters.
COMPLEX_MODELS = (
    "HolsteinLatticeReciprocalSpace",
    "ComplexAvoidedCrossingA",
    "ComplexAvoidedCrossingB",
    "ComplexAvoidedCrossingC",
)

_update_tasks = importlib.import_module("qclab.tasks.update_tasks")


def run(num_trajs, batch_size, tmax, dt_update, dt_collect):
    """The simulation settings that matter."""
    return {
        "num_trajs": num_trajs,
        "batch_size": batch_size,
        "tmax": tmax,
        "dt_update": dt_update,
        "dt_collect": dt_collect,
    }


def antisymmetric_direction(stock):
    """A model's own rescaling direction, made to change its sign when the states are swapped.

    MASH rescales along a sum over states k of d(n, k) times amplitudes, minus the same with the other
    surface. A derivative coupling is antisymmetric. The ComplexAvoidedCrossing models' own direction is
    the same for both orders of the two states, so that QC Lab's sum cancels and rounding errors remain.
    """

    def direction(model, parameters, **kwargs):
        low, high = sorted((kwargs["init_state_ind"], kwargs["final_state_ind"]))
        sign = 1.0 if kwargs["init_state_ind"] < kwargs["final_state_ind"] else -1.0
        value = stock(model, parameters, z=kwargs["z"], init_state_ind=low, final_state_ind=high)
        return sign * value

    return direction


def quadratic(model, z, d, gap):
    """Coefficients of the equation for the size of the shift along d."""
    h = model.constants.classical_coordinate_weight
    if model.get("h_c")[0] is ingredients.h_c_free:
        return -np.sum(h * d.real**2), -2.0 * np.sum(h * d.real * z.imag), -gap
    k = model.constants.harmonic_frequency**2 / h
    a = 0.5 * np.sum((k + h) * np.abs(d) ** 2 - (k - h) * (d * d).real)
    b = 2.0 * np.sum(h * z.imag * d.real - k * z.real * d.imag)
    return a, b, gap


class Watch:
    """Looks at a run without changing it."""

    margins = ()

    def __init__(self, model_name):
        self.model_name = model_name
        self.out = {}
        # One entry per batch, each with one value per trajectory.
        self.least_of_all = []
        self.collected = []

    def attach(self, algorithm):
        """Insert tasks into the recipes of this algorithm."""
        algorithm.initialization_recipe.append(self.begin)
        algorithm.collect_recipe.append(self.collect)

    @contextlib.contextmanager
    def wrapped(self):
        """Wrap functions of QC Lab as long as the context lasts."""
        yield

    def begin(self, sim, state, parameters):
        """The beginning of a batch."""
        self.least_of_all.append(np.full(sim.settings.batch_size, np.inf))
        self.collected.append({"dm_db": [], "quantum_energy": [], "classical_energy": []})
        return state, parameters

    def collect(self, sim, state, parameters):
        """What is collected, before the sum over trajectories."""
        out = self.collected[-1]
        out["dm_db"].append(np.array(state["output_dict"]["dm_db"]))
        if "classical_energy" in state["output_dict"]:
            out["quantum_energy"].append(np.array(state["output_dict"]["quantum_energy"]))
            energy = np.array(state["output_dict"]["classical_energy"])
            if sim.algorithm.settings.get("fssh_deterministic"):
                # QC Lab sums over branches here.
                every = np.arange(len(state["z"]))
                weights = state["dm_adb_0"][every, state["branch_ind"], state["branch_ind"]].real
                states = sim.model.constants.num_quantum_states
                h_c, _ = sim.model.get("h_c")
                branches = states * weights * np.real(h_c(sim.model, parameters, z=state["z"]))
                assert np.allclose(branches.reshape(-1, states).sum(axis=1), energy, rtol=1e-12, atol=0.0)
                energy = branches
            out["classical_energy"].append(energy)
        return state, parameters

    def record(self, key, values, trajectories=slice(None)):
        """Take margins of some trajectories into account: one row each, or one value each."""
        values = np.asarray(values, dtype=float)
        if values.size == 0:
            return
        low = float(values.min())
        self.out[key] = low if self.out[key] is None else min(low, self.out[key])
        rows = values.reshape(len(values), -1).min(axis=1)
        mine = self.least_of_all[-1]
        mine[trajectories] = np.minimum(mine[trajectories], rows)

    def attempt(self, model, z, d, gap, accepted, happens, trajectory):
        """A hop that is tested for energy, and that happens or is only tested."""
        if happens:
            self.out["hops" if accepted else "frustrated"] += 1
        if not model.get("hop")[1]:
            return
        a, b, c = quadratic(model, z, d, gap)
        scale = b * b + abs(4 * a * c)
        disc = b * b - 4 * a * c
        assert (disc >= 0) == accepted, "the watcher's quadratic equation is wrong"
        if scale == 0.0:
            return
        self.record("min_energy_margin", [abs(disc) / scale], [trajectory])
        if accepted and happens:
            self.record("min_sign_margin", [abs(b) / np.sqrt(scale)], [trajectory])

    def min_margins(self):
        """The least of all margins of each trajectory, None where there are none."""
        every = np.concatenate(self.least_of_all)
        return [float(low) if np.isfinite(low) else None for low in every]

    def difference(self, other):
        """The largest absolute difference of each trajectory's dm_db from another run's."""
        pairs = zip(self.collected, other.collected)
        every = [np.abs(np.array(mine["dm_db"]) - np.array(its["dm_db"])).max(axis=(0, 2, 3)) for mine, its in pairs]
        return np.concatenate(every).tolist()

    def trajectories(self, seeds):
        """What is written under the key `trajectories`."""
        out = {"seed": [int(seed) for seed in seeds], "min_margin": self.min_margins()}
        for key in ("dm_db", "quantum_energy", "classical_energy"):
            if self.collected[0][key]:
                out[key] = array(np.concatenate([np.array(batch[key]) for batch in self.collected], axis=1))
        return out


class FsshWatch(Watch):
    """Watches fewest switches surface hopping."""

    def __init__(self, model_name):
        super().__init__(model_name)
        self.out = {
            "hops": 0,
            "frustrated": 0,
            "min_hop_margin": None,
            "min_surface_margin": None,
            "min_energy_margin": None,
            "min_sign_margin": None,
        }
        if model_name in COMPLEX_MODELS:
            self.out["min_gauge_margin"] = None
        self.chance = np.zeros((1, 1), dtype=bool)

    def attach(self, algorithm):
        super().attach(algorithm)
        algorithm.initialization_recipe.remove(self.begin)
        algorithm.initialization_recipe.insert(0, self.begin)
        at = algorithm.initialization_recipe.index(tasks.initialize_active_surface)
        algorithm.initialization_recipe.insert(at + 1, self.surface)
        at = algorithm.update_recipe.index(tasks.update_hop_vals_fssh)
        algorithm.update_recipe.insert(at + 1, self.hop)
        if self.model_name in COMPLEX_MODELS:
            at = algorithm.update_recipe.index(tasks.update_eigvecs_gauge)
            algorithm.update_recipe.insert(at + 1, self.gauge)

    def surface(self, sim, state, parameters):
        """The draw of the initial surface."""
        if not sim.algorithm.settings.fssh_deterministic:
            sums = np.cumsum(np.abs(state["wf_adb"]) ** 2, axis=1)[:, :-1]
            self.record("min_surface_margin", np.abs(sums - state["init_act_surf_rand_vals"]))
        return state, parameters

    def matters(self, sim, state):
        """The trajectories of which something reaches the results."""
        if not sim.algorithm.settings.fssh_deterministic:
            return np.full(len(state["z"]), True)
        every = np.arange(len(state["z"]))
        return state["dm_adb_0"][every, state["branch_ind"], state["branch_ind"]].real >= 1e-20

    def hop(self, sim, state, parameters):
        """The hops of one step, after they were tested for energy and before they happen."""
        if sim.t_ind == sim.settings.tmax_n:
            return state, parameters
        prob = np.nan_to_num(state["hop_prob"], nan=0.0, posinf=1e102, neginf=0.0)
        sums = np.cumsum(np.maximum(prob, 0.0), axis=1)
        rand = state["hop_prob_rand_vals"][:, sim.t_ind]
        rand = np.repeat(rand, len(sums) // len(rand))[:, None]
        matters = self.matters(sim, state)
        self.record("min_hop_margin", np.abs(sums - rand)[matters], matters)
        self.other_signs(state, matters, rand)
        for n, (trajectory, target) in enumerate(zip(state["hop_ind"], state["hop_dest"])):
            if matters[trajectory]:
                active = state["act_surf_ind"][trajectory]
                gap = state["eigvals"][trajectory, target] - state["eigvals"][trajectory, active]
                d = self.direction(sim, state, parameters, trajectory, active, target, gap)
                z = state["z"][trajectory]
                self.attempt(sim.model, z, d, gap, state["hop_successful"][n], True, trajectory)
        return state, parameters

    def other_signs(self, state, matters, rand):
        """The hops of one step if eigenvectors had the other sign whose sign is left to chance."""
        for trajectory in np.nonzero(matters & self.chance.any(axis=1))[0]:
            prob = state["hop_prob"][trajectory]
            sums = np.cumsum(np.maximum(prob, 0.0))
            for signs in itertools.product((1.0, -1.0), repeat=int(self.chance[trajectory].sum())):
                other = prob.copy()
                other[self.chance[trajectory]] *= signs
                other = np.cumsum(np.maximum(other, 0.0))
                self.record("min_hop_margin", [np.abs(other - rand[trajectory]).min()], [trajectory])
                before, after = sums > rand[trajectory], other > rand[trajectory]
                if before.any() != after.any() or before.argmax() != after.argmax():
                    self.record("min_gauge_margin", [0.0], [trajectory])

    def direction(self, sim, state, parameters, trajectory, active, target, gap):
        """The direction of the shift."""
        own, has_own = sim.model.get("rescaling_direction_fssh")
        if has_own:
            z = state["z"][trajectory]
            return own(sim.model, parameters, z=z, init_state_ind=active, final_state_ind=target)
        inds, mels, shape = state["dh_qc_dzc"]
        mine = inds[0] == trajectory
        bra = np.conj(state["eigvecs"][trajectory, :, active])[inds[2][mine]]
        ket = state["eigvecs"][trajectory, :, target][inds[3][mine]]
        d = np.zeros(shape[1], dtype=complex)
        np.add.at(d, inds[1][mine], bra * mels[mine] * ket / gap)
        return d

    def gauge(self, sim, state, parameters):
        """The eigenvectors of one step, with their gauge fixed."""
        if sim.t_ind == sim.settings.tmax_n:
            return state, parameters
        matters = self.matters(sim, state)
        overlap = np.sum(np.conj(state["eigvecs_previous"]) * state["eigvecs"], axis=-2)
        fixing = sim.algorithm.settings.gauge_fixing
        sizes = np.abs(overlap if fixing == "phase_overlap" else overlap.real)
        self.chance = sizes < ZERO_OVERLAP if fixing != "phase_overlap" else np.zeros(sizes.shape, dtype=bool)
        self.record("min_gauge_margin", np.where(self.chance, 1.0, sizes)[matters], matters)
        if fixing == "phase_der_couple":
            constants = sim.model.constants
            inds, mels, shape = state["dh_qc_dzc"]
            vecs = state["eigvecs"]
            for low in range(shape[2] - 1):
                bra, ket = np.conj(vecs[:, :, low]), vecs[:, :, low + 1]
                dzc = np.zeros(shape[:2], dtype=complex)
                dz = np.zeros(shape[:2], dtype=complex)
                np.add.at(dzc, inds[:2], bra[inds[0], inds[2]] * mels * ket[inds[0], inds[3]])
                np.add.at(dz, inds[:2], bra[inds[0], inds[3]] * np.conj(mels) * ket[inds[0], inds[2]])
                scale = np.sqrt(constants.classical_coordinate_mass * constants.classical_coordinate_weight)
                dq = scale * (dz + dzc)
                best = np.take_along_axis(dq, np.argmax(np.abs(dq), axis=1)[:, None], axis=1)
                # The largest one itself has no phase difference to itself; it does not count.
                smaller = 1.0 - np.abs(dq) / np.abs(best)
                phase = np.abs(np.sin(np.angle(dq * np.conj(best))))
                margin = np.maximum(smaller, phase)
                margin[margin < 1e-10] = 1.0
                self.record("min_gauge_margin", margin[matters], matters)
        return state, parameters


class MashWatch(Watch):
    """Watches the multi-state mapping approach, whose hops are inside one task of QC Lab.

    Four functions inside that task are wrapped. `stage` says where the task is: at the step that tests
    whether there is a crossing, in the bisection, at the test of the hop, or at the hop itself.
    """

    def __init__(self, model_name):
        super().__init__(model_name)
        self.out = {
            "hops": 0,
            "frustrated": 0,
            "min_crossing_margin": None,
            "min_surface_margin": None,
            "min_energy_margin": None,
            "min_sign_margin": None,
        }
        self.crossers = self.done = self.crossing = self.eigvals = self.stage = None
        self.counts = False

    def begin(self, sim, state, parameters):
        super().begin(sim, state, parameters)
        populations = np.abs(functions.transform_vec(state["wf_db"], state["eigvecs"])) ** 2
        self.record("min_surface_margin", -np.diff(np.sort(populations, axis=1)[:, :-3:-1], axis=1))
        return state, parameters

    @contextlib.contextmanager
    def wrapped(self):
        names = (
            "_hop_crossing_indices_msmash",
            "_rk4_step_msmash",
            "_bisect_crossing_time_msmash",
            "_resolve_crossing_msmash",
        )
        originals = [getattr(_update_tasks, name) for name in names]
        wrappers = (self.find, self.step, self.bisect, self.resolve)
        for name, original, wrapper in zip(names, originals, wrappers):
            setattr(_update_tasks, name, self.wrap(original, wrapper))
        try:
            yield
        finally:
            for name, original in zip(names, originals):
                setattr(_update_tasks, name, original)

    @staticmethod
    def wrap(original, wrapper):
        """A function that calls the wrapper with the original function as its first argument."""
        return lambda *args, **kwargs: wrapper(original, *args, **kwargs)

    def compare(self, populations, active, rows, trajectories):
        """The comparison of the active surface with the largest other one."""
        every = np.arange(len(populations))
        others = populations.copy()
        others[every, active] = -np.inf
        margins = np.abs(populations[every, active] - others.max(axis=1))
        self.record("min_crossing_margin", margins[rows], trajectories)

    def choose(self, populations, rows, trajectories):
        """The choice of the largest population."""
        two = np.sort(populations, axis=1)[:, :-3:-1]
        self.record("min_crossing_margin", (two[:, 0] - two[:, 1])[rows], trajectories)

    def find(self, original, sim, wf_db, eigvecs, active):
        """The test at the end of a step."""
        out = original(sim, wf_db, eigvecs, active)
        self.counts = sim.t_ind != sim.settings.tmax_n
        self.crossers, self.done, self.stage = out, np.full(len(out), False), "step"
        if self.counts:
            populations = np.abs(functions.transform_vec(wf_db, eigvecs)) ** 2
            self.compare(populations, active, slice(None), slice(None))
        return out

    def step(self, original, sim, z, wf_db, eigvals, eigvecs, force, active, dt):
        """A step of the trajectories that cross, or a part of one."""
        out = original(sim, z, wf_db, eigvals, eigvecs, force, active, dt)
        populations = np.abs(functions.transform_vec(out[1], out[3])) ** 2
        if self.stage == "bisect":
            if self.counts:
                self.compare(populations, active, self.crossing, self.crossers[self.crossing])
            return out
        if self.stage == "test":
            # The step to the time of the crossing.
            self.stage = "hop"
        else:
            # The step of a pass, or that after the last pass.
            rest = ~self.done
            if self.counts:
                self.compare(populations, active, rest, self.crossers[rest])
                self.choose(populations, rest, self.crossers[rest])
            self.done |= populations.argmax(axis=1) == active
            self.stage = "hop"
        self.eigvals = out[2]
        return out

    def bisect(self, original, sim, z, wf_db, eigvals, eigvecs, force, active, dt, crossing, idx, **kwargs):
        """The search for the time of the crossing."""
        self.crossing, self.stage = crossing, "bisect"
        out = original(sim, z, wf_db, eigvals, eigvecs, force, active, dt, crossing, idx, **kwargs)
        self.stage, self.eigvals = "test", out[4]
        others = np.abs(out[6]) ** 2
        if self.counts and others.shape[1] > 2:
            others[idx, active] = -1.0
            self.choose(others, crossing, self.crossers[crossing])
        return out

    def resolve(self, original, sim, z, wf_adb, n, m, eigvals, eigvecs):
        """The test of a hop, or the hop."""
        z_new, accepted = original(sim, z, wf_adb, n, m, eigvals, eigvecs)
        if self.counts:
            same = [row.ctypes.data == eigvals.ctypes.data for row in self.eigvals]
            trajectory = self.crossers[same.index(True)]
            dh = _update_tasks.update_dh_qc_dzc(sim, {"z": z[None]}, {})[0]["dh_qc_dzc"]
            d = _update_tasks._calc_resc_dir_z_msmash(sim, wf_adb, eigvals, eigvecs, n, m, dh, z, {})
            gap = eigvals[m] - eigvals[n]
            self.attempt(sim.model, z, d, gap, accepted, self.stage == "hop", trajectory)
        return z_new, accepted


def array(values):
    """An array as a shape and flat lists, in C order."""
    values = np.asarray(values)
    out = {"shape": list(values.shape), "re": values.real.ravel().tolist()}
    if np.iscomplexobj(values):
        out["im"] = values.imag.ravel().tolist()
    return out


def prepare(model, constants, algorithm, settings, wf_db, without=(), direction=None):
    """The simulation, and whether its rescaling direction was made antisymmetric."""
    class_name, algorithm_settings = algorithm
    sim = Simulation({**settings, "progress_bar": False})
    constants = dict(constants)
    # A constant of ours: QC Lab has it as another ingredient.
    rmax = constants.pop("rescaling_direction_rmax", 0.0)
    sim.model = getattr(models, model)(constants)
    if rmax:
        letter = model[-1].lower()
        other = getattr(sim.model, f"rescaling_direction_fssh_rmax_complex_avoided_crossing_{letter}").__func__
        sim.model.ingredients.append(("rescaling_direction_fssh", other))
    for ingredient in without:
        sim.model.ingredients.append((ingredient, None))
    own, has_own = sim.model.get("rescaling_direction_fssh")
    antisymmetric = class_name == MASH_CLASS and has_own and direction is None
    if antisymmetric:
        direction = antisymmetric_direction
    if has_own and direction is not None:
        sim.model.ingredients.append(("rescaling_direction_fssh", direction(own)))
    sim.algorithm = getattr(algorithms, class_name)(dict(algorithm_settings))
    sim.initial_state["wf_db"] = np.array(wf_db, dtype=complex)
    return sim, antisymmetric


def drive(sim, seeds):
    """Run the serial driver."""
    return serial_driver(sim, seeds=None if seeds is None else np.array(seeds)).data_dict


def shake(sim):
    """Change the initial coordinates of a simulation a little."""

    def shaken(sim, state, parameters):
        state["z"] = state["z"] * SHAKE
        return state, parameters

    recipe = sim.algorithm.initialization_recipe
    recipe.insert(recipe.index(tasks.initialize_z) + 1, shaken)


def simulate(
    name, model, constants, algorithm, settings, wf_db, seeds=None, without=(), trajectories=False, verbose=True
):
    """Run one case and return what is written to its file."""
    class_name, algorithm_settings = algorithm
    sim, antisymmetric = prepare(model, constants, algorithm, settings, wf_db, without)
    watch = {"MeanField": Watch, MASH_CLASS: MashWatch}.get(class_name, FsshWatch)(model)
    watch.attach(sim.algorithm)
    with watch.wrapped():
        data = drive(sim, seeds)

    outputs = {"t": data["t"].tolist(), "dm_db": array(data["dm_db"])}
    for key in ("quantum_energy", "classical_energy"):
        if key in data:
            outputs[key] = array(data[key])
    outputs["seed"] = [int(seed) for seed in data["seed"]]
    outputs["norm_factor"] = int(data["norm_factor"])
    assert all(np.all(np.isfinite(data[key])) for key in data if key in ("t", "dm_db") or "energy" in key)
    out = {
        "case": name,
        "versions": {"qclab": qclab.__version__, "numpy": np.__version__, "python": platform.python_version()},
        "model": model,
        "constants": {key: float(value) if isinstance(value, bool) else value for key, value in constants.items()},
        "algorithm": class_name,
        "algorithm_settings": algorithm_settings,
        "settings": settings,
        "wf_db": [[c.real, c.imag] for c in sim.initial_state["wf_db"].tolist()],
    }
    if seeds is not None:
        out["seeds"] = list(seeds)
    if without:
        out["without"] = list(without)
    if antisymmetric:
        out["antisymmetric_direction"] = True
    out["outputs"] = outputs
    out.update(watch.out)
    if trajectories:
        out["trajectories"] = watch.trajectories(data["seed"])
        other, _ = prepare(model, constants, algorithm, settings, wf_db, without)
        shake(other)
        shaken = Watch(model)
        shaken.attach(other.algorithm)
        drive(other, seeds)
        out["trajectories"]["sensitivity"] = watch.difference(shaken)
    if verbose:
        describe(name, sim, data, watch)
    return out


def describe(name, sim, data, watch):
    """Print a few figures of a case."""
    trace = np.einsum("tii->t", data["dm_db"])
    energy = ""
    if "quantum_energy" in data:
        energy = f"energy drift {np.ptp(data['quantum_energy'] + data['classical_energy']):.1e}, "
    print(
        f"{name}: T {len(data['t'])}, steps {sim.settings.tmax_n}, t end {float(data['t'][-1])!r}, "
        f"|trace - 1| {np.abs(trace - 1).max():.1e}, {energy}"
        f"population 0 {data['dm_db'][0, 0, 0].real:.3f} .. {data['dm_db'][-1, 0, 0].real:.3f}"
    )
    if watch.out:
        print("   ", watch.out)
