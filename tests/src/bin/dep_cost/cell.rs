//! A first cell as evcxr 0.22 compiles it: the manifest is that of its `module.rs`, the command that of
//! its `eval_context.rs`.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::compiler::LOG;

const MANIFEST: &str = r#"[package]
name = "ctx"
version = "1.0.0"
edition = "2024"

[lib]
crate-type = ["cdylib"]
path = "src/lib.rs"

[profile.dev]
opt-level = 2
debug = false
strip = "debuginfo"
rpath = true
lto = false
debug-assertions = true
codegen-units = 16
panic = 'unwind'
incremental = true
overflow-checks = true

[workspace]
"#;

const CELL: &str = r#"use fascicle::prelude::*;

#[unsafe(no_mangle)]
pub extern "C" fn run_user_code() {
    let mut sim = Simulation::new(SpinBoson::default(), MeanField::default());
    sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
    let data = parallel_driver_multiprocessing(sim, 4).expect("it runs");
    println!("{}", data.digest());
}
"#;

/// The folder of a cell's crate, and its target directory in it.
pub struct Cell(TempDir);

impl Cell {
    /// Writes the crate, and has Cargo fetch what is not on this machine yet.
    pub fn new() -> Result<Self, Box<dyn Error>> {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).canonicalize()?;
        let cell = Self(tempfile::tempdir()?);
        std::fs::create_dir(cell.path("src"))?;
        std::fs::write(cell.path("src/lib.rs"), CELL)?;
        // Quotes and escapes as TOML has them.
        let library = format!("{:?}", root.join("crates/fascicle").to_string_lossy());
        let manifest = format!("{MANIFEST}\n[dependencies]\nfascicle = {{ path = {library} }}\n");
        std::fs::write(cell.path("Cargo.toml"), manifest)?;
        // The versions that the tests know.
        std::fs::copy(root.join("Cargo.lock"), cell.path("Cargo.lock"))?;
        run(cell.cargo("fetch"))?;
        Ok(cell)
    }

    /// Builds it.
    pub fn build(&self) -> Result<(), Box<dyn Error>> {
        let mut build = self.cargo("build");
        build.args(["--offline", "--message-format=json", "--target", &host()?]);
        build.env("RUSTC_WRAPPER", std::env::current_exe()?).env(LOG, self.path("costs"));
        run(build)
    }

    /// Changes the code a little.
    pub fn edit(&self) -> Result<(), Box<dyn Error>> {
        Ok(std::fs::write(self.path("src/lib.rs"), CELL.replace("1.0, 0.0", "0.6, 0.8"))?)
    }

    /// Packages with their CPU-seconds, the largest first.
    pub fn costs(&self) -> Result<Vec<(String, f64)>, Box<dyn Error>> {
        let mut costs: BTreeMap<String, f64> = BTreeMap::new();
        for line in std::fs::read_to_string(self.path("costs"))?.lines() {
            let (package, seconds) =
                line.rsplit_once(' ').ok_or("expected a package and a time")?;
            let package = if package == "ctx" { "the cell" } else { package };
            *costs.entry(package.to_string()).or_default() += seconds.parse::<f64>()?;
        }
        let mut costs: Vec<_> = costs.into_iter().collect();
        costs.sort_by(|a, b| b.1.total_cmp(&a.1));
        Ok(costs)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn cargo(&self, task: &str) -> Command {
        let mut cargo = Command::new("cargo");
        cargo.args([task, "--quiet"]).current_dir(self.0.path());
        cargo.env("CARGO_TARGET_DIR", "target").env("CARGO_BUILD_BUILD_DIR", "target");
        cargo.env("RUSTFLAGS", "-Cprefer-dynamic");
        cargo
    }
}

/// The target that this machine is.
fn host() -> Result<String, Box<dyn Error>> {
    let output = Command::new("rustc").arg("-vV").output()?;
    let text = String::from_utf8(output.stdout)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.ok_or("rustc -vV names no host")?.to_string())
}

fn run(mut command: Command) -> Result<(), Box<dyn Error>> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)).into())
}
