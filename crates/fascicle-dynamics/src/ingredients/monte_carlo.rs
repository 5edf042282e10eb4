//! Monte-Carlo sampling of initial coordinates, for models that say nothing else.

use std::panic::resume_unwind;
use std::sync::OnceLock;

use fascicle_core::elementary::exp;
use fascicle_core::{Draws, Purpose, Seed, Seeding, c64};

use super::Sampler;
use crate::{Coords, LANES, Model, ModelError};

/// The stream of the chain, which all trajectories share.
const CHAIN: Purpose = Purpose::new("Monte-Carlo chain");

/// How initial coordinates are sampled from e^(−H_c/kT) by a chain of Metropolis and Hastings
/// (doi:10.1063/1.1699114, doi:10.1093/biomet/57.1.97), with QC Lab's names and defaults.
///
/// All trajectories share one chain, and each takes a place in it at random. Starting points repeat where
/// the number of trajectories is not small beside `sample_size`, and standard errors are then too
/// small: for 10,000 trajectories take 1,000,000 samples.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MonteCarlo {
    /// The thermal quantum kT (default: the model's constant `kBT`).
    pub kbt: Option<f64>,
    /// Steps before the first sample (default 1000; QC Lab's `mcmc_burn_in_size`).
    pub burn_in_size: usize,
    /// Samples (default 10,000; QC Lab's `mcmc_sample_size`).
    pub sample_size: u32,
    /// Steps from one sample to the next (default 16, at least 1), so that samples are nearly
    /// independent. [`Seeding::QcLab`] takes every step, as QC Lab does.
    pub thinning: usize,
    /// The standard deviation of a step in Re z and Im z (default 1; QC Lab's `mcmc_std`).
    pub std: f64,
    /// Whether H_c is a sum over coordinates, so that each can walk by itself, which converges faster
    /// (default true; QC Lab's `mcmc_h_c_separable`).
    pub separable: bool,
    /// Where the chain starts (default: normal numbers; QC Lab's `mcmc_initial_z`).
    pub initial_z: Option<Vec<c64>>,
}

impl Default for MonteCarlo {
    fn default() -> Self {
        Self {
            kbt: None,
            burn_in_size: 1000,
            sample_size: 10_000,
            thinning: 16,
            std: 1.0,
            separable: true,
            initial_z: None,
        }
    }
}

impl MonteCarlo {
    /// At this kT.
    #[must_use]
    pub fn at(kbt: f64) -> Self {
        Self { kbt: Some(kbt), ..Self::default() }
    }
}

/// Samples e^(−H_c/kT) by Monte Carlo. The chain is made when it is needed first.
///
/// # Panics
/// When there is no kT, or a setting cannot be: with a [`ModelError`], which
/// [`Simulation::prepare`](crate::Simulation::prepare) and all drivers give as their error.
#[must_use]
pub fn monte_carlo<M: Model + ?Sized>(model: &M, settings: MonteCarlo) -> Sampler<'_> {
    let kbt = check(model, &settings).unwrap_or_else(|error| resume_unwind(Box::new(error)));
    let chains = [OnceLock::new(), OnceLock::new()];
    Sampler::new(move |draws, z| {
        let seeding = draws.seeding();
        let chain = chains[usize::from(seeding == Seeding::QcLab)]
            .get_or_init(|| chain(model, &settings, kbt, seeding, z.len()));
        let place = draws.below(settings.sample_size.max(1)) as usize;
        z.copy_from_slice(&chain[place * z.len()..(place + 1) * z.len()]);
    })
}

/// kT, if all is well.
fn check<M: Model + ?Sized>(model: &M, settings: &MonteCarlo) -> Result<f64, ModelError> {
    let constant = || model.constants().into_iter().find(|(name, _)| *name == "kBT");
    let Some(kbt) = settings.kbt.or_else(|| Some(constant()?.1)) else {
        return Err(ModelError::NoStart { model: model.name() });
    };
    for (name, found) in [("kBT", kbt), ("mcmc_std", settings.std)] {
        if !(found.is_finite() && found > 0.0) {
            let (model, name) = (model.name(), name.to_string());
            let expected = "positive and finite, to sample initial coordinates by Monte Carlo";
            return Err(ModelError::BadConstant { model, name, expected, found });
        }
    }
    let (expected, found) = (model.num_classical_coordinates(), settings.initial_z.as_ref());
    if let Some(found) = found.map(Vec::len).filter(|&found| found != expected) {
        let (model, what) = (model.name(), "start of the Monte-Carlo chain");
        return Err(ModelError::WrongLength { model, what, expected, found });
    }
    let (flat, separable) = flat_and_separable(model, settings.std);
    if flat {
        return Err(ModelError::NoEnergy { model: model.name() });
    }
    if settings.separable && !separable {
        return Err(ModelError::NotSeparable { model: model.name() });
    }
    Ok(kbt)
}

