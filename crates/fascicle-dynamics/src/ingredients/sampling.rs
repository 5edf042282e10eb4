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

/// A definite position and momentum, with no draws (QC Lab's
/// `init_classical_definite_position_momentum`).
#[must_use]
pub fn definite_position_momentum<'a>(
    mass: &[f64],
    weight: &[f64],
    position: &[f64],
    momentum: &[f64],
) -> Sampler<'a> {
    let start = |j| from_position_momentum(mass[j], weight[j], position[j], momentum[j]);
    let start: Vec<c64> = (0..mass.len()).map(start).collect();
    Box::new(move |_, z| z.copy_from_slice(&start))
}

/// Harmonic oscillators of frequencies ω in classical thermal equilibrium at kT:
/// σ_q = √(kT / (m ω²)), σ_p = √(m kT) (QC Lab's `init_classical_boltzmann_harmonic`).
#[must_use]
pub fn boltzmann_harmonic<'a>(
    kbt: f64,
    mass: &[f64],
    weight: &[f64],
    frequency: &[f64],
) -> Sampler<'a> {
    about_zero(mass, weight, |j| {
        let (m, w) = (mass[j], frequency[j]);
        ((kbt / (m * (w * w))).sqrt(), (m * kbt).sqrt())
    })
}

/// The Wigner distribution of harmonic oscillators of frequencies ω in thermal equilibrium at kT (the
/// ground state for kT = 0): σ_q² = 1 / (2 m ω tanh(ω/2kT)), σ_p² = m ω / (2 tanh(ω/2kT)), ħ = 1
/// (Hillery et al., Phys. Rep. 106, 121 (1984), doi:10.1016/0370-1573(84)90160-1; QC Lab's
/// `init_classical_wigner_harmonic`).
#[must_use]
pub fn wigner_harmonic<'a>(
    kbt: f64,
    mass: &[f64],
    weight: &[f64],
    frequency: &[f64],
) -> Sampler<'a> {
    about_zero(mass, weight, |j| {
        let (m, w) = (mass[j], frequency[j]);
        let tanh = if kbt > 0.0 { (0.5 * w / kbt).tanh() } else { 1.0 };
        ((0.5 / (w * m * tanh)).sqrt(), (0.5 * m * w / tanh).sqrt())
    })
}

/// The Wigner distribution of coherent states |a⟩ of harmonic oscillators of frequencies ω: mean
/// positions √(2/(m ω)) Re a and momenta √(2 m ω) Im a, widths of the ground state (QC Lab's
/// `init_classical_wigner_coherent_state`).
#[must_use]
pub fn wigner_coherent_state<'a>(
    displacement: &[c64],
    mass: &[f64],
    weight: &[f64],
    frequency: &[f64],
) -> Sampler<'a> {
    let each = 0..mass.len();
    let mean = |j: usize| {
        let (m, w, a) = (mass[j], frequency[j], displacement[j]);
        let (q, p) = ((2.0 / (m * w)).sqrt() * a.re, (2.0 * m * w).sqrt() * a.im);
        from_position_momentum(m, weight[j], q, p)
    };
    let deviation = |j: usize| {
        let (m, w) = (mass[j], frequency[j]);
        from_position_momentum(m, weight[j], (0.5 / (w * m)).sqrt(), (0.5 * m * w).sqrt())
    };
    normal(each.clone().map(mean).collect(), each.map(deviation).collect())
}

/// Normal numbers of mean 0 and these deviations of position and momentum.
fn about_zero<'a>(
    mass: &[f64],
    weight: &[f64],
    deviation: impl Fn(usize) -> (f64, f64),
) -> Sampler<'a> {
    let in_z = |j: usize| {
        let (q, p) = deviation(j);
        from_position_momentum(mass[j], weight[j], q, p)
    };
    normal(vec![c64(0.0, 0.0); mass.len()], (0..mass.len()).map(in_z).collect())
}

/// Normal numbers of these means and deviations in Re z and Im z. All positions are drawn before all
/// momenta.
fn normal<'a>(means: Vec<c64>, deviations: Vec<c64>) -> Sampler<'a> {
    Box::new(move |draws, z| {
        let mut normals = vec![0.0; 2 * z.len()];
        draws.fill_normal(&mut normals);
        let (q, p) = normals.split_at(z.len());
        for (j, z) in z.iter_mut().enumerate() {
            let (mean, deviation) = (means[j], deviations[j]);
            *z = c64(mean.re + deviation.re * q[j], mean.im + deviation.im * p[j]);
        }
    })
}
