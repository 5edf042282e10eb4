//! The results of an ensemble: named outputs with their exact sums, seeds and history.

pub(crate) mod convergence;
mod description;
mod digest;
mod error;
pub(crate) mod merge;
mod output;
mod provenance;
mod trajectory;

use std::collections::BTreeMap;
use std::fmt;

use ndarray::ArrayViewD;

pub use convergence::Snapshot;
pub use description::Description;
pub use error::DataError;
pub use output::{Output, OutputParts, OutputSpec, Summed};
pub use provenance::{Provenance, RunRecord};
pub use trajectory::Trajectory;

use crate::{LogLine, PieceFailure, Seed, c64};
use output::same_bits;

/// The results of an ensemble of trajectories (or of any other units named by seeds).
///
/// Every output is an array with time first, `[time, …]`: its mean over the trajectories, and the
/// standard error of the mean. Underneath are exact sums: two `Data` of the same simulation with
/// different seeds merge to the same bits as one run of all seeds. `==` compares bits: of outputs,
/// sums, times, seeds and kept trajectories, not of the history (log, driver, elapsed time,
/// convergence).
#[derive(Clone)]
pub struct Data {
    description: Description,
    times: Vec<f64>,
    seeds: Vec<Seed>,
    group: usize,
    norm_factor: u64,
    outputs: Vec<Output>,
    kept: BTreeMap<Seed, Trajectory>,
    failures: Vec<PieceFailure>,
    missing: Vec<Seed>,
    log: Vec<LogLine>,
    provenance: Provenance,
    convergence: Vec<Snapshot>,
}

/// All that a [`Data`] is made of, for code that reads it from somewhere.
#[derive(Clone, Debug, Default)]
pub struct DataParts {
    /// What was simulated.
    pub description: Description,
    /// The times of the outputs' first axis, T of them.
    pub times: Vec<f64>,
    /// The seeds, in any order, without repeats.
    pub seeds: Vec<Seed>,
    /// Seeds per unit of the sums (1, or the branches of a seed group).
    pub group: usize,
    /// What sums over trajectories were divided by: the number of seeds, unless another program
    /// says otherwise.
    pub norm_factor: u64,
    /// The outputs, in any order.
    pub outputs: Vec<OutputParts>,
    /// Whole trajectories, by seed.
    pub kept: BTreeMap<Seed, Trajectory>,
    /// Batches that failed and trajectories that were dropped.
    pub failures: Vec<PieceFailure>,
    /// Seeds that were asked for; what is not there of them is missing.
    pub missing: Vec<Seed>,
    /// The log.
    pub log: Vec<LogLine>,
    /// How the results came about.
    pub provenance: Provenance,
    /// How good the means were at the end of each round.
    pub convergence: Vec<Snapshot>,
}

/// What there is, not number by number: the sums alone may be a million.
impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outputs: Vec<&str> = self.outputs.iter().map(Output::name).collect();
        f.debug_struct("Data")
            .field("simulation", &self.description.simulation)
            .field("trajectories", &self.seeds.len())
            .field("missing", &self.missing.len())
            .field("outputs", &outputs)
            .field("digest", &self.digest())
            .finish_non_exhaustive()
    }
}

impl From<&Data> for Data {
    fn from(data: &Data) -> Self {
        data.clone()
    }
}

/// Those that are not among others, which are in order; in order, and each once.
fn not_among(there: &[Seed], mut seeds: Vec<Seed>) -> Vec<Seed> {
    seeds.sort_unstable();
    seeds.dedup();
    let mut there = there.iter().peekable();
    seeds.retain(|seed| {
        while there.next_if(|&other| other < seed).is_some() {}
        there.peek() != Some(&seed)
    });
    seeds
}

