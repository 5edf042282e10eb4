//! Arrays of numbers.

use std::fmt::Display;

use fascicle_core::ndarray::{ArrayBase, Data, Dimension};

use super::summary::short;
use super::table::Table;
use super::{Show, html};

/// The most rows and columns that are written out.
const MOST: usize = 12;

/// The most letters of a row, beyond one column.
const WIDEST: usize = 110;

/// As a table of its first rows, with the other axes flattened and six digits of each number.
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
    let of_rows = array.iter().take(columns * rows.min(MOST)).enumerate();
    let written = of_rows.filter(|(at, _)| at % columns < MOST);
    let elements: Vec<String> =
        written.map(|(_, element)| in_six_digits(&element.to_string())).collect();
    let shown = fitting(&elements, columns.min(MOST));
    let more = if columns > shown { "…" } else { "" };
    let number = |column: usize| if columns == 1 { "value".into() } else { column.to_string() };
    let head: Vec<String> = (0..shown).map(number).collect();
    let mut head: Vec<&str> = head.iter().map(String::as_str).collect();
    head.insert(0, "");
    head.push(more);
    let mut table = Table::numbered(&head);
    for (row, line) in elements.chunks(columns.clamp(1, MOST)).enumerate() {
        let cells = line.iter().take(shown).cloned().chain([more.to_string()]);
        table.add(std::iter::once(row.to_string()).chain(cells));
    }
    if rows > MOST {
        let first = format!("… {rows} in all");
        table.add(std::iter::once(first).chain(vec![String::new(); shown + 1]));
    }
    table
}

/// How many columns can be shown side by side.
fn fitting(elements: &[String], columns: usize) -> usize {
    let mut left = WIDEST;
    let fits = |&column: &usize| {
        let cells = elements.iter().skip(column).step_by(columns);
        let width = cells.map(String::len).max().unwrap_or(0) + 3;
        let fits = width <= left;
        left = left.saturating_sub(width);
        fits || column == 0
    };
    (0..columns).take_while(fits).count()
}

/// Numbers with a point, complex ones too, in six digits; all else as it is.
fn in_six_digits(text: &str) -> String {
    // No integer of 64 bits is so long.
    let is_real = text.contains('.') || text.len() > 20;
    let parsed = |text: &str| text.parse::<f64>().ok().filter(|_| is_real);
    if let Some(value) = parsed(text) {
        return digits(value);
    }
    let parts = text.strip_suffix('i').and_then(|text| {
        let sign = text.rfind(['+', '-']).filter(|&at| at > 0)?;
        Some((text[..sign].parse().ok()?, text[sign..].parse::<f64>().ok()?))
    });
    parts.map_or(text.to_string(), |(re, im): (f64, f64)| {
        let sign = if im.is_sign_negative() { '-' } else { '+' };
        format!("{}{sign}{}i", digits(re), digits(im.abs()))
    })
}

fn digits(value: f64) -> String {
    if value == 0.0 || (1e-4..1e7).contains(&value.abs()) {
        short(value)
    } else {
        format!("{value:.5e}")
    }
}
