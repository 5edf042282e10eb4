//! What the three complex avoided crossings share: two free particles, and two states whose coupling has
//! a phase that turns with position.

use std::ops::Div;

use fascicle_core::c64;
use fascicle_core::elementary::{Number, sin_cos};

use crate::ingredients::{self, Sampler};
use crate::kernels::Force;
use crate::sys::{Complex, Kernel, Pack, Pair};
use crate::{Coords, Hermitian, Lane, States};

/// Numbers, or some side by side, that can be divided.
pub trait Real: Number + Div<Output = Self> {}

impl<N: Number + Div<Output = N>> Real for N {}

/// The mixing angle θ and the phase φ at a position, and their gradients.
#[derive(Clone, Copy)]
pub struct Angles<N> {
    pub theta: N,
    pub dtheta: [N; 2],
    pub phi: N,
    pub dphi: [N; 2],
}

/// What the three models differ in.
pub trait Crossing: Sync {
    /// The angles at (x, y).
    fn angles<N: Real>(&self, x: N, y: N) -> Angles<N>;

    /// Half the gap of the adiabatic energies, A.
    fn energy(&self) -> f64;

    /// The mass.
    fn mass(&self) -> f64;
}

/// The angles at Re z: q = √(2/m) Re z, of weight 1.
#[inline(always)]
fn angles_at<C: Crossing, N: Real>(crossing: &C, re: [N; 2]) -> Angles<N> {
    let stretch = N::splat((2.0 / crossing.mass()).sqrt());
    crossing.angles(re[0] * stretch, re[1] * stretch)
}

/// ∂/∂z* of a function of position is this times ∂/∂q.
#[inline(always)]
fn to_dzc<C: Crossing>(crossing: &C) -> f64 {
    (1.0 / (2.0 * crossing.mass())).sqrt()
}

/// Both coordinates.
#[inline(always)]
fn both<P: Pack>(lanes: &[Lane], at: usize) -> [P; 2] {
    [P::load(&lanes[0], at), P::load(&lanes[1], at)]
}

/// Adds H = A ((−cos θ, sin θ e^(iφ)), (sin θ e^(−iφ), cos θ)).
pub struct AddHamiltonian<'a, C> {
    pub crossing: &'a C,
    pub z: &'a Coords,
    pub h: &'a mut Hermitian,
}

impl<C: Crossing> Kernel for AddHamiltonian<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        let Self { crossing, z, h } = self;
        let energy = crossing.energy();
        let (mut lower, mut upper) = (Lane::ZERO, Lane::ZERO);
        let (mut re, mut im) = (Lane::ZERO, Lane::ZERO);
        for at in 0..Pair::<P>::COUNT {
            let Angles { theta, phi, .. } = angles_at(crossing, both::<Pair<P>>(&z.re, at));
            let ((sin, cos), (sin_phi, cos_phi)) = (sin_cos(theta), sin_cos(phi));
            let (plus, minus) = (Pair::splat(energy), Pair::splat(-energy));
            (cos * minus).store(&mut lower, at);
            (cos * plus).store(&mut upper, at);
            (sin * cos_phi * plus).store(&mut re, at);
            (sin * sin_phi * minus).store(&mut im, at);
        }
        h.add_re(0, 0, lower);
        h.add_re(1, 1, upper);
        h.add_re(1, 0, re);
        h.add_im(1, 0, im);
    }
}

/// ∂H_00, Re ∂H_01 and Im ∂H_01 over A along each axis: ∇H_00 = −∇H_11 = A sin θ ∇θ and
/// ∇H_01 = A (cos θ ∇θ + i sin θ ∇φ) e^(iφ).
#[inline(always)]
fn slopes<N: Real>(angles: &Angles<N>) -> [[N; 3]; 2] {
    let Angles { theta, dtheta, phi, dphi } = *angles;
    let ((sin, cos), (sin_phi, cos_phi)) = (sin_cos(theta), sin_cos(phi));
    let mut out = [[sin; 3]; 2];
    for axis in 0..2 {
        let (a, b) = (cos * dtheta[axis], sin * dphi[axis]);
        let x = (a * cos_phi).minus_product(b, sin_phi);
        let y = (a * sin_phi).plus_product(b, cos_phi);
        out[axis] = [sin * dtheta[axis], x, y];
    }
    out
}

/// Adds ⟨left|∂H/∂z*|right⟩.
pub struct AddGradient<'a, C> {
    pub crossing: &'a C,
    pub z: &'a Coords,
    pub left: &'a States,
    pub right: &'a States,
    pub out: &'a mut Coords,
}

