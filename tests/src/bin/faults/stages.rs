//! A worker that crashes at each stage of its life, in each manner.

use std::error::Error;
use std::fs;
use std::io::{PipeReader, Read, Write};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use fascicle::core::{ExecuteOptions, Frame};
use nix::libc;
use nix::sys::signal::{Signal, kill, raise};
use nix::unistd::{ForkResult, Pid, dup2_raw};

use super::work::{Kept, pieces, run};
use super::{Found, Length};

const MANNERS: [&str; 5] = ["SIGSEGV", "SIGKILL", "exit", "panic", "abort"];

/// The bytes at the start of a packet of which each is tried.
const HEAD: usize = 64;

/// Where in a worker's life.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// As soon as it is forked.
    Start,
    /// Soon after: before its hello, or about then.
    BeforeHello,
    InBatch,
    /// When so many bytes of its result are sent.
    MidFrame(usize),
    /// So many microseconds after its batch, until the driver has nothing more for it.
    After(u64),
}

fn crash(manner: usize) -> ! {
    match manner {
        0 => {
            // Rust's handler steps aside at the first, as the faulting instruction would come again.
            let _ = raise(Signal::SIGSEGV);
            let _ = raise(Signal::SIGSEGV);
        }
        1 => drop(raise(Signal::SIGKILL)),
        2 => std::process::exit(3),
        3 => panic!("as was asked for"),
        _ => {}
    }
    std::process::abort()
}

/// How the next worker is to crash: −1 for not at all; with the stage of it.
static NEXT: AtomicI32 = AtomicI32::new(-1);
static SOON: AtomicI32 = AtomicI32::new(0);

extern "C" fn in_child() {
    let manner = NEXT.load(Ordering::Relaxed);
    if manner < 0 {
        return;
    }
    let act = move || {
        // A panic here would cross C.
        if manner == 3 { std::process::abort() } else { crash(manner as usize) }
    };
    if SOON.load(Ordering::Relaxed) == 0 {
        act();
    }
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_micros(50));
        act();
    });
}

extern "C" fn in_parent() {
    NEXT.store(-1, Ordering::Relaxed);
}

/// The worker's end of its results: the one pipe that it can only write to, beside its outputs.
fn results() -> Option<i32> {
    let number = |entry: fs::DirEntry| entry.file_name().to_str()?.parse::<i32>().ok();
    let all = fs::read_dir("/proc/self/fd").ok()?.flatten().filter_map(number);
    all.filter(|&fd| fd > 2).find(|fd| {
        let is_pipe = fs::read_link(format!("/proc/self/fd/{fd}"))
            .is_ok_and(|to| to.to_string_lossy().starts_with("pipe:"));
        let info = fs::read_to_string(format!("/proc/self/fdinfo/{fd}")).unwrap_or_default();
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
        let flags = flags.and_then(|text| i32::from_str_radix(text.trim(), 8).ok()).unwrap_or(0);
        is_pipe && flags & libc::O_ACCMODE == libc::O_WRONLY
    })
}

/// Goes on in a fork of the worker, whose result comes to the worker itself: it passes so many bytes of
/// it on, and crashes.
fn crash_mid_frame(sent: usize, manner: usize) -> Result<(), Box<dyn Error>> {
    let results = results().ok_or("the worker has no pipe for its results")?;
    let (reader, writer) = std::io::pipe()?;
    // SAFETY: a worker has no other thread that holds a lock.
    match unsafe { nix::unistd::fork() }? {
        ForkResult::Child => {
            // SAFETY: the worker's descriptor is replaced for good in this process.
            let replaced = unsafe { dup2_raw(&writer, results) }?;
            std::mem::forget(replaced);
            Ok(())
        }
        ForkResult::Parent { child } => {
            drop(writer);
            pass_on(reader, results, sent, child)?;
            if manner == 3 {
                // A panic while a worker sends is none of the batch: it ends the worker, with this code.
                std::process::exit(101);
            }
            crash(manner)
        }
    }
}

