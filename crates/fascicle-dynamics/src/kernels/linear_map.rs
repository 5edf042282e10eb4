//! Runge–Kutta's step for harmonic modes with linear coupling, as the linear map that it is.
//!
//! With the wave function frozen, r = Re z and i = Im z of a mode obey r' = h i, i' = −k r − F, with
//! k = ω²/h and a constant force F = Σ_n |c_n|² g_n: an oscillation about r = −F/k. One step of
//! fourth-order Runge–Kutta is then
//!
//! r + (a r̃ + s h i),  i + (a i − s k r̃),  with r̃ = r + F/k,
//!
//! x = ω² dt², a = −x/2 + x²/24, s = dt (1 − x/6). In this form, of increments, it stays within
//! 1.4e-13 of the staged computation over 10⁴ steps.

use std::ops::Range;

use crate::ingredients::opposite;
use crate::structure::{Classical, Coupling};
use crate::sys::{Complex, Kernel, Pack};
use crate::{Coords, Lane, States, Structure};

/// Modes that are gone through for some lanes before the next lanes: they stay in the L1 cache.
const TILE: usize = 64;

/// The coefficients of the map for each mode.
#[derive(Clone, Debug)]
pub struct LinearMap {
    modes: Vec<Mode>,
    displacements: Displacements,
}

#[derive(Clone, Copy, Debug)]
struct Mode {
    /// a
    a: f64,
    /// s h
    to_re: f64,
    /// s k
    to_im: f64,
}

/// What F/k is of the populations: g/k for each mode.
#[derive(Clone, Debug)]
enum Displacements {
    /// Two states with opposite couplings: factors of |c_0|² − |c_1|².
    Opposite(Vec<f64>),
    /// Each mode couples to one state at most: runs of modes with the same one, and factors of its
    /// |c_n|².
    One(Vec<(usize, Range<usize>)>, Vec<f64>),
    /// Factors of |c_n|², `[state][mode]`.
    Each(Vec<Vec<f64>>),
}

impl LinearMap {
    /// The map of a time step, if the structure is harmonic with diagonal linear coupling and no
    /// frequency is zero.
    pub fn new(structure: &Structure, weight: &[f64], dt: f64) -> Option<Self> {
        let Classical::Harmonic { frequency } = &structure.classical else {
            return None;
        };
        let Coupling::DiagonalLinear { g } = &structure.coupling else {
            return None;
        };
        let stiffness: Vec<f64> = frequency.iter().zip(weight).map(|(w, h)| w * w / h).collect();
        if !stiffness.iter().all(|&k| k > 0.0) {
            return None;
        }
        let mode = |(j, &k): (usize, &f64)| {
            let x = frequency[j] * frequency[j] * dt * dt;
            let s = dt * (1.0 - x / 6.0);
            Mode { a: x * x / 24.0 - x / 2.0, to_re: s * weight[j], to_im: s * k }
        };
        let modes = stiffness.iter().enumerate().map(mode).collect();
        let of_state = |g: &Vec<f64>| g.iter().zip(&stiffness).map(|(g, k)| g / k).collect();
        let displacements = if opposite(g) {
            Displacements::Opposite(of_state(&g[0]))
        } else {
            one_or_each(g.iter().map(of_state).collect())
        };
        Some(Self { modes, displacements })
    }
}

fn one_or_each(factors: Vec<Vec<f64>>) -> Displacements {
    let modes = factors.first().map_or(0, Vec::len);
    let coupled = |mode: usize, n: &usize| factors[*n][mode] != 0.0;
    let states = |mode: usize| (0..factors.len()).filter(|n| coupled(mode, n)).collect::<Vec<_>>();
    let states: Vec<Vec<usize>> = (0..modes).map(states).collect();
    if states.iter().any(|states| states.len() > 1) {
        return Displacements::Each(factors);
    }
    let mut runs: Vec<(usize, Range<usize>)> = Vec::new();
    let mut of_mode = Vec::new();
    for (mode, states) in states.iter().enumerate() {
        let state = states.first().copied().unwrap_or(0);
        of_mode.push(factors[state][mode]);
        match runs.last_mut() {
            Some((last, run)) if *last == state => run.end = mode + 1,
            _ => runs.push((state, mode..mode + 1)),
        }
    }
    Displacements::One(runs, of_mode)
}

