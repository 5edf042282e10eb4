//! The MPI driver of fascicle: one program on many ranks, of which rank 0 hands out the pieces of a work.
//!
//! ```no_run
//! use fascicle_core::{
//!     Context, Execute, ExecuteOptions, Failure, Fingerprint, Fold, FoldError, Frame, Work,
//!     ignore_events,
//! };
//! use fascicle_mpi::Mpi;
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
//!     // By these all ranks have the total.
//!     fn state(&self) -> Option<Frame> {
//!         let mut state = Frame::default();
//!         state.put_i64s("total", vec![self.0]);
//!         Some(state)
//!     }
//!     fn restore(&mut self, state: &Frame) -> Result<(), FoldError> {
//!         self.0 = state.i64s("total")?[0];
//!         Ok(())
//!     }
//! }
//!
//! // mpirun -n 4 program
//! let mut total = Total(0);
//! let report = Mpi::new(None)?.run(&Squares, &mut total, &ExecuteOptions::new(), &mut ignore_events)?;
//! assert_eq!((total.0, report.done), (285, 10)); // on each of the four
//! # Ok::<(), fascicle_core::RunError>(())
//! ```
//!
//! # How it works
//! All ranks run the same program and make the same calls in the same order, so that each has the work as it
//! is: nothing of it is sent, and it needs neither `Send` nor serde. A run begins when all ranks have come to
//! it and agree on what it is: on all [facts](fascicle_core::facts_for_ranks) of the work.
//!
//! Rank 0 *leads*. It sends the others numbers of pieces, two more than they run and more of short ones, so that
//! nobody waits for it while it computes itself; takes back what waits behind a long piece, where another rank
//! has nothing to do; merges results as they come; and in the end sends what it has come to down a binomial
//! tree. Everything else, journal, events, decisions between rounds, is rank 0's alone.
//!
//! Each rank has a thread, the *courier*, which alone calls MPI: so messages go on while the program's own thread
//! computes. It polls and naps, 20 µs to 10 ms, for MPI knows no waiting without a busy core.
//!
//! - `handout` decides who runs what; it does no input or output, and its tests try many orders of news.
//! - `desk` is what both threads see; `courier` carries, by `post`, and watches who lives. Its tests are of the whole
//!   driver over a network of threads in place of MPI, on which news come in any order.
//! - `leader` and `follower` are the two parts in a run; `piece` runs one.
//! - `world` is the beginning and the end of it. `start` watches over MPI's start, in which `held` keeps SIGTERM back
//!   for a moment; `sibling` is the process of another rank, `quiet` the standard output, `guard` a process beside.
//! - `sys` holds all `unsafe`.
//!
//! # What is promised
//! - The same bits as on any other driver, on any number of ranks, and the same results on each.
//! - A piece that panics or fails is named with its rank. [Whether](fascicle_core::ExecuteOptions::end_at_failure)
//!   the others are finished, those who run work say. A rank that ends with an exit code that is not 0, which an
//!   error or a panic that leaves `main` has, ends the job at once.
//! - A rank that dies, of a signal, is missed by the one before it on its host after a tenth of a second. Rank 0 says
//!   so, and ends its run at the next time that it collects, with an error that names the piece, and then the job.
//! - Each rank gives a sign of life every two seconds. One that says nothing for 18 seconds, because it is
//!   stopped or its host cannot be reached, is taken for dead. Time in which a rank itself did not run, as of a job
//!   that is suspended as a whole, does not count.
//! - `mpirun` that waits for a lost host, as Open MPI's does for a quarter of an hour, is ended by a process that
//!   was started on its host for that.
//! - Ranks that differ in what they call, or in what they run, are told so, with the difference.
//! - A rank is not forked, MPI is not started without a launcher, and ends when all programs have ended.
//!
//! # What is not
//! - It needs a Unix: on Windows there are threads.
//! - A rank that is lost is not replaced: MPI has no means for it. Its launcher leaves rank 0 a second to save what is
//!   finished, or half of one under `srun`; with a journal nothing is lost.
//! - A piece has no time limit, and a rank makes one run at a time.
//! - The process that ends a hanging `mpirun` knows Open MPI 4's, not the daemons of version 5.
//! - A program that starts MPI itself, before the first run, is an error. Afterwards it may use it, with the level
//!   `MPI_THREAD_MULTIPLE` if the library has that.
//! - Elsewhere than with the GNU C library the exit code is not known: a rank that ends with an error then waits
//!   for the others, and the launcher has the job fail in the end.

#![deny(unsafe_code)]

mod courier;
mod desk;
mod driver;
mod follower;
mod guard;
mod handout;
mod held;
mod leader;
mod message;
mod piece;
mod post;
mod quiet;
mod sibling;
mod start;
#[expect(
    unsafe_code,
    reason = "MPI uses buffers while this process goes on, and a process's end has no safe form"
)]
mod sys;
mod world;

pub use driver::Mpi;

/// The driver's name.
const DRIVER: &str = "mpi";
