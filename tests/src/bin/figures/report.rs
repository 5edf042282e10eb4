//! Tables, on the terminal and in docs/speed.md.

use std::error::Error;
use std::path::{Path, PathBuf};

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
}

/// A file in the folder of the documentation.
pub fn document(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)
}

/// Puts tables into docs/speed.md, between the marks with this name.
pub fn write(name: &str, sections: &[Section]) -> Result<(), Box<dyn Error>> {
    let path = document("speed.md");
    let text = std::fs::read_to_string(&path)?;
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let Some((before, rest)) = text.split_once(&begin) else {
        return Ok(());
    };
    let (_, after) = rest.split_once(&end).ok_or(format!("no `{end}` in {}", path.display()))?;
    let tables = sections.iter().map(|section| {
        let title = section.title;
        format!("\n**{title}**, on {}:\n\n{}", machine(), section.markdown())
    });
    let tables: String = tables.collect();
    std::fs::write(path, format!("{before}{begin}{tables}\n{end}{after}"))?;
    Ok(())
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
