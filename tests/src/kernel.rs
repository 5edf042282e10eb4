//! A notebook's kernel: a stock evcxr_jupyter, spoken to by the programs in `tests/kernel`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What a program of `tests/kernel` prints.
///
/// # Errors
/// When JupyterLab or the kernel is not installed: the command that installs them. When the program
/// cannot be run.
pub fn run(program: &str, arguments: &[&str]) -> Result<Output, String> {
    let folder = folder();
    for wanted in ["installed.txt", "data/kernels/rust/kernel.json"] {
        let path = folder.join(wanted);
        if !path.exists() {
            return Err(format!(
                "expected {}, found nothing: install JupyterLab and evcxr_jupyter with `./task jupyter`",
                path.display()
            ));
        }
    }
    Command::new(folder.join("bin/python"))
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("kernel").join(program))
        .args(arguments)
        .output()
        .map_err(|error| format!("{program} cannot be run: {error}"))
}

/// Where `./task jupyter` puts them: `$FASCICLE_JUPYTER`, by default in the user's cache.
fn folder() -> PathBuf {
    let told = std::env::var_os("FASCICLE_JUPYTER").map(PathBuf::from);
    told.unwrap_or_else(|| crate::peers::cache().join("jupyter"))
}
