//! A simulation made ready to run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use fascicle_core::{
    Context, Description, Ensemble, Failure, LogLine, Recorder, Scale, Seed, panic_message,
};

use super::timesteps::{self, Timesteps};
use super::{InitialState, Sampling, Settings, SimulationError, probe, sampling};
use crate::ingredients::DiagonalLinear;
use crate::kernels::LinearMap;
use crate::model::check_lengths;
use crate::step::{Own, System};
use crate::sys::{Kernel, Pack, dispatch, has};
use crate::{
    Algorithm, Arithmetic, Block, Coords, Coupling, Hermitian, LANES, Lane, Model, ModelError,
    Step, Structure, Units,
};

/// A simulation made ready to run: checked, and independent of the types of model and algorithm.
pub struct Prepared<'a> {
    algorithm: &'a dyn Algorithm,
    settings: &'a Settings,
    timesteps: Timesteps,
    system: System<'a>,
    /// Of the model's functions.
    fingerprint: String,
    sampling: Sampling,
    log: Vec<LogLine>,
    spare: Spare,
}

/// Moves a block's outputs at one time to the recorder, with the vectors that the machine has.
struct Record<'a, 'b> {
    block: &'a mut Block,
    time: usize,
    to: &'a mut Recorder<'b>,
}

impl Kernel for Record<'_, '_> {
    type Output = Result<(), Failure>;

    #[inline(always)]
    fn run<P: Pack>(self) -> Result<(), Failure> {
        self.block.record(self.time, self.to)
    }
}

/// Adds a block's outputs to the sums, with the vectors that the machine has.
struct End<'a, 'b>(&'a mut Recorder<'b>);

impl Kernel for End<'_, '_> {
    type Output = Result<(), Failure>;

    #[inline(always)]
    fn run<P: Pack>(self) -> Result<(), Failure> {
        self.0.end()
    }
}

/// Blocks of finished batches, for the next ones.
#[derive(Default)]
struct Spare(Mutex<Vec<Block>>);

impl Spare {
    fn take(&self) -> Option<Block> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn put(&self, block: Block) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(block);
    }
}

impl std::fmt::Debug for Prepared<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared").field("description", &self.describe()).finish_non_exhaustive()
    }
}

impl<'a> Prepared<'a> {
    pub(super) fn new(
        model: &'a dyn Model,
        algorithm: &'a dyn Algorithm,
        settings: &'a Settings,
        initial_state: &InitialState,
    ) -> Result<Self, SimulationError> {
        check_recipe(algorithm)?;
        check_arithmetic(settings.arithmetic)?;
        let timesteps = timesteps::count(settings)?;
        let mut log = timesteps.log.clone();
        // The model's functions are the user's, and called here for the first time.
        let (norm, system, fingerprint) = or_panicked(model, || {
            model.check()?;
            check_lengths(model)?;
            log.extend(algorithm.check(model)?);
            let norm = check_wave_function(model, initial_state)?;
            let mut system = system(model, algorithm, settings, &timesteps, initial_state, norm)?;
            let fingerprint = probe::fingerprint(&system)?;
            system.own = probe::own_of_hops(&system);
            Ok((norm, system, fingerprint))
        })?;
        if (norm - 1.0).abs() > 1e-9 {
            let text = format!("initial_state.wf_db has norm {norm}, not 1, and is used as given");
            log.push(LogLine::warning(text));
        }
        let sampling = initial_state.sampling;
        let spare = Spare::default();
        Ok(Self { algorithm, settings, timesteps, system, fingerprint, sampling, log, spare })
    }

    /// Runs a block of up to sixteen trajectories.
    fn run_block(
        &self,
        block: &mut Block,
        cx: &Context<'_>,
        record: &mut Recorder<'_>,
    ) -> Result<(), Failure> {
        let recipe = self.algorithm.recipe();
        recipe.initialization.run(&Step::new(&self.system, 0), block)?;
        for index in 0..=self.system.steps {
            let step = Step::new(&self.system, index);
            if index % self.system.per_collect == 0 {
                if cx.cancelled() {
                    return Err(Failure::cancelled());
                }
                recipe.collect.run(&step, block)?;
                let time = (index / self.system.per_collect) as usize;
                dispatch(Record { block: &mut *block, time, to: &mut *record })?;
            }
            // Nothing is collected after the last update, so it is left out.
            if index < self.system.steps {
                recipe.update.run(&step, block)?;
            }
        }
        Ok(())
    }
}

