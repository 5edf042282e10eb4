//! The notebooks as they are saved: the index has them all, and what they show is worth showing.
//! tests/kernel.rs runs them.

use std::path::{Path, PathBuf};

use fascicle_tests::notebook;
use serde_json::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// All notebooks, by name.
fn notebooks() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(Path::new(ROOT).join("notebooks")).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "ipynb"));
    paths.sort();
    paths
}

fn read(notebook: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(notebook).unwrap()).unwrap()
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

#[test]
fn the_index_has_all_notebooks() {
    let index = std::fs::read_to_string(Path::new(ROOT).join("notebooks/README.md")).unwrap();
    let notebooks = notebooks();
    assert!(notebooks.len() >= 10, "expected the notebooks, found {notebooks:?}");
    for notebook in notebooks {
        let file = format!("[{0}.ipynb]({0}.ipynb)", name(&notebook));
        assert!(index.contains(&file), "notebooks/README.md lacks {file}");
    }
}

/// evcxr shows by Debug what has the first `?` of its session in it: a run and its chart are two cells then.
#[test]
fn notebooks_are_small_and_show_no_errors_and_no_debug_forms() {
    const LONGEST: usize = 200;
    const LARGEST: u64 = 300_000;
    for notebook in notebooks() {
        let size = std::fs::metadata(&notebook).unwrap().len();
        assert!(size <= LARGEST, "{} has {size} bytes", notebook.display());
        for cell in read(&notebook)["cells"].as_array().unwrap() {
            for output in cell["outputs"].as_array().into_iter().flatten() {
                let (data, of) =
                    (&output["data"], format!("{}: {}", name(&notebook), cell["source"]));
                assert_ne!(output["output_type"], "error", "{of}");
                let text = data["text/plain"].to_string();
                let is_rich = data["text/html"].is_array();
                assert!(
                    is_rich || !text.contains("chart \\\"") && text.len() < LONGEST,
                    "{of}\n{text}"
                );
                assert!(is_rich || data["text/plain"].is_null() || !text.contains("()"), "{of}");
            }
        }
    }
}

#[test]
fn the_index_begins_with_the_quickstart() {
    let index = std::fs::read_to_string(Path::new(ROOT).join("notebooks/README.md")).unwrap();
    let first = index.lines().find(|line| line.contains(".ipynb)")).unwrap();
    assert!(first.contains("quickstart.ipynb"), "{first}");
}

/// Numbers are compared as they are shown, in a few digits; a digest has all of them.
#[test]
fn every_notebook_shows_a_digest() {
    for notebook in notebooks() {
        let notebook_text = read(&notebook).to_string();
        let words = notebook_text.split(|letter: char| !letter.is_ascii_alphanumeric());
        let is_digest = |word: &str| {
            word.len() >= 16 && word.chars().all(|letter| matches!(letter, '0'..='9' | 'a'..='f'))
        };
        let count = words.filter(|word| is_digest(word)).count();
        assert!(count > 0, "{} shows no digest", name(&notebook));
    }
}

/// What a cell of the quickstart shows is printed or saved by the example; all else is the same.
#[test]
fn the_quickstart_is_a_program() {
    let path = Path::new(ROOT).join("crates/fascicle/examples/quickstart.rs");
    let program = std::fs::read_to_string(path).unwrap();
    let parts: Vec<&str> = program.split("    // Cell ").collect();
    let plain = |text: &str| text.split_whitespace().collect::<String>();
    for (number, cell) in (1..).zip(notebook::cells("quickstart")) {
        let part = parts.iter().find_map(|part| part.strip_prefix(&format!("{number}\n")));
        let lines = cell.lines().filter(|line| !line.starts_with(":dep"));
        let cell = lines.collect::<Vec<_>>().join("\n");
        match (number, part) {
            // The prelude, and a model that is only shown.
            (1, None) => assert!(program.contains(cell.trim()), "the program lacks {cell}"),
            (2, None) => assert!(cell.starts_with("SpinBoson {"), "{cell}"),
            (_, Some(part)) => {
                let cell = cell.trim().trim_end_matches("\nsim");
                let part = plain(part.trim_end_matches(['\n', ' ', '}']));
                let part = part.trim_end_matches("Ok(())");
                let rest = match cell {
                    "data" => part,
                    cell => part.strip_prefix(&plain(cell)).unwrap_or_else(|| {
                        panic!("cell {number} and the program differ:\n{cell}\n\n{part}")
                    }),
                };
                let is_shown = rest.starts_with(".save(\"quickstart_") && rest.ends_with("\")?;");
                let is_printed = rest.starts_with("print!(\"{}\",data.text());");
                assert!(rest.is_empty() || is_shown || is_printed, "cell {number}: {rest}");
            }
            _ => panic!("the program has no cell {number}"),
        }
    }
}
