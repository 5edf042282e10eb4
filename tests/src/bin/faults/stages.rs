//! A worker that crashes at each stage of its life, in each manner.

use std::error::Error;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use fascicle::core::{ExecuteOptions, Frame};
use nix::libc;
use nix::sys::signal::{Signal, raise};

use super::calls::cut_next_frame;
use super::work::{Kept, pieces, run};
use super::{Found, Length};

const MANNERS: [&str; 5] = ["SIGSEGV", "SIGKILL", "exit", "panic", "abort"];

/// The bytes at the start of a packet of which each is tried.
const HEAD: usize = 64;

/// The bytes of a hello.
const HELLO: usize = 41;

/// Where in a worker's life.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// As soon as it is forked.
    Start,
    /// Soon after: before its hello, or about then.
    BeforeHello,
    /// When so many bytes of its hello are sent.
    MidHello(usize),
    InBatch,
    /// When so many bytes of its result are sent.
    MidFrame(usize),
    /// So many microseconds after its batch, until the driver has nothing more for it.
    After(u64),
}

/// Crashes, where a panic is none of a batch: it ends the worker with this code, and inside of C's
/// functions it could not.
fn end(manner: usize) -> ! {
    if manner == 3 { count_and(|| std::process::exit(101)) } else { crash(manner) }
}

fn crash(manner: usize) -> ! {
    count_and(|| {
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
    })
}

/// How many workers have crashed, in memory that they share with this process.
fn crashes() -> &'static AtomicU32 {
    static SHARED: std::sync::OnceLock<&'static AtomicU32> = std::sync::OnceLock::new();
    SHARED.get_or_init(|| {
        let (access, kind) =
            (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
        // SAFETY: new memory, zeroed, at a place that the system chooses and nobody gives back.
        let page = unsafe { libc::mmap(std::ptr::null_mut(), 4096, access, kind, -1, 0) };
        assert!(page != libc::MAP_FAILED, "there is no memory to share");
        // SAFETY: the page is there for ever, aligned, and only used as this number.
        unsafe { &*page.cast::<AtomicU32>() }
    })
}

/// Waits in a worker until another one has crashed, so that the run is not over before; 5 s at the most.
fn wait_for_a_crash(before: u32) {
    let started = Instant::now();
    while crashes().load(Ordering::Relaxed) == before && started.elapsed() < Duration::from_secs(5)
    {
        std::thread::sleep(Duration::from_micros(100));
    }
}

fn count_and(end: impl FnOnce() -> std::convert::Infallible) -> ! {
    crashes().fetch_add(1, Ordering::Relaxed);
    match end() {}
}

/// How the next worker is to crash: −1 for not at all; and where, with the bytes of its hello.
static NEXT: AtomicI32 = AtomicI32::new(-1);
static WHERE: AtomicI32 = AtomicI32::new(AT_ONCE);
const AT_ONCE: i32 = -1;
const SOON: i32 = -2;

extern "C" fn in_child() {
    let manner = NEXT.load(Ordering::Relaxed);
    if manner < 0 {
        return;
    }
    match WHERE.load(Ordering::Relaxed) {
        AT_ONCE => end(manner as usize),
        SOON => drop(std::thread::spawn(move || {
            std::thread::sleep(Duration::from_micros(50));
            end(manner as usize)
        })),
        sent => cut_next_frame(sent as usize, end, manner as usize),
    }
}

extern "C" fn in_parent() {
    NEXT.store(-1, Ordering::Relaxed);
}

/// A run of a few pieces of which one crashes once: whether all is well in the end, whether the crash
/// came, and whether the run was told of a worker that was lost.
fn survives(stage: Stage, manner: usize) -> Result<[bool; 3], Box<dyn Error>> {
    let place = match stage {
        Stage::Start => Some(AT_ONCE),
        Stage::BeforeHello => Some(SOON),
        Stage::MidHello(sent) => Some(sent as i32),
        _ => None,
    };
    if let Some(place) = place {
        WHERE.store(place, Ordering::Relaxed);
        NEXT.store(manner as i32, Ordering::Relaxed);
    }
    let crashed_before = crashes().load(Ordering::Relaxed);
    let work = pieces(5, |piece, attempt, out: &mut Frame| {
        if place.is_some() {
            wait_for_a_crash(crashed_before);
        }
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
    let crashed = crashes().load(Ordering::Relaxed) == crashed_before + 1;
    Ok([whole && named && nobody_left, crashed, !ran.lost.is_empty()])
}

fn act(stage: Stage, manner: usize) {
    match stage {
        Stage::Start | Stage::BeforeHello | Stage::MidHello(_) => {}
        Stage::InBatch => crash(manner),
        Stage::MidFrame(sent) => cut_next_frame(sent, end, manner),
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
    stages.extend((0..HELLO).step_by(step).map(Stage::MidHello));
    stages.extend((0..HEAD).step_by(step).map(Stage::MidFrame));
    let mut dice = super::work::Dice(7);
    stages.extend((0..length.of(8, 64)).map(|_| Stage::MidFrame(HEAD + dice.below(2900))));
    let (mut tried, mut crashed, mut lost, mut failed) = (0, 0, 0, Vec::new());
    for stage in stages {
        for manner in 0..MANNERS.len() {
            tried += 1;
            let [well, one_crashed, one_lost] = survives(stage, manner)?;
            crashed += usize::from(one_crashed);
            lost += usize::from(one_lost);
            // The run may be over before the crash, or before it is told of it; and a panic in a batch is
            // none of the worker's.
            let due = !matches!(stage, Stage::After(_));
            let told = match stage {
                Stage::InBatch => manner != 3,
                Stage::MidFrame(_) => true,
                _ => false,
            };
            if !well || (due && !one_crashed) || (told && !one_lost) {
                failed.push(format!("{stage:?} {}", MANNERS[manner]));
            }
        }
    }
    let text = format!(
        "{crashed} crashes in {tried} runs, {lost} workers lost while it mattered: {} not recovered or named {}",
        failed.len(),
        failed.join(", ")
    );
    Ok((text.trim_end().to_string(), failed.is_empty()))
}
