//! Eigenvectors that the next time step starts from.

use crate::Basis;
use crate::kernels::Room;

/// After so many time steps the rounding that the vectors have gathered is taken out of them.
const TIDY: u64 = 8;

/// The eigenvectors of the time step before, in which the matrix of this one is nearly diagonal, and
/// room to diagonalise it. They are kept apart from those that tasks see, so that whatever a task does
/// to these, and however often it diagonalises, leaves the vectors of the next time step alone.
#[derive(Debug)]
pub(crate) struct Warm {
    start: Basis,
    latest: Basis,
    /// The time step that `latest` belongs to.
    step: Option<u64>,
    /// Whether `start` holds vectors.
    started: bool,
    pub room: Room,
}

impl Warm {
    pub fn new(n: usize) -> Self {
        let (start, latest) = (Basis::zeros(n), Basis::zeros(n));
        Self { start, latest, step: None, started: false, room: Room::new(n) }
    }

    /// Forgets the trajectories before.
    pub fn begin(&mut self) {
        (self.step, self.started) = (None, false);
    }

    /// Comes to a time step.
    pub fn step_to(&mut self, step: u64) {
        if self.step != Some(step) {
            self.started = self.step.is_some();
            std::mem::swap(&mut self.start, &mut self.latest);
            self.step = Some(step);
        }
    }

    /// The vectors to start from, if there are any, and whether they are to be tidied up; and room.
    pub fn start(&mut self) -> (Option<(&Basis, bool)>, &mut Room) {
        let tidy = self.step.is_some_and(|step| step.is_multiple_of(TIDY));
        (self.started.then_some((&self.start, tidy)), &mut self.room)
    }

    /// Keeps the vectors of this time step.
    pub fn keep(&mut self, eigvecs: &Basis) {
        self.latest.copy_from(eigvecs);
    }
}