impl Data {
    /// Puts parts together: means and standard errors are formed from the sums.
    ///
    /// # Errors
    /// When the parts contradict each other: lengths, repeated seeds or names.
    pub fn from_parts(parts: DataParts) -> Result<Self, DataError> {
        let mut seeds = parts.seeds;
        seeds.sort_unstable();
        if let Some(pair) = seeds.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(DataError::corrupt(format!("seed {} occurs twice", pair[0])));
        }
        if parts.group == 0 || !seeds.len().is_multiple_of(parts.group) {
            let (n, group) = (seeds.len(), parts.group);
            return Err(DataError::corrupt(format!("{n} seeds in groups of {group}")));
        }
        let units = (seeds.len() / parts.group) as u64;
        let is_missing = |seed: &Seed| seeds.binary_search(seed).is_err();
        let missing = not_among(&seeds, parts.missing);
        let mut failures = parts.failures;
        // A failure that was made good is none.
        failures.retain(|failure| failure.seeds.is_empty() || failure.seeds.iter().any(is_missing));
        let make = |output| Output::from_parts(output, parts.times.len(), units);
        let mut outputs: Vec<Output> =
            parts.outputs.into_iter().map(make).collect::<Result<_, _>>()?;
        outputs.sort_by(|a, b| a.spec().name.cmp(&b.spec().name));
        if let Some(pair) = outputs.windows(2).find(|p| p[0].spec().name == p[1].spec().name) {
            let name = &pair[0].spec().name;
            return Err(DataError::corrupt(format!("output `{name}` occurs twice")));
        }
        Ok(Self {
            description: parts.description,
            times: parts.times,
            seeds,
            group: parts.group,
            norm_factor: parts.norm_factor,
            outputs,
            kept: parts.kept,
            failures,
            missing,
            log: parts.log,
            provenance: parts.provenance,
            convergence: parts.convergence,
        })
    }

    /// Takes it apart again.
    pub fn into_parts(self) -> DataParts {
        DataParts {
            description: self.description,
            times: self.times,
            seeds: self.seeds,
            group: self.group,
            norm_factor: self.norm_factor,
            outputs: self.outputs.into_iter().map(Output::into_parts).collect(),
            kept: self.kept,
            failures: self.failures,
            missing: self.missing,
            log: self.log,
            provenance: self.provenance,
            convergence: self.convergence,
        }
    }

    /// The T times at which outputs were collected, in the simulation's unit of time.
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// The seeds of the trajectories in the outputs, ascending.
    pub fn seeds(&self) -> &[Seed] {
        &self.seeds
    }

    /// What the sums over trajectories were divided by: their number.
    pub fn norm_factor(&self) -> u64 {
        self.norm_factor
    }

    /// Seeds per unit of sums and errors: 1, or N under deterministic surface hopping.
    pub fn group(&self) -> usize {
        self.group
    }

    /// The number of units that the means and standard errors are taken over.
    pub fn units(&self) -> u64 {
        (self.seeds.len() / self.group) as u64
    }

    /// All outputs, by name.
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    /// One output.
    ///
    /// # Errors
    /// When there is none of this name; the message lists those there are.
    pub fn output(&self, name: &str) -> Result<&Output, DataError> {
        self.outputs.iter().find(|output| output.spec().name == name).ok_or_else(|| {
            let known = self.outputs.iter().map(|output| output.spec().name.clone()).collect();
            DataError::NoOutput { name: name.to_string(), known }
        })
    }

    /// The mean of a real output, `[time, …]`.
    ///
    /// # Errors
    /// When there is no such output, or it is complex.
    pub fn real(&self, name: &str) -> Result<ArrayViewD<'_, f64>, DataError> {
        self.output(name)?.real()
    }

    /// The mean of a complex output, `[time, …]`.
    ///
    /// # Errors
    /// When there is no such output, or it is real.
    pub fn complex(&self, name: &str) -> Result<ArrayViewD<'_, c64>, DataError> {
        self.output(name)?.complex()
    }

    /// The standard error of the mean, `[time, …]`, for a complex output that of its real part:
    /// s = √((n Σx² − (Σx)²) / (n² (n − 1))) over the n [units](Data::units), formed exactly and
    /// rounded once. NaN for a single unit, and for means that another program wrote without sums.
    ///
    /// # Errors
    /// When there is no such output.
    pub fn standard_error(&self, name: &str) -> Result<ArrayViewD<'_, f64>, DataError> {
        Ok(self.output(name)?.standard_error())
    }

    /// The standard error of the imaginary part of a complex output, `[time, …]`.
    ///
    /// # Errors
    /// When there is no such output, or it is real.
    pub fn standard_error_im(&self, name: &str) -> Result<ArrayViewD<'_, f64>, DataError> {
        self.output(name)?.standard_error_im()
    }

    /// A whole trajectory, if it was kept.
    pub fn trajectory(&self, seed: impl Into<Seed>) -> Option<&Trajectory> {
        self.kept.get(&seed.into())
    }

    /// The kept trajectories by seed.
    pub fn trajectories(&self) -> &BTreeMap<Seed, Trajectory> {
        &self.kept
    }

    /// Batches that failed and trajectories that were dropped, with their seeds and causes, unless
    /// they were run again since.
    pub fn failures(&self) -> &[PieceFailure] {
        &self.failures
    }

    /// Whether all trajectories that were asked for are there: false after an interruption, and
    /// when some were dropped or have failed.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }

    /// The seeds that were asked for and are not there, ascending: run with them, appended to this,
    /// what is missing comes in.
    pub fn missing(&self) -> &[Seed] {
        &self.missing
    }

    /// What the simulation, the driver and other programs wrote.
    pub fn log(&self) -> &[LogLine] {
        &self.log
    }

    /// What was simulated, with which settings.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// How the results came about.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// How the standard errors have shrunk: how good the means were at the end of each round, in the
    /// order of the runs. A run that does not [stop by
    /// itself](crate::RunOptions::until_standard_error) is one round; a round that was interrupted
    /// leaves nothing. It is history, which neither `==` nor the digest looks at: 100 trajectories
    /// and 100 more equal 200 at once, but came about in two rounds.
    pub fn convergence(&self) -> &[Snapshot] {
        &self.convergence
    }

    /// Notes how good the means are now.
    pub(crate) fn take_snapshot(&mut self) {
        self.convergence.push(Snapshot::of(self));
    }

    /// Notes how long the last run took. For faces: the core has no clock.
    pub fn set_elapsed(&mut self, seconds: f64) {
        if let Some(run) = self.provenance.runs.last_mut() {
            run.seconds = Some(seconds);
        }
    }

    /// A digest, as hexadecimal digits, of everything that counts as the result: names, shapes and
    /// bits of all means and standard errors, times and seeds. Equal digests mean equal results.
    pub fn digest(&self) -> String {
        digest::digest(self)
    }
}

impl PartialEq for Data {
    fn eq(&self, other: &Self) -> bool {
        self.description == other.description
            && same_bits(&self.times, &other.times)
            && self.seeds == other.seeds
            && self.group == other.group
            && self.norm_factor == other.norm_factor
            && self.outputs == other.outputs
            && self.kept == other.kept
    }
}
