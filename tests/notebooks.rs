//! The notebooks as they are saved: the index has them all, and what they show is worth showing.
//! tests/kernel.rs runs them.

use std::path::{Path, PathBuf};

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
