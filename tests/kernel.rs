//! Notebooks in a real kernel: each hazard, which `./task hazards` has as a table, and each notebook of
//! this repository, which `./task notebooks` runs.
#![cfg(target_os = "linux")]

use fascicle_tests::kernel;

/// Runs a program in `kernel/`, which must find all as it is wanted.
fn succeeds(program: &str, words: &[&str]) {
    let output = kernel::run(program, words).unwrap_or_else(|error| panic!("{error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}

/// Tries a row in a kernel of its own, and checks that it is as wanted.
fn reached(row: &str) {
    succeeds("hazards.py", &["row", row]);
}

macro_rules! rows {
    ($($row:ident),* $(,)?) => {
        const ROWS: &[&str] = &[$(stringify!($row)),*];

        $(
            #[test]
            fn $row() {
                reached(stringify!($row));
            }
        )*
    };
}

rows!(
    panic_worker,
    panic_cell,
    prints,
    exits,
    markers,
    interrupt,
    sigint,
    sigint_kernel,
    shutdown,
    sigkill_kernel,
    sigkill_evaluation,
    restart_command,
    restart_kernel,
    command,
    command_interrupted,
    rayon,
    many_lines,
    large_text,
    two_runs,
    thread,
    model_trait,
    model_closures,
    after_interrupted,
);

/// Runs a notebook, and checks that each of its cells comes to its end and shows what is saved, number by
/// number.
fn shows_what_is_saved(name: &str) {
    succeeds("notebooks.py", &["check", &format!("{FOLDER}/{name}.ipynb")]);
}

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../notebooks");

macro_rules! notebooks {
    ($($name:ident),* $(,)?) => {
        const NOTEBOOKS: &[&str] = &[$(stringify!($name)),*];

        $(
            #[test]
            fn $name() {
                shows_what_is_saved(stringify!($name));
            }
        )*
    };
}

notebooks!(
    append,
    avoided_crossings,
    convergence,
    drivers,
    fmo,
    holstein,
    own_model,
    quickstart,
    spin_boson,
    tully,
);

#[test]
fn all_notebooks_are_here() {
    let entries = std::fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().file_name());
    let names = entries.map(|name| name.into_string().unwrap());
    let mut found: Vec<String> =
        names.filter_map(|name| Some(name.strip_suffix(".ipynb")?.to_string())).collect();
    found.sort();
    assert_eq!(found, NOTEBOOKS);
}

/// A notebook of one cell fails the check, though the kernel says that all is well.
fn fails(source: &str, saved: &str, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.ipynb");
    let outputs = serde_json::json!([{"output_type": "stream", "name": "stdout", "text": [saved]}]);
    let notebook = serde_json::json!({
        "cells": [{"cell_type": "code", "execution_count": 1, "id": "one", "metadata": {},
                   "outputs": outputs, "source": [source]}],
        "metadata": {"kernelspec": {"display_name": "Rust", "language": "rust", "name": "rust"}},
        "nbformat": 4, "nbformat_minor": 5
    });
    std::fs::write(&path, notebook.to_string()).unwrap();
    let path = path.display().to_string();
    let output =
        kernel::run("notebooks.py", &["check", &path]).unwrap_or_else(|error| panic!("{error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains(expected), "{said}");
}

#[test]
fn cells_that_fail_or_show_something_else_fail_the_check() {
    fails("println!(\"1\");\nassert_eq!(1 + 1, 3);", "1\n", "this cell fails");
    fails("println!(\"1\");\n\"x\".parse::<i32>()?;", "1\n", "this cell fails");
    fails("println!(\"2\");", "1\n", "this cell shows other things");
}

#[test]
fn all_rows_of_the_table_are_here() {
    let output = kernel::run("hazards.py", &["list"]).unwrap_or_else(|error| panic!("{error}"));
    let listed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(listed.lines().collect::<Vec<_>>(), ROWS);
}
