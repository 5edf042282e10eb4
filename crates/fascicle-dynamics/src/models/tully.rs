//! What Tully's three problems share: one free particle, and two states that its position couples.

use crate::ingredients::{self, Sampler};
use crate::kernels::Force;
use crate::sys::{Complex, Kernel, Pack, Pair};
use crate::{Coords, Hermitian, Lane, States};

/// The potential of one of the problems as a function of position.
pub trait Potential: Sync {
    /// V_00, V_11 and V_01 at q.
    fn values<P: Pack>(&self, q: P) -> [P; 3];

    /// Their derivatives by q.
    fn slopes<P: Pack>(&self, q: P) -> [P; 3];

    /// The mass.
    fn mass(&self) -> f64;
}

/// q = √(2 / m) Re z, of weight 1.
#[inline(always)]
fn position<P: Pack>(mass: f64, z: P) -> P {
    z * P::splat((2.0 / mass).sqrt())
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
        let Self { potential, z, h } = self;
        let (mut v00, mut v11, mut v01) = (Lane::ZERO, Lane::ZERO, Lane::ZERO);
        for at in 0..Pair::<P>::COUNT {
            let q = position(potential.mass(), Pair::<P>::load(&z.re[0], at));
            let values = potential.values(q);
            values[0].store(&mut v00, at);
            values[1].store(&mut v11, at);
            values[2].store(&mut v01, at);
        }
        h.add_re(0, 0, v00);
        h.add_re(1, 1, v11);
        h.add_re(1, 0, v01);
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
        for at in 0..P::COUNT {
            let products = products(left, right, at);
            let element = element(potential, P::load(&z.re[0], at), &products);
            (Complex::load(out, 0, at) + element).store(out, 0, at);
        }
    }
}

/// left_0* right_0, left_1* right_1 and left_0* right_1 + left_1* right_0.
#[inline(always)]
fn products<P: Pack>(left: &States, right: &States, at: usize) -> [Complex<P>; 3] {
    let (a, b) = (Complex::<P>::load(left, 0, at), Complex::<P>::load(left, 1, at));
    let (c, d) = (Complex::load(right, 0, at), Complex::load(right, 1, at));
    [a.conj_times(c), b.conj_times(d), a.conj_times(d) + b.conj_times(c)]
}

/// ⟨left|∂V/∂z*|right⟩ at Re z.
#[inline(always)]
fn element<V: Potential, P: Pack>(potential: &V, re: P, products: &[Complex<P>; 3]) -> Complex<P> {
    let to_dzc = P::splat((1.0 / (2.0 * potential.mass())).sqrt());
    let slopes = potential.slopes(position(potential.mass(), re));
    let [p00, p11, p01] = *products;
    let (d00, d11, d01) = (slopes[0] * to_dzc, slopes[1] * to_dzc, slopes[2] * to_dzc);
    p00.scale(d00).plus_scaled(p11, d11).plus_scaled(p01, d01)
}

impl<V: Potential> Force<1> for V {
    type Products<P: Pack> = [Complex<P>; 3];

    #[inline(always)]
    fn products<P: Pack>(&self, left: &States, right: &States, at: usize) -> [Complex<P>; 3] {
        products(left, right, at)
    }

    #[inline(always)]
    fn force<P: Pack>(&self, [z]: [Complex<P>; 1], products: &[Complex<P>; 3]) -> [Complex<P>; 1] {
        [Complex { re: P::zero(), im: z.im } + element(self, z.re, products)]
    }
}

/// The start at one position with one momentum.
pub fn start<'a>(mass: f64, position: f64, momentum: f64) -> Sampler<'a> {
    ingredients::definite_position_momentum(&[mass], &[1.0], &[position], &[momentum])
}

/// The methods of [`Model`](crate::Model) that the three problems share.
macro_rules! tully {
    () => {
        fn units(&self) -> $crate::Units {
            $crate::Units { time: "ħ/Eₕ", energy: "Eₕ" }
        }

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

        fn runge_kutta(
            &self,
            arithmetic: $crate::Arithmetic,
            wf: &$crate::States,
            dt: $crate::Lane,
            z: &mut $crate::Coords,
            last: &mut $crate::Coords,
        ) -> bool {
            let potential = self;
            let step = $crate::kernels::FewCoordsRk4 { force: potential, wf, dt: &dt, z, last };
            $crate::sys::dispatch_in(arithmetic, step);
            true
        }

        fn init_classical(&self) -> $crate::ingredients::Sampler<'_> {
            $crate::models::tully::start(self.mass, self.init_position, self.init_momentum)
        }
    };
}
pub(super) use tully;
