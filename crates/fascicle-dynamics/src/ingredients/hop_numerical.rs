//! QC Lab's search for the shift of a hop.

use super::hop::shift;
use super::line::Line;
use crate::{LANES, Model, c64};

/// How QC Lab searches, by the names and defaults of its constants `numerical_fssh_hop_…`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NumericalHop {
    /// The first grid goes to this on both sides (default 5).
    pub gamma_range: f64,
    /// The most grids (default 20).
    pub max_iter: u32,
    /// The points of a grid, at least 2 (default 10).
    pub num_points: usize,
    /// How near to zero the energy must be (default 1e-6).
    pub threshold: f64,
}

impl Default for NumericalHop {
    fn default() -> Self {
        Self { gamma_range: 5.0, max_iter: 20, num_points: 10, threshold: 1e-6 }
    }
}

/// QC Lab's search for any H_c: a grid of γ about 0, then grids of half the width about the best point
/// of the one before, until H_c(z) − H_c(z − i γ d) is near enough to the gap. It misses many hops
/// that energy allows, so that models do not use it unless they say so in [`Model::hop`]: the default
/// is [`hop_general`](super::hop_general).
pub fn hop_numerical<M: Model + ?Sized>(
    model: &M,
    settings: &NumericalHop,
    z: &[c64],
    direction: &[c64],
    gap: f64,
) -> Option<Vec<c64>> {
    let line = Line::new(model, z, direction, gap);
    let (mut best, mut range, mut miss) = (0.0, settings.gamma_range, 1.0);
    for _ in 0..settings.max_iter {
        if miss <= settings.threshold {
            break;
        }
        (best, miss) = closest(&line, best, range, settings.num_points.max(2))?;
        range *= 0.5;
    }
    (miss <= settings.threshold).then(|| shift(best, direction))
}

/// The point of a grid where energy is conserved best, and how well.
fn closest<M: Model + ?Sized>(
    line: &Line<'_, M>,
    middle: f64,
    range: f64,
    points: usize,
) -> Option<(f64, f64)> {
    let point = |k: usize| middle - range + 2.0 * range * k as f64 / (points - 1) as f64;
    let mut all = Vec::with_capacity(points);
    for first in (0..points).step_by(LANES) {
        let at: [f64; LANES] = std::array::from_fn(|lane| point((first + lane).min(points - 1)));
        let misses = line.misses(at).map(f64::abs);
        all.extend(at.into_iter().zip(misses).take(points - first));
    }
    all.into_iter().min_by(|a, b| a.1.total_cmp(&b.1))
}
