//! The core of fascicle: work that falls into independent, numbered pieces, drivers that run the
//! pieces, and folds that merge what comes back to the same bits whatever the order.
//!
//! ```
//! use fascicle_core::{
//!     Context, Execute, ExecuteOptions, Failure, Fingerprint, Fold, FoldError, Frame, Serial, Work,
//!     ignore_events,
//! };
//!
//! /// Squares of 0, 1, …, 9.
//! struct Squares;
//!
//! impl Work for Squares {
//!     fn pieces(&self) -> u64 {
//!         10
//!     }
//!     fn fingerprint(&self, to: &mut Fingerprint) {
//!         to.text("squares");
//!     }
//!     fn run(&self, piece: u64, _: &mut Context<'_>, out: &mut Frame) -> Result<(), Failure> {
//!         out.put_i64s("square", vec![(piece * piece) as i64]);
//!         Ok(())
//!     }
//! }
//!
//! struct Total(i64);
//!
//! impl Fold for Total {
//!     fn add(&mut self, _: u64, frame: &Frame) -> Result<(), FoldError> {
//!         self.0 += frame.i64s("square")?[0];
//!         Ok(())
//!     }
//! }
//!
//! let mut total = Total(0);
//! let report = Serial.run(&Squares, &mut total, &ExecuteOptions::new(), &mut ignore_events)?;
//! assert_eq!((total.0, report.done), (285, 10));
//! # Ok::<(), fascicle_core::RunError>(())
//! ```
//!
//! - [`Work`] and [`Fold`] are what is run and how its results are merged; [`Execute`] is a driver,
//!   here [`Serial`] and [`Threads`]; an [`Event`] is something that happens meanwhile.
//! - An [`Ensemble`] is work whose units are named by seeds; [`run_ensemble`] makes [`Data`] of it.
//! - [`Journaled`] is a driver that writes finished pieces down, and goes on after a crash.
//! - [`random`] has the streams of random numbers, keyed by seed and purpose; [`sums`] the exact
//!   sums.
//!
//! The core knows no physics, starts no process and reads no clock. It has no `unsafe`.

#![forbid(unsafe_code)]

mod arithmetic;
mod cancel;
mod comm;
mod cores;
mod data;
mod drivers;
pub mod elementary;
mod ensemble;
mod event;
mod execute;
mod facts;
mod failure;
mod fingerprint;
mod fold;
mod frame;
mod journal;
mod launch;
pub mod random;
mod ranks;
mod sha256;
#[cfg(feature = "hdf5")]
mod storage;
pub mod sums;
pub mod wire;
mod work;

pub use arithmetic::Arithmetic;
pub use cancel::CancelHandle;
pub use comm::{Comm, Solo};
pub use cores::{CORES, WORKER, available_cores, is_in_piece, share_of_cores, with_share};
pub use data::{
    Data, DataError, DataParts, Description, Output, OutputParts, OutputSpec, Provenance,
    RunRecord, Snapshot, Summed, Trajectory,
};
pub use drivers::{Rounds, Serial, Threads, attempt, panic_message};
pub use ensemble::{
    BITS, Ensemble, EnsembleError, Keep, Lanes, OnFailure, Recorder, RunOptions, SeedsError,
    run_ensemble,
};
pub use event::{Event, Progress, Stream};
pub use execute::{
    Execute, ExecuteOptions, Listener, MOST_WORKERS, RankLost, RanksDiffer, Report, RunError,
    check_workers, ignore_events,
};
pub use facts::{Facts, facts_for_ranks, facts_of, first_difference};
pub use failure::{Cause, Failure, PieceFailure, WorkerLost};
pub use fingerprint::Fingerprint;
pub use fold::{Fold, FoldError, Next};
pub use frame::{Content, Frame, FrameError};
pub use journal::{JournalError, Journaled, SyncDue};
pub use launch::Launch;
pub use random::{Draws, LaneDraws, Purpose, Seed, SeedOutOfRange, Seeding};
pub use ranks::{
    InStep, Lead, Meeting, Outcome, Ranks, in_step, is_apart, run_in_step, run_on_ranks,
    write_before_the_end, write_once,
};
#[cfg(feature = "hdf5")]
pub use storage::StorageError;
pub use sums::{Scale, Sums};
pub use work::{Context, Level, LogLine, Work};

pub use ndarray;

/// A complex number of two doubles.
#[expect(non_camel_case_types, reason = "the name that the field and NumPy users know")]
pub type c64 = num_complex::Complex<f64>;

/// The complex number re + i im.
pub const fn c64(re: f64, im: f64) -> c64 {
    num_complex::Complex::new(re, im)
}
