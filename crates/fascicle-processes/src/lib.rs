//! The multiprocess driver of fascicle: runs the pieces of a work on forked copies of this process.
//!
//! ```
//! use fascicle_core::{
//!     Context, Execute, ExecuteOptions, Failure, Fingerprint, Fold, FoldError, Frame, Work,
//!     ignore_events,
//! };
//! use fascicle_processes::Processes;
//!
//! /// Squares of 0, 1, …, 9. Piece 3 kills the first worker that runs it.
//! struct Squares;
//!
//! impl Work for Squares {
//!     fn pieces(&self) -> u64 {
//!         10
//!     }
//!     fn fingerprint(&self, to: &mut Fingerprint) {
//!         to.text("squares");
//!     }
//!     fn run(&self, piece: u64, cx: &mut Context<'_>, out: &mut Frame) -> Result<(), Failure> {
//!         if piece == 3 && cx.attempt() == 0 {
//!             std::process::abort();
//!         }
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
//! let options = ExecuteOptions::new();
//! let report = Processes::new(2)?.run(&Squares, &mut total, &options, &mut ignore_events)?;
//! assert_eq!((total.0, report.done, report.workers_lost), (285, 10, 1));
//! # Ok::<(), fascicle_core::RunError>(())
//! ```
//!
//! # How it works
//! A worker is a fork without exec: it inherits the work as it stands in memory, so that the work
//! needs neither `Send` nor serde, and closures of a notebook cell run as they are. A worker gets a
//! piece's number, runs the piece and sends its frame back; then it gets the next number. While
//! pieces are short and many, it gets numbers ahead, so that it need not wait for the driver; what it
//! has not begun is taken back from its pipe when another worker has nothing to do.
//!
//! - `reactor` decides: who runs what, who is killed, what has failed. It does no input or output,
//!   so that its tests try every order of events.
//! - `crew` carries out: pipes, poll(2), forks, kills. It lives on the thread that called the driver
//!   and starts no other thread.
//! - `worker` is what runs in the forked process.
//! - `sys` holds all `unsafe`.
//!
//! # What is promised
//! - A worker that dies while it runs a piece, of whatever, is replaced and the piece is run again,
//!   until the piece has cost [`attempts`](fascicle_core::ExecuteOptions::attempts) workers. The other
//!   pieces do not notice. A worker that dies between two pieces costs neither, and what it was sent
//!   and had not begun is not charged.
//! - A piece's [time limit](fascicle_core::ExecuteOptions::timeout) is of time in which the driver
//!   was there to see it, from when the piece begins: when the program is stopped for more than a second, as by Ctrl-Z, or is
//!   kept by a listener that long, that time does not count.
//! - A worker uses what other threads may have held locked during the fork (heap, standard outputs,
//!   environment, local time, panic hook, starting a thread) before it says hello. One that stays silent is replaced,
//!   with more patience each time; after twenty in a row the error names the other threads of this
//!   process and what they were doing.
//! - A piece that has cost so many workers is set aside. The failure says of what, its seeds, and the
//!   last lines that the last worker wrote; want of memory is told apart from other ends.
//! - A [`CancelHandle`](fascicle_core::CancelHandle) ends the run within a second, and Ctrl-C does with
//!   [`Interruptible`]: workers are killed and waited for, what is finished is kept, and what was to
//!   happen at an interrupt before is in force again.
//! - What runs inside a piece keeps to the worker's share of the cores: runs of its own that are not told
//!   a number, and rayon, which has a pool of its own in each worker.
//! - No worker outlives the run: however it ends, workers are killed and waited for, and the kernel
//!   kills them when the thread that runs the driver dies (Linux; elsewhere a worker ends after the
//!   piece that it is running).
//! - A worker never touches this process's standard input and outputs. What it writes comes as
//!   [`Event::Output`](fascicle_core::Event::Output), by whole lines, and a piece's lines come before
//!   its result.
//! - When a worker cannot be forked, for want of descriptors, memory or processes, it is tried again:
//!   for about a second at the beginning of a run, after which it is given up and the run goes on with
//!   the others, or ends if there are none; every few seconds when any worker of the run has started.
//!   An [`Event::Log`](fascicle_core::Event::Log) of the run says so.
//!
//! # What is not
//! - A forked process has one thread. Locks of the user's own that other threads of this process held
//!   during the fork, or the C library's other than those above, stay locked in the worker, and inherited thread pools but rayon's do not work: a
//!   piece that waits for either hangs until its [time limit](fascicle_core::ExecuteOptions::timeout). Generators of random
//!   numbers that live in thread-locals give the same numbers in all workers.
//! - The heap works in a worker because the C library's malloc, Rust's default, has fork handlers
//!   that see to its locks. A program with threads and another `#[global_allocator]` needs one that
//!   has them too.
//! - Text in the buffers of C's stdio is not relayed; Rust's is.
//! - A process that a piece starts is ended with its worker when the driver kills that, as for its time limit
//!   (Linux), and with the run at the latest, also when the driver itself is killed: all are in one process
//!   group of the run, which a guardian process watches over. One that has left the group, as a daemon does,
//!   is not. Ctrl-Z stops the driver alone; workers end what they have begun, and wait.
//! - A fork waits for the locks of Rust's standard outputs: while another thread holds `stdout().lock()`
//!   the driver does not go on, and heeds neither a handle nor a time limit.
//! - In a rank of a larger world, as under `mpirun`, there is no fork: it is an error.

#![deny(unsafe_code)]

mod driver;

#[cfg(unix)]
mod crew;
#[cfg(unix)]
mod descendants;
#[cfg(unix)]
mod guardian;
#[cfg(unix)]
mod interrupt;
#[cfg(unix)]
mod lines;
#[cfg(unix)]
mod memory;
#[cfg(unix)]
mod message;
#[cfg(unix)]
mod neighbours;
#[cfg(unix)]
mod notebook;
#[cfg(unix)]
mod pipes;
#[cfg(unix)]
mod reactor;
#[cfg(unix)]
mod supervise;
#[cfg(unix)]
#[expect(unsafe_code, reason = "fork, signal dispositions and process handles have no safe form")]
mod sys;
#[cfg(unix)]
mod termination;
#[cfg(unix)]
mod words;
#[cfg(unix)]
mod worker;

pub use driver::Processes;
#[cfg(unix)]
pub use interrupt::Interruptible;
#[cfg(unix)]
pub use termination::Terminable;
