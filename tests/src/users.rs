//! The spin-boson model and Tully's first problem as users write them, beside the built-in ones without
//! their facts.

use fascicle::core::elementary::exp;
use fascicle::dynamics::{Classical, Coupling, Hop};
use fascicle::prelude::*;

/// The frequencies and couplings of the model's modes.
///
/// # Panics
/// Never: the model states them.
pub fn modes(model: &SpinBoson) -> (Vec<f64>, Vec<f64>) {
    let structure = model.structure();
    let Classical::Harmonic { frequency } = structure.classical else { panic!("it is harmonic") };
    let Coupling::DiagonalLinear { g } = structure.coupling else { panic!("it is linear") };
    (frequency, g[0].clone())
}

/// The built-in model stating no facts: the general path with the compiled functions that a built-in
/// model has, on lists that are made once.
pub struct WithoutFacts {
    model: SpinBoson,
    frequency: Vec<f64>,
    g: Vec<Vec<f64>>,
    gradients: bool,
}

impl WithoutFacts {
    /// Of the built-in model.
    pub fn new(model: &SpinBoson) -> Self {
        let (frequency, g) = modes(model);
        let minus = g.iter().map(|g| -g).collect();
        Self { model: model.clone(), frequency, g: vec![g, minus], gradients: true }
    }

    /// With gradients by finite differences, as of a model that gives none.
    #[must_use]
    pub fn with_differences(mut self) -> Self {
        self.gradients = false;
        self
    }
}

impl Model for WithoutFacts {
    fn num_quantum_states(&self) -> usize {
        2
    }
    fn num_classical_coordinates(&self) -> usize {
        self.frequency.len()
    }
    fn classical_coordinate_weight(&self) -> Vec<f64> {
        self.frequency.clone()
    }
    fn h_q(&self, h: &mut Hermitian) {
        self.model.h_q(h);
    }
    fn h_qc(&self, z: &Coords, h: &mut Hermitian) {
        ingredients::h_qc_diagonal_linear(&self.g, z, h);
    }
    fn h_c(&self, z: &Coords) -> Lane {
        ingredients::h_c_harmonic(&self.frequency, &self.frequency, z)
    }
    fn dh_qc_dzc(&self, z: &Coords, left: &States, right: &States, out: &mut Coords) {
        if self.gradients {
            ingredients::dh_qc_dzc_diagonal_linear(&self.g, left, right, out);
        } else {
            ingredients::dh_qc_dzc_differences(self, z, left, right, out);
        }
    }
    fn dh_c_dzc(&self, z: &Coords, out: &mut Coords) {
        if self.gradients {
            ingredients::dh_c_dzc_harmonic(&self.frequency, &self.frequency, z, out);
        } else {
            ingredients::dh_c_dzc_differences(self, z, out);
        }
    }
    fn init_classical(&self) -> Sampler<'_> {
        self.model.init_classical()
    }
    fn hop(&self, z: &[c64], direction: &[c64], gap: f64) -> Hop {
        ingredients::hop_harmonic(&self.frequency, &self.frequency, z, direction, gap).into()
    }
}

/// A user's own model on blocks, as it would be written in a notebook's cell: operators of `Lane` and
/// loops over modes, no facts, and no hop of its own.
pub struct OnBlocks {
    /// Half the difference of energies, the coupling, and kT.
    constants: [f64; 3],
    frequency: Vec<f64>,
    g: Vec<f64>,
}

impl OnBlocks {
    /// With the constants and modes of the built-in model.
    pub fn new(model: &SpinBoson) -> Self {
        let (frequency, g) = modes(model);
        Self { constants: [model.E, model.V, model.kBT], frequency, g }
    }
}

