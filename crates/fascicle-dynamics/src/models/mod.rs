//! Models under QC Lab's names.

mod closure;
mod spin_boson;
mod tully_problem_one;

pub use closure::{ClosureModel, Matrix};
pub use spin_boson::SpinBoson;
pub use tully_problem_one::TullyProblemOne;

use crate::{Model, ModelError};

/// What a constant must be.
#[derive(Clone, Copy)]
enum Rule {
    Finite,
    Positive,
    NonNegative,
    /// A whole number from 1 to 2^20.
    Count,
}

impl Rule {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::Finite => value.is_finite(),
            Self::Positive => value.is_finite() && value > 0.0,
            Self::NonNegative => value.is_finite() && value >= 0.0,
            Self::Count => value.fract() == 0.0 && (1.0..=1_048_576.0).contains(&value),
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Finite => "finite",
            Self::Positive => "positive and finite",
            Self::NonNegative => "at least 0 and finite",
            Self::Count => "a whole number from 1 to 1048576",
        }
    }
}

fn check<M: Model>(model: &M, name: &str, value: f64, rule: Rule) -> Result<(), ModelError> {
    if rule.holds(value) {
        return Ok(());
    }
    let (model, name, expected) = (model.name(), name.to_string(), rule.text());
    Err(ModelError::BadConstant { model, name, expected, found: value })
}

/// `constants` and `set_constant` for a struct whose fields are real constants, but for one count.
macro_rules! constants {
    ($($field:ident: $rule:ident),* $(; $count:ident)?) => {
        fn constants(&self) -> Vec<(&'static str, f64)> {
            vec![$((stringify!($field), self.$field),)* $((stringify!($count), self.$count as f64))?]
        }

        fn set_constant(&mut self, name: &str, value: f64) -> Result<(), $crate::ModelError> {
            match name {
                $(stringify!($field) => {
                    $crate::models::check(self, name, value, $crate::models::Rule::$rule)?;
                    self.$field = value;
                })*
                $(stringify!($count) => {
                    $crate::models::check(self, name, value, $crate::models::Rule::Count)?;
                    self.$count = value as usize;
                })?
                _ => return Err($crate::model::unknown_constant(self, name)),
            }
            Ok(())
        }

        fn check(&self) -> Result<(), $crate::ModelError> {
            use $crate::models::{Rule, check};
            $(check(self, stringify!($field), self.$field, Rule::$rule)?;)*
            $(check(self, stringify!($count), self.$count as f64, Rule::Count)?;)?
            Ok(())
        }
    };
}
use constants;