impl<C: Crossing> Kernel for AddGradient<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        let Self { crossing, z, left, right, out } = self;
        let scale = Pair::<P>::splat(crossing.energy() * to_dzc(crossing));
        for at in 0..Pair::<P>::COUNT {
            let products = Products::load(left, right, at);
            let slopes = slopes(&angles_at(crossing, both::<Pair<P>>(&z.re, at)));
            for axis in 0..2 {
                let element = products.element(slopes[axis]).scale(scale);
                (Complex::load(out, axis, at) + element).store(out, axis, at);
            }
        }
    }
}

/// Sums and differences of left_a* right_b, by which the parts of the gradient are multiplied.
pub struct Products<P> {
    /// 00 − 11.
    diagonal: Complex<P>,
    /// 01 + 10.
    sum: Complex<P>,
    /// 01 − 10.
    difference: Complex<P>,
}

impl<P: Pack> Products<P> {
    #[inline(always)]
    fn load(left: &States, right: &States, at: usize) -> Self {
        let (a, b) = (Complex::<P>::load(left, 0, at), Complex::<P>::load(left, 1, at));
        let (c, d) = (Complex::load(right, 0, at), Complex::load(right, 1, at));
        let (to_upper, to_lower) = (a.conj_times(d), b.conj_times(c));
        Self {
            diagonal: a.conj_times(c) - b.conj_times(d),
            sum: to_upper + to_lower,
            difference: to_upper - to_lower,
        }
    }

    /// (00 − 11) ∂H_00 + (x + i y) 01 + (x − i y) 10, ∂H_01 = x + i y.
    #[inline(always)]
    fn element(&self, [slope, x, y]: [P; 3]) -> Complex<P> {
        let Self { diagonal, sum, difference } = self;
        Complex {
            re: (slope * diagonal.re).plus_product(x, sum.re).minus_product(y, difference.im),
            im: (slope * diagonal.im).plus_product(x, sum.im).plus_product(y, difference.re),
        }
    }
}

impl<C: Crossing> Force<2> for C {
    type Products<P: Pack> = Products<P>;

    #[inline(always)]
    fn products<P: Pack>(&self, left: &States, right: &States, at: usize) -> Products<P> {
        Products::load(left, right, at)
    }

    /// ⟨c|∂H_qc/∂z*|c⟩ is real.
    #[inline(always)]
    fn force<P: Pack>(&self, z: [Complex<P>; 2], products: &Products<P>) -> [Complex<P>; 2] {
        let scale = P::splat(self.energy() * to_dzc(self));
        let slopes = slopes(&angles_at(self, [z[0].re, z[1].re]));
        let mut out = z;
        for axis in 0..2 {
            out[axis].re = products.element(slopes[axis]).re * scale;
        }
        out
    }
}

/// Adds the force of the gauge field on state 0 or 1 as a term of ∂H/∂z*: −F/√(2 m),
/// F = Ω (v_y, −v_x), Ω = ±½ sin θ (∂_xθ ∂_yφ − ∂_yθ ∂_xφ).
pub struct AddGaugeFieldForce<'a, C> {
    pub crossing: &'a C,
    pub z: &'a Coords,
    pub state: Lane,
    pub out: &'a mut Coords,
}

impl<C: Crossing> Kernel for AddGaugeFieldForce<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        let Self { crossing, z, state, out } = self;
        // v = p/m = √(2/m) Im z
        let speed = (2.0 / crossing.mass()).sqrt();
        let scale = Pair::<P>::splat(speed * to_dzc(crossing));
        for at in 0..Pair::<P>::COUNT {
            let (state, zero) = (Pair::<P>::load(&state, at), Pair::zero());
            let Angles { theta, dtheta, dphi, .. } =
                angles_at(crossing, both::<Pair<P>>(&z.re, at));
            let curl = dtheta[0] * dphi[1] - dtheta[1] * dphi[0];
            let omega = sin_cos(theta).0 * curl * Pair::splat(0.5);
            let omega = Pair::select(state.equals(zero), omega, -omega);
            let ([x, y], [re_x, re_y]) = (both::<Pair<P>>(&z.im, at), both::<Pair<P>>(&out.re, at));
            (re_x - omega * y * scale).store(&mut out.re[0], at);
            (re_y + omega * x * scale).store(&mut out.re[1], at);
        }
    }
}