impl Model for OnBlocks {
    fn num_quantum_states(&self) -> usize {
        2
    }
    fn num_classical_coordinates(&self) -> usize {
        self.frequency.len()
    }
    fn classical_coordinate_weight(&self) -> Vec<f64> {
        self.frequency.clone()
    }
    fn h_q(&self, h: &mut Hermitian) {
        let [e, v, _] = self.constants;
        h.add_constant(0, 0, c64(e, 0.0));
        h.add_constant(1, 1, c64(-e, 0.0));
        h.add_constant(1, 0, c64(v, 0.0));
    }
    fn h_qc(&self, z: &Coords, h: &mut Hermitian) {
        let mut shift = Lane::ZERO;
        for j in 0..z.len() {
            shift += z.re[j] * (2.0 * self.g[j]);
        }
        h.add_re(0, 0, shift);
        h.add_re(1, 1, -shift);
    }
    fn h_c(&self, z: &Coords) -> Lane {
        let mut energy = Lane::ZERO;
        for j in 0..z.len() {
            energy += (z.re[j] * z.re[j] + z.im[j] * z.im[j]) * self.frequency[j];
        }
        energy
    }
    fn dh_qc_dzc(&self, _: &Coords, left: &States, right: &States, out: &mut Coords) {
        let (upper, lower) = (left.conj_times(0, right, 0), left.conj_times(1, right, 1));
        let (re, im) = (upper.0 - lower.0, upper.1 - lower.1);
        for j in 0..out.len() {
            out.re[j] += re * self.g[j];
            out.im[j] += im * self.g[j];
        }
    }
    fn dh_c_dzc(&self, z: &Coords, out: &mut Coords) {
        for j in 0..z.len() {
            out.re[j] += z.re[j] * self.frequency[j];
            out.im[j] += z.im[j] * self.frequency[j];
        }
    }
    fn init_classical(&self) -> Sampler<'_> {
        let [.., kbt] = self.constants;
        Sampler::new(move |draws, z| thermal(draws, z, kbt, &self.frequency))
    }
}

/// The same from closures, one trajectory at a time.
pub fn closures(model: &SpinBoson) -> ClosureModel {
    let SpinBoson { E, V, kBT, .. } = *model;
    let (frequency, g) = modes(model);
    let (coupling, energy, slope, start) =
        (g.clone(), frequency.clone(), frequency.clone(), frequency.clone());
    ClosureModel::new("spin and bosons", 2, frequency.len())
        .with_weight(&frequency)
        .with_h_q(move |h| {
            h[(0, 0)] = c64(E, 0.0);
            h[(1, 1)] = c64(-E, 0.0);
            h[(1, 0)] = c64(V, 0.0);
        })
        .with_h_qc(move |z, h| {
            let shift: f64 = z.iter().zip(&coupling).map(|(z, g)| 2.0 * g * z.re).sum();
            h[(0, 0)] = c64(shift, 0.0);
            h[(1, 1)] = c64(-shift, 0.0);
        })
        .with_h_c(move |z| z.iter().zip(&energy).map(|(z, w)| w * z.norm_sqr()).sum())
        .with_dh_c_dzc(move |z, out| {
            for (j, z) in z.iter().enumerate() {
                out[j] = z * slope[j];
            }
        })
        .with_dh_qc_dzc(move |_, left, right, out| {
            let force = left[0].conj() * right[0] - left[1].conj() * right[1];
            for (j, g) in g.iter().enumerate() {
                out[j] = force * g;
            }
        })
        .with_init_classical(move |draws, z| thermal(draws, z, kBT, &start))
}

/// Thermal coordinates of modes whose weights are their frequencies.
fn thermal(draws: &mut Draws, z: &mut [c64], kbt: f64, frequency: &[f64]) {
    let deviation = |j: usize| (kbt / (2.0 * frequency[j])).sqrt();
    for (j, z) in z.iter_mut().enumerate() {
        z.re = deviation(j) * draws.normal();
    }
    for (j, z) in z.iter_mut().enumerate() {
        z.im = deviation(j) * draws.normal();
    }
}

/// Tully's first problem with its default constants but for the start, on blocks.
pub struct TullyOnBlocks;

/// The constants of Tully's first problem, and the start.
const TULLY: TullyProblemOne = TullyProblemOne {
    init_momentum: 10.0,
    init_position: -5.0,
    mass: 2000.0,
    A: 0.01,
    B: 1.6,
    C: 0.005,
    D: 1.0,
};

