//! The terminal's face: progress while a run goes on, and a table of what came out.

mod bar;
mod progress;
mod table;

pub use progress::Progress;
pub use table::table;
pub(crate) use table::{title, told, widths};
