//! The shift of a hop for a classical Hamiltonian of which only values are known.

use super::hop::{gamma, shift};
use super::line::Line;
use crate::{LANES, Model, c64};

/// How far a quadratic may be off the values, relative to the largest.
const QUADRATIC: f64 = 1e-10;

/// Any H_c: solves H_c(z − i γ d) − H_c(z) + gap = 0 for the γ of smallest size.
///
/// Where H_c is quadratic along d, as of oscillators and free particles, γ is exact but for rounding.
/// Elsewhere the first change of sign on either side is looked for on a grid of distances from 1e-6 to
/// 70 times the size of z, also in the valleys between its points, and narrowed down to rounding; `None`
/// where there is none. As with the closed forms, which are QC Lab's, a direction that vanishes lets the
/// surface change and leaves z.
pub fn hop_general<M: Model + ?Sized>(
    model: &M,
    z: &[c64],
    direction: &[c64],
    gap: f64,
) -> Option<Vec<c64>> {
    let norm = |v: &[c64]| v.iter().map(|z| z.norm_sqr()).sum::<f64>().sqrt();
    let scale = norm(z).max(1e-6) / norm(direction);
    if norm(direction) == 0.0 {
        return Some(vec![c64(0.0, 0.0); z.len()]);
    }
    if !scale.is_finite() {
        return None;
    }
    let line = Line::new(model, z, direction, gap);
    let found = match line.quadratic(scale) {
        Some((a, b)) => line.root_of_quadratic(a, b, scale),
        None => line.root(scale),
    };
    Some(shift(found?, direction))
}

