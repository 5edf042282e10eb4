//! Recipes: named tasks that can be inserted, replaced and removed.

use std::sync::Arc;

use fascicle_core::Failure;
use thiserror::Error;

use crate::{Block, SimulationError, Step};

/// One named step of an algorithm, on a block of trajectories.
///
/// A task must treat each lane by itself: what it does for a trajectory may not depend on which
/// others are in the block. Lanes beyond [`Block::seeds`] repeat the last trajectory and are not
/// recorded.
pub trait Task: Send + Sync {
    /// The name by which recipes refer to it.
    fn name(&self) -> &str;

    /// Its parameters, for the description by which data are compared; empty, the default, if it has
    /// none.
    fn describe(&self) -> String {
        String::new()
    }

    /// Checks its parameters, before a run.
    ///
    /// # Errors
    /// The first that cannot be.
    fn check(&self) -> Result<(), SimulationError> {
        Ok(())
    }

    /// Does it.
    ///
    /// # Errors
    /// When the whole batch must fail. A value that is not finite needs no error: it is found, and
    /// named by seed and time, when it is collected.
    fn run(&self, step: &Step<'_>, block: &mut Block) -> Result<(), Failure>;
}

impl std::fmt::Debug for dyn Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Task").field(&self.name()).finish()
    }
}

/// A task from a closure.
///
/// ```
/// use fascicle_core::Scale;
/// use fascicle_dynamics::{MeanField, task};
///
/// // Collects the norm of the wave function beside everything else.
/// let mut algorithm = MeanField::default();
/// algorithm.recipe.collect.push(task("collect_norm", |_, block| {
///     let (re, im) = (&block.wf_db.re, &block.wf_db.im);
///     let norm = re[0] * re[0] + im[0] * im[0] + re[1] * re[1] + im[1] * im[1];
///     block.outputs.real("norm", &[], Scale::Exact, &[norm]);
///     Ok(())
/// }));
/// ```
pub fn task<F>(name: impl Into<String>, run: F) -> impl Task
where
    F: Fn(&Step<'_>, &mut Block) -> Result<(), Failure> + Send + Sync,
{
    ClosureTask { name: name.into(), run }
}

struct ClosureTask<F> {
    name: String,
    run: F,
}

impl<F> Task for ClosureTask<F>
where
    F: Fn(&Step<'_>, &mut Block) -> Result<(), Failure> + Send + Sync,
{
    fn name(&self) -> &str {
        &self.name
    }

    fn run(&self, step: &Step<'_>, block: &mut Block) -> Result<(), Failure> {
        (self.run)(step, block)
    }
}

/// Named tasks in order. Names are unique.
#[derive(Clone, Default)]
pub struct Tasks(Vec<Arc<dyn Task>>);

/// Why a recipe could not be changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RecipeError {
    /// There is no task of this name.
    #[error("the recipe has no task `{name}`: expected one of {}", known.join(", "))]
    NoTask {
        /// The name given.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// There is a task of this name already.
    #[error("the recipe has a task `{name}` already: names are unique")]
    Repeated {
        /// The name.
        name: String,
    },
}

impl Tasks {
    /// No tasks.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more task at the end, for building recipes.
    ///
    /// # Panics
    /// When there is a task of this name already.
    #[must_use]
    pub fn with(mut self, task: impl Task + 'static) -> Self {
        let name = task.name().to_string();
        assert!(self.position(&name).is_err(), "the recipe has a task `{name}` already");
        self.0.push(Arc::new(task));
        self
    }

    /// Adds a task at the end. A task of the same name is replaced.
    pub fn push(&mut self, task: impl Task + 'static) {
        match self.position(task.name()) {
            Ok(at) => self.0[at] = Arc::new(task),
            Err(_) => self.0.push(Arc::new(task)),
        }
    }

    /// Inserts a task before another one.
    ///
    /// # Errors
    /// When there is no such task, or one of the new one's name already.
    pub fn insert_before(
        &mut self,
        name: &str,
        task: impl Task + 'static,
    ) -> Result<(), RecipeError> {
        let at = self.position(name)?;
        self.insert(at, task)
    }

    /// Inserts a task after another one.
    ///
    /// # Errors
    /// When there is no such task, or one of the new one's name already.
    pub fn insert_after(
        &mut self,
        name: &str,
        task: impl Task + 'static,
    ) -> Result<(), RecipeError> {
        let at = self.position(name)?;
        self.insert(at + 1, task)
    }

    /// Puts a task in another one's place.
    ///
    /// # Errors
    /// When there is no such task, or another one has the new one's name.
    pub fn replace(&mut self, name: &str, task: impl Task + 'static) -> Result<(), RecipeError> {
        let at = self.position(name)?;
        if self.position(task.name()).is_ok_and(|other| other != at) {
            return Err(RecipeError::Repeated { name: task.name().to_string() });
        }
        self.0[at] = Arc::new(task);
        Ok(())
    }

    /// Takes a task out.
    ///
    /// # Errors
    /// When there is no such task.
    pub fn remove(&mut self, name: &str) -> Result<Arc<dyn Task>, RecipeError> {
        let at = self.position(name)?;
        Ok(self.0.remove(at))
    }

    /// The tasks in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &dyn Task> {
        self.0.iter().map(Arc::as_ref)
    }

    /// The tasks' names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|task| task.name())
    }

    /// Runs all tasks in order.
    pub(crate) fn run(&self, step: &Step<'_>, block: &mut Block) -> Result<(), Failure> {
        self.0.iter().try_for_each(|task| task.run(step, block))
    }

    fn insert(&mut self, at: usize, task: impl Task + 'static) -> Result<(), RecipeError> {
        if self.position(task.name()).is_ok() {
            return Err(RecipeError::Repeated { name: task.name().to_string() });
        }
        self.0.insert(at, Arc::new(task));
        Ok(())
    }

    fn position(&self, name: &str) -> Result<usize, RecipeError> {
        self.names().position(|n| n == name).ok_or_else(|| {
            let known = self.names().map(str::to_string).collect();
            RecipeError::NoTask { name: name.to_string(), known }
        })
    }
}

impl std::fmt::Debug for Tasks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

/// What an algorithm does: at the start, at each time step, and at each time of collection.
#[derive(Clone, Debug, Default)]
pub struct Recipe {
    /// Once, at time 0.
    pub initialization: Tasks,
    /// At each time step, after collecting.
    pub update: Tasks,
    /// At each time of collection.
    pub collect: Tasks,
}