fn pass_on(
    mut from: PipeReader,
    results: i32,
    sent: usize,
    child: Pid,
) -> Result<(), Box<dyn Error>> {
    let mut bytes = vec![0; sent];
    from.read_exact(&mut bytes)?;
    kill(child, Signal::SIGKILL)?;
    // SAFETY: the descriptor is open as long as the worker lives.
    let to = unsafe { BorrowedFd::borrow_raw(results.as_raw_fd()) };
    fs::File::from(to.try_clone_to_owned()?).write_all(&bytes)?;
    Ok(())
}

/// A run of a few pieces of which one crashes once: whether all is well in the end, and whether a worker
/// was lost.
fn survives(stage: Stage, manner: usize) -> Result<(bool, bool), Box<dyn Error>> {
    match stage {
        Stage::Start | Stage::BeforeHello => {
            SOON.store(i32::from(matches!(stage, Stage::BeforeHello)), Ordering::Relaxed);
            NEXT.store(manner as i32, Ordering::Relaxed);
        }
        _ => {}
    }
    let work = pieces(5, |piece, attempt, out: &mut Frame| {
        out.put_bytes("data", vec![piece as u8; 3000]);
        if piece == 2 && attempt == 0 {
            act(stage, manner);
        }
    });
    let (mut kept, options) = (Kept::default(), ExecuteOptions::new());
    let ran = run(2, &work, &mut kept, &options)?;
    let exact = |piece: u64, frame: &Frame| {
        frame.bytes("data").is_ok_and(|bytes| *bytes == vec![piece as u8; 3000])
    };
    let whole = kept.0.iter().all(|(&piece, frame)| exact(piece, frame));
    // A panic in a batch is a failure of the batch: it is named, and nothing else suffers.
    let named = match ran.report.failures.as_slice() {
        [] => kept.0.len() == 5,
        [failure] => kept.0.len() == 4 && failure.piece == 2 && manner == 3,
        _ => false,
    };
    let nobody_left = super::work::children().is_empty();
    Ok((whole && named && nobody_left, !ran.lost.is_empty()))
}

fn act(stage: Stage, manner: usize) {
    match stage {
        Stage::Start | Stage::BeforeHello => {}
        Stage::InBatch => crash(manner),
        Stage::MidFrame(sent) => crash_mid_frame(sent, manner).expect("it can be done"),
        Stage::After(time) => drop(std::thread::spawn(move || {
            std::thread::sleep(Duration::from_micros(time));
            crash(manner)
        })),
    }
}

/// All stages and manners.
pub fn all(length: Length) -> Found {
    // SAFETY: the functions are there for ever; the child's does only what a crash may.
    unsafe { libc::pthread_atfork(None, Some(in_parent), Some(in_child)) };
    std::panic::set_hook(Box::new(|_| ()));
    let step = length.of(8, 1);
    let mut stages = vec![Stage::Start, Stage::BeforeHello, Stage::InBatch];
    // A run takes one or two milliseconds.
    stages.extend((0..2500).step_by(length.of(500, 50)).map(Stage::After));
    stages.extend((0..HEAD).step_by(step).map(Stage::MidFrame));
    let mut dice = super::work::Dice(7);
    stages.extend((0..length.of(8, 64)).map(|_| Stage::MidFrame(HEAD + dice.below(2900))));
    let (mut tried, mut lost, mut failed) = (0, 0, Vec::new());
    for stage in stages {
        for manner in 0..MANNERS.len() {
            tried += 1;
            let (well, one_lost) = survives(stage, manner)?;
            lost += usize::from(one_lost);
            // A panic in a batch is none of the worker's, and all may be done before others are missed.
            let certain = match stage {
                Stage::InBatch => manner != 3,
                Stage::MidFrame(_) => true,
                _ => false,
            };
            if !well || (certain && !one_lost) {
                failed.push(format!("{stage:?} {}", MANNERS[manner]));
            }
        }
    }
    let text = format!(
        "{tried} crashes, {lost} workers lost by them: {} not recovered or named {}",
        failed.len(),
        failed.join(", ")
    );
    Ok((text.trim_end().to_string(), failed.is_empty()))
}