/// The direction of a hop's momentum change, one of two: ∇θ, the derivative coupling in the gauge where
/// it is real; or Re(e^(iη) d), d = ½ (∇θ + i sin θ ∇φ), in the gauge η that makes it longest.
pub fn rescaling_direction<C: Crossing>(crossing: &C, z: &[c64], rmax: bool) -> Vec<c64> {
    let Angles { theta, dtheta, dphi, .. } = angles_at(crossing, [z[0].re, z[1].re]);
    let direction = if rmax { longest(sin_cos(theta).0, dtheta, dphi) } else { dtheta };
    let length = (direction[0] * direction[0] + direction[1] * direction[1]).sqrt();
    if length == 0.0 {
        return vec![c64(0.0, 0.0); 2];
    }
    direction.iter().map(|d| c64(d / length * to_dzc(crossing), 0.0)).collect()
}

/// Re(e^(iη) d), d = ½ (∇θ + i sin θ ∇φ), with η = −½ arg(d·d).
fn longest(sin: f64, dtheta: [f64; 2], dphi: [f64; 2]) -> [f64; 2] {
    let d = [0, 1].map(|axis| c64(0.5 * dtheta[axis], 0.5 * sin * dphi[axis]));
    let square = d[0] * d[0] + d[1] * d[1];
    let size = square.norm_sqr().sqrt();
    if size == 0.0 {
        return d.map(|d| d.re);
    }
    // The cosine and sine of half the angle of d·d.
    let cos = (0.5 * (1.0 + square.re / size)).max(0.0).sqrt();
    let sin = (0.5 * (1.0 - square.re / size)).max(0.0).sqrt().copysign(square.im);
    d.map(|d| d.re * cos + d.im * sin)
}

/// The packet e^(i q·p₀) e^(−|q − q₀|²): a coherent state of frequency 2/m.
pub fn packet<'a>(mass: f64, position: [f64; 2], momentum: [f64; 2]) -> Sampler<'a> {
    let frequency = 2.0 / mass;
    let displacement = |axis: usize| {
        let (q, p) = (position[axis], momentum[axis]);
        c64((0.5 * mass * frequency).sqrt() * q, p / (2.0 * mass * frequency).sqrt())
    };
    let displacement = [displacement(0), displacement(1)];
    ingredients::wigner_coherent_state(&displacement, &[mass; 2], &[1.0; 2], &[frequency; 2])
}

/// The methods of [`Model`](crate::Model) that the three models share.
macro_rules! crossing {
    () => {
        fn num_quantum_states(&self) -> usize {
            2
        }

        fn num_classical_coordinates(&self) -> usize {
            2
        }

        fn classical_coordinate_mass(&self) -> Vec<f64> {
            vec![self.mass; 2]
        }

        fn structure(&self) -> $crate::Structure {
            $crate::Structure::general().with_free()
        }

        fn h_q(&self, _: &mut $crate::Hermitian) {}

        fn h_qc(&self, z: &$crate::Coords, h: &mut $crate::Hermitian) {
            $crate::sys::dispatch($crate::models::crossing::AddHamiltonian {
                crossing: self,
                z,
                h,
            });
        }

        fn dh_qc_dzc(
            &self,
            z: &$crate::Coords,
            left: &$crate::States,
            right: &$crate::States,
            out: &mut $crate::Coords,
        ) {
            $crate::sys::dispatch($crate::models::crossing::AddGradient {
                crossing: self,
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
            let crossing = self;
            let step = $crate::kernels::FewCoordsRk4 { force: crossing, wf, dt: &dt, z, last };
            $crate::sys::dispatch_in(arithmetic, step);
            true
        }

        fn gauge_field_force(
            &self,
            z: &$crate::Coords,
            state: $crate::Lane,
            out: &mut $crate::Coords,
        ) -> bool {
            $crate::sys::dispatch($crate::models::crossing::AddGaugeFieldForce {
                crossing: self,
                z,
                state,
                out,
            });
            true
        }

        fn rescaling_direction_fssh(
            &self,
            z: &[fascicle_core::c64],
            _: usize,
            _: usize,
        ) -> Option<Vec<fascicle_core::c64>> {
            Some($crate::models::crossing::rescaling_direction(
                self,
                z,
                self.rescaling_direction_rmax,
            ))
        }

        fn init_classical(&self) -> $crate::ingredients::Sampler<'_> {
            $crate::models::crossing::packet(
                self.mass,
                [self.init_position_x, self.init_position_y],
                [self.init_momentum_x, self.init_momentum_y],
            )
        }
    };
}
pub(super) use crossing;
