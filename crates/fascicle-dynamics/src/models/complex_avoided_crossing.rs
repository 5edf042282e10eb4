//! Complex avoided crossings: two states whose coupling has a phase that turns with position.

use std::f64::consts::{FRAC_PI_2, PI};

use fascicle_core::c64;
use fascicle_core::elementary::{erf, exp, sin_cos};

use super::constants;
use crate::ingredients::{self, Sampler};
use crate::sys::{Kernel, Pack, dispatch};
use crate::{Coords, Hermitian, Lane, Model, States, Structure};

/// The mixing angle θ and the phase φ at (x, y), and their gradients.
#[derive(Clone, Copy)]
struct Angles {
    theta: Lane,
    dtheta: [Lane; 2],
    phi: Lane,
    dphi: [Lane; 2],
}

/// What the three models differ in.
trait Crossing: Sync {
    fn angles(&self, x: Lane, y: Lane) -> Angles;
    fn energy(&self) -> f64;
    fn mass(&self) -> f64;

    /// Of z, weight 1: q = √(2/m) Re z.
    #[inline(always)]
    fn at(&self, z: &Coords) -> Angles {
        let stretch = (2.0 / self.mass()).sqrt();
        self.angles(z.re[0] * stretch, z.re[1] * stretch)
    }

    /// ∂/∂z* of a function of position is this times ∂/∂q.
    fn to_dzc(&self) -> f64 {
        (1.0 / (2.0 * self.mass())).sqrt()
    }
}

/// Adds H = A ((−cos θ, sin θ e^(iφ)), (sin θ e^(−iφ), cos θ)).
struct AddHamiltonian<'a, C> {
    crossing: &'a C,
    z: &'a Coords,
    h: &'a mut Hermitian,
}

impl<C: Crossing> Kernel for AddHamiltonian<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        let Angles { theta, phi, .. } = self.crossing.at(self.z);
        let ((sin, cos), (sin_phi, cos_phi)) = (theta.sin_cos(), phi.sin_cos());
        let energy = self.crossing.energy();
        self.h.add_re(0, 0, cos * -energy);
        self.h.add_re(1, 1, cos * energy);
        self.h.add_re(1, 0, sin * cos_phi * energy);
        self.h.add_im(1, 0, sin * sin_phi * -energy);
    }
}

/// Adds ⟨left|∂H/∂z*|right⟩, from ∇H_00 = −∇H_11 = A sin θ ∇θ and
/// ∇H_01 = A (cos θ ∇θ + i sin θ ∇φ) e^(iφ).
struct AddGradient<'a, C> {
    crossing: &'a C,
    z: &'a Coords,
    left: &'a States,
    right: &'a States,
    out: &'a mut Coords,
}

impl<C: Crossing> Kernel for AddGradient<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        let Self { crossing, z, left, right, out } = self;
        let Angles { theta, dtheta, phi, dphi } = crossing.at(z);
        let ((sin, cos), (sin_phi, cos_phi)) = (theta.sin_cos(), phi.sin_cos());
        let scale = crossing.energy() * crossing.to_dzc();
        let product = |a: usize, b: usize| left.conj_times(a, right, b);
        let ((r00, i00), (r11, i11)) = (product(0, 0), product(1, 1));
        let ((r01, i01), (r10, i10)) = (product(0, 1), product(1, 0));
        for axis in 0..2 {
            let diagonal = sin * dtheta[axis];
            let (a, b) = (cos * dtheta[axis], sin * dphi[axis]);
            let (x, y) = (a * cos_phi - b * sin_phi, a * sin_phi + b * cos_phi);
            // (x + i y) ⟨0|1⟩ + (x − i y) ⟨1|0⟩
            let re = diagonal * (r00 - r11) + x * (r01 + r10) - y * (i01 - i10);
            let im = diagonal * (i00 - i11) + x * (i01 + i10) + y * (r01 - r10);
            out.re[axis] += re * scale;
            out.im[axis] += im * scale;
        }
    }
}

/// Adds the force of the gauge field on state 0 or 1 as a term of ∂H/∂z*: −F/√(2 m),
/// F = Ω (v_y, −v_x), Ω = ±½ sin θ (∂_xθ ∂_yφ − ∂_yθ ∂_xφ).
struct AddGaugeFieldForce<'a, C> {
    crossing: &'a C,
    z: &'a Coords,
    state: Lane,
    out: &'a mut Coords,
}

impl<C: Crossing> Kernel for AddGaugeFieldForce<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        let Self { crossing, z, state, out } = self;
        let Angles { theta, dtheta, dphi, .. } = crossing.at(z);
        let curl = dtheta[0] * dphi[1] - dtheta[1] * dphi[0];
        let omega = theta.sin_cos().0 * curl * 0.5;
        let omega = state.select_equal(0.0, omega, -omega);
        // v = p/m = √(2/m) Im z
        let speed = (2.0 / crossing.mass()).sqrt();
        out.re[0] -= omega * z.im[1] * (speed * crossing.to_dzc());
        out.re[1] += omega * z.im[0] * (speed * crossing.to_dzc());
    }
}