impl Ensemble for Prepared<'_> {
    fn describe(&self) -> Description {
        let (model, algorithm) = (self.system.model, self.algorithm);
        let mut description = Description {
            simulation: format!("{}, {}", model.name(), algorithm.name()),
            settings: Vec::new(),
            arithmetic: self.settings.arithmetic,
            seeding: self.settings.seeding,
            steps: self.timesteps.steps,
        };
        for (name, value) in model.constants() {
            description.set(name, value);
        }
        let Units { time, energy } = model.units();
        for (name, unit) in [("unit of time", time), ("unit of energy", energy)] {
            if !unit.is_empty() {
                description.settings.push((name.to_string(), unit.to_string()));
            }
        }
        description.set("digest of H_q, H_qc and H_c", &self.fingerprint);
        description.set("num_quantum_states", model.num_quantum_states());
        description.set("num_classical_coordinates", model.num_classical_coordinates());
        description.settings.extend(algorithm.describe());
        description.set("dt_update", self.settings.dt_update);
        description.set("time steps per collection", self.timesteps.per_collect);
        let wf_db: Vec<_> = self.system.wf_db.iter().map(|c| (c.re, c.im)).collect();
        description.set("wf_db", wf_db);
        description.set("sampling", self.sampling);
        let recipe = algorithm.recipe();
        for (name, tasks) in [
            ("initialization recipe", &recipe.initialization),
            ("update recipe", &recipe.update),
            ("collect recipe", &recipe.collect),
        ] {
            description.set(name, tasks);
            for task in tasks.iter() {
                let parameters = task.describe();
                if !parameters.is_empty() {
                    let name = format!("{} in the {name}", task.name());
                    description.settings.push((name, parameters));
                }
            }
        }
        description
    }

    fn times(&self) -> Vec<f64> {
        self.timesteps.times.clone()
    }

    fn num_trajs(&self) -> u64 {
        self.settings.num_trajs
    }

    fn batch_size(&self) -> usize {
        // Sixteen trajectories take as long as one: no block is left partly empty.
        match self.settings.batch_size {
            size if size > LANES => size.next_multiple_of(LANES),
            size => size,
        }
    }

    fn group(&self) -> usize {
        self.system.branches
    }

    fn log(&self) -> Vec<LogLine> {
        self.log.clone()
    }

    fn run(
        &self,
        seeds: &[Seed],
        cx: &mut Context<'_>,
        record: &mut Recorder<'_>,
    ) -> Result<(), Failure> {
        let mut block = self.spare.take().unwrap_or_else(|| Block::new(&self.system));
        for seeds in seeds.chunks(LANES) {
            block.begin(seeds);
            record.begin(seeds);
            self.run_block(&mut block, cx, record)?;
            dispatch(End(record))?;
        }
        self.spare.put(block);
        Ok(())
    }
}

fn system<'a>(
    model: &'a dyn Model,
    algorithm: &'a dyn Algorithm,
    settings: &Settings,
    timesteps: &Timesteps,
    initial_state: &InitialState,
    norm: f64,
) -> Result<System<'a>, SimulationError> {
    let n = model.num_quantum_states();
    let (structure, weight) = (model.structure(), model.classical_coordinate_weight());
    let mut h_q = Hermitian::zeros(n);
    model.h_q(&mut h_q);
    Ok(System {
        model,
        algorithm_settings: algorithm.settings(),
        surfaces: algorithm.surfaces(),
        sampler: sampling::sampler(model, &structure, initial_state.sampling)?,
        diagonal_linear: diagonal_linear(&structure),
        update_dh_qc_dzc: model.update_dh_qc_dzc(),
        has_gauge_field: has_gauge_field(model),
        own: Own::default(),
        linear_map: LinearMap::new(&structure, &weight, settings.dt_update),
        stiffness: structure.stiffness(&weight),
        structure,
        mass: model.classical_coordinate_mass(),
        weight,
        h_q,
        wf_db: initial_state.wf_db.clone(),
        seeding: settings.seeding,
        branches: algorithm.branches(model),
        arithmetic: settings.arithmetic,
        dt: settings.dt_update,
        steps: timesteps.steps,
        per_collect: timesteps.per_collect,
        dm_scale: dm_scale(norm * norm, n),
    })
}

