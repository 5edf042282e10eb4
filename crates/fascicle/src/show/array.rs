//! Arrays of numbers.

use std::fmt::Display;

use fascicle_core::ndarray::{ArrayBase, Data, Dimension};

use super::table::Table;
use super::{Show, html};

/// The most rows and columns that are written out.
const MOST: usize = 12;

/// As a table of its first rows, with the other axes flattened.
impl<S: Data<Elem: Display>, D: Dimension> Show for ArrayBase<S, D> {
    fn text(&self) -> String {
        format!("{}\n{}", heading(self.shape()), table(self).text())
    }

    fn html(&self) -> String {
        html::section(&heading(self.shape()), &table(self).html())
    }
}

fn heading(shape: &[usize]) -> String {
    let shape: Vec<String> = shape.iter().map(ToString::to_string).collect();
    format!("array of shape [{}]", shape.join(", "))
}

fn table<S: Data<Elem: Display>, D: Dimension>(array: &ArrayBase<S, D>) -> Table {
    let rows = array.shape().first().copied().unwrap_or(1);
    let columns = array.len().checked_div(rows).unwrap_or(0);
    let shown = columns.min(MOST);
    let more = if columns > shown { "…" } else { "" };
    let head: Vec<String> = (0..shown).map(|column| column.to_string()).collect();
    let mut head: Vec<&str> = head.iter().map(String::as_str).collect();
    head.insert(0, "");
    head.push(more);
    let mut table = Table::new(&head);
    let elements: Vec<String> =
        array.iter().take(columns * rows.min(MOST)).map(ToString::to_string).collect();
    for (row, line) in elements.chunks(columns.max(1)).enumerate() {
        let cells = line.iter().take(shown).cloned().chain([more.to_string()]);
        table.add(std::iter::once(row.to_string()).chain(cells));
    }
    if rows > MOST {
        let first = format!("… {rows} in all");
        table.add(std::iter::once(first).chain(vec![String::new(); shown + 1]));
    }
    table
}
