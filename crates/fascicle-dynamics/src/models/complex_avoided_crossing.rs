//! Complex avoided crossings: two states whose coupling has a phase that turns with position.

use std::f64::consts::{FRAC_PI_2, PI};

use fascicle_core::elementary::{erf, exp};

use super::constants;
use super::crossing::{Angles, Crossing, Real, crossing};
use crate::Model;

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
    fn angles<N: Real>(&self, x: N, y: N) -> Angles<N> {
        let (b, steep) = (x * N::splat(self.B), N::splat(PI.sqrt() * self.B));
        let theta = (erf(b) + N::splat(1.0)) * N::splat(FRAC_PI_2);
        let dtheta = [exp(-(b * b)) * steep, N::splat(0.0)];
        let (phi, dphi) = straight(self.W, x, y);
        Angles { theta, dtheta, phi, dphi }
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
fn round_hill<N: Real>(bx: f64, by: f64, x: N, y: N) -> (N, [N; 2]) {
    let gaussian = exp(-(x * x * N::splat(bx) + y * y * N::splat(by)) / N::splat(3.0));
    let (slope_x, slope_y) = (2.0 * PI / 3.0 * bx, 2.0 * PI / 3.0 * by);
    let slopes = [x * N::splat(slope_x) * gaussian, y * N::splat(slope_y) * gaussian];
    (gaussian * N::splat(-PI), slopes)
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
            fn angles<N: Real>(&self, x: N, y: N) -> Angles<N> {
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
fn straight<N: Real>(w: f64, _: N, y: N) -> (N, [N; 2]) {
    (y * N::splat(w), [N::splat(0.0), N::splat(w)])
}

/// φ = W (y + x y / 5).
#[inline(always)]
fn bent<N: Real>(w: f64, x: N, y: N) -> (N, [N; 2]) {
    let (one, five) = (N::splat(1.0), N::splat(5.0));
    let slopes = [y * N::splat(w / 5.0), (one + x / five) * N::splat(w)];
    ((y + x * y / five) * N::splat(w), slopes)
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
