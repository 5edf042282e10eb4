//! Tully's first problem.

use fascicle_core::elementary::exp;

use super::constants;
use crate::ingredients::{self, Sampler};
use crate::sys::{Kernel, dispatch};
use crate::{Coords, Hermitian, Lane, Model, States, Structure};

/// Tully's first problem, a simple avoided crossing of two states in one dimension (Tully, J. Chem.
/// Phys. 93, 1061 (1990), doi:10.1063/1.459170; QC Lab's `TullyProblemOne`). Atomic units.
///
/// H_00 = −H_11 = A (1 − e^(−B q)) for q ≥ 0 and −A (1 − e^(B q)) for q < 0,
/// H_01 = C e^(−D q²). The particle starts at one position with one momentum; weight h = 1.
#[derive(Clone, Debug, PartialEq)]
#[expect(non_snake_case, reason = "the constants' names in QC Lab and in the paper")]
pub struct TullyProblemOne {
    /// The initial momentum (default 10).
    pub init_momentum: f64,
    /// The initial position (default −25).
    pub init_position: f64,
    /// The mass (default 2000).
    pub mass: f64,
    /// The height A (default 0.01).
    pub A: f64,
    /// The inverse width B (default 1.6).
    pub B: f64,
    /// The coupling C (default 0.005).
    pub C: f64,
    /// The inverse squared width of the coupling D (default 1).
    pub D: f64,
}

impl Default for TullyProblemOne {
    fn default() -> Self {
        Self {
            init_momentum: 10.0,
            init_position: -25.0,
            mass: 2000.0,
            A: 0.01,
            B: 1.6,
            C: 0.005,
            D: 1.0,
        }
    }
}

impl TullyProblemOne {
    /// q = √(2 / m) Re z.
    fn stretch(&self) -> f64 {
        (2.0 / self.mass).sqrt()
    }
}

impl Model for TullyProblemOne {
    constants!(init_momentum: Finite, init_position: Finite, mass: Positive, A: Finite, B: Finite,
               C: Finite, D: Finite);

    fn num_quantum_states(&self) -> usize {
        2
    }

    fn num_classical_coordinates(&self) -> usize {
        1
    }

    fn classical_coordinate_mass(&self) -> Vec<f64> {
        vec![self.mass]
    }

    fn structure(&self) -> Structure {
        Structure::general().with_free()
    }

    fn h_q(&self, _: &mut Hermitian) {}

    fn h_qc(&self, z: &Coords, h: &mut Hermitian) {
        let (v11, v12) = dispatch(Potential { model: self, z: z.re[0] });
        h.add_re(0, 0, v11);
        h.add_re(1, 1, -v11);
        h.add_re(1, 0, v12);
    }

    fn dh_qc_dzc(&self, z: &Coords, left: &States, right: &States, out: &mut Coords) {
        let gradient = Gradient { model: self, z: z.re[0], left, right };
        let (re, im) = dispatch(gradient);
        out.re[0] += re;
        out.im[0] += im;
    }

    fn init_classical(&self) -> Sampler<'_> {
        let (q, p) = (self.init_position, self.init_momentum);
        let start = ingredients::from_position_momentum(self.mass, 1.0, q, p);
        Box::new(move |_, z| z[0] = start)
    }
}

struct Potential<'a> {
    model: &'a TullyProblemOne,
    z: Lane,
}

impl Kernel for Potential<'_> {
    type Output = (Lane, Lane);

    #[inline(always)]
    fn run(self) -> (Lane, Lane) {
        let m = self.model;
        let q = self.z * m.stretch();
        // exp(−B |q|) serves both sides.
        let step = (-(q.abs() * m.B)).map(exp);
        let height = (Lane::splat(1.0) - step) * m.A;
        let v11 = q.select_nonnegative(height, -height);
        let v12 = (-(q * q * m.D)).map(exp) * m.C;
        (v11, v12)
    }
}

struct Gradient<'a> {
    model: &'a TullyProblemOne,
    z: Lane,
    left: &'a States,
    right: &'a States,
}

impl Kernel for Gradient<'_> {
    type Output = (Lane, Lane);

    #[inline(always)]
    fn run(self) -> (Lane, Lane) {
        let (m, left, right) = (self.model, self.left, self.right);
        let q = self.z * m.stretch();
        let to_dzc = (1.0 / (2.0 * m.mass)).sqrt();
        let dv11 = (-(q.abs() * m.B)).map(exp) * (m.A * m.B * to_dzc);
        let dv12 = q * (-(q * q * m.D)).map(exp) * (-2.0 * m.C * m.D * to_dzc);
        // ⟨left|σ_z|right⟩ and ⟨left|σ_x|right⟩
        let product = |a: usize, b: usize| {
            let re = left.re[a] * right.re[b] + left.im[a] * right.im[b];
            let im = left.re[a] * right.im[b] - left.im[a] * right.re[b];
            (re, im)
        };
        let ((r00, i00), (r11, i11)) = (product(0, 0), product(1, 1));
        let ((r01, i01), (r10, i10)) = (product(0, 1), product(1, 0));
        let re = dv11 * (r00 - r11) + dv12 * (r01 + r10);
        let im = dv11 * (i00 - i11) + dv12 * (i01 + i10);
        (re, im)
    }
}
