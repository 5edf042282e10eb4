//! Quantum Hamiltonians.

use fascicle_core::c64;

use crate::Hermitian;

/// Adds the Hamiltonian of two levels: energies E_0 and E_1 on the diagonal, H_01 = `coupling`
/// (QC Lab's `h_q_two_level`).
pub fn h_q_two_level(h: &mut Hermitian, energies: [f64; 2], coupling: c64) {
    h.add_constant(0, 0, c64(energies[0], 0.0));
    h.add_constant(1, 1, c64(energies[1], 0.0));
    h.add_constant(0, 1, coupling);
}

/// Adds the Hamiltonian of a chain of sites, H_n,n+1 = −t, closed to a ring if it is periodic (QC
/// Lab's `h_q_nearest_neighbor`). In a ring of two sites the coupling is −t, not twice that.
pub fn h_q_nearest_neighbor(h: &mut Hermitian, hopping_energy: f64, periodic: bool) {
    let sites = h.n();
    for site in 1..sites {
        h.add_constant(site, site - 1, c64(-hopping_energy, 0.0));
    }
    if periodic && sites != 2 {
        h.add_constant(sites - 1, 0, c64(-hopping_energy, 0.0));
    }
}
