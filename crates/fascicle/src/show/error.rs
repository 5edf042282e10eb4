//! Errors: what went wrong, and what is left.

use fascicle_core::{DataError, RunError};
use fascicle_dynamics::{ModelError, SimulationError};

use super::{Show, html};
use crate::Error;
use crate::chart::ChartError;

/// The most lines that are shown: a panic may have any number.
const LINES: usize = 20;

macro_rules! show {
    ($($error:ty),* $(,)?) => {
        $(
            impl Show for $error {
                fn text(&self) -> String {
                    format!("error: {self}\n")
                }

                fn html(&self) -> String {
                    let text = format!("error: {self}");
                    let lines: Vec<String> = text.lines().take(LINES).map(String::from).collect();
                    html::notice(&lines)
                }
            }
        )*
    };
}

show!(Error, ChartError, DataError, ModelError, RunError, SimulationError);
