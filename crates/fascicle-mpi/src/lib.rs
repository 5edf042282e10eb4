//! The MPI driver of fascicle: one program on many ranks, of which rank 0 hands out the pieces of a work.
#![deny(unsafe_code)]

mod courier;
mod desk;
mod driver;
mod follower;
mod guard;
mod handout;
mod leader;
mod message;
mod piece;
mod post;
mod quiet;
#[expect(
    unsafe_code,
    reason = "MPI uses buffers while this process goes on, and a process's end has no safe form"
)]
mod sys;
mod world;

pub use driver::Mpi;

/// The driver's name.
const DRIVER: &str = "mpi";
