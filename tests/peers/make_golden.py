"""Run QC Lab and write its results as golden data for the Rust tests.

    python -m venv venv
    venv/bin/pip install -r tests/peers/requirements.txt
    venv/bin/python tests/peers/make_golden.py tests/golden/qclab-1.3.0

One compact JSON file per case, with the keys that `qclab_run.py` describes. Numbers are written with
Python's repr, so that reading them gives the same doubles. A margin of 1e-8 or less is an error: such a
case could take another course elsewhere.
"""

import argparse
import json
import os

from qclab_run import DET, FSSH, MASH, MF, run, simulate

# The least margin of a golden case.
LEAST = 1e-8

UP = [1.0, 0.0]
MIXED = [0.48 + 0.36j, 0.64 - 0.48j]

SB_OTHER = {"kBT": 0.6, "V": 0.35, "E": -0.2, "A": 7, "W": 0.25, "l_reorg": 0.12, "boson_mass": 1.7}
SB_HOPS = {"kBT": 0.3, "V": 0.2, "E": 0.1, "A": 9, "W": 0.3, "l_reorg": 0.3, "boson_mass": 1.0}
TU_OTHER = {"init_momentum": 17.0, "init_position": -6.5, "mass": 1500.0,
            "A": 0.012, "B": 1.3, "C": 0.007, "D": 0.8}
TU_ROUND = {"init_momentum": 20.0, "init_position": -6.0}
TU_HOPS = {"init_momentum": 8.0, "init_position": -5.0}

THREE = [0.6, 0.48j, -0.64]
FOUR = [0.5, 0.1 + 0.7j, 0.3 - 0.4j, 0.0]
SEVEN = [0.6, 0.0, 0.48j, 0.0, -0.64, 0.0, 0.0]

SB_FEW = {"kBT": 0.5, "V": 0.25, "E": 0.15, "A": 4, "W": 0.3, "l_reorg": 0.3}
SB_MCMC = {**SB_FEW, "A": 3, "mcmc_burn_in_size": 100, "mcmc_sample_size": 400, "mcmc_std": 0.8}
HO_OPEN = {"N": 3, "g": 1.1, "w": 0.7, "J": 0.8, "phonon_mass": 1.3, "kBT": 0.7, "periodic": False}
HO_FOUR = {"N": 4, "g": 1.0, "w": 0.6, "J": 0.6}
FMO_TWO = {"N": 2, "kBT": 1.3, "mass": 1.6}
FMO_THREE = {"N": 3, "l_reorg": 0.3, "w_c": 0.7}
T1_NEAR = {"init_position": -2.5, "init_momentum": 14.0}
T2_NEAR = {"init_position": -3.0, "init_momentum": 18.0}
T2_OTHER = {"init_position": -2.5, "init_momentum": 15.0, "mass": 1500.0,
            "A": 0.08, "B": 0.33, "C": 0.02, "D": 0.07, "E_0": 0.04}
T3_NEAR = {"init_position": -5.0, "init_momentum": 14.0}
T3_OTHER = {"init_position": -2.0, "init_momentum": 10.0, "mass": 1200.0, "A": 0.002, "B": 0.05, "C": 0.8}
CA_NEAR = {"init_position_x": -1.2, "init_position_y": 0.3, "init_momentum_y": 5.0}
CA_OTHER = {"A": 12.0, "B": 0.8, "W": 3.0, "mass": 1.4, "init_position_x": -1.0, "init_position_y": -0.5,
            "init_momentum_x": 14.0, "init_momentum_y": 6.0}
CB_NEAR = {"init_position_x": -1.5, "init_position_y": -0.6, "init_momentum_y": 4.0}
CB_OTHER = {"A": 7.0, "Bx": 0.8, "By": 0.4, "W": 2.0, "mass": 1.3, "init_position_x": -1.8, "init_position_y": 0.7,
            "init_momentum_x": 13.0, "init_momentum_y": -5.0}
CB_CRAWL = {**CB_NEAR, "init_position_x": -2.2, "init_momentum_x": 6.0, "init_momentum_y": 3.0}
CB_SLOW = {**CB_NEAR, "init_momentum_x": 7.0, "init_momentum_y": 3.0}

