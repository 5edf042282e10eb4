//! Micro-benchmarks, which watch single parts while they are worked on:
//!
//! ```text
//! ./task bench            # all of them
//! ./task bench tasks::    # those whose names hold this
//! ```
//!
//! Times of whole programs, which the documentation quotes, are `./task figures`. What is called from
//! here is compiled for what every machine of its kind has, as a notebook's cell is; only what
//! fascicle dispatches itself, that is, runs and tasks, uses the widest vectors of this one.

mod elementary;
mod random;
mod runs;
mod sums;
mod tasks;
mod wire;

fn main() {
    divan::main();
}