/// The direction of a hop's momentum change, one of two: ∇θ, the derivative coupling in the gauge where
/// it is real; or Re(e^(iη) d), d = ½ (∇θ + i sin θ ∇φ), in the gauge η that makes it longest.
fn rescaling_direction<C: Crossing>(crossing: &C, z: &[c64], rmax: bool) -> Vec<c64> {
    let mut block = Coords::zeros(2);
    z.iter().enumerate().for_each(|(j, z)| block.re[j] = Lane::splat(z.re));
    let Angles { theta, dtheta, dphi, .. } = crossing.at(&block);
    let (dtheta, dphi) = (dtheta.map(|d| d[0]), dphi.map(|d| d[0]));
    let direction = if rmax { longest(sin_cos(theta[0]).0, dtheta, dphi) } else { dtheta };
    let length = (direction[0] * direction[0] + direction[1] * direction[1]).sqrt();
    if length == 0.0 {
        return vec![c64(0.0, 0.0); 2];
    }
    direction.iter().map(|d| c64(d / length * crossing.to_dzc(), 0.0)).collect()
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
fn packet<'a>(mass: f64, position: [f64; 2], momentum: [f64; 2]) -> Sampler<'a> {
    let frequency = 2.0 / mass;
    let displacement = |axis: usize| {
        let (q, p) = (position[axis], momentum[axis]);
        c64((0.5 * mass * frequency).sqrt() * q, p / (2.0 * mass * frequency).sqrt())
    };
    let displacement = [displacement(0), displacement(1)];
    ingredients::wigner_coherent_state(&displacement, &[mass; 2], &[1.0; 2], &[frequency; 2])
}

/// The methods of [`Model`] that the three models share.
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

        fn structure(&self) -> Structure {
            Structure::general().with_free()
        }

        fn h_q(&self, _: &mut Hermitian) {}

        fn h_qc(&self, z: &Coords, h: &mut Hermitian) {
            dispatch(AddHamiltonian { crossing: self, z, h });
        }

        fn dh_qc_dzc(&self, z: &Coords, left: &States, right: &States, out: &mut Coords) {
            dispatch(AddGradient { crossing: self, z, left, right, out });
        }

        fn gauge_field_force(&self, z: &Coords, state: Lane, out: &mut Coords) -> bool {
            dispatch(AddGaugeFieldForce { crossing: self, z, state, out });
            true
        }

        fn rescaling_direction_fssh(&self, z: &[c64], _: usize, _: usize) -> Option<Vec<c64>> {
            Some(rescaling_direction(self, z, self.rescaling_direction_rmax))
        }

        fn init_classical(&self) -> Sampler<'_> {
            packet(
                self.mass,
                [self.init_position_x, self.init_position_y],
                [self.init_momentum_x, self.init_momentum_y],
            )
        }
    };
}

/// Complex avoided crossing A, in two dimensions (Krotz and Tempelaar, Phys. Rev. A 109, 032210
/// (2024), doi:10.1103/PhysRevA.109.032210; QC Lab's `ComplexAvoidedCrossingA`).
///
/// H = A ((−cos θ, sin θ e^(iφ)), (sin θ e^(−iφ), cos θ)) with θ = π/2 (erf(B x) + 1) and φ = W y, two
/// free particles of weight 1. The initial coordinates are the Wigner distribution of the packet
/// e^(i q·p₀) e^(−|q − q₀|²). Hops rescale momenta along ∇θ.
#[derive(Clone, Debug, PartialEq)]
#[expect(non_snake_case, reason = "the constants' names in QC Lab and in the paper")]
pub struct ComplexAvoidedCrossingA {
    /// Half the gap of the adiabatic energies, A (default 20).
    pub A: f64,
    /// The steepness of the mixing angle, B (default 1).
    pub B: f64,
    /// How the phase turns with y, W (default 2).
    pub W: f64,
    /// The mass (default 1).
    pub mass: f64,
    /// The middle of the packet, x (default −3).
    pub init_position_x: f64,
    /// The middle of the packet, y (default 0).
    pub init_position_y: f64,
    /// The packet's mean momentum, x (default 16).
    pub init_momentum_x: f64,
    /// The packet's mean momentum, y (default 0).
    pub init_momentum_y: f64,
    /// Whether hops rescale along the real part of the derivative coupling in the gauge where that is
    /// longest, instead of ∇θ (default false; QC Lab's `rescaling_direction_fssh_rmax_…`).
    pub rescaling_direction_rmax: bool,
}

impl Default for ComplexAvoidedCrossingA {
    fn default() -> Self {
        Self {
            A: 20.0,
            B: 1.0,
            W: 2.0,
            mass: 1.0,
            init_position_x: -3.0,
            init_position_y: 0.0,
            init_momentum_x: 16.0,
            init_momentum_y: 0.0,
            rescaling_direction_rmax: false,
        }
    }
}

