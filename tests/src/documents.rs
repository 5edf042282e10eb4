//! Tables in the documentation, written by the programs that measure them.

use std::error::Error;
use std::path::{Path, PathBuf};

/// A file in the folder of the documentation.
pub fn path(name: &str) -> PathBuf {
    root().join("docs").join(name)
}

/// The README.
pub fn readme() -> PathBuf {
    root().join("README.md")
}

fn root() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the tests are a folder of the repository")
}

/// The machine, as Linux tells.
pub fn machine() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name"));
    let name = name.map_or("an unknown processor", |name| name.trim_matches([' ', '\t', ':']));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{cores} cores of {name}")
}

/// Puts tables into a file, between the marks with this name, if it has them.
///
/// # Errors
/// When the file cannot be read or written, or has the first mark alone.
pub fn write_into(path: &Path, name: &str, tables: &str) -> Result<(), Box<dyn Error>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_written_between_their_marks() {
        let text = "before\n<!-- speed -->\nold\n<!-- end of speed -->\nafter\n";
        let found = between_marks(text, "speed", "new\n").unwrap().unwrap();
        let expected = "before\n<!-- speed -->\nnew\n\n<!-- end of speed -->\nafter\n";
        assert_eq!(found, expected);
        assert_eq!(between_marks(&found, "speed", "new\n").unwrap().as_deref(), Some(expected));
        assert_eq!(between_marks(text, "users", "new\n"), Ok(None));
        let error = between_marks("<!-- speed -->\n", "speed", "new\n").unwrap_err();
        assert_eq!(error, "there is no `<!-- end of speed -->`");
    }
}
