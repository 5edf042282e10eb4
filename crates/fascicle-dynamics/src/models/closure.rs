//! Models from closures.

use std::ops::{Index, IndexMut};
use std::sync::Arc;

use fascicle_core::{Draws, c64};

use crate::ingredients::{MonteCarlo, Sampler};
use crate::{Coords, Hermitian, Hop, LANES, Lane, Model, States, Structure, ingredients};

/// An N × N matrix of one trajectory, `h[(row, column)]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    n: usize,
    elements: Vec<c64>,
}

impl Matrix {
    /// Zeros.
    pub fn zeros(n: usize) -> Self {
        Self { n, elements: vec![c64(0.0, 0.0); n * n] }
    }

    /// N.
    pub fn n(&self) -> usize {
        self.n
    }
}

impl Index<(usize, usize)> for Matrix {
    type Output = c64;

    fn index(&self, (row, column): (usize, usize)) -> &c64 {
        &self.elements[row * self.n + column]
    }
}

impl IndexMut<(usize, usize)> for Matrix {
    fn index_mut(&mut self, (row, column): (usize, usize)) -> &mut c64 {
        &mut self.elements[row * self.n + column]
    }
}

type FillMatrix = dyn Fn(&[c64], &mut Matrix) + Send + Sync;
type Energy = dyn Fn(&[c64]) -> f64 + Send + Sync;
type Gradient = dyn Fn(&[c64], &mut [c64]) + Send + Sync;
type Contraction = dyn Fn(&[c64], &[c64], &[c64], &mut [c64]) + Send + Sync;
type HopShift = dyn Fn(&[c64], &[c64], f64) -> Option<Vec<c64>> + Send + Sync;
type Direction = dyn Fn(&[c64], usize, usize) -> Vec<c64> + Send + Sync;
type Force = dyn Fn(&[c64], usize, &mut [c64]) + Send + Sync;
type Initial = dyn Fn(&mut Draws, &mut [c64]) + Send + Sync;

/// A model from closures that each see one trajectory: quick to write in a notebook cell. What is
/// not given has the defaults of [`Model`]: no coupling, no classical energy, gradients by finite
/// differences, hops by solving for energy with values of H_c. Where trajectories start must be given:
/// [`ClosureModel::with_init_classical`] or [`ClosureModel::with_monte_carlo`].
///
/// The matrices are Hermitian: a closure may fill the lower triangle, the upper, or both, which must
/// then mirror each other.
///
/// ```
/// use fascicle_core::c64;
/// use fascicle_dynamics::ClosureModel;
///
/// // An avoided crossing of two diabats of slope ±0.1, one free particle of mass 1.
/// let model = ClosureModel::new("crossing", 2, 1)
///     .with_h_q(|h| h[(1, 0)] = c64(0.05, 0.0))
///     .with_h_qc(|z, h| {
///         let q = 2.0_f64.sqrt() * z[0].re;
///         h[(0, 0)] = c64(0.1 * q, 0.0);
///         h[(1, 1)] = c64(-0.1 * q, 0.0);
///     })
///     .with_h_c(|z| z[0].im * z[0].im)
///     .with_init_classical(|draws, z| z[0] = c64(-3.0 + 0.1 * draws.normal(), 1.0));
/// # let _ = model;
/// ```
#[derive(Clone)]
pub struct ClosureModel {
    name: String,
    states: usize,
    coordinates: usize,
    mass: Vec<f64>,
    weight: Vec<f64>,
    h_q: Option<Arc<FillMatrix>>,
    h_qc: Option<Arc<FillMatrix>>,
    h_c: Option<Arc<Energy>>,
    dh_c_dzc: Option<Arc<Gradient>>,
    dh_qc_dzc: Option<Arc<Contraction>>,
    hop: Option<Arc<HopShift>>,
    rescaling_direction: Option<Arc<Direction>>,
    gauge_field_force: Option<Arc<Force>>,
    init_classical: Option<Arc<Initial>>,
    monte_carlo: MonteCarlo,
    structure: Structure,
}

impl std::fmt::Debug for ClosureModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClosureModel")
            .field("name", &self.name)
            .field("states", &self.states)
            .field("coordinates", &self.coordinates)
            .finish_non_exhaustive()
    }
}