/// Whether the model has a gauge field: it says so whatever the coordinates.
pub(crate) fn has_gauge_field(model: &dyn Model) -> bool {
    let z = Coords::zeros(model.num_classical_coordinates());
    model.gauge_field_force(&z, Lane::ZERO, &mut z.clone())
}

fn diagonal_linear(structure: &Structure) -> Option<DiagonalLinear> {
    match &structure.coupling {
        Coupling::DiagonalLinear { g } => Some(DiagonalLinear::new(g)),
        Coupling::General => None,
    }
}

/// Makes an error of a panic.
fn or_panicked<R>(
    model: &dyn Model,
    f: impl FnOnce() -> Result<R, SimulationError>,
) -> Result<R, SimulationError> {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|panic| {
        if let Some(error) = panic.downcast_ref::<ModelError>() {
            return Err(error.clone().into());
        }
        let message = panic_message(panic.as_ref());
        let model = catch_unwind(AssertUnwindSafe(|| model.name())).unwrap_or_default();
        Err(SimulationError::ModelPanicked { model, message })
    })
}

/// Whether the machine has the arithmetic.
fn check_arithmetic(arithmetic: Arithmetic) -> Result<(), SimulationError> {
    if has(arithmetic) { Ok(()) } else { Err(SimulationError::NoSuchArithmetic { arithmetic }) }
}

fn check_recipe(algorithm: &dyn Algorithm) -> Result<(), SimulationError> {
    let recipe = algorithm.recipe();
    let all = [&recipe.initialization, &recipe.update, &recipe.collect];
    all.into_iter().flat_map(|tasks| tasks.iter()).try_for_each(|task| task.check())?;
    if recipe.collect.names().next().is_some() {
        return Ok(());
    }
    Err(SimulationError::EmptyRecipe { algorithm: algorithm.name(), recipe: "collect" })
}

/// The norm of the initial wave function.
fn check_wave_function(
    model: &dyn Model,
    initial_state: &InitialState,
) -> Result<f64, SimulationError> {
    let (expected, found) = (model.num_quantum_states(), initial_state.wf_db.len());
    if expected != found {
        return Err(SimulationError::WaveFunctionLength { model: model.name(), expected, found });
    }
    let norm = initial_state.wf_db.iter().map(|c| c.norm_sqr()).sum::<f64>().sqrt();
    if !(norm > 0.0 && norm.is_finite()) {
        return Err(SimulationError::WaveFunctionNorm { found: norm });
    }
    Ok(norm)
}

/// How density matrix elements are summed. They are at most |c|² in mean field, and N |c|² (|c|² + 1)
/// in surface hopping with weights: that is a range, with room to spare. Where |c|² is not near 1
/// they may be of any size.
fn dm_scale(norm2: f64, n: usize) -> Scale {
    if !(1e-3..=1e3).contains(&norm2) {
        return Scale::Exact;
    }
    let bound = n as f64 * norm2.max(1.0) * (norm2 + 1.0);
    Scale::Fixed { log2_range: ceil_log2(bound) + 3 }
}

/// The least k with 2^k ≥ x, for a normal x > 0, from its bits: the system's logarithm may be off where
/// x is near a power of two.
fn ceil_log2(x: f64) -> i32 {
    let (exponent, rest) = (x.to_bits() >> 52, x.to_bits() << 12);
    exponent as i32 - 1023 + i32::from(rest != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_logarithms_are_rounded_up_exactly() {
        for k in -1022..1024 {
            let power = 2.0_f64.powi(k);
            assert_eq!((ceil_log2(power), ceil_log2(power.next_up())), (k, k + 1));
        }
        assert_eq!((ceil_log2(1.5), ceil_log2(f64::MAX)), (1, 1024));
    }
}
