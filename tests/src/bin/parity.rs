//! Runs QC Lab 1.3.0 and fascicle side by side, every model with every algorithm and option, and prints
//! a row for each:
//!
//! ```text
//! ./task parity [SEED]
//! ```
//!
//! Half of the rows have the constants of QC Lab's test suite, the others constants, sizes, time steps,
//! wave functions and seeds that are drawn at random from SEED; some have a model without its gradients,
//! hop or initial coordinates. Trajectories are compared one by one: one that is off by more than
//! rounding is a flipped hop if QC Lab took a decision in it that was as near to a tie as 1e-10, and an
//! error else. Exit status 1 when there is an error.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use fascicle::core::{Data, RunOptions, Seed};
use fascicle_tests::golden::{self, Array, Case, Trajectories, largest};
use fascicle_tests::peers;

/// A decision this near to a tie can fall the other way by rounding.
const NEAR_TIE: f64 = 1e-10;

/// How far QC Lab is from itself is known from one shaken run: this many times as much is no error of ours.
const SINGLE_SHAKE: f64 = 10.0;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let seed = arguments.next().unwrap_or_else(|| "1".to_string());
    // Rows that are there already, of an earlier run of the script.
    let rows = arguments.next();
    match rows.map_or_else(|| run_peer(&seed), |folder| Ok(golden::read(Path::new(&folder)))) {
        Ok(cases) => report(&cases),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run_peer(seed: &str) -> Result<Vec<Case>, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let path = folder.path().to_string_lossy().into_owned();
    eprintln!("QC Lab runs all rows with seed {seed}, about 8 minutes of one core's time");
    peers::run("make_parity.py", &[&path, "--seed", seed])?;
    Ok(golden::read(folder.path()))
}

/// One row of the table.
struct Row<'a> {
    case: &'a Case,
    /// Of the means of each output.
    of_means: Vec<(&'static str, f64)>,
    /// The largest deviation of trajectories that no flipped hop has touched.
    of_trajectories: f64,
    flipped: Vec<Flip>,
    /// Seeds, deviations, and how far QC Lab is from itself.
    sensitive: Vec<(u64, f64, f64)>,
    verdict: Verdict,
}

/// Whether a row reaches its goal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Reached,
    /// About as near as QC Lab is to itself when its start moves by a part in 10¹³.
    Sensitive,
    Missed,
}

/// A trajectory that took another course.
struct Flip {
    seed: u64,
    deviation: f64,
    margin: f64,
}

fn report(cases: &[Case]) -> ExitCode {
    let rows: Vec<Row<'_>> = cases.iter().map(compare).collect();
    println!(
        "| row | hops, frustrated | dm_db | quantum_energy | classical_energy | \
         each trajectory | flipped | goal |"
    );
    println!("|{}", "---|".repeat(8));
    rows.iter().for_each(print_row);
    print_summary(&rows);
    for Row { case, flipped, sensitive, .. } in &rows {
        for (seed, deviation, own) in sensitive {
            println!(
                "sensitive: {}, seed {seed}, off by {deviation:.1e}, QC Lab from itself by {own:.1e}",
                case.case
            );
        }
        for Flip { seed, deviation, margin } in flipped {
            println!(
                "flipped: {}, seed {seed}, margin {margin:.1e}, off by {deviation:.1e}",
                case.case
            );
        }
    }
    let stock = cases.iter().filter_map(|case| case.stock_self_deviation);
    println!(
        "MASH with a model's own direction is compared with QC Lab made antisymmetric: QC Lab as it is \
         differs from itself by up to {:.1e} when the direction is multiplied by 1.1",
        stock.fold(0.0, f64::max)
    );
    let missed = rows.iter().filter(|row| row.verdict == Verdict::Missed).count();
    println!("{} rows, {missed} missed", rows.len());
    if missed == 0 && !rows.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn compare(case: &Case) -> Row<'_> {
    let data = case.run_with(RunOptions::new().with_keep_all_trajectories());
    let each = case.trajectories.as_ref().expect("rows have every trajectory");
    let mut row = Row {
        case,
        of_means: case.deviations(&data),
        of_trajectories: 0.0,
        flipped: Vec::new(),
        sensitive: Vec::new(),
        verdict: Verdict::Reached,
    };
    for (at, &seed) in each.seed.iter().enumerate() {
        let deviation = of_one(&data, each, at);
        match (deviation <= case.tolerance(), each.min_margin[at]) {
            (false, Some(margin)) if margin < NEAR_TIE => {
                row.flipped.push(Flip { seed, deviation, margin });
                continue;
            }
            (false, _) if deviation <= SINGLE_SHAKE * each.sensitivity[at] => {
                row.verdict = row.verdict.max(Verdict::Sensitive);
                row.sensitive.push((seed, deviation, each.sensitivity[at]));
            }
            (false, _) => row.verdict = Verdict::Missed,
            (true, _) => {}
        }
        row.of_trajectories = row.of_trajectories.max(deviation);
    }
    row
}