/// Tully's first problem, built in. It states that its particle is free; all else it computes by
/// functions of its own, so that it is on the general path as it is.
pub fn tully() -> TullyProblemOne {
    TULLY
}

impl Model for TullyOnBlocks {
    fn num_quantum_states(&self) -> usize {
        2
    }
    fn num_classical_coordinates(&self) -> usize {
        1
    }
    fn classical_coordinate_mass(&self) -> Vec<f64> {
        vec![TULLY.mass]
    }
    fn h_q(&self, _: &mut Hermitian) {}
    fn h_qc(&self, z: &Coords, h: &mut Hermitian) {
        let TullyProblemOne { mass, A, B, C, D, .. } = TULLY;
        let q = z.re[0] * (2.0 / mass).sqrt();
        let height = (Lane::splat(1.0) - (-(q.abs() * B)).map(exp)) * A;
        let v = q.select_nonnegative(height, -height);
        h.add_re(0, 0, v);
        h.add_re(1, 1, -v);
        h.add_re(1, 0, (-(q * q * D)).map(exp) * C);
    }
    fn h_c(&self, z: &Coords) -> Lane {
        z.im[0] * z.im[0]
    }
    fn dh_qc_dzc(&self, z: &Coords, left: &States, right: &States, out: &mut Coords) {
        let TullyProblemOne { mass, A, B, C, D, .. } = TULLY;
        let q = z.re[0] * (2.0 / mass).sqrt();
        let to_dzc = (1.0 / (2.0 * mass)).sqrt();
        let d = (-(q.abs() * B)).map(exp) * (A * B * to_dzc);
        let off = q * (-(q * q * D)).map(exp) * (-2.0 * C * D * to_dzc);
        let product = |a, b| left.conj_times(a, right, b);
        let ((r00, i00), (r11, i11)) = (product(0, 0), product(1, 1));
        let ((r01, i01), (r10, i10)) = (product(0, 1), product(1, 0));
        out.re[0] += d * (r00 - r11) + off * (r01 + r10);
        out.im[0] += d * (i00 - i11) + off * (i01 + i10);
    }
    fn dh_c_dzc(&self, z: &Coords, out: &mut Coords) {
        out.im[0] += z.im[0];
    }
    fn init_classical(&self) -> Sampler<'_> {
        Sampler::new(|_, z| z[0] = tully_start())
    }
}

/// The same from closures.
pub fn tully_closures() -> ClosureModel {
    let TullyProblemOne { mass, A, B, C, D, .. } = TULLY;
    let position = move |z: &[c64]| (2.0 / mass).sqrt() * z[0].re;
    let to_dzc = (1.0 / (2.0 * mass)).sqrt();
    ClosureModel::new("tully", 2, 1)
        .with_mass(&[mass])
        .with_h_qc(move |z, h| {
            let q = position(z);
            let v = A * (1.0 - (-B * q.abs()).exp()).copysign(q);
            h[(0, 0)] = c64(v, 0.0);
            h[(1, 1)] = c64(-v, 0.0);
            h[(1, 0)] = c64(C * (-D * q * q).exp(), 0.0);
        })
        .with_h_c(|z| z[0].im * z[0].im)
        .with_dh_c_dzc(|z, out| out[0] = c64(0.0, z[0].im))
        .with_dh_qc_dzc(move |z, left, right, out| {
            let q = position(z);
            let d = to_dzc * A * B * (-B * q.abs()).exp();
            let off = -2.0 * to_dzc * C * D * q * (-D * q * q).exp();
            out[0] = (left[0].conj() * right[0] - left[1].conj() * right[1]) * d
                + (left[0].conj() * right[1] + left[1].conj() * right[0]) * off;
        })
        .with_init_classical(|_, z| z[0] = tully_start())
}

fn tully_start() -> c64 {
    let TullyProblemOne { mass, init_position: q, init_momentum: p, .. } = TULLY;
    ingredients::from_position_momentum(mass, 1.0, q, p)
}