impl ClosureModel {
    /// A model with this many quantum states and classical coordinates. Data of models that differ in
    /// name, starting points, H_q, H_qc, H_c or gradients are not put together; a changed
    /// [`ClosureModel::with_hop`] is not seen, so change the name with it.
    pub fn new(name: impl Into<String>, states: usize, coordinates: usize) -> Self {
        Self {
            name: name.into(),
            states,
            coordinates,
            mass: vec![1.0; coordinates],
            weight: vec![1.0; coordinates],
            h_q: None,
            h_qc: None,
            h_c: None,
            dh_c_dzc: None,
            dh_qc_dzc: None,
            hop: None,
            rescaling_direction: None,
            gauge_field_force: None,
            init_classical: None,
            monte_carlo: MonteCarlo::default(),
            structure: Structure::general(),
        }
    }

    /// With these masses (default: 1).
    #[must_use]
    pub fn with_mass(mut self, mass: &[f64]) -> Self {
        self.mass = mass.to_vec();
        self
    }

    /// With these weights (default: 1).
    #[must_use]
    pub fn with_weight(mut self, weight: &[f64]) -> Self {
        self.weight = weight.to_vec();
        self
    }

    /// With H_q.
    #[must_use]
    pub fn with_h_q(mut self, f: impl Fn(&mut Matrix) + Send + Sync + 'static) -> Self {
        self.h_q = Some(Arc::new(move |_, h| f(h)));
        self
    }

    /// With H_qc(z).
    #[must_use]
    pub fn with_h_qc(mut self, f: impl Fn(&[c64], &mut Matrix) + Send + Sync + 'static) -> Self {
        self.h_qc = Some(Arc::new(f));
        self
    }

    /// With H_c(z).
    #[must_use]
    pub fn with_h_c(mut self, f: impl Fn(&[c64]) -> f64 + Send + Sync + 'static) -> Self {
        self.h_c = Some(Arc::new(f));
        self
    }

    /// With ∂H_c/∂z*, to be set for each coordinate.
    #[must_use]
    pub fn with_dh_c_dzc(mut self, f: impl Fn(&[c64], &mut [c64]) + Send + Sync + 'static) -> Self {
        self.dh_c_dzc = Some(Arc::new(f));
        self
    }

    /// With ⟨left|∂H_qc/∂z*|right⟩ from (z, left, right), to be set for each coordinate.
    #[must_use]
    pub fn with_dh_qc_dzc(
        mut self,
        f: impl Fn(&[c64], &[c64], &[c64], &mut [c64]) + Send + Sync + 'static,
    ) -> Self {
        self.dh_qc_dzc = Some(Arc::new(f));
        self
    }

    /// With facts, such as [`Structure::with_harmonic`]: what they say needs no closure, is computed by
    /// fast kernels, and makes hops exact.
    #[must_use]
    pub fn with_structure(mut self, structure: Structure) -> Self {
        self.structure = structure;
        self
    }

    /// With the shift of z along −i γ d that conserves energy in a hop, from (z, d, gap), or none; see
    /// [`Model::hop`].
    #[must_use]
    pub fn with_hop(
        mut self,
        f: impl Fn(&[c64], &[c64], f64) -> Option<Vec<c64>> + Send + Sync + 'static,
    ) -> Self {
        self.hop = Some(Arc::new(f));
        self
    }

    /// With the direction of a hop from (z, from, to), if it is not that of the derivative coupling; see
    /// [`Model::rescaling_direction_fssh`].
    #[must_use]
    pub fn with_rescaling_direction_fssh(
        mut self,
        f: impl Fn(&[c64], usize, usize) -> Vec<c64> + Send + Sync + 'static,
    ) -> Self {
        self.rescaling_direction = Some(Arc::new(f));
        self
    }

    /// With the force of the gauge field from (z, state), as a term of ∂H/∂z* to be set for each
    /// coordinate; see [`Model::gauge_field_force`].
    #[must_use]
    pub fn with_gauge_field_force(
        mut self,
        f: impl Fn(&[c64], usize, &mut [c64]) + Send + Sync + 'static,
    ) -> Self {
        self.gauge_field_force = Some(Arc::new(f));
        self
    }

    /// With initial coordinates.
    #[must_use]
    pub fn with_init_classical(
        mut self,
        f: impl Fn(&mut Draws, &mut [c64]) + Send + Sync + 'static,
    ) -> Self {
        self.init_classical = Some(Arc::new(f));
        self
    }

    /// With initial coordinates sampled from e^(−H_c/kT) by Monte Carlo:
    /// `with_monte_carlo(MonteCarlo::at(1.0))`.
    #[must_use]
    pub fn with_monte_carlo(mut self, monte_carlo: MonteCarlo) -> Self {
        self.monte_carlo = monte_carlo;
        self
    }

