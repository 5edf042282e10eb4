//! Bytes that are nearly right.

use std::cell::Cell;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};

use fascicle::core::wire::{Decoder, encode};
use fascicle::core::{Execute, ExecuteOptions, Frame, Journaled, Serial, ignore_events};
use fascicle::prelude::*;
use fascicle_tests::simulations::spin_boson;

use super::allocations;
use super::work::{Dice, Kept, pieces};
use super::{Found, Length};

/// Changes a few bytes, cuts, or adds.
fn mutate(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut mutant = bytes.to_vec();
    for _ in 0..=dice.below(4) {
        let at = dice.below(mutant.len());
        match dice.below(5) {
            0 => mutant.truncate(at),
            1 => mutant.insert(at, dice.below(256) as u8),
            2 => mutant.extend_from_within(..at.min(64)),
            _ => {
                if let Some(byte) = mutant.get_mut(at) {
                    *byte ^= 1 << dice.below(8);
                }
            }
        }
        if mutant.is_empty() {
            mutant.push(0);
        }
    }
    mutant
}

/// So many mutants of some bytes, each read: how many panicked, and the largest allocation.
fn torment(
    bytes: &[u8],
    count: usize,
    read: impl Fn(&[u8]) -> Result<(), Box<dyn Error>>,
) -> Result<(usize, usize), Box<dyn Error>> {
    std::panic::set_hook(Box::new(|_| ()));
    let (mut dice, mut panics) = (Dice(11), 0);
    allocations::forget();
    for _ in 0..count {
        let mutant = mutate(bytes, &mut dice);
        match catch_unwind(AssertUnwindSafe(|| read(&mutant))) {
            Ok(result) => result?,
            Err(_) => panics += 1,
        }
    }
    Ok((panics, allocations::largest()))
}

fn verdict(count: usize, panics: usize, largest: usize, cap: usize) -> (String, bool) {
    let text = format!(
        "{count} mutants: {panics} panics, largest allocation {} kB (cap {} kB)",
        largest.div_ceil(1000),
        cap.div_ceil(1000)
    );
    (text, panics == 0 && largest <= cap)
}

/// Frames as they go through pipes.
pub fn frames(length: Length) -> Found {
    let mut frame = Frame::default();
    frame.put_f64s("reals", (0..50).map(f64::from).collect());
    frame.put_i64s("integers", (0..20).collect());
    frame.put_bytes("bytes", vec![9; 300]);
    frame.put("text", &"a text")?;
    let bytes = encode(&("a header".to_string(), 7_u64), &frame)?;
    let count = length.of(50_000, 1_000_000);
    let (panics, largest) = torment(&bytes, count, |mutant| {
        let mut decoder = Decoder::default();
        // As they come: in two parts.
        let (front, back) = mutant.split_at(mutant.len() / 2);
        for part in [front, back] {
            decoder.push(part);
            while let Ok(Some(_)) = decoder.next_packet::<(String, u64)>() {}
        }
        Ok(())
    })?;
    // What is announced and not there is not reserved.
    Ok(verdict(count, panics, largest, 1 << 20))
}

/// Saved data.
pub fn hdf5(length: Length) -> Found {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir())?;
    let path = folder.path().join("data.h5");
    let mut sim = spin_boson(MeanField::default());
    sim.settings.num_trajs = 20;
    sim.settings.tmax = 1.0;
    serial_driver(&sim)?.save(&path)?;
    let bytes = std::fs::read(&path)?;
    let count = length.of(2_000, 1_000_000);
    let (panics, largest) = torment(&bytes, count, |mutant| {
        std::fs::write(&path, mutant)?;
        drop(Data::load(&path));
        Ok(())
    })?;
    Ok(verdict(count, panics, largest, 1 << 20))
}

/// Journals, from which a run of six pieces goes on.
pub fn journals(length: Length) -> Found {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir())?;
    let path = folder.path().join("run.journal");
    let work = pieces(6, |piece, _, out: &mut Frame| {
        out.put_f64s("reals", (0..10).map(|k| (piece * k) as f64).collect());
        out.put_bytes("bytes", vec![piece as u8; 20]);
    });
    let run = || {
        let (mut kept, driver) = (Kept::default(), Journaled::new(&Serial, &path));
        let options = ExecuteOptions::new();
        let report = driver.run(&work, &mut kept, &options, &mut ignore_events)?;
        Ok::<_, fascicle::core::RunError>((kept, report.resumed))
    };
    let (expected, _) = run()?;
    let bytes = std::fs::read(&path)?;
    let count = length.of(5_000, 1_000_000);
    let (refused, resumed, others) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let (panics, largest) = torment(&bytes, count, |mutant| {
        std::fs::write(&path, mutant)?;
        match run() {
            Ok((kept, there)) => {
                resumed.set(resumed.get() + there);
                others.set(others.get() + u64::from(kept.0 != expected.0));
            }
            Err(_) => refused.set(refused.get() + 1),
        }
        Ok(())
    })?;
    let (text, well) = verdict(count, panics, largest, 1 << 20);
    let text = format!(
        "{text}; {} refused, {} pieces taken from the others, {} runs with other bits",
        refused.get(),
        resumed.get(),
        others.get()
    );
    Ok((text, well && others.get() == 0 && resumed.get() > count as u64))
}
