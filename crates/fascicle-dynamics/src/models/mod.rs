//! Models under QC Lab's names.

mod closure;
mod complex_avoided_crossing;
mod crossing;
mod fmo_complex;
mod holstein_lattice;
mod holstein_reciprocal;
mod spin_boson;
mod tully;
mod tully_problem_one;
mod tully_problem_three;
mod tully_problem_two;

pub use closure::{ClosureModel, Matrix};
pub use complex_avoided_crossing::{
    ComplexAvoidedCrossingA, ComplexAvoidedCrossingB, ComplexAvoidedCrossingC,
};
pub use fmo_complex::FMOComplex;
pub use holstein_lattice::HolsteinLattice;
pub use holstein_reciprocal::HolsteinLatticeReciprocalSpace;
pub use spin_boson::SpinBoson;
pub use tully_problem_one::TullyProblemOne;
pub use tully_problem_three::TullyProblemThree;
pub use tully_problem_two::TullyProblemTwo;

use crate::{Model, ModelError};

/// What a constant must be.
#[derive(Clone, Copy)]
enum Rule {
    Finite,
    Positive,
    NonNegative,
    /// A whole number from 1 to 2^20.
    Count,
    /// An even number from 2 to 2^20.
    Even,
    /// 0 or 1.
    Flag,
}

impl Rule {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::Finite => value.is_finite(),
            Self::Positive => value.is_finite() && value > 0.0,
            Self::NonNegative => value.is_finite() && value >= 0.0,
            Self::Count => value.fract() == 0.0 && (1.0..=1_048_576.0).contains(&value),
            Self::Even => value % 2.0 == 0.0 && (2.0..=1_048_576.0).contains(&value),
            Self::Flag => value == 0.0 || value == 1.0,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Finite => "finite",
            Self::Positive => "positive and finite",
            Self::NonNegative => "at least 0 and finite",
            Self::Count => "a whole number from 1 to 1048576",
            Self::Even => "an even number from 2 to 1048576",
            Self::Flag => "0 or 1",
        }
    }
}

/// A constant's type: all are numbers to those who set them by name.
trait Constant {
    fn number(&self) -> f64;
    fn of(number: f64) -> Self;
}

impl Constant for f64 {
    fn number(&self) -> f64 {
        *self
    }

    fn of(number: f64) -> Self {
        number
    }
}

impl Constant for usize {
    fn number(&self) -> f64 {
        *self as f64
    }

    fn of(number: f64) -> Self {
        number as Self
    }
}

impl Constant for bool {
    fn number(&self) -> f64 {
        f64::from(u8::from(*self))
    }

    fn of(number: f64) -> Self {
        number != 0.0
    }
}

fn check<M: Model>(model: &M, name: &str, value: f64, rule: Rule) -> Result<(), ModelError> {
    if rule.holds(value) {
        return Ok(());
    }
    let (model, name, expected) = (model.name(), name.to_string(), rule.text());
    Err(ModelError::BadConstant { model, name, expected, found: value })
}

/// `constants`, `unit_of`, `set_constant` and `check` for a struct whose fields are its constants. The
/// unit stands in brackets; those without one are pure numbers.
macro_rules! constants {
    ($($field:ident: $rule:ident $([$unit:literal])?),* $(,)?) => {
        fn constants(&self) -> Vec<(&'static str, f64)> {
            vec![$((stringify!($field), $crate::models::Constant::number(&self.$field)),)*]
        }

        fn unit_of(&self, constant: &str) -> &'static str {
            match constant {
                $($(stringify!($field) => $unit,)?)*
                _ => "",
            }
        }

        fn set_constant(&mut self, name: &str, value: f64) -> Result<(), $crate::ModelError> {
            match name {
                $(stringify!($field) => {
                    $crate::models::check(self, name, value, $crate::models::Rule::$rule)?;
                    self.$field = $crate::models::Constant::of(value);
                })*
                _ => return Err($crate::model::unknown_constant(self, name)),
            }
            Ok(())
        }

        fn check(&self) -> Result<(), $crate::ModelError> {
            use $crate::models::{Constant, Rule, check};
            $(check(self, stringify!($field), Constant::number(&self.$field), Rule::$rule)?;)*
            Ok(())
        }
    };
}
use constants;