impl Crossing for ComplexAvoidedCrossingA {
    #[inline(always)]
    fn angles(&self, x: Lane, y: Lane) -> Angles {
        let (b, steep) = (x * self.B, PI.sqrt() * self.B);
        let theta = (b.map(erf) + Lane::splat(1.0)) * FRAC_PI_2;
        let dtheta = [(-(b * b)).map(exp) * steep, Lane::ZERO];
        Angles { theta, dtheta, phi: y * self.W, dphi: [Lane::ZERO, Lane::splat(self.W)] }
    }

    fn energy(&self) -> f64 {
        self.A
    }

    fn mass(&self) -> f64 {
        self.mass
    }
}

impl Model for ComplexAvoidedCrossingA {
    constants!(A: Finite, B: Finite, W: Finite, mass: Positive, init_position_x: Finite,
               init_position_y: Finite, init_momentum_x: Finite, init_momentum_y: Finite,
               rescaling_direction_rmax: Flag);
    crossing!();
}

/// θ = −π e^(−(B_x x² + B_y y²)/3) and its gradient.
#[inline(always)]
fn round_hill(bx: f64, by: f64, x: Lane, y: Lane) -> (Lane, [Lane; 2]) {
    let gaussian = (-(x * x * bx + y * y * by) / 3.0).map(exp);
    let slope = |b: f64, q: Lane| q * (2.0 * PI / 3.0 * b) * gaussian;
    (gaussian * -PI, [slope(bx, x), slope(by, y)])
}

/// Models B and C, which differ in the phase.
macro_rules! hill_model {
    ($(#[$doc:meta])* $name:ident, $phase:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        #[expect(non_snake_case, reason = "the constants' names in QC Lab and in the paper")]
        pub struct $name {
            /// Half the gap of the adiabatic energies, A (default 10).
            pub A: f64,
            /// The inverse squared width along x (default 1).
            pub Bx: f64,
            /// The inverse squared width along y (default 0.25).
            pub By: f64,
            /// How the phase turns, W (default 1.5).
            pub W: f64,
            /// The mass (default 1).
            pub mass: f64,
            /// The middle of the packet, x (default −4).
            pub init_position_x: f64,
            /// The middle of the packet, y (default −2).
            pub init_position_y: f64,
            /// The packet's mean momentum, x (default 16).
            pub init_momentum_x: f64,
            /// The packet's mean momentum, y (default 0).
            pub init_momentum_y: f64,
            /// Whether hops rescale along the real part of the derivative coupling in the gauge where
            /// that is longest, instead of ∇θ (default false; QC Lab's
            /// `rescaling_direction_fssh_rmax_…`).
            pub rescaling_direction_rmax: bool,
        }

        impl Default for $name {
            fn default() -> Self {
                Self {
                    A: 10.0,
                    Bx: 1.0,
                    By: 0.25,
                    W: 1.5,
                    mass: 1.0,
                    init_position_x: -4.0,
                    init_position_y: -2.0,
                    init_momentum_x: 16.0,
                    init_momentum_y: 0.0,
                    rescaling_direction_rmax: false,
                }
            }
        }

        impl Crossing for $name {
            #[inline(always)]
            fn angles(&self, x: Lane, y: Lane) -> Angles {
                let (theta, dtheta) = round_hill(self.Bx, self.By, x, y);
                let (phi, dphi) = $phase(self.W, x, y);
                Angles { theta, dtheta, phi, dphi }
            }

            fn energy(&self) -> f64 {
                self.A
            }

            fn mass(&self) -> f64 {
                self.mass
            }
        }

        impl Model for $name {
            constants!(A: Finite, Bx: Finite, By: Finite, W: Finite, mass: Positive,
                       init_position_x: Finite, init_position_y: Finite, init_momentum_x: Finite,
                       init_momentum_y: Finite, rescaling_direction_rmax: Flag);
            crossing!();
        }
    };
}

/// φ = W y.
#[inline(always)]
fn straight(w: f64, _: Lane, y: Lane) -> (Lane, [Lane; 2]) {
    (y * w, [Lane::ZERO, Lane::splat(w)])
}

/// φ = W (y + x y / 5).
#[inline(always)]
fn bent(w: f64, x: Lane, y: Lane) -> (Lane, [Lane; 2]) {
    let one = Lane::splat(1.0);
    ((y + x * y / 5.0) * w, [y * (w / 5.0), (one + x / 5.0) * w])
}

hill_model! {
    /// Complex avoided crossing B, in two dimensions (Krotz and Tempelaar, Phys. Rev. A 109, 032210
    /// (2024), doi:10.1103/PhysRevA.109.032210; QC Lab's `ComplexAvoidedCrossingB`).
    ///
    /// As [`ComplexAvoidedCrossingA`], with θ = −π e^(−(B_x x² + B_y y²)/3) and φ = W y.
    ComplexAvoidedCrossingB, straight
}

hill_model! {
    /// Complex avoided crossing C, in two dimensions (Krotz and Tempelaar, Phys. Rev. A 109, 032210
    /// (2024), doi:10.1103/PhysRevA.109.032210; QC Lab's `ComplexAvoidedCrossingC`).
    ///
    /// As [`ComplexAvoidedCrossingB`], with φ = W (y + x y / 5).
    ComplexAvoidedCrossingC, bent
}
