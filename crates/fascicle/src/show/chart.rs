//! Charts in a notebook.

use super::{Show, html};
use crate::chart::Chart;

/// As SVG in the notebook's own colours, or as a picture.
impl Show for Chart {
    fn text(&self) -> String {
        format!("{self}\n")
    }

    fn html(&self) -> String {
        match self.inline_html() {
            Ok(html) => html,
            Err(error) => html::notice(&[error.to_string()]),
        }
    }
}
