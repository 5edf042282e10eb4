//! What Tully's three problems share: one free particle, and two states that its position couples.

use crate::ingredients::{self, Sampler};
use crate::sys::{Kernel, Pack};
use crate::{Coords, Hermitian, Lane, States};

/// The potential of one of the problems as a function of position.
pub trait Potential: Sync {
    /// V_00, V_11 and V_01 at q.
    fn values(&self, q: Lane) -> [Lane; 3];

    /// Their derivatives by q.
    fn slopes(&self, q: Lane) -> [Lane; 3];

    /// The mass.
    fn mass(&self) -> f64;
}

/// q = √(2 / m) Re z, of weight 1.
#[inline(always)]
fn position(mass: f64, z: Lane) -> Lane {
    z * (2.0 / mass).sqrt()
}

/// Adds V to h.
pub struct AddPotential<'a, V> {
    pub potential: &'a V,
    pub z: &'a Coords,
    pub h: &'a mut Hermitian,
}

impl<V: Potential> Kernel for AddPotential<'_, V> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        let q = position(self.potential.mass(), self.z.re[0]);
        let [v00, v11, v01] = self.potential.values(q);
        self.h.add_re(0, 0, v00);
        self.h.add_re(1, 1, v11);
        self.h.add_re(1, 0, v01);
    }
}

/// Adds ⟨left|∂V/∂z*|right⟩ = √(1/(2 m)) ⟨left|∂V/∂q|right⟩.
pub struct AddGradient<'a, V> {
    pub potential: &'a V,
    pub z: &'a Coords,
    pub left: &'a States,
    pub right: &'a States,
    pub out: &'a mut Coords,
}

impl<V: Potential> Kernel for AddGradient<'_, V> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        let Self { potential, z, left, right, out } = self;
        let to_dzc = (1.0 / (2.0 * potential.mass())).sqrt();
        let [d00, d11, d01] =
            potential.slopes(position(potential.mass(), z.re[0])).map(|slope| slope * to_dzc);
        let product = |a: usize, b: usize| left.conj_times(a, right, b);
        let ((r00, i00), (r11, i11)) = (product(0, 0), product(1, 1));
        let ((r01, i01), (r10, i10)) = (product(0, 1), product(1, 0));
        out.re[0] += d00 * r00 + d11 * r11 + d01 * (r01 + r10);
        out.im[0] += d00 * i00 + d11 * i11 + d01 * (i01 + i10);
    }
}

/// The start at one position with one momentum.
pub fn start<'a>(mass: f64, position: f64, momentum: f64) -> Sampler<'a> {
    ingredients::definite_position_momentum(&[mass], &[1.0], &[position], &[momentum])
}

/// The methods of [`Model`](crate::Model) that the three problems share.
macro_rules! tully {
    () => {
        fn num_quantum_states(&self) -> usize {
            2
        }

        fn num_classical_coordinates(&self) -> usize {
            1
        }

        fn classical_coordinate_mass(&self) -> Vec<f64> {
            vec![self.mass]
        }

        fn structure(&self) -> $crate::Structure {
            $crate::Structure::general().with_free()
        }

        fn h_q(&self, _: &mut $crate::Hermitian) {}

        fn h_qc(&self, z: &$crate::Coords, h: &mut $crate::Hermitian) {
            $crate::sys::dispatch($crate::models::tully::AddPotential { potential: self, z, h });
        }

        fn dh_qc_dzc(
            &self,
            z: &$crate::Coords,
            left: &$crate::States,
            right: &$crate::States,
            out: &mut $crate::Coords,
        ) {
            let potential = self;
            $crate::sys::dispatch($crate::models::tully::AddGradient {
                potential,
                z,
                left,
                right,
                out,
            });
        }

        fn init_classical(&self) -> $crate::ingredients::Sampler<'_> {
            $crate::models::tully::start(self.mass, self.init_position, self.init_momentum)
        }
    };
}
pub(super) use tully;
