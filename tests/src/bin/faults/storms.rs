//! Forks while other threads hold locks half of the time.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fascicle::core::{ExecuteOptions, Frame};

use super::work::{Counted, pieces, run};
use super::{Found, Length};

/// What a thread does half of the time.
const STORMS: [(&str, fn()); 4] = [
    ("malloc", || drop(std::hint::black_box(vec![1_u8; 4000]))),
    ("stdout", || drop(std::io::stdout().lock().flush())),
    // SAFETY: nobody reads the environment by the C library here.
    ("env", || unsafe { std::env::set_var("FASCICLE_STORM", "x") }),
    ("threads", || drop(std::thread::spawn(|| ()).join())),
];

/// Whether the locks of a storm are kept usable by fork handlers, or by the driver: nobody is hit.
fn is_guarded(name: &str) -> bool {
    matches!(name, "malloc" | "stdout")
}

/// Half a millisecond of it, and half of rest.
fn storm(act: fn(), stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let started = Instant::now();
        while started.elapsed() < Duration::from_micros(500) {
            act();
        }
        std::thread::sleep(Duration::from_micros(500));
    }
}

/// A piece that waits until as many are begun as there are workers, so that each worker is needed, and
/// then needs what the storms lock.
fn needy(begun: &Path, out: &mut Frame) {
    let mut file = File::options().append(true).open(begun).expect("it is there");
    file.write_all(b"x").expect("there is room for a byte");
    while file.metadata().expect("it is open").len() < WORKERS {
        std::thread::sleep(Duration::from_millis(1));
    }
    drop(std::hint::black_box(vec![1_u8; 100_000]));
    println!();
    drop(std::env::var_os("HOME"));
    drop(std::thread::spawn(|| ()).join());
    out.put_i64s("done", vec![1]);
}

/// Workers of a run, each with one piece.
const WORKERS: u64 = 50;

/// Runs of as many workers as pieces, in each storm.
pub fn all(length: Length) -> Found {
    let begun = tempfile::NamedTempFile::new()?;
    let (least, most) = length.of((1, 40), (50, 50));
    let (mut forks, mut unrecovered, mut replaced) = (0, 0, BTreeMap::new());
    let mut longest = Duration::ZERO;
    for (name, act) in STORMS {
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| -> Result<(), Box<dyn std::error::Error>> {
            scope.spawn(|| storm(act, &stop));
            // In the short form until the storm has hit a worker, if it does.
            let result = (0..most).try_for_each(|round| {
                if round >= least
                    && (is_guarded(name) || replaced.get(name).is_some_and(|&n| n > 0))
                {
                    return Ok(());
                }
                let mut counted = Counted::default();
                begun.as_file().set_len(0)?;
                let work = pieces(WORKERS, |_, _, out: &mut Frame| needy(begun.path(), out));
                let started = Instant::now();
                let ran = run(WORKERS as usize, &work, &mut counted, &ExecuteOptions::new())?;
                longest = longest.max(started.elapsed());
                forks += WORKERS + ran.lost.len() as u64;
                unrecovered += WORKERS - counted.0;
                *replaced.entry(name).or_insert(0) += ran.lost.len();
                Ok(())
            });
            stop.store(true, Ordering::Relaxed);
            result
        })?;
    }
    // A storm that never hits shows nothing.
    let hit = replaced.get("env").is_some_and(|&count| count > 0);
    let replaced: Vec<String> =
        replaced.iter().map(|(name, count)| format!("{count} by {name}")).collect();
    let text = format!(
        "{forks} forks: {unrecovered} unrecovered, the longest run took {:.1} s; silent workers \
         replaced: {}",
        longest.as_secs_f64(),
        replaced.join(", ")
    );
    // Longer than a worker's last try, and something hangs.
    Ok((text, hit && unrecovered == 0 && longest < Duration::from_secs(20)))
}
