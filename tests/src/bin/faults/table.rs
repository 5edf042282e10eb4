//! The rows of the table, each measured in a process of its own.

use std::error::Error;
use std::fs::File;
use std::io::{Read, Seek};
use std::process::Command;
use std::time::{Duration, Instant};

use fascicle_tests::documents;

use super::{Length, Row};

/// The longest that a row may take before it is ended: something hangs.
fn longest(length: Length) -> Duration {
    Duration::from_secs(60 * length.of(5, 90))
}

/// A table in Markdown, printed as it grows.
pub struct Table {
    text: String,
    length: Length,
    pub reached: bool,
}

/// What a row said, and whether it is as wanted.
struct Measured {
    figure: String,
    reached: bool,
    took: Duration,
}

impl Table {
    /// Measures rows, one after the other.
    pub fn measure<'a>(
        rows: impl Iterator<Item = &'a Row>,
        length: Length,
    ) -> Result<Self, Box<dyn Error>> {
        let mut table = Self { text: String::new(), length, reached: true };
        table.add("| fault | wanted | figure | time | verdict |\n|---|---|---|---|---|\n");
        let mut all = Duration::ZERO;
        for (name, fault, wanted, _) in rows {
            let Measured { figure, reached, took } = apart(name, length)?;
            table.reached &= reached;
            all += took;
            let verdict = if reached { "reached" } else { "MISSED" };
            let took = took.as_secs_f64();
            table.add(&format!("| {fault} | {wanted} | {figure} | {took:.1} s | {verdict} |\n"));
        }
        table.add(&format!("\nAll rows: {:.1} minutes.\n\n", all.as_secs_f64() / 60.0));
        Ok(table)
    }

    /// Adds lines.
    pub fn add(&mut self, lines: &str) {
        print!("{lines}");
        self.text += lines;
    }

    /// Puts it into docs/faults.md; gives whether all rows are as wanted.
    pub fn write(&self) -> Result<bool, Box<dyn Error>> {
        let form = self.length.of("Short", "Long");
        let text =
            format!("\n{form} form, on {}:\n\n{}", documents::machine(), self.text.trim_end());
        documents::write_into(&documents::path("faults.md"), "faults", &text)?;
        Ok(self.reached)
    }
}

/// Measures a row in a process of its own, which is killed if it does not end.
fn apart(name: &str, length: Length) -> Result<Measured, Box<dyn Error>> {
    let (mut out, mut err) = (tempfile::tempfile()?, tempfile::tempfile()?);
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["row", name, length.of("short", "long")]);
    let mut child = command.stdout(out.try_clone()?).stderr(err.try_clone()?).spawn()?;
    let started = Instant::now();
    let (mut end, mut reached) = (String::new(), false);
    while end.is_empty() {
        std::thread::sleep(Duration::from_millis(10));
        if let Some(status) = child.try_wait()? {
            (end, reached) = (status.to_string(), status.success());
        } else if started.elapsed() > longest(length) {
            child.kill()?;
            child.wait()?;
            end = format!("no end after {} minutes", longest(length).as_secs() / 60);
        }
    }
    let took = started.elapsed();
    let figure = match said(&mut out)? {
        text if text.is_empty() => format!("{end}: {}", said(&mut err)?),
        text => text,
    };
    Ok(Measured { figure, reached, took })
}

fn said(file: &mut File) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).trim().replace('\n', "; "))
}