fn output(row: &Row<'_>, name: &str) -> Option<f64> {
    row.of_means.iter().find_map(|(output, off)| (*output == name).then_some(*off))
}

fn print_row(row: &Row<'_>) {
    let case = row.case;
    let figure =
        |name| output(row, name).map_or("not collected".into(), |off| format!("{off:.1e}"));
    let counts = |hops| format!("{hops}, {}", case.frustrated.unwrap_or(0));
    println!(
        "| {} | {} | {} | {} | {} | {:.1e} | {} | {} |",
        case.case,
        case.hops.map_or_else(|| "no surfaces".to_string(), counts),
        figure("dm_db"),
        figure("quantum_energy"),
        figure("classical_energy"),
        row.of_trajectories,
        row.flipped.len(),
        match row.verdict {
            Verdict::Reached => "reached",
            Verdict::Sensitive => "about as near as QC Lab to itself",
            Verdict::Missed => "MISSED",
        }
    );
}

/// The worst of each model and algorithm, of rows without flipped hops.
fn print_summary(rows: &[Row<'_>]) {
    let mut groups = BTreeMap::<(bool, &str, &str), Vec<&Row<'_>>>::new();
    for row in rows {
        let case = row.case;
        let key = (!case.without.is_empty(), case.model.as_str(), case.algorithm.as_str());
        groups.entry(key).or_default().push(row);
    }
    println!(
        "\n| model | algorithm | rows | hops, frustrated | dm_db | quantum_energy | classical_energy | flipped |"
    );
    println!("|{}", "---|".repeat(8));
    for ((without, model, algorithm), rows) in groups {
        let straight = || rows.iter().filter(|row| row.flipped.is_empty());
        let worst = |name| {
            let all = straight().filter_map(|row| output(row, name));
            all.reduce(f64::max).map_or("not collected".into(), |off| format!("{off:.1e}"))
        };
        let sum = |count: fn(&Case) -> Option<u64>| -> u64 {
            rows.iter().filter_map(|row| count(row.case)).sum()
        };
        println!(
            "| {model}{} | {algorithm} | {} | {}, {} | {} | {} | {} | {} |",
            if without { ", functions removed" } else { "" },
            rows.len(),
            sum(|case| case.hops),
            sum(|case| case.frustrated),
            worst("dm_db"),
            worst("quantum_energy"),
            worst("classical_energy"),
            rows.iter().map(|row| row.flipped.len()).sum::<usize>(),
        );
    }
    println!();
}

/// The deviation of one trajectory.
fn of_one(data: &Data, each: &Trajectories, at: usize) -> f64 {
    let trajectory = data.trajectory(Seed(each.seed[at])).expect("all trajectories are kept");
    let dm_db = trajectory.complex("dm_db").expect("there is a density matrix");
    let matrix: usize = each.dm_db.shape[2..].iter().product();
    let pairs = dm_db.iter().zip(slice(&each.dm_db, at, matrix));
    let mut worst = largest(pairs.flat_map(|(z, (re, im))| [(z.re, re), (z.im, im)]));
    for (name, energy) in
        [("quantum_energy", &each.quantum_energy), ("classical_energy", &each.classical_energy)]
    {
        let Some(energy) = energy else { continue };
        let found = trajectory.real(name).expect("there is an energy");
        let golden = slice(energy, at, 1).map(|(re, _)| re);
        worst = worst.max(largest(found.iter().copied().zip(golden)));
    }
    worst
}

/// The numbers of one trajectory, `width` of them at each time.
fn slice(array: &Array, at: usize, width: usize) -> impl Iterator<Item = (f64, f64)> + '_ {
    let trajectories = array.shape[1];
    (0..array.shape[0]).flat_map(move |time| {
        let first = (time * trajectories + at) * width;
        (first..first + width).map(|k| (array.re[k], array.im.get(k).copied().unwrap_or(0.0)))
    })
}
