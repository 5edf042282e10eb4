//! What runs on ranks give, what goes wrong, and how fast they are: a figure in each row.
//!
//! ```text
//! ranks [write] [bits] [faults] [speed] [row …]     with write, into docs/mpi.md
//! ```

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use fascicle_tests::documents;
use fascicle_tests::ranks::{COLUMNS, Programs, Row, SPEED, lines, rows};

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<bool, Box<dyn Error>> {
    let mut names: Vec<String> = std::env::args().skip(1).collect();
    let write = names.first().is_some_and(|name| name == "write");
    if write {
        names.remove(0);
    }
    let programs = Programs::beside(&std::env::current_exe()?)?;
    let wants = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    let mut all_reached = true;
    let mut tables: Vec<(&str, String, bool)> = Vec::new();
    if wants("bits") {
        let (text, reached) = bits(&programs)?;
        tables.push(("bits", text, reached));
    }
    for (part, of_part) in [("faults", rows()), ("speed", SPEED.to_vec())] {
        let chosen: Vec<Row> =
            of_part.into_iter().filter(|row| wants(part) || wants(row.0)).collect();
        if !chosen.is_empty() {
            let (text, reached) = table(&programs, &chosen);
            tables.push((part, text, reached));
        }
    }
    for (part, text, reached) in tables {
        all_reached &= reached;
        if write {
            let text = format!("\nOn {}:\n\n{}", documents::machine(), text.trim_end());
            documents::write_into(&documents::path("mpi.md"), part, &text)?;
        }
    }
    Ok(all_reached)
}

/// Prints as it goes, and keeps.
fn say(text: &mut String, line: &str) {
    println!("{line}");
    text.push_str(line);
    text.push('\n');
}

fn bits(programs: &Programs) -> Result<(String, bool), Box<dyn Error>> {
    let mut text = String::new();
    say(&mut text, &format!("| simulation | digest, serial | {} |", COLUMNS[1..].join(" | ")));
    say(&mut text, &format!("|---|---|{}", "---|".repeat(COLUMNS.len() - 1)));
    let mut reached = true;
    for line in lines(programs)? {
        let word = |equal: &bool| if *equal { "equal" } else { "DIFFERS" };
        let equal: Vec<&str> = line.equal[1..].iter().map(word).collect();
        reached &= line.equal.iter().all(|&equal| equal);
        say(
            &mut text,
            &format!("| {} | `{}` | {} |", line.name, &line.digest[..12], equal.join(" | ")),
        );
    }
    Ok((text, reached))
}

fn table(programs: &Programs, rows: &[Row]) -> (String, bool) {
    let (mut text, mut all) = (String::new(), true);
    say(&mut text, "| row | what | wanted | figure | time | verdict |");
    say(&mut text, "|---|---|---|---|---|---|");
    for (name, what, wanted, measure) in rows {
        let started = Instant::now();
        let (figure, reached) =
            measure(programs).unwrap_or_else(|error| (error.to_string(), false));
        let (took, figure) = (started.elapsed().as_secs_f64(), figure.trim().replace('\n', "; "));
        let verdict = if reached { "reached" } else { "MISSED" };
        all &= reached;
        say(
            &mut text,
            &format!("| {name} | {what} | {wanted} | {figure} | {took:.1} s | {verdict} |"),
        );
    }
    (text, all)
}