/// Whether H_c is the same everywhere, and whether it is a sum over coordinates, as far as some places
/// can tell.
fn flat_and_separable<M: Model + ?Sized>(model: &M, std: f64) -> (bool, bool) {
    let count = model.num_classical_coordinates();
    let mut draws = Seeding::Independent.draws(Seed(0), CHAIN);
    let mut places = Coords::zeros(count);
    (0..LANES).for_each(|lane| {
        let z = proposal(&vec![c64(0.0, 0.0); count], std, &mut draws);
        places.set_trajectory(lane, &z);
    });
    let zero = model.h_c(&Coords::zeros(count));
    let mut sum = zero;
    let mut size = zero.abs();
    for j in 0..count {
        let mut alone = Coords::zeros(count);
        (alone.re[j], alone.im[j]) = (places.re[j], places.im[j]);
        let own = model.h_c(&alone) - zero;
        sum += own;
        size += own.abs();
    }
    let there = model.h_c(&places);
    let off = (there - sum).abs();
    // Not `<=`: what is not finite is for others to find.
    let separable = (0..LANES).all(|lane| !(off[lane] > 1e-9 * size[lane]));
    (there == zero, separable)
}

/// The samples, one after the other.
fn chain<M: Model + ?Sized>(
    model: &M,
    settings: &MonteCarlo,
    kbt: f64,
    seeding: Seeding,
    length: usize,
) -> Vec<c64> {
    let mut stream = seeding.draws(Seed(0), CHAIN);
    let z = settings.initial_z.clone().unwrap_or_else(|| {
        // QC Lab draws a number here that it does not use.
        if seeding == Seeding::QcLab {
            stream.uniform();
        }
        proposal(&vec![c64(0.0, 0.0); length], settings.std, &mut stream)
    });
    let mut walk = Walk { model, settings, kbt, energies: Vec::new(), z };
    walk.energies = walk.energies_of(&walk.z);
    let mut step = |walk: &mut Walk<'_, M>, number: usize| {
        // QC Lab seeds each step with its number, and begins again with 0 after the burn-in.
        if seeding == Seeding::QcLab {
            stream = seeding.draws(Seed(number as u64), CHAIN);
        }
        walk.step(&mut stream);
    };
    (0..settings.burn_in_size).for_each(|number| step(&mut walk, number));
    let mut samples = Vec::new();
    let thinning = if seeding == Seeding::QcLab { 1 } else { settings.thinning.max(1) };
    for number in 0..settings.sample_size.max(1) as usize {
        (0..thinning).for_each(|_| step(&mut walk, number));
        samples.extend_from_slice(&walk.z);
    }
    samples
}

struct Walk<'a, M: ?Sized> {
    model: &'a M,
    settings: &'a MonteCarlo,
    kbt: f64,
    z: Vec<c64>,
    /// Of each coordinate alone, or of all together.
    energies: Vec<f64>,
}

impl<M: Model + ?Sized> Walk<'_, M> {
    fn step(&mut self, draws: &mut Draws) {
        let mut numbers = vec![0.0; self.energies.len()];
        draws.fill_uniform(&mut numbers);
        let proposed = proposal(&self.z, self.settings.std, draws);
        let energies = self.energies_of(&proposed);
        for (k, number) in numbers.into_iter().enumerate() {
            if number < exp(-(energies[k] - self.energies[k]) / self.kbt).min(1.0) {
                self.energies[k] = energies[k];
                if self.settings.separable {
                    self.z[k] = proposed[k];
                } else {
                    self.z.copy_from_slice(&proposed);
                }
            }
        }
    }

    fn energies_of(&self, z: &[c64]) -> Vec<f64> {
        if !self.settings.separable {
            let mut block = Coords::zeros(z.len());
            (0..LANES).for_each(|lane| block.set_trajectory(lane, z));
            return vec![self.model.h_c(&block)[0]];
        }
        let mut energies = Vec::with_capacity(z.len());
        for first in (0..z.len()).step_by(LANES) {
            let mut block = Coords::zeros(z.len());
            let here = first..z.len().min(first + LANES);
            here.clone().for_each(|j| block.set(j, j - first, z[j]));
            let energy = self.model.h_c(&block);
            energies.extend(here.map(|j| energy[j - first]));
        }
        energies
    }
}

/// Normal numbers about z: first all real parts, then all imaginary ones.
fn proposal(z: &[c64], std: f64, draws: &mut Draws) -> Vec<c64> {
    let mut normals = vec![0.0; 2 * z.len()];
    draws.fill_normal(&mut normals);
    let (re, im) = normals.split_at(z.len());
    let moved = |j: usize| c64(z[j].re + std * re[j], z[j].im + std * im[j]);
    (0..z.len()).map(moved).collect()
}
