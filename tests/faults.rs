//! Each row of the fault table, in its short form. `./task faults long` has the long one.
#![cfg(target_os = "linux")]

use std::process::Command;

/// Measures a row in a process of its own, and checks that it is as wanted.
fn reached(row: &str) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_faults"));
    let output = command.args(["row", row, "short"]).output().expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}

macro_rules! rows {
    ($($row:ident),*) => {
        $(
            #[test]
            fn $row() {
                reached(stringify!($row));
            }
        )*
    };
}

rows!(
    kills, poison, stages, sizes, frames, hdf5, storms, runs, memory, disk, journaling, signals,
    short, journals, interrupts, parent, batches
);
