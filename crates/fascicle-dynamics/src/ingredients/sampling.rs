//! Initial conditions.

use fascicle_core::{Draws, c64};

/// Draws the initial coordinates z of one trajectory, C of them, which are zero before.
pub type Sampler<'a> = Box<dyn Fn(&mut Draws, &mut [c64]) + Send + Sync + 'a>;

/// z = √(m h / 2) q + i p / √(2 m h), of mass m and weight h.
#[must_use]
pub fn from_position_momentum(mass: f64, weight: f64, q: f64, p: f64) -> c64 {
    let mh = mass * weight;
    c64((mh * 0.5).sqrt() * q, p / (2.0 * mh).sqrt())
}

/// Harmonic oscillators of frequencies ω in thermal equilibrium at kT:
/// σ_q = √(kT / (m ω²)), σ_p = √(m kT). All q are drawn before all p.
#[must_use]
pub fn boltzmann_harmonic<'a>(
    kbt: f64,
    mass: &[f64],
    weight: &[f64],
    frequency: &[f64],
) -> Sampler<'a> {
    let deviation = |(j, &m): (usize, &f64)| {
        let (q, p) = ((kbt / (m * (frequency[j] * frequency[j]))).sqrt(), (m * kbt).sqrt());
        from_position_momentum(m, weight[j], q, p)
    };
    let deviations: Vec<c64> = mass.iter().enumerate().map(deviation).collect();
    Box::new(move |draws, z| {
        let mut normals = vec![0.0; 2 * z.len()];
        draws.fill_normal(&mut normals);
        let (q, p) = normals.split_at(z.len());
        for (j, z) in z.iter_mut().enumerate() {
            *z = c64(deviations[j].re * q[j], deviations[j].im * p[j]);
        }
    })
}
