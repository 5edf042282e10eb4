//! The driver as users see it.

use fascicle_core::{
    Execute, ExecuteOptions, Fold, Frame, Listener, Outcome, Ranks, Report, RunError, Work,
    run_on_ranks,
};

use crate::DRIVER;
use crate::follower::follow;
use crate::leader::{Manager, Runs};
use crate::world::World;

/// Runs pieces on the ranks of this program, which were all started by `mpirun` or `srun`, and make the
/// same calls in the same order; see the [crate's description](crate).
#[derive(Debug)]
pub struct Mpi {
    world: &'static World,
    manager: Manager,
}

impl Mpi {
    /// On so many ranks, or on all. MPI is started if it was not yet.
    ///
    /// # Errors
    /// When it cannot be started, or there are not so many ranks.
    pub fn new(tasks: Option<usize>) -> Result<Self, RunError> {
        Self::of(World::get()?, tasks)
    }

    pub(crate) fn of(world: &'static World, tasks: Option<usize>) -> Result<Self, RunError> {
        let tasks = tasks.unwrap_or(world.size);
        if tasks > world.size {
            return Err(RunError::TooFewRanks { found: tasks, ranks: world.size });
        }
        Ok(Self { world, manager: Manager::new(world, Runs::OnRanks(tasks)) })
    }

    /// A driver of one process, on rank 0 alone: the others wait for what it comes to.
    ///
    /// # Errors
    /// When MPI cannot be started.
    pub fn for_leader(driver: Box<dyn Execute>) -> Result<Self, RunError> {
        let world = World::get()?;
        Ok(Self { world, manager: Manager::new(world, Runs::OnLeader(driver)) })
    }

    /// This process's rank.
    pub fn rank(&self) -> usize {
        self.world.rank
    }
}

impl Execute for Mpi {
    fn name(&self) -> &'static str {
        self.manager.name()
    }

    fn workers(&self) -> usize {
        self.manager.workers()
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

    fn all_work(&self) -> bool {
        self.manager.is_for_ranks()
    }

    fn manager(&self) -> Option<&dyn Execute> {
        (self.world.rank == 0).then_some(&self.manager as &dyn Execute)
    }

    fn follow(&self, work: &dyn Work, options: &ExecuteOptions) -> (Outcome, Frame) {
        follow(self.world, work, options)
    }

    fn tell(&self, outcome: Outcome, state: Frame) -> Result<(), RunError> {
        self.world.shared.with(|desk| {
            let told = desk.pass_on(&outcome, &state, desk.at).map_err(|error| {
                let why = format!("its results could not be sent: {error}");
                let _ = desk.pass_on(&Outcome::of_untold_results(why), &Frame::default(), desk.at);
                RunError::Driver {
                    driver: DRIVER,
                    action: "give its results to the other ranks".to_string(),
                    source: error.into(),
                }
            });
            desk.next_occasion();
            told
        })
    }
}
