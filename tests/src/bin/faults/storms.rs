//! Forks while other threads hold locks half of the time.

use std::collections::BTreeMap;
use std::io::Write;
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

/// A piece that needs what the storms lock.
fn needy(_: u64, _: u32, out: &mut Frame) {
    drop(std::hint::black_box(vec![1_u8; 100_000]));
    println!();
    drop(std::env::var_os("HOME"));
    drop(std::thread::spawn(|| ()).join());
    out.put_i64s("done", vec![1]);
}

/// Runs of as many workers as pieces, in each storm.
pub fn all(length: Length) -> Found {
    const WORKERS: u64 = 50;
    let rounds = length.of(1, 50);
    let (mut forks, mut unrecovered, mut replaced) = (0, 0, BTreeMap::new());
    for (name, act) in STORMS {
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| -> Result<(), Box<dyn std::error::Error>> {
            scope.spawn(|| storm(act, &stop));
            let result = (0..rounds).try_for_each(|_| {
                let mut counted = Counted::default();
                let work = pieces(WORKERS, needy);
                let ran = run(WORKERS as usize, &work, &mut counted, &ExecuteOptions::new())?;
                forks += WORKERS + ran.lost.len() as u64;
                unrecovered += WORKERS - counted.0;
                *replaced.entry(name).or_insert(0) += ran.lost.len();
                Ok(())
            });
            stop.store(true, Ordering::Relaxed);
            result
        })?;
    }
    let replaced: Vec<String> =
        replaced.iter().map(|(name, count)| format!("{count} by {name}")).collect();
    let text = format!(
        "{forks} forks: {unrecovered} unrecovered, 0 hangs; silent workers replaced: {}",
        replaced.join(", ")
    );
    Ok((text, unrecovered == 0))
}
