//! Errors: what went wrong, and what is left.

use fascicle_core::{DataError, RunError};
use fascicle_dynamics::{ModelError, SimulationError};

use super::{Show, html};
use crate::Error;
use crate::chart::ChartError;

macro_rules! show {
    ($($error:ty),* $(,)?) => {
        $(
            impl Show for $error {
                fn text(&self) -> String {
                    format!("error: {self}\n")
                }

                fn html(&self) -> String {
                    html::notice(&[format!("error: {self}")])
                }
            }
        )*
    };
}

show!(Error, ChartError, DataError, ModelError, RunError, SimulationError);
