//! How values look in a notebook.
//!
//! A cell's last expression is shown by `evcxr_display`, which a type has by [`Show`] or, being a
//! model, by [`ShowModel`]. Both are in the [prelude](crate::prelude). What is shown has two forms, of
//! which the notebook takes the best that it can draw: HTML, and plain text. Outside of a notebook it
//! is the text, on the standard output.
//!
//! ```
//! use fascicle::prelude::*;
//! use fascicle::show::Show;
//!
//! let sim = Simulation::new(SpinBoson { l_reorg: 0.02, ..Default::default() }, MeanField::default());
//! assert!(sim.text().contains("l_reorg") && sim.text().contains("0.02"));
//! assert!(sim.html().contains(">l_reorg</td>") && sim.html().contains(">0.02</td>"));
//! sim.evcxr_display(); // as a cell that ends with `sim` does
//! ```

mod array;
mod chart;
mod data;
mod error;
mod html;
mod live;
mod simulation;
mod summary;
mod table;

use fascicle_dynamics::Model;

pub(crate) use data::first_chart;
pub use html::escape;
pub use live::{Live, clear};
pub(crate) use summary::short;

use crate::channel::{self, Way};

/// How a value looks in a notebook.
pub trait Show {
    /// As plain text, with a newline at the end.
    fn text(&self) -> String;

    /// As a fragment of HTML that follows the notebook's theme.
    fn html(&self) -> String;

    /// Shows it. evcxr calls this for the last expression of a cell; it may be called anywhere, but
    /// stock evcxr shows what was shown last.
    fn evcxr_display(&self) {
        channel::show(Way::here(), &[("text/plain", self.text()), ("text/html", self.html())]);
    }
}

/// A model, shown as the table of its constants.
pub trait ShowModel {
    /// Shows it. evcxr calls this for the last expression of a cell.
    fn evcxr_display(&self);
}

impl<M: Model> ShowModel for M {
    fn evcxr_display(&self) {
        let table = simulation::constants(self);
        let name = self.name();
        let html = html::section(&name, &table.html());
        let text = format!("{name}\n{}", table.text());
        channel::show(Way::here(), &[("text/plain", text), ("text/html", html)]);
    }
}

impl<T: Show, E: Show> Show for Result<T, E> {
    fn text(&self) -> String {
        self.as_ref().map_or_else(Show::text, Show::text)
    }

    fn html(&self) -> String {
        self.as_ref().map_or_else(Show::html, Show::html)
    }
}

/// One below the other.
impl<T: Show> Show for [T] {
    fn text(&self) -> String {
        self.iter().map(Show::text).collect::<Vec<_>>().join("\n")
    }

    fn html(&self) -> String {
        self.iter().map(Show::html).collect()
    }
}

#[cfg(test)]
mod tests;
