//! What goes wrong, and what becomes of it: a figure for each row.
//!
//! ```text
//! faults [short|long] [row …]     each row in a process of its own, as a table
//! faults row ROW short|long       one row, here
//! ```

#![expect(
    unsafe_code,
    reason = "to do mischief: forks, handlers of forks, an allocator that counts"
)]

mod allocations;
mod disk;
mod endurance;
mod kills;
mod memory;
mod mutants;
mod peers;
mod sizes;
mod stages;
mod storms;
mod work;

use std::error::Error;
use std::process::{Command, ExitCode, Stdio};

#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;

/// How much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Minutes in all.
    Short,
    /// As the table wants it.
    Long,
}

impl Length {
    /// One number or the other.
    pub fn of<T>(self, short: T, long: T) -> T {
        match self {
            Self::Short => short,
            Self::Long => long,
        }
    }
}

/// What was found: a figure, and whether it is the wanted one.
pub type Found = Result<(String, bool), Box<dyn Error>>;

/// A row: its name, what goes wrong, what is wanted, and what measures it.
type Row = (&'static str, &'static str, &'static str, fn(Length) -> Found);

const ROWS: [Row; 12] = [
    (
        "kills",
        "SIGKILL of a random worker, mid-batch",
        "0 lost, 0 twice, bits equal to serial",
        kills::random,
    ),
    (
        "poison",
        "poison batch",
        "only it fails, after 3 deaths, seeds and signal named",
        kills::poison,
    ),
    ("stages", "crash at each stage, in each manner", "all recovered or named", stages::all),
    ("sizes", "outputs of 0 B, 64 KiB ± 1, 256 MB", "exact", sizes::all),
    ("frames", "mutated frames", "no panic, no allocation over the cap", mutants::frames),
    ("hdf5", "mutated HDF5 files", "no panic, no allocation over the cap", mutants::hdf5),
    ("storms", "fork while other threads storm locks", "0 unrecovered, 0 hangs", storms::all),
    ("runs", "runs in one process", "descriptors, zombies, threads, memory flat", endurance::runs),
    (
        "memory",
        "memory limit hit in a worker",
        "retried, then an error that says memory",
        memory::limit,
    ),
    ("disk", "full disk while saving", "the old file intact, a clear error", disk::full),
    ("signals", "EINTR storm while running, saving and loading", "nothing lost", disk::signals),
    ("batches", "trivial batches", "at most 10 µs each, flat memory", endurance::batches),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let reached = match words.as_slice() {
        ["row", row, length] => one(row, length),
        _ => table(&words),
    };
    match reached {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn length(word: &str) -> Result<Length, String> {
    match word {
        "short" => Ok(Length::Short),
        "long" => Ok(Length::Long),
        other => Err(format!("expected short or long, found `{other}`")),
    }
}

/// Measures a row here, and prints its figure.
fn one(name: &str, word: &str) -> Result<bool, Box<dyn Error>> {
    let row = ROWS.iter().find(|row| row.0 == name).ok_or(format!("there is no row `{name}`"))?;
    let (figure, reached) = row.3(length(word)?)?;
    println!("{figure}");
    Ok(reached)
}

/// Measures rows in processes of their own, and prints the table.
fn table(words: &[&str]) -> Result<bool, Box<dyn Error>> {
    let (word, wanted) = words.split_first().map_or(("short", words), |(word, rest)| (*word, rest));
    let length = length(word)?;
    if let Some(other) = wanted.iter().find(|name| ROWS.iter().all(|row| row.0 != **name)) {
        return Err(format!("there is no row `{other}`").into());
    }
    println!("| fault | wanted | figure | verdict |\n|---|---|---|---|");
    let mut all = true;
    for (name, fault, goal, _) in ROWS {
        if !wanted.is_empty() && !wanted.contains(&name) {
            continue;
        }
        let mut command = Command::new(std::env::current_exe()?);
        let output = command.args(["row", name, word]).stderr(Stdio::piped()).output()?;
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().replace('\n', "; ");
        let figure = match said(&output.stdout) {
            text if text.is_empty() => format!("{}: {}", output.status, said(&output.stderr)),
            text => text,
        };
        let reached = output.status.success();
        all &= reached;
        println!(
            "| {fault} | {goal} | {figure} | {} |",
            if reached { "reached" } else { "MISSED" }
        );
    }
    if wanted.is_empty() {
        println!("\n{}", peers::table(length)?);
    }
    Ok(all)
}
