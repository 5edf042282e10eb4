//! Initial conditions.

use fascicle_core::{Draws, c64};

/// z = √(m h / 2) q + i p / √(2 m h) for each coordinate, of mass m and weight h.
pub fn from_position_momentum(mass: &[f64], weight: &[f64], q: &[f64], p: &[f64], z: &mut [c64]) {
    for (j, z) in z.iter_mut().enumerate() {
        let mh = mass[j] * weight[j];
        *z = c64((mh * 0.5).sqrt() * q[j], p[j] / (2.0 * mh).sqrt());
    }
}

/// Harmonic oscillators of frequencies ω in thermal equilibrium at kT:
/// σ_q = √(kT / (m ω²)), σ_p = √(m kT). All q are drawn before all p.
pub fn boltzmann_harmonic(
    kbt: f64,
    mass: &[f64],
    weight: &[f64],
    frequency: &[f64],
    draws: &mut Draws,
    z: &mut [c64],
) {
    let mut q = vec![0.0; z.len()];
    let mut p = vec![0.0; z.len()];
    draws.fill_normal(&mut q);
    draws.fill_normal(&mut p);
    for j in 0..z.len() {
        q[j] *= (kbt / (mass[j] * (frequency[j] * frequency[j]))).sqrt();
        p[j] *= (mass[j] * kbt).sqrt();
    }
    from_position_momentum(mass, weight, &q, &p, z);
}