/// One step of z with a frozen wave function.
#[derive(Debug)]
pub struct MapCoords<'a> {
    /// The coefficients.
    pub map: &'a LinearMap,
    /// The wave function whose populations give the force.
    pub wf: &'a States,
    /// The coordinates.
    pub z: &'a mut Coords,
}

impl Kernel for MapCoords<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        let Self { map, wf, z } = self;
        match &map.displacements {
            Displacements::Opposite(factors) => {
                let difference = population::<P>(wf, 0) - population::<P>(wf, 1);
                advance_run::<P>(&map.modes, factors, difference, &mut z.re, &mut z.im);
            }
            Displacements::One(runs, factors) => {
                for (n, run) in runs {
                    let (modes, factors) = (&map.modes[run.clone()], &factors[run.clone()]);
                    let (re, im) = (&mut z.re[run.clone()], &mut z.im[run.clone()]);
                    advance_run::<P>(modes, factors, population::<P>(wf, *n), re, im);
                }
            }
            Displacements::Each(factors) => advance_each::<P>(&map.modes, factors, wf, z),
        }
    }
}

/// |c_n|².
#[inline(always)]
fn population<P: Pack>(wf: &States, n: usize) -> Lane {
    let mut out = Lane::ZERO;
    for at in 0..P::COUNT {
        Complex::<P>::load(wf, n, at).norm_sqr().store(&mut out, at);
    }
    out
}

/// Modes that one population displaces.
#[inline(always)]
fn advance_run<P: Pack>(
    modes: &[Mode],
    factors: &[f64],
    population: Lane,
    re: &mut [Lane],
    im: &mut [Lane],
) {
    for first in (0..modes.len()).step_by(TILE) {
        let tile = first..modes.len().min(first + TILE);
        let (modes, factors) = (&modes[tile.clone()], &factors[tile.clone()]);
        let (re, im) = (&mut re[tile.clone()], &mut im[tile]);
        // Two packs at a time, which is a whole block at most: coefficients serve both.
        for pair in 0..P::COUNT / 2 {
            let (one, two) = (2 * pair, 2 * pair + 1);
            let displacing = (P::load(&population, one), P::load(&population, two));
            for j in 0..modes.len() {
                let (mode, factor) = (modes[j], P::splat(factors[j]));
                advance(mode, displacing.0 * factor, &mut re[j], &mut im[j], one);
                advance(mode, displacing.1 * factor, &mut re[j], &mut im[j], two);
            }
        }
    }
}

/// Modes that all populations displace.
#[inline(always)]
fn advance_each<P: Pack>(modes: &[Mode], factors: &[Vec<f64>], wf: &States, z: &mut Coords) {
    for at in 0..P::COUNT {
        for (j, &mode) in modes.iter().enumerate() {
            let mut displacement = P::zero();
            for (n, factors) in factors.iter().enumerate() {
                let population = Complex::<P>::load(wf, n, at).norm_sqr();
                displacement = displacement + population * P::splat(factors[j]);
            }
            advance(mode, displacement, &mut z.re[j], &mut z.im[j], at);
        }
    }
}

#[inline(always)]
fn advance<P: Pack>(mode: Mode, displacement: P, re: &mut Lane, im: &mut Lane, at: usize) {
    let (a, to_re, to_im) = (P::splat(mode.a), P::splat(mode.to_re), P::splat(mode.to_im));
    let (r, i) = (P::load(re, at), P::load(im, at));
    let displaced = r + displacement;
    (r + (displaced * a + i * to_re)).store(re, at);
    (i + (i * a - displaced * to_im)).store(im, at);
}
