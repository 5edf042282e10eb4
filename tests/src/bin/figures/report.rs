//! Tables, on the terminal, in docs/speed.md and in the README.

use fascicle_tests::documents;
use fascicle_tests::speed::{FSSH, MASH, MEAN_FIELD};
use std::error::Error;

/// What the README calls algorithms.
const SHORT_NAMES: [(&str, &str); 3] =
    [(MEAN_FIELD, "mean field"), (FSSH, "surface hopping"), (MASH, "MASH")];

/// A table, and whether all its rows reach their goals.
pub struct Section {
    pub title: &'static str,
    pub columns: Vec<&'static str>,
    pub rows: Vec<Row>,
    /// Whether rows have goals.
    pub goals: bool,
}

/// Cells of a table, and whether the goal is reached.
pub struct Row {
    pub cells: Vec<String>,
    pub reached: bool,
}

impl Section {
    /// A table whose rows have goals.
    pub fn new(title: &'static str, columns: &[&'static str], rows: Vec<Row>) -> Self {
        Self { title, columns: columns.to_vec(), rows, goals: true }
    }

    /// A table of figures alone.
    pub fn of_figures(
        title: &'static str,
        columns: &[&'static str],
        rows: Vec<Vec<String>>,
    ) -> Self {
        let rows = rows.into_iter().map(|cells| Row { cells, reached: true }).collect();
        Self { title, columns: columns.to_vec(), rows, goals: false }
    }

    pub fn reached(&self) -> bool {
        self.rows.iter().all(|row| row.reached)
    }

    /// In Markdown.
    pub fn markdown(&self) -> String {
        let goal = if self.goals { " goal |" } else { "" };
        let marks = "---|".repeat(self.columns.len() + usize::from(self.goals));
        let mut text = format!("| {} |{goal}\n|{marks}\n", self.columns.join(" | "));
        for row in &self.rows {
            let verdict = match (self.goals, row.reached) {
                (false, _) => "",
                (true, true) => " reached |",
                (true, false) => " MISSED |",
            };
            text += &format!("| {} |{verdict}\n", row.cells.join(" | "));
        }
        text
    }

    /// Without spreads and verdicts, and with the short names of algorithms.
    fn short(&self) -> Self {
        let without_spread = |text: &'static str| text.split(" (").next().unwrap_or(text);
        let cell = |text: &String| {
            let text = text.split(" (").next().unwrap_or(text).to_string();
            SHORT_NAMES.iter().fold(text, |text, (long, short)| text.replace(long, short))
        };
        let row = |row: &Row| Row { cells: row.cells.iter().map(cell).collect(), ..*row };
        Self {
            columns: self.columns.iter().copied().map(without_spread).collect(),
            rows: self.rows.iter().map(row).collect(),
            goals: false,
            ..*self
        }
    }
}

/// Puts tables into docs/speed.md, and their shorter forms into the README, where they have marks with
/// this name.
pub fn write(name: &str, sections: &[Section]) -> Result<(), Box<dyn Error>> {
    let (machine, readme) = (machine(), documents::readme());
    documents::write_into(&documents::path("speed.md"), name, &long(sections, &machine))?;
    documents::write_into(&readme, name, &short(sections, &machine))
}

/// With all columns, each under its title.
fn long(sections: &[Section], machine: &str) -> String {
    let table = |section: &Section| {
        format!("\n**{}**, on {machine}:\n\n{}", section.title, section.markdown())
    };
    sections.iter().map(table).collect()
}

/// The shorter forms, whose titles are in the text around them.
fn short(sections: &[Section], machine: &str) -> String {
    let table = |section: &Section| format!("\nOn {machine}:\n\n{}", section.short().markdown());
    sections.iter().map(table).collect()
}

/// The machine, as Linux tells, and its vectors.
fn machine() -> String {
    let profile = if cfg!(debug_assertions) { "profile notebook" } else { "release" };
    format!("{}, {}, {profile}", documents::machine(), crate::sys::name())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn table() -> Section {
        let cells = |cells: [&str; 4]| cells.map(String::from).to_vec();
        let first = format!("SpinBoson, {FSSH}");
        let rows = vec![
            Row { cells: cells([&first, "9.0 / 8.0", "0.05 (0.04 to 0.06)", "60"]), reached: true },
            Row { cells: cells(["geometric mean", "", "", "40"]), reached: false },
        ];
        Section::new(
            "Times",
            &["model, algorithm", "QC Lab", "ours (least to most)", "wanted"],
            rows,
        )
    }

    const LONG: &str = "
**Times**, on a machine:

| model, algorithm | QC Lab | ours (least to most) | wanted | goal |
|---|---|---|---|---|
| SpinBoson, FewestSwitchesSurfaceHopping | 9.0 / 8.0 | 0.05 (0.04 to 0.06) | 60 | reached |
| geometric mean |  |  | 40 | MISSED |
";

    const SHORT: &str = "
On a machine:

| model, algorithm | QC Lab | ours | wanted |
|---|---|---|---|
| SpinBoson, surface hopping | 9.0 / 8.0 | 0.05 | 60 |
| geometric mean |  |  | 40 |
";

    #[test]
    fn the_short_form_has_no_spreads_and_no_verdicts() {
        assert_eq!(long(&[table()], "a machine"), LONG);
        assert_eq!(short(&[table()], "a machine"), SHORT);
    }

    /// The table between the marks of `speed`.
    fn written(path: &Path) -> Section {
        let text = std::fs::read_to_string(path).unwrap();
        let (_, rest) = text.split_once("<!-- speed -->\n").expect("the mark");
        let (tables, _) = rest.split_once("<!-- end of speed -->").expect("the other mark");
        let lines = tables.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
        let cells = |line: &str| line.split(" | ").map(String::from).collect();
        let rows = lines.map(|line| Row { cells: cells(line), reached: true }).collect();
        Section { title: "", columns: Vec::new(), rows, goals: false }
    }

    #[test]
    fn the_table_of_the_readme_is_that_of_the_documentation() {
        let (long, short) = (written(&documents::path("speed.md")), written(&documents::readme()));
        let columns = short.rows[0].cells.len();
        assert_eq!(long.rows.len(), short.rows.len());
        for (long, short) in long.short().rows.iter().zip(&short.rows) {
            assert_eq!(long.cells[..columns], short.cells);
        }
    }
}