    fn fill(&self, f: &FillMatrix, z: &[c64], lane: usize, h: &mut Hermitian) {
        let mut matrix = Matrix::zeros(self.states);
        f(z, &mut matrix);
        for row in 0..self.states {
            for column in 0..=row {
                let (lower, upper) = (matrix[(row, column)], matrix[(column, row)].conj());
                let zero = c64(0.0, 0.0);
                let mirrored = lower == zero
                    || upper == zero
                    || !((lower - upper).norm_sqr() > 1e-20 * lower.norm_sqr());
                assert!(
                    mirrored,
                    "a matrix is not Hermitian: h[({row}, {column})] is {lower}, and h[({column}, \
                     {row})] is {}",
                    upper.conj()
                );
                h.add(row, column, lane, if lower == zero { upper } else { lower });
            }
        }
    }
}

impl Model for ClosureModel {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn num_quantum_states(&self) -> usize {
        self.states
    }

    fn num_classical_coordinates(&self) -> usize {
        self.coordinates
    }

    fn classical_coordinate_mass(&self) -> Vec<f64> {
        self.mass.clone()
    }

    fn classical_coordinate_weight(&self) -> Vec<f64> {
        self.weight.clone()
    }

    fn structure(&self) -> Structure {
        self.structure.clone()
    }

    fn hop(&self, z: &[c64], direction: &[c64], gap: f64) -> Hop {
        self.hop.as_ref().map_or(Hop::AsStated, |f| f(z, direction, gap).into())
    }

    fn h_q(&self, h: &mut Hermitian) {
        if let Some(f) = &self.h_q {
            (0..LANES).for_each(|lane| self.fill(f.as_ref(), &[], lane, h));
        }
    }

    fn h_qc(&self, z: &Coords, h: &mut Hermitian) {
        match &self.h_qc {
            Some(f) => {
                (0..LANES).for_each(|lane| self.fill(f.as_ref(), &z.trajectory(lane), lane, h));
            }
            None => self.structure.h_qc(z, h),
        }
    }

    fn h_c(&self, z: &Coords) -> Lane {
        let energy = |f: &Arc<Energy>| Lane::from_fn(|lane| f(&z.trajectory(lane)));
        self.h_c.as_ref().map_or_else(|| self.structure.h_c(&self.weight, z), energy)
    }

    fn dh_qc_dzc(&self, z: &Coords, left: &States, right: &States, out: &mut Coords) {
        let Some(f) = &self.dh_qc_dzc else {
            if self.h_qc.is_some() || !self.structure.dh_qc_dzc(left, right, out) {
                ingredients::dh_qc_dzc_differences(self, z, left, right, out);
            }
            return;
        };
        for lane in 0..LANES {
            let mut gradient = vec![c64(0.0, 0.0); self.coordinates];
            let (left, right) = (left.trajectory(lane), right.trajectory(lane));
            f(&z.trajectory(lane), &left, &right, &mut gradient);
            gradient.iter().enumerate().for_each(|(j, &value)| out.add(j, lane, value));
        }
    }

    fn dh_c_dzc(&self, z: &Coords, out: &mut Coords) {
        let Some(f) = &self.dh_c_dzc else {
            if self.h_c.is_some() || !self.structure.dh_c_dzc(&self.weight, z, out) {
                ingredients::dh_c_dzc_differences(self, z, out);
            }
            return;
        };
        for lane in 0..LANES {
            let mut gradient = vec![c64(0.0, 0.0); self.coordinates];
            f(&z.trajectory(lane), &mut gradient);
            gradient.iter().enumerate().for_each(|(j, &value)| out.add(j, lane, value));
        }
    }

    fn rescaling_direction_fssh(&self, z: &[c64], from: usize, to: usize) -> Option<Vec<c64>> {
        self.rescaling_direction.as_ref().map(|f| f(z, from, to))
    }

    fn gauge_field_force(&self, z: &Coords, state: Lane, out: &mut Coords) -> bool {
        let Some(f) = &self.gauge_field_force else {
            return false;
        };
        for lane in 0..LANES {
            let mut force = vec![c64(0.0, 0.0); self.coordinates];
            f(&z.trajectory(lane), state[lane] as usize, &mut force);
            force.iter().enumerate().for_each(|(j, &value)| out.add(j, lane, value));
        }
        true
    }

    fn init_classical(&self) -> Sampler<'_> {
        match &self.init_classical {
            Some(f) => Sampler::new(f.as_ref()),
            None => ingredients::monte_carlo(self, self.monte_carlo()),
        }
    }

    fn monte_carlo(&self) -> MonteCarlo {
        self.monte_carlo.clone()
    }
}