impl<M: Model + ?Sized> Line<'_, M> {
    /// a and b of a γ² + b γ + gap, if that is what there is to solve.
    fn quadratic(&self, scale: f64) -> Option<(f64, f64)> {
        let places = [1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 1.5, -1.5];
        let at: [f64; LANES] = std::array::from_fn(|lane| places[lane % places.len()] * scale);
        let misses = self.misses(at);
        let a = ((misses[0] - self.gap) + (misses[1] - self.gap)) / (2.0 * scale * scale);
        let b = (misses[0] - misses[1]) / (2.0 * scale);
        let largest = misses.iter().fold(self.before.abs(), |most, miss| most.max(miss.abs()));
        let off = |lane: usize| (a * at[lane] + b) * at[lane] + self.gap - misses[lane];
        let fits = (0..LANES).all(|lane| off(lane).abs() <= QUADRATIC * largest);
        // What is left of a by rounding alone is no curvature.
        let flat = a.abs() * scale * scale <= 1e-13 * largest;
        fits.then_some((if flat { 0.0 } else { a }, b))
    }

    fn root_of_quadratic(&self, a: f64, b: f64, scale: f64) -> Option<f64> {
        let linear = || Some(-self.gap / b).filter(|root| root.is_finite());
        let mut root = if a == 0.0 { linear()? } else { gamma(a, -b, self.gap)? };
        // What rounding has left of the coefficients is mended at the root itself.
        for _ in 0..2 {
            let slope = 2.0 * a * root + b;
            let better = root - self.misses([root; LANES])[0] / slope;
            if (better - root).abs() < 1e-6 * scale {
                root = better;
            }
        }
        Some(root)
    }

    /// The change of sign nearest to 0.
    fn root(&self, scale: f64) -> Option<f64> {
        let sides = [scale, -scale].map(|scale| self.first_change(scale));
        let brackets = sides.into_iter().flatten();
        let roots = brackets.map(|(near, far)| self.narrow(near, far));
        roots.min_by(|a, b| a.abs().total_cmp(&b.abs()))
    }

    /// Two places on one side between which the sign changes first.
    fn first_change(&self, scale: f64) -> Option<(f64, f64)> {
        let grid = self.grid(scale);
        let above = self.gap > 0.0;
        let mut before = [(0.0, self.gap); 2];
        for (gamma, miss) in grid {
            if (miss > 0.0) != above || miss == 0.0 {
                return Some((before[1].0, gamma));
            }
            // Between three points of which the middle one is nearest to zero, zero may be crossed twice.
            let [(left, _), (_, middle)] = before;
            let valley = middle.abs() < before[0].1.abs() && middle.abs() <= miss.abs();
            if let Some(bottom) = valley.then(|| self.bottom(left, gamma)).flatten() {
                return Some((left, bottom));
            }
            before = [before[1], (gamma, miss)];
        }
        None
    }

    /// Places on one side at a ratio of 4/3, from 1e-6 to 70 times the scale, and what misses there.
    fn grid(&self, scale: f64) -> Vec<(f64, f64)> {
        let mut gamma = 1e-6 * scale;
        let mut grid = Vec::with_capacity(4 * LANES);
        for _ in 0..4 {
            let mut at = [0.0; LANES];
            for at in &mut at {
                *at = gamma;
                gamma *= 4.0 / 3.0;
            }
            grid.extend(at.into_iter().zip(self.misses(at)));
        }
        grid
    }

    /// A place between two others where the sign is another one, near the point where what misses is
    /// least.
    fn bottom(&self, mut left: f64, mut right: f64) -> Option<f64> {
        let above = self.gap > 0.0;
        for _ in 0..12 {
            let width = (right - left) / (LANES + 1) as f64;
            let at: [f64; LANES] = std::array::from_fn(|lane| left + width * (lane + 1) as f64);
            let misses = self.misses(at);
            if let Some(lane) = (0..LANES).find(|&lane| (misses[lane] > 0.0) != above) {
                return Some(at[lane]);
            }
            let least = (0..LANES).min_by(|&a, &b| misses[a].abs().total_cmp(&misses[b].abs()))?;
            (left, right) = (at[least] - width, at[least] + width);
        }
        None
    }

    /// The place of the change, by dividing the interval by 17 again and again.
    fn narrow(&self, mut near: f64, mut far: f64) -> f64 {
        let sign = self.gap > 0.0;
        for _ in 0..16 {
            let width = (far - near) / (LANES + 1) as f64;
            let at: [f64; LANES] = std::array::from_fn(|lane| near + width * (lane + 1) as f64);
            let misses = self.misses(at);
            let first = (0..LANES).find(|&lane| (misses[lane] > 0.0) != sign);
            (near, far) = match first {
                Some(0) => (near, at[0]),
                Some(lane) => (at[lane - 1], at[lane]),
                None => (at[LANES - 1], far),
            };
        }
        far
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{ClosureModel, Coords, Structure, ingredients};

    fn energy(model: &ClosureModel, z: &[c64]) -> f64 {
        let mut block = Coords::zeros(z.len());
        (0..LANES).for_each(|lane| block.set_trajectory(lane, z));
        model.h_c(&block)[0]
    }

    fn moved(z: &[c64], shift: &[c64]) -> Vec<c64> {
        z.iter().zip(shift).map(|(z, shift)| z + shift).collect()
    }

    proptest! {
        /// Oscillators of which only the energy is known hop as oscillators.
        #[test]
        fn what_is_quadratic_is_solved_as_a_quadratic(
            numbers in prop::collection::vec(-2.0..2.0_f64, 8),
            gap in -3.0..3.0_f64,
        ) {
            let (frequency, weight) = ([0.7, 1.3], [0.7, 2.0]);
            let known = ClosureModel::new("known", 2, 2)
                .with_weight(&weight)
                .with_structure(Structure::general().with_harmonic(frequency.to_vec()));
            let reference = known.clone();
            let unknown = ClosureModel::new("unknown", 2, 2)
                .with_weight(&weight)
                .with_h_c(move |z| energy(&reference, z));
            let pair = |at: usize| c64(numbers[at], numbers[at + 1]);
            let (z, direction) = ([pair(0), pair(2)], [pair(4), pair(6)]);
            let exact = ingredients::hop_harmonic(&frequency, &weight, &z, &direction, gap);
            let found = hop_general(&unknown, &z, &direction, gap);
            prop_assert_eq!(exact.is_some(), found.is_some());
            if let (Some(exact), Some(found)) = (exact, found) {
                for (exact, found) in exact.iter().zip(&found) {
                    prop_assert!((exact - found).norm() < 1e-6 * (1.0 + exact.norm()), "{} {}", exact, found);
                }
            }
        }

        /// Quartic oscillators: energy is conserved to rounding, and a hop is refused only where there is
        /// not enough energy along the direction.
        #[test]
        fn what_is_not_is_searched(
            numbers in prop::collection::vec(0.2..2.0_f64, 4),
            part in -1.0..1.3_f64,
        ) {
            prop_assume!((part - 1.0).abs() > 1e-2);
            let model = ClosureModel::new("quartic", 2, 2)
                .with_h_c(|z| z.iter().map(|z| z.im * z.im + z.im.powi(4) + z.re.powi(4)).sum());
            let z = [c64(0.3, numbers[0]), c64(-0.2, -numbers[1])];
            let direction = [c64(numbers[2], 0.0), c64(-numbers[3], 0.0)];
            let lost = |shift: &[c64]| energy(&model, &z) - energy(&model, &moved(&z, shift));
            let all = (-2000..2000).map(|k| lost(&shift(f64::from(k) * 1e-2, &direction)));
            let gap = part * all.fold(0.0, f64::max);
            let found = hop_general(&model, &z, &direction, gap);
            prop_assert_eq!(found.is_some(), part < 1.0, "a gap of {}", gap);
            if let Some(shift) = found {
                let lost = lost(&shift);
                prop_assert!((lost - gap).abs() < 1e-12 * (1.0 + energy(&model, &z)), "{} {}", lost, gap);
            }
        }
    }
}
