//! The notebooks: their cells compile, and the index has them all. tests/kernel.rs runs them.

use std::path::{Path, PathBuf};
use std::process::Command;

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

fn name(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

/// The cells of code, one after the other as they run in a kernel, in a `main` whose `?` works.
fn program(notebook: &Path) -> String {
    let notebook: Value = serde_json::from_slice(&std::fs::read(notebook).unwrap()).unwrap();
    assert_eq!(
        (notebook["nbformat"].as_u64(), notebook["nbformat_minor"].as_u64()),
        (Some(4), Some(5))
    );
    assert_eq!(notebook["metadata"]["kernelspec"]["name"], "rust");
    let mut body = String::new();
    for cell in notebook["cells"].as_array().unwrap() {
        if cell["cell_type"] != "code" {
            continue;
        }
        let lines = cell["source"].as_array().unwrap().iter();
        let source: String = lines.map(|line| line.as_str().unwrap()).collect();
        // Lines such as `:dep` are the kernel's.
        let code = source.lines().filter(|line| !line.starts_with(':'));
        code.for_each(|line| body += &format!("{line}\n"));
        body += ";\n";
    }
    format!("fn main() -> Result<(), Box<dyn std::error::Error>> {{\n{body}Ok(())\n}}\n")
}

#[test]
fn the_cells_of_all_notebooks_compile() {
    let folder = tempfile::tempdir().unwrap();
    let bins = folder.path().join("src/bin");
    std::fs::create_dir_all(&bins).unwrap();
    let root = Path::new(ROOT).canonicalize().unwrap();
    let manifest = format!(
        "[package]\nname = \"notebooks\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n\
         fascicle = {{ path = \"{}/crates/fascicle\" }}\n\n[workspace]\n",
        root.display()
    );
    std::fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
    std::fs::copy(root.join("Cargo.lock"), folder.path().join("Cargo.lock")).unwrap();
    let notebooks = notebooks();
    assert!(notebooks.len() >= 5, "expected the notebooks, found {notebooks:?}");
    for notebook in &notebooks {
        let file = bins.join(name(notebook)).with_extension("rs");
        std::fs::write(file, program(notebook)).unwrap();
    }
    let output = Command::new(env!("CARGO"))
        .args(["check", "--quiet", "--offline", "--bins", "--target-dir"])
        .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("notebooks"))
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_index_has_all_notebooks() {
    let index = std::fs::read_to_string(Path::new(ROOT).join("notebooks/README.md")).unwrap();
    for notebook in notebooks() {
        let file = format!("[{0}.ipynb]({0}.ipynb)", name(&notebook));
        assert!(index.contains(&file), "notebooks/README.md lacks {file}");
    }
}
