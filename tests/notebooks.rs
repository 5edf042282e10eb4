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

fn read(notebook: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(notebook).unwrap()).unwrap()
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

/// The names of the items that a cell defines.
fn items(code: &str) -> Vec<String> {
    const KINDS: [&str; 5] = ["struct ", "enum ", "trait ", "fn ", "const "];
    let defined =
        |line: &str| KINDS.iter().find_map(|kind| line.strip_prefix(kind).map(str::to_string));
    let is_of_name = |letter: &char| letter.is_alphanumeric() || *letter == '_';
    code.lines()
        .filter_map(defined)
        .map(|rest| rest.chars().take_while(is_of_name).collect())
        .collect()
}

/// A cell that ends with the name of a variable lends it to be shown.
fn lent(code: &str) -> String {
    let (before, last) = code.rsplit_once('\n').unwrap_or(("", code));
    let is_name =
        !last.is_empty() && last.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    if is_name { format!("{before}\nlet _ = &{last}") } else { code.to_string() }
}

/// The cells of code, one after the other as they run in a kernel, in a `main` whose `?` works. An item that
/// is defined again opens a block, in which it takes the place of the first.
fn program(notebook: &Path) -> String {
    let notebook = read(notebook);
    assert_eq!(
        (notebook["nbformat"].as_u64(), notebook["nbformat_minor"].as_u64()),
        (Some(4), Some(5))
    );
    assert_eq!(notebook["metadata"]["kernelspec"]["name"], "rust");
    let (mut body, mut defined, mut open) = (String::new(), Vec::new(), 0);
    for cell in notebook["cells"].as_array().unwrap() {
        if cell["cell_type"] != "code" {
            continue;
        }
        let lines = cell["source"].as_array().unwrap().iter();
        let source: String = lines.map(|line| line.as_str().unwrap()).collect();
        // Lines such as `:dep` are the kernel's.
        let code = source.lines().filter(|line| !line.starts_with(':'));
        let code: String = code.map(|line| format!("{line}\n")).collect();
        let new = items(&code);
        if new.iter().any(|name| defined.contains(name)) {
            body += "{\n";
            open += 1;
        }
        defined.extend(new);
        body += &format!("{};\n", lent(code.trim_end()));
    }
    body += &"}\n".repeat(open);
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
    assert!(notebooks.len() >= 10, "expected the notebooks, found {notebooks:?}");
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
