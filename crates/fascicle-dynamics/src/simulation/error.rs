//! What can be wrong with a simulation.

use thiserror::Error;

use crate::{Arithmetic, ModelError};

/// What can be wrong with a simulation, found before anything runs.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SimulationError {
    /// A time setting cannot be.
    #[error("{name} must be {expected}, found {found}")]
    BadTime {
        /// The setting's name.
        name: &'static str,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: f64,
    },
    /// There would be too many time steps.
    #[error("tmax {tmax:e} takes {found:e} time steps of {dt_update:e}, expected at most {limit}")]
    TooManySteps {
        /// The length in time.
        tmax: f64,
        /// The time step.
        dt_update: f64,
        /// How many there would be.
        found: f64,
        /// The most that is accepted.
        limit: u64,
    },
    /// There would be too many times of collection.
    #[error(
        "tmax {tmax} has {found:e} times of collection at dt_collect {dt_collect}, expected at most {limit}"
    )]
    TooManyTimes {
        /// The length in time.
        tmax: f64,
        /// The time between collections.
        dt_collect: f64,
        /// How many there would be.
        found: f64,
        /// The most that is accepted.
        limit: u64,
    },
    /// The initial wave function has the wrong length.
    #[error(
        "initial_state.wf_db must have {expected} components, one per quantum state of {model}, found {found}"
    )]
    WaveFunctionLength {
        /// The model's name.
        model: String,
        /// N.
        expected: usize,
        /// The length given.
        found: usize,
    },
    /// The initial wave function vanishes or is not finite.
    #[error("initial_state.wf_db must have a positive, finite norm, found {found}")]
    WaveFunctionNorm {
        /// Its norm.
        found: f64,
    },
    /// A distribution of harmonic modes for a model that states no frequencies.
    #[error(
        "initial_state.sampling needs the frequencies of harmonic modes, and {model} states none: expected Sampling::Model, or a model with Structure::with_harmonic"
    )]
    NotHarmonic {
        /// The model's name.
        model: String,
    },
    /// A temperature that cannot be.
    #[error("initial_state.sampling's kbt must be at least 0 and finite, found {kbt}")]
    BadSampling {
        /// kT.
        kbt: f64,
    },
    /// A model overrides a function and states a fact that say different things.
    #[error(
        "{model} states a structure by which {what} is {stated:e} at a starting point, but its own {what} is {found:e} there: leave out one of the two"
    )]
    Contradiction {
        /// The model's name.
        model: String,
        /// The function.
        what: &'static str,
        /// Its value by the facts.
        stated: f64,
        /// Its own value.
        found: f64,
    },
    /// The processor lacks the instructions, or the build has no path for its vectors.
    #[error(
        "settings.arithmetic is {arithmetic}, which needs a processor with fused multiply-add (AVX2 and FMA \
         on x86-64): this one has none, or it is not the one that this development build was made for; \
         expected Arithmetic::Strict"
    )]
    NoSuchArithmetic {
        /// What was asked for.
        arithmetic: Arithmetic,
    },
    /// A recipe does nothing where something is needed.
    #[error("the {recipe} recipe of {algorithm} has no tasks, expected at least one")]
    EmptyRecipe {
        /// The algorithm's name.
        algorithm: String,
        /// Which recipe.
        recipe: &'static str,
    },
    /// A function of the model panicked when it was first called.
    #[error("{model} panicked before the run: {message}")]
    ModelPanicked {
        /// The model's name.
        model: String,
        /// The panic's message.
        message: String,
    },
    /// A setting of the algorithm cannot be.
    #[error("{algorithm}'s {setting} must be {expected}, found {found}")]
    BadSetting {
        /// The algorithm's name.
        algorithm: String,
        /// The setting, or what else the algorithm asks for.
        setting: &'static str,
        /// What it must be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The model is wrong in itself.
    #[error(transparent)]
    Model(#[from] ModelError),
}