GRADIENTS = ("dh_qc_dzc", "dh_c_dzc")
DIRECTION = ("rescaling_direction_fssh",)


def having(algorithm, **settings):
    """The algorithm with more settings."""
    return (algorithm[0], {**algorithm[1], **settings})


BERRY_FSSH, BERRY_DET, BERRY_MASH = (having(each, use_gauge_field_force=True) for each in (FSSH, DET, MASH))
OVERLAP, OVERLAP_MASH = (having(each, gauge_fixing="phase_overlap") for each in (FSSH, MASH))
COUPLE, COUPLE_MASH = (having(each, gauge_fixing="phase_der_couple") for each in (FSSH, MASH))
KEEP = having(MASH, reverse_frustrated_hops=False)


# name, model, constants, algorithm, settings, wave function, explicit seeds, removed ingredients
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
    ("spin_boson_mf_seeds", "SpinBoson", {"A": 3}, MF,
     run(100, 2, 4.0, 0.02, 0.2), MIXED, [17, 5, 4294967295, 2147483648, 3]),
    ("spin_boson_fssh_seeds", "SpinBoson", {"A": 3, "l_reorg": 0.2}, FSSH,
     run(100, 2, 4.0, 0.02, 0.2), MIXED, [17, 5, 4294967295, 2147483648, 3]),
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
    # SpinBoson: MASH and its settings, gauge fixings, missing ingredients.
    ("spin_boson_mash_default", "SpinBoson", {}, MASH, run(10, 4, 6.0, 0.02, 0.5), UP, None),
    ("spin_boson_mash_frustrated", "SpinBoson", SB_HOPS, MASH, run(12, 5, 10.0, 0.05, 1.0), MIXED, None),
    ("spin_boson_mash_keep", "SpinBoson", SB_HOPS, KEEP,
     run(8, 3, 5.0, 0.05, 0.5), UP, [4294967295, 7, 2147483648, 12345, 1]),
    ("spin_boson_mash_max_hops_1", "SpinBoson", SB_FEW, having(MASH, msmash_max_hops=1),
     run(9, 4, 10.0, 0.1, 1.0), UP, None),
    ("spin_boson_mash_bisections_4", "SpinBoson", SB_FEW, having(MASH, msmash_num_bisections=4),
     run(9, 4, 10.0, 0.1, 1.0), UP, None),
    ("spin_boson_fssh_phase_overlap", "SpinBoson", SB_OTHER, OVERLAP, run(9, 4, 8.0, 0.04, 0.8), MIXED, None),
    ("spin_boson_mash_phase_der_couple", "SpinBoson", SB_OTHER, COUPLE_MASH, run(9, 4, 8.0, 0.04, 0.8), MIXED, None),
    ("spin_boson_mf_no_gradients", "SpinBoson", SB_FEW, MF, run(7, 4, 4.0, 0.04, 0.4), MIXED, None, GRADIENTS),
    ("spin_boson_fssh_no_gradients", "SpinBoson", SB_FEW, FSSH, run(9, 4, 8.0, 0.04, 0.8), MIXED, None, GRADIENTS),
    ("spin_boson_fssh_no_hop", "SpinBoson", SB_FEW, FSSH, run(9, 4, 8.0, 0.04, 0.8), MIXED, None, ("hop",)),
    ("spin_boson_mash_no_hop", "SpinBoson", SB_FEW, MASH, run(7, 4, 4.0, 0.04, 0.4), UP, None, ("hop",)),
    ("spin_boson_mf_no_init_classical", "SpinBoson", SB_MCMC, MF,
     run(7, 4, 4.0, 0.04, 0.4), MIXED, None, ("init_classical",)),
    ("spin_boson_fssh_no_init_classical", "SpinBoson", {**SB_MCMC, "mcmc_h_c_separable": False}, FSSH,
     run(7, 4, 4.0, 0.04, 0.4), MIXED, None, ("init_classical",)),
    # HolsteinLattice: two sites, an odd number, no periodic boundary.
    ("holstein_mf_open", "HolsteinLattice", HO_OPEN, MF, run(7, 3, 4.0, 0.04, 0.4), THREE, None),
    ("holstein_fssh_open", "HolsteinLattice", HO_OPEN, FSSH, run(9, 4, 6.0, 0.04, 0.6), THREE, None),
    ("holstein_det_three", "HolsteinLattice", {**HO_OPEN, "periodic": True}, DET,
     run(9, 6, 6.0, 0.04, 0.6), THREE, None),
    ("holstein_mash_open", "HolsteinLattice", HO_OPEN, MASH, run(7, 4, 5.0, 0.05, 0.5), THREE, None),
    ("holstein_fssh_two", "HolsteinLattice", {"N": 2, "g": 1.2, "w": 0.8, "J": 0.4, "kBT": 2.0}, FSSH,
     run(14, 5, 8.0, 0.04, 0.8), MIXED, None),
    ("holstein_fssh_phase_der_couple", "HolsteinLattice", HO_FOUR, COUPLE, run(7, 4, 5.0, 0.05, 0.5), FOUR, None),
    ("holstein_mash_phase_overlap", "HolsteinLattice", HO_FOUR, OVERLAP_MASH, run(7, 4, 5.0, 0.05, 0.5), FOUR, None),
    # The same in reciprocal space, where the Hamiltonian is complex.
    ("reciprocal_mf_six", "HolsteinLatticeReciprocalSpace", {"N": 6, "J": 0.7}, MF, run(5, 3, 2.0, 0.04, 0.5),
     [0.6, 0.0, 0.48j, 0.0, -0.64, 0.0], None),
    ("reciprocal_fssh", "HolsteinLatticeReciprocalSpace", HO_FOUR, FSSH, run(9, 4, 5.0, 0.05, 0.5), FOUR, None),
    ("reciprocal_det_two", "HolsteinLatticeReciprocalSpace", {"N": 2, "g": 1.2, "w": 0.6}, DET,
     run(10, 4, 8.0, 0.04, 0.8), MIXED, None),
    ("reciprocal_mash", "HolsteinLatticeReciprocalSpace", HO_FOUR, MASH, run(5, 3, 1.8, 0.06, 0.3), FOUR, None),
    ("reciprocal_fssh_phase_overlap", "HolsteinLatticeReciprocalSpace", HO_FOUR, OVERLAP,
     run(9, 4, 5.0, 0.05, 0.5), FOUR, None),
    ("reciprocal_fssh_phase_der_couple", "HolsteinLatticeReciprocalSpace", HO_FOUR, COUPLE,
     run(9, 4, 5.0, 0.05, 0.5), FOUR, None),
    ("reciprocal_mash_phase_der_couple", "HolsteinLatticeReciprocalSpace", HO_FOUR, COUPLE_MASH,
     run(5, 3, 1.8, 0.06, 0.3), FOUR, None),
    # FMOComplex: seven states.
    ("fmo_mf", "FMOComplex", FMO_TWO, MF, run(5, 3, 3.0, 0.03, 1.0), SEVEN, None),
    ("fmo_fssh", "FMOComplex", FMO_THREE, FSSH, run(7, 4, 3.0, 0.03, 1.0), SEVEN, None),
    ("fmo_det", "FMOComplex", FMO_TWO, DET, run(14, 7, 3.0, 0.03, 1.0), SEVEN, None),
    ("fmo_mash", "FMOComplex", FMO_THREE, MASH, run(5, 3, 2.1, 0.03, 0.7), SEVEN, None),
    # Tully's problems.
    ("tully_one_mash", "TullyProblemOne", T1_NEAR, MASH, run(10, 4, 800.0, 8.0, 80.0), MIXED, None),
    ("tully_one_fssh_phase_overlap", "TullyProblemOne", T1_NEAR, OVERLAP, run(10, 4, 800.0, 8.0, 80.0), MIXED, None),
    ("tully_one_fssh_phase_der_couple", "TullyProblemOne", T1_NEAR, COUPLE, run(10, 4, 800.0, 8.0, 80.0), MIXED, None),
    ("tully_two_mf", "TullyProblemTwo", T2_OTHER, MF, run(5, 3, 600.0, 6.0, 60.0), MIXED, None),
    ("tully_two_fssh", "TullyProblemTwo", T2_NEAR, FSSH, run(12, 5, 700.0, 7.0, 70.0), MIXED, None),
    ("tully_two_det", "TullyProblemTwo", T2_OTHER, DET, run(10, 4, 600.0, 6.0, 60.0), UP, None),
    ("tully_two_mash", "TullyProblemTwo", T2_NEAR, MASH, run(10, 4, 700.0, 7.0, 70.0), MIXED, None),
    ("tully_two_fssh_no_gradients_hop", "TullyProblemTwo", T2_NEAR, FSSH,
     run(9, 4, 700.0, 7.0, 70.0), MIXED, None, GRADIENTS + ("hop",)),
    ("tully_two_mash_no_gradients_hop", "TullyProblemTwo", T2_NEAR, MASH,
     run(7, 4, 700.0, 7.0, 70.0), MIXED, None, GRADIENTS + ("hop",)),
    ("tully_three_mf", "TullyProblemThree", T3_OTHER, MF, run(5, 3, 600.0, 6.0, 60.0), MIXED, None),
    ("tully_three_fssh", "TullyProblemThree", T3_NEAR, FSSH, run(24, 10, 1600.0, 16.0, 160.0), MIXED, None),
    ("tully_three_det", "TullyProblemThree", T3_OTHER, DET, run(16, 6, 800.0, 8.0, 80.0), UP, None),
    ("tully_three_mash", "TullyProblemThree", T3_NEAR, MASH, run(12, 5, 1600.0, 16.0, 160.0), MIXED, None),
    # Complex avoided crossings, with and without the gauge field force.
    ("crossing_a_mf", "ComplexAvoidedCrossingA", CA_OTHER, MF, run(5, 3, 0.3, 0.003, 0.03), MIXED, None),
    ("crossing_a_fssh", "ComplexAvoidedCrossingA", CA_NEAR, FSSH, run(10, 4, 0.3, 0.003, 0.03), MIXED, None),
    ("crossing_a_det", "ComplexAvoidedCrossingA", CA_OTHER, DET, run(10, 4, 0.3, 0.003, 0.03), UP, None),
    ("crossing_a_mash", "ComplexAvoidedCrossingA", CA_NEAR, MASH, run(8, 3, 0.3, 0.003, 0.03), MIXED, None),
    # The other direction of hops.
    ("crossing_a_fssh_rmax", "ComplexAvoidedCrossingA", {**CA_NEAR, "rescaling_direction_rmax": 1.0}, FSSH,
     run(10, 4, 0.3, 0.003, 0.03), MIXED, None),
    ("crossing_b_fssh_rmax", "ComplexAvoidedCrossingB", {**CB_SLOW, "rescaling_direction_rmax": 1.0}, FSSH,
     run(12, 5, 0.4, 0.004, 0.04), MIXED, None),
    ("crossing_c_mash_rmax", "ComplexAvoidedCrossingC", {**CB_SLOW, "rescaling_direction_rmax": 1.0}, MASH,
     run(8, 3, 0.4, 0.004, 0.04), MIXED, None),
    ("crossing_a_fssh_force", "ComplexAvoidedCrossingA", CA_OTHER, BERRY_FSSH,
     run(10, 4, 0.3, 0.003, 0.03), MIXED, None),
    ("crossing_a_det_force", "ComplexAvoidedCrossingA", CA_NEAR, BERRY_DET, run(10, 4, 0.3, 0.003, 0.03), UP, None),
    ("crossing_a_mash_force", "ComplexAvoidedCrossingA", CA_OTHER, BERRY_MASH,
     run(8, 3, 0.3, 0.003, 0.03), MIXED, None),
    ("crossing_b_mf", "ComplexAvoidedCrossingB", CB_OTHER, MF, run(5, 3, 0.4, 0.004, 0.04), MIXED, None),
    ("crossing_b_fssh", "ComplexAvoidedCrossingB", CB_SLOW, FSSH, run(12, 5, 0.4, 0.004, 0.04), MIXED, None),
    ("crossing_b_det", "ComplexAvoidedCrossingB", CB_OTHER, DET, run(10, 4, 0.4, 0.004, 0.04), UP, None),
    ("crossing_b_mash", "ComplexAvoidedCrossingB", CB_CRAWL, MASH, run(8, 3, 0.6, 0.006, 0.06), UP, None),
    ("crossing_b_fssh_force", "ComplexAvoidedCrossingB", CB_NEAR, BERRY_FSSH,
     run(10, 4, 0.4, 0.004, 0.04), MIXED, None),
    ("crossing_b_det_force", "ComplexAvoidedCrossingB", CB_SLOW, BERRY_DET, run(10, 4, 0.4, 0.004, 0.04), UP, None),
    ("crossing_b_mash_force", "ComplexAvoidedCrossingB", CB_NEAR, BERRY_MASH, run(8, 3, 0.4, 0.004, 0.04), MIXED, None),
    ("crossing_b_fssh_phase_overlap", "ComplexAvoidedCrossingB", CB_NEAR, OVERLAP,
     run(10, 4, 0.4, 0.004, 0.04), MIXED, None),
    ("crossing_b_fssh_phase_der_couple", "ComplexAvoidedCrossingB", CB_NEAR, COUPLE,
     run(10, 4, 0.4, 0.004, 0.04), MIXED, None),
    ("crossing_b_mash_phase_overlap", "ComplexAvoidedCrossingB", CB_OTHER, OVERLAP_MASH,
     run(8, 3, 0.4, 0.004, 0.04), MIXED, None),
    ("crossing_b_mash_phase_der_couple", "ComplexAvoidedCrossingB", CB_OTHER, COUPLE_MASH,
     run(8, 3, 0.4, 0.004, 0.04), UP, None),
    ("crossing_b_fssh_no_direction", "ComplexAvoidedCrossingB", CB_SLOW, FSSH,
     run(10, 4, 0.4, 0.004, 0.04), MIXED, None, DIRECTION),
    ("crossing_b_fssh_no_direction_phase_der_couple", "ComplexAvoidedCrossingB", CB_SLOW, COUPLE,
     run(10, 4, 0.4, 0.004, 0.04), MIXED, None, DIRECTION),
    ("crossing_b_mash_no_direction", "ComplexAvoidedCrossingB", CB_CRAWL, MASH,
     run(8, 3, 0.6, 0.006, 0.06), UP, None, DIRECTION),
    ("crossing_c_mf", "ComplexAvoidedCrossingC", CB_OTHER, MF, run(5, 3, 0.4, 0.004, 0.04), MIXED, None),
    ("crossing_c_fssh", "ComplexAvoidedCrossingC", CB_NEAR, FSSH, run(10, 4, 0.4, 0.004, 0.04), MIXED, None),
    ("crossing_c_det", "ComplexAvoidedCrossingC", CB_OTHER, DET, run(10, 4, 0.4, 0.004, 0.04), UP, None),
    ("crossing_c_mash", "ComplexAvoidedCrossingC", CB_NEAR, MASH, run(8, 3, 0.4, 0.004, 0.04), MIXED, None),
    ("crossing_c_fssh_force", "ComplexAvoidedCrossingC", CB_OTHER, BERRY_FSSH,
     run(10, 4, 0.4, 0.004, 0.04), MIXED, None),
    ("crossing_c_det_force", "ComplexAvoidedCrossingC", CB_NEAR, BERRY_DET, run(10, 4, 0.4, 0.004, 0.04), UP, None),
    ("crossing_c_mash_force", "ComplexAvoidedCrossingC", CB_OTHER, BERRY_MASH,
     run(8, 3, 0.4, 0.004, 0.04), MIXED, None),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("outdir")
    parser.add_argument("--only", help="run only the cases whose name contains this")
    args = parser.parse_args()
    os.makedirs(args.outdir, exist_ok=True)
    for case in CASES:
        if args.only and args.only not in case[0]:
            continue
        out = simulate(*case)
        for key, margin in out.items():
            if key.endswith("_margin") and margin is not None and margin <= LEAST:
                raise RuntimeError(f"{case[0]}: {key} is {margin}")
        text = json.dumps(out, separators=(",", ":"), allow_nan=False)
        with open(os.path.join(args.outdir, case[0] + ".json"), "w", encoding="ascii") as file:
            file.write(text + "\n")


if __name__ == "__main__":
    main()
