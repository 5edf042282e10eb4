//! Each hazard of a notebook, tried in a real kernel. `./task hazards` has them as a table.
#![cfg(target_os = "linux")]

use fascicle_tests::kernel;

/// Tries a row in a kernel of its own, and checks that it is as wanted.
fn reached(row: &str) {
    let output = kernel::run("hazards.py", &["row", row]).unwrap_or_else(|error| panic!("{error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
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
    rayon,
    many_lines,
    large_text,
    two_runs,
    thread,
    after_interrupted,
);

#[test]
fn all_rows_of_the_table_are_here() {
    let output = kernel::run("hazards.py", &["list"]).unwrap_or_else(|error| panic!("{error}"));
    let listed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(listed.lines().collect::<Vec<_>>(), ROWS);
}
