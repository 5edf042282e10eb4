//! What goes wrong, and what becomes of it: a figure for each row.
//!
//! ```text
//! faults [write] [short|long] [row …]     each row in a process of its own, as a table, and that of
//!                                         Python's pools; with write, into docs/faults.md
//! faults row ROW short|long               one row, here
//! ```

#![expect(
    unsafe_code,
    reason = "to do mischief: forks, handlers of forks, an allocator that counts"
)]

mod allocations;
mod calls;
mod disk;
mod ends;
mod endurance;
mod kills;
mod memory;
mod mutants;
mod peers;
mod sizes;
mod stages;
mod storms;
mod table;
mod work;

use std::error::Error;
use std::process::ExitCode;

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

const ROWS: [Row; 17] = [
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
    (
        "journals",
        "mutated journals",
        "no panic, no other bits, no allocation over the cap",
        mutants::journals,
    ),
    ("storms", "fork while other threads storm locks", "0 unrecovered, 0 hangs", storms::all),
    ("runs", "runs in one process", "descriptors, zombies, threads, memory flat", endurance::runs),
    (
        "memory",
        "memory limit hit in a worker",
        "retried, then an error that says memory",
        memory::limit,
    ),
    ("disk", "full disk while saving", "the old file intact, a clear error", disk::saving),
    (
        "journaling",
        "full disk while journaling",
        "a clear error, and the run goes on when there is room",
        disk::journaling,
    ),
    ("signals", "EINTR storm", "nothing lost", calls::signals),
    ("short", "short reads and writes", "nothing lost", calls::short),
    (
        "interrupts",
        "SIGINT in a run",
        "Ok within 1 s, no worker left, handler restored",
        ends::interrupts,
    ),
    ("parent", "SIGKILL of the parent in a run", "no worker 1 s later", ends::parent),
    ("batches", "trivial batches", "at most 10 µs each, flat memory", endurance::batches),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let reached = match words.as_slice() {
        ["row", row, word] => one(row, word),
        ["write", rest @ ..] => all(rest).and_then(|table| table.write()),
        rest => all(rest).map(|table| table.reached),
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

/// Measures these rows, or all of them and then the pools of Python.
fn all(words: &[&str]) -> Result<table::Table, Box<dyn Error>> {
    let (word, wanted) = words.split_first().map_or(("short", words), |(word, rest)| (*word, rest));
    let length = length(word)?;
    if let Some(other) = wanted.iter().find(|name| ROWS.iter().all(|row| row.0 != **name)) {
        return Err(format!("there is no row `{other}`").into());
    }
    let rows = ROWS.iter().filter(|row| wanted.is_empty() || wanted.contains(&row.0));
    let mut table = table::Table::measure(rows, length)?;
    if wanted.is_empty() {
        table.add(&peers::table(length)?);
    }
    Ok(table)
}
