//! Tables, on the terminal, in docs/speed.md and in the README.

use std::error::Error;
use std::path::{Path, PathBuf};

use fascicle_tests::speed::{FSSH, MASH, MEAN_FIELD};

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

/// A file in the folder of the documentation.
pub fn document(name: &str) -> PathBuf {
    root().join("docs").join(name)
}

fn root() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the tests are a folder of the repository")
}

/// Puts tables into docs/speed.md, and their shorter forms into the README, where they have marks with
/// this name.
pub fn write(name: &str, sections: &[Section]) -> Result<(), Box<dyn Error>> {
    let (machine, readme) = (machine(), root().join("README.md"));
    write_into(&document("speed.md"), name, &long(sections, &machine))?;
    write_into(&readme, name, &short(sections, &machine))
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

fn write_into(path: &Path, name: &str, tables: &str) -> Result<(), Box<dyn Error>> {
    let text = std::fs::read_to_string(path)?;
    let in_path = |why| format!("{}: {why}", path.display());
    if let Some(text) = between_marks(&text, name, tables).map_err(in_path)? {
        std::fs::write(path, text)?;
    }
    Ok(())
}

/// A text with these tables between the marks with this name, if it has them.
fn between_marks(text: &str, name: &str, tables: &str) -> Result<Option<String>, String> {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let Some((before, rest)) = text.split_once(&begin) else {
        return Ok(None);
    };
    let (_, after) = rest.split_once(&end).ok_or(format!("there is no `{end}`"))?;
    Ok(Some(format!("{before}{begin}{tables}\n{end}{after}")))
}

/// The machine, as Linux tells, and the build.
fn machine() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name"));
    let name = name.map_or("an unknown processor", |name| name.trim_matches([' ', '\t', ':']));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let profile = if cfg!(debug_assertions) { "profile notebook" } else { "release" };
    format!("{cores} cores of {name}, {}, {profile}", crate::sys::name())
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn tables_are_written_between_their_marks() {
        let text = "before\n<!-- speed -->\nold\n<!-- end of speed -->\nafter\n";
        let found = between_marks(text, "speed", SHORT).unwrap().unwrap();
        let expected = format!("before\n<!-- speed -->\n{SHORT}\n<!-- end of speed -->\nafter\n");
        assert_eq!(found, expected);
        assert_eq!(between_marks(&found, "speed", SHORT).unwrap(), Some(expected));
        assert_eq!(between_marks(text, "users", SHORT), Ok(None));
        let error = between_marks("<!-- speed -->\n", "speed", SHORT).unwrap_err();
        assert_eq!(error, "there is no `<!-- end of speed -->`");
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
        let (long, short) = (written(&document("speed.md")), written(&root().join("README.md")));
        let columns = short.rows[0].cells.len();
        assert_eq!(long.rows.len(), short.rows.len());
        for (long, short) in long.short().rows.iter().zip(&short.rows) {
            assert_eq!(long.cells[..columns], short.cells);
        }
    }
}
