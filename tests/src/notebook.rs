//! Saved notebooks.

use std::path::Path;

use serde_json::Value;

/// A notebook of the repository, by name.
///
/// # Panics
/// When there is none, or it is no JSON.
pub fn read(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../notebooks");
    let bytes = std::fs::read(folder.join(format!("{name}.ipynb"))).expect("there is a notebook");
    serde_json::from_slice(&bytes).expect("a notebook is JSON")
}

/// A text of a notebook, which is kept as lines.
pub fn text(lines: &Value) -> String {
    match lines {
        Value::String(text) => text.clone(),
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    }
}

/// The code of a notebook's cells.
pub fn cells(name: &str) -> Vec<String> {
    let notebook = read(name);
    let cells = notebook["cells"].as_array().into_iter().flatten();
    cells.filter(|cell| cell["cell_type"] == "code").map(|cell| text(&cell["source"])).collect()
}

/// What a notebook shows, of one kind, such as `text/plain`, which is what cells print as well.
pub fn shown(name: &str, kind: &str) -> Vec<String> {
    let notebook = read(name);
    let cells = notebook["cells"].as_array().into_iter().flatten();
    let outputs = cells.flat_map(|cell| cell["outputs"].as_array().into_iter().flatten());
    let texts = |output: &Value| {
        let printed = if kind == "text/plain" { text(&output["text"]) } else { String::new() };
        [printed, text(&output["data"][kind])]
    };
    outputs.flat_map(texts).filter(|text| !text.is_empty()).collect()
}
