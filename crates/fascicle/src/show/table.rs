//! Tables of words and numbers, as text and as HTML.

use super::html::escape;

/// The longest a cell may be; what is longer is cut.
const LONGEST: usize = 160;

/// A table of words: a head, and lines below it.
pub struct Table {
    lines: Vec<Vec<String>>,
    /// Whether the first column names the lines.
    numbered: bool,
}

impl Table {
    /// With names of columns.
    pub fn new(head: &[&str]) -> Self {
        Self { lines: vec![head.iter().map(|name| name.to_string()).collect()], numbered: false }
    }

    /// With a first column that names the lines.
    pub fn numbered(head: &[&str]) -> Self {
        Self { numbered: true, ..Self::new(head) }
    }

    /// Adds a line, as long as the head.
    pub fn add(&mut self, cells: impl IntoIterator<Item = String>) {
        self.lines.push(cells.into_iter().map(|cell| cut(&cell, LONGEST)).collect());
    }

    /// As text: columns by spaces.
    pub fn text(&self) -> String {
        let widths = widths(&self.lines);
        let shown = |line: &Vec<String>| {
            let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
            format!("  {}\n", cells.collect::<Vec<_>>().join("   ").trim_end())
        };
        self.lines.iter().map(shown).collect()
    }

    /// As HTML. Notebooks differ in how they align columns, so that each says it: numbers to the right.
    pub fn html(&self) -> String {
        let (head, body) = self.lines.split_first().expect("a table has a head");
        let side = |column: usize| {
            let mut cells = body.iter().map(|line| line[column].as_str());
            if cells.all(is_number) { "right" } else { "left" }
        };
        let sides: Vec<&str> = (0..head.len()).map(side).collect();
        let row = |line: &Vec<String>, kind: &str| {
            let cells = line.iter().zip(&sides).enumerate().map(|(column, (cell, side))| {
                let kind = if column == 0 && self.numbered { "th" } else { kind };
                let whole = self.numbered && cell.contains([' ', '-']);
                let wrap = if whole { ";white-space:nowrap" } else { "" };
                format!("<{kind} style=\"text-align:{side}{wrap}\">{}</{kind}>", escape(cell))
            });
            format!("<tr>{}</tr>", cells.collect::<String>())
        };
        let body: String = body.iter().map(|line| row(line, "td")).collect();
        format!(
            "<table style=\"color:inherit\"><thead>{}</thead><tbody>{body}</tbody></table>",
            row(head, "th")
        )
    }
}

/// Whether it begins like a number, or is left out.
fn is_number(cell: &str) -> bool {
    cell.trim_start_matches(['-', '+']).starts_with(|c: char| c.is_ascii_digit())
        || ["", "NaN", "inf", "-inf"].contains(&cell)
        || cell.starts_with('…')
}

/// The width of each column of lines of cells, of which there is one at least.
pub fn widths(lines: &[Vec<String>]) -> Vec<usize> {
    let length = |cell: &String| cell.chars().count();
    let width = |column: usize| lines.iter().map(|line| length(&line[column])).max().unwrap_or(0);
    (0..lines[0].len()).map(width).collect()
}

/// Text, cut if it is longer.
pub fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_string();
    }
    let head: String = text.chars().take(longest).collect();
    format!("{head}… ({} characters)", text.chars().count())
}
