//! Initial conditions.

use fascicle_core::elementary::tanh;
use fascicle_core::{Draws, LaneDraws, Purpose, Seed, Seeding, c64};

use crate::sys::{Kernel, Pack, dispatch};
use crate::{Coords, LANES, Lane};

/// Draws the initial coordinates z of trajectories, C of them each.
///
/// ```
/// use fascicle_dynamics::{c64, ingredients::Sampler};
///
/// // On a circle.
/// let sampler = Sampler::new(|draws, z| {
///     let angle = std::f64::consts::TAU * draws.uniform();
///     z[0] = c64(angle.cos(), angle.sin());
/// });
/// ```
pub struct Sampler<'a>(Kind<'a>);

type DrawOne<'a> = dyn Fn(&mut Draws, &mut [c64]) + Send + Sync + 'a;

enum Kind<'a> {
    /// Any way to draw those of one trajectory.
    Own(Box<DrawOne<'a>>),
    /// The same for all.
    Definite(Vec<c64>),
    /// Normal numbers of these means and deviations in Re z and Im z.
    Normal { means: Vec<c64>, deviations: Vec<c64> },
}

impl std::fmt::Debug for Sampler<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            Kind::Own(_) => "Sampler::new(..)",
            Kind::Definite(_) => "definite_position_momentum(..)",
            Kind::Normal { .. } => "normal(..)",
        })
    }
}

impl<'a> Sampler<'a> {
    /// What sets the coordinates of one trajectory, which are zero before, from its random numbers.
    pub fn new(draw: impl Fn(&mut Draws, &mut [c64]) + Send + Sync + 'a) -> Self {
        Self(Kind::Own(Box::new(draw)))
    }

    /// Draws the coordinates of one trajectory, which are zero before.
    pub fn draw(&self, draws: &mut Draws, z: &mut [c64]) {
        match &self.0 {
            Kind::Own(draw) => draw(draws, z),
            Kind::Definite(start) => z.copy_from_slice(start),
            Kind::Normal { means, deviations } => {
                let mut normals = vec![0.0; 2 * z.len()];
                draws.fill_normal(&mut normals);
                let (q, p) = normals.split_at(z.len());
                for (j, z) in z.iter_mut().enumerate() {
                    let (mean, deviation) = (means[j], deviations[j]);
                    *z = c64(mean.re + deviation.re * q[j], mean.im + deviation.im * p[j]);
                }
            }
        }
    }

    /// Draws the coordinates of sixteen trajectories, the same numbers as one by one.
    pub(crate) fn draw_block(
        &self,
        seeding: Seeding,
        seeds: &[Seed; LANES],
        purpose: Purpose,
        z: &mut Coords,
    ) {
        match &self.0 {
            Kind::Own(draw) => draw_each(draw, seeding, seeds, purpose, z),
            Kind::Definite(start) => (0..LANES).for_each(|lane| z.set_trajectory(lane, start)),
            Kind::Normal { means, deviations } => {
                dispatch(Normals { seeding, seeds, purpose, means, deviations, z });
            }
        }
    }
}

/// One trajectory after the other; neighbours of the same seed are drawn once.
fn draw_each(
    draw: &DrawOne<'_>,
    seeding: Seeding,
    seeds: &[Seed; LANES],
    purpose: Purpose,
    to: &mut Coords,
) {
    let mut z = vec![c64(0.0, 0.0); to.len()];
    for lane in 0..LANES {
        if lane == 0 || seeds[lane] != seeds[lane - 1] {
            z.fill(c64(0.0, 0.0));
            draw(&mut seeding.draws(seeds[lane], purpose), &mut z);
        }
        to.set_trajectory(lane, &z);
    }
}

/// Normal numbers for sixteen trajectories.
struct Normals<'a> {
    seeding: Seeding,
    seeds: &'a [Seed; LANES],
    purpose: Purpose,
    means: &'a [c64],
    deviations: &'a [c64],
    z: &'a mut Coords,
}

impl Kernel for Normals<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        let Self { seeding, seeds, purpose, means, deviations, z } = self;
        let mut normals = vec![[0.0; LANES]; 2 * z.len()];
        LaneDraws::new(seeding, seeds, purpose).fill_normal(&mut normals);
        let (q, p) = normals.split_at(z.len());
        for j in 0..z.len() {
            let (mean, deviation) = (means[j], deviations[j]);
            z.re[j] = Lane::splat(mean.re) + Lane(q[j]) * deviation.re;
            z.im[j] = Lane::splat(mean.im) + Lane(p[j]) * deviation.im;
        }
    }
}

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
    Sampler(Kind::Definite((0..mass.len()).map(start).collect()))
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
        let tanh = if kbt > 0.0 { tanh(0.5 * w / kbt) } else { 1.0 };
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
///
/// # Panics
/// When there are not as many deviations as means.
#[must_use]
pub fn normal<'a>(means: Vec<c64>, deviations: Vec<c64>) -> Sampler<'a> {
    assert_eq!(means.len(), deviations.len(), "expected a deviation for each mean");
    Sampler(Kind::Normal { means, deviations })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::{Path, on_path};

    const PURPOSE: Purpose = Purpose::new("test");

    fn samplers() -> [Sampler<'static>; 4] {
        let (mass, weight) = ([1.0, 3.0, 0.7], [0.2, 1.5, 1.0]);
        let displacement = [c64(0.3, -1.0), c64(0.0, 0.1), c64(2.0, 0.0)];
        [
            boltzmann_harmonic(0.7, &mass, &weight, &weight),
            wigner_coherent_state(&displacement, &mass, &weight, &weight),
            definite_position_momentum(&mass, &weight, &[1.0, 2.0, 3.0], &[-1.0, 0.0, 1.0]),
            Sampler::new(|draws, z| z[2] += c64(draws.uniform(), draws.normal())),
        ]
    }

    #[test]
    fn a_block_has_the_coordinates_of_its_seeds() {
        // Neighbours share a seed, as branches do.
        let seeds = std::array::from_fn(|lane| Seed(5 + lane as u64 / 3));
        for sampler in samplers() {
            for seeding in [Seeding::Independent, Seeding::QcLab] {
                for path in Path::all() {
                    let mut block = Coords::zeros(3);
                    on_path(path, || sampler.draw_block(seeding, &seeds, PURPOSE, &mut block));
                    for lane in 0..LANES {
                        let mut z = vec![c64(0.0, 0.0); 3];
                        sampler.draw(&mut seeding.draws(seeds[lane], PURPOSE), &mut z);
                        assert_eq!(block.trajectory(lane), z, "{sampler:?}, {seeding}, {path:?}");
                    }
                }
            }
        }
    }
}
