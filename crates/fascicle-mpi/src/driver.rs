//! The driver as users see it.

use fascicle_core::{
    Execute, ExecuteOptions, Fold, Frame, Listener, Outcome, Ranks, Report, RunError, Work,
    run_on_ranks,
};

use crate::DRIVER;
use crate::follower::follow;
use crate::leader::Manager;
use crate::world::World;

/// Runs pieces on the ranks of this program, which were all started by `mpirun` or `srun`, and make the
/// same calls in the same order; see the [crate's description](crate).
#[derive(Debug)]
pub struct Mpi {
    world: &'static World,
    tasks: usize,
    manager: Option<Manager>,
}

impl Mpi {
    /// On so many ranks, or on all. MPI is started if it was not yet.
    ///
    /// # Errors
    /// When it cannot be started, or there are not so many ranks.
    pub fn new(tasks: Option<usize>) -> Result<Self, RunError> {
        let world = World::get()?;
        let tasks = tasks.unwrap_or(world.size);
        if tasks > world.size {
            return Err(RunError::TooFewRanks { found: tasks, ranks: world.size });
        }
        let manager = (world.rank == 0).then_some(Manager { world, tasks });
        Ok(Self { world, tasks, manager })
    }

    /// This process's rank.
    pub fn rank(&self) -> usize {
        self.world.rank
    }
}

impl Execute for Mpi {
    fn name(&self) -> &'static str {
        DRIVER
    }

    fn workers(&self) -> usize {
        self.tasks
    }

    fn ranks(&self) -> Option<&dyn Ranks> {
        Some(self)
    }

    fn run(
        &self,
        work: &dyn Work,
        fold: &mut dyn Fold,
        options: &ExecuteOptions,
        on: &mut Listener<'_>,
    ) -> Result<Report, RunError> {
        run_on_ranks(self, work, fold, options, on, &mut |manager, fold, on| {
            manager.run(work, fold, options, on)
        })
    }
}

impl Ranks for Mpi {
    fn enter(&self) -> Result<(), RunError> {
        if self.world.shared.desk().enter() {
            return Ok(());
        }
        Err(RunError::Driver {
            driver: DRIVER,
            action: "begin a run".to_string(),
            source: "another thread of this rank is in one".into(),
        })
    }

    fn manager(&self) -> Option<&dyn Execute> {
        self.manager.as_ref().map(|manager| manager as &dyn Execute)
    }

    fn follow(&self, work: &dyn Work, options: &ExecuteOptions) -> (Outcome, Frame) {
        follow(self.world, work, options)
    }

    fn tell(&self, outcome: Outcome, state: Frame) {
        self.world.shared.with(|desk| {
            desk.pass_on(&outcome, &state, desk.at);
            desk.next_occasion();
        });
    }
}
