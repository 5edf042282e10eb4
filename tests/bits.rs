//! The bits of results: strict arithmetic promises the same ones everywhere, and from one version to the
//! next where nothing says otherwise.

use fascicle::core::BITS;
use fascicle::prelude::*;
use fascicle_tests::simulations::{mash, spin_boson, surface_hopping, tully};

/// What to do when a digest is another: raise `BITS` in `crates/fascicle-core/src/ensemble/checkpoint.rs`, so
/// that journals from before are refused, write the digests anew, and say so in the changelog.
#[test]
fn results_have_the_bits_of_their_generation() {
    let digests = [
        serial_driver(spin_boson(MeanField::default())).unwrap().digest(),
        serial_driver(spin_boson(surface_hopping(false))).unwrap().digest(),
        serial_driver(spin_boson(mash())).unwrap().digest(),
        serial_driver(tully(surface_hopping(true))).unwrap().digest(),
        serial_driver(closures()).unwrap().digest(),
    ];
    let expected = [
        "70db335a911f235c",
        "8c790b087b1a8a24",
        "eda614fb52ecfec5",
        "56be8012c9daf979",
        "6aaea17670cb694e",
    ];
    assert_eq!((BITS, digests.each_ref().map(|digest| &digest[..16])), (1, expected));
}

/// A general model, with gradients by finite differences.
fn closures() -> Simulation<ClosureModel, MeanField> {
    let model = ClosureModel::new("mine", 3, 2)
        .with_h_q(|h| h[(1, 0)] = c64(0.5, 0.1))
        .with_h_qc(|z, h| h[(2, 1)] = c64(0.3 * z[0].re, z[1].re))
        .with_h_c(|z| z[0].norm_sqr() + 0.5 * z[1].norm_sqr())
        .with_init_classical(|draws, z| z.fill_with(|| c64(draws.normal(), draws.normal())));
    let mut sim = Simulation::new(model, MeanField::default());
    sim.settings.num_trajs = 40;
    sim.settings.tmax = 1.0;
    sim.settings.dt_update = 0.01;
    sim.settings.progress_bar = false;
    sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0), c64(0.0, 0.0)];
    sim
}
