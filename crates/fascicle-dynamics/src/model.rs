//! The contract of models.

use fascicle_core::c64;
use thiserror::Error;

use crate::ingredients::{MonteCarlo, Sampler};
use crate::structure::{Classical, Coupling};
use crate::{Arithmetic, Coords, Hermitian, Lane, States, Structure, ingredients};

/// The names of a model's units; an empty name says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Units {
    /// Of time.
    pub time: &'static str,
    /// Of energy.
    pub energy: &'static str,
}

/// A quantum-classical model: H = H_q + H_qc(z) + H_c(z), with N quantum states and C complex
/// classical coordinates
///
/// z = √(m h / 2) q + i p / √(2 m h),
///
/// of weight h and mass m each (ħ = 1; the model chooses its units). Methods work on blocks of
/// trajectories, one per [`Lane`]; what a method does for a lane must depend on that lane alone.
/// For a quick model from closures, one trajectory at a time, see
/// [`ClosureModel`](crate::ClosureModel).
///
/// What a model does not give has a default, as in QC Lab: gradients by finite differences, initial
/// coordinates by Monte Carlo; and the shift that conserves energy in a hop is solved for with values of
/// H_c. Facts in [`Model::structure`] give exact ones, and fast kernels.
///
/// ```
/// use fascicle_core::c64;
/// use fascicle_dynamics::ingredients::{self, Sampler};
/// use fascicle_dynamics::{Hermitian, Model, Structure};
///
/// /// Two states that a single oscillator of frequency 1 modulates.
/// struct Dimer;
///
/// impl Model for Dimer {
///     fn num_quantum_states(&self) -> usize {
///         2
///     }
///     fn num_classical_coordinates(&self) -> usize {
///         1
///     }
///     fn structure(&self) -> Structure {
///         Structure::general()
///             .with_harmonic(vec![1.0])
///             .with_diagonal_linear(vec![vec![0.3], vec![-0.3]])
///     }
///     fn h_q(&self, h: &mut Hermitian) {
///         h.add_constant(1, 0, c64(0.5, 0.0));
///     }
///     fn init_classical(&self) -> Sampler<'_> {
///         ingredients::boltzmann_harmonic(1.0, &[1.0], &[1.0], &[1.0])
///     }
/// }
/// ```
pub trait Model: Send + Sync {
    /// The model's name, for messages and provenance.
    fn name(&self) -> String {
        type_name::<Self>()
    }

    /// N, at least 1.
    fn num_quantum_states(&self) -> usize;

    /// C, at least 1.
    fn num_classical_coordinates(&self) -> usize;

    /// The mass m of each coordinate (default: 1).
    fn classical_coordinate_mass(&self) -> Vec<f64> {
        vec![1.0; self.num_classical_coordinates()]
    }

    /// The weight h of each coordinate (default: 1). Results do not depend on it.
    fn classical_coordinate_weight(&self) -> Vec<f64> {
        vec![1.0; self.num_classical_coordinates()]
    }

    /// The constants by QC Lab's names. They enter the description by which data are compared.
    fn constants(&self) -> Vec<(&'static str, f64)> {
        Vec::new()
    }

    /// The unit of a constant, for tables; empty where there is none to name (default).
    fn unit_of(&self, constant: &str) -> &'static str {
        let _ = constant;
        ""
    }

    /// The units of time and energy, for tables and the axes of charts (default: not named).
    fn units(&self) -> Units {
        Units::default()
    }

    /// Sets a constant by QC Lab's name.
    ///
    /// # Errors
    /// A name that the model does not have, or a value that cannot be.
    fn set_constant(&mut self, name: &str, value: f64) -> Result<(), ModelError> {
        let _ = value;
        Err(unknown_constant(self, name))
    }

    /// Checks the constants.
    ///
    /// # Errors
    /// The first that cannot be.
    fn check(&self) -> Result<(), ModelError> {
        Ok(())
    }

    /// Facts that select fast kernels and exact defaults (default: none).
    fn structure(&self) -> Structure {
        Structure::general()
    }

    /// Adds H_q, which is constant, to `h`. It is called once for a run.
    fn h_q(&self, h: &mut Hermitian);

    /// Adds H_qc(z) to `h`. Default: what the structure says, else nothing.
    fn h_qc(&self, z: &Coords, h: &mut Hermitian) {
        self.structure().h_qc(z, h);
    }

    /// H_c(z). Default: what the structure says, else 0.
    fn h_c(&self, z: &Coords) -> Lane {
        self.structure().h_c(&self.classical_coordinate_weight(), z)
    }

    /// Adds to each `out_j` the matrix element ⟨left|∂H_qc/∂z_j*|right⟩, where
    /// ∂/∂z* = √(1/(2 m h)) ∂/∂q + i √(m h/2) ∂/∂p. Default: what the structure says, else forward
    /// differences of [`Model::h_qc`] with a step of 1e-6 in Re z and Im z, as in QC Lab.
    fn dh_qc_dzc(&self, z: &Coords, left: &States, right: &States, out: &mut Coords) {
        if !self.structure().dh_qc_dzc(left, right, out) {
            ingredients::dh_qc_dzc_differences(self, z, left, right, out);
        }
    }

    /// Adds ∂H_c/∂z_j* to each `out_j`. Default: what the structure says, else forward differences
    /// of [`Model::h_c`].
    fn dh_c_dzc(&self, z: &Coords, out: &mut Coords) {
        if !self.structure().dh_c_dzc(&self.classical_coordinate_weight(), z, out) {
            ingredients::dh_c_dzc_differences(self, z, out);
        }
    }

    /// One step of z by fourth-order Runge–Kutta with the wave function frozen,
    /// z' = −i (∂H_c/∂z* + ⟨c|∂H_qc/∂z*|c⟩), with a time step for each trajectory, if the model has a
    /// faster form than the staged computation from its gradients, to the same results but for
    /// rounding; whether it has. `last` becomes the z of the fourth stage, from which a hop takes its
    /// direction.
    fn runge_kutta(
        &self,
        arithmetic: Arithmetic,
        wf: &States,
        dt: Lane,
        z: &mut Coords,
        last: &mut Coords,
    ) -> bool {
        let _ = (arithmetic, wf, dt, z, last);
        false
    }

    /// Whether ∂H_qc/∂z* depends on z, as QC Lab's `update_dh_qc_dzc`. If not, surface hopping and
    /// the integrator evaluate it at any z.
    fn update_dh_qc_dzc(&self) -> bool {
        !matches!(self.structure().coupling, Coupling::DiagonalLinear { .. })
    }

    /// What draws the initial coordinates of a trajectory. It is asked for once in a run, so it can
    /// hold what is the same for all trajectories; [`ingredients`] has those for harmonic modes and
    /// for a definite start. Default: e^(−H_c/kT) by Monte Carlo, as [`Model::monte_carlo`] says.
    fn init_classical(&self) -> Sampler<'_> {
        ingredients::monte_carlo(self, self.monte_carlo())
    }

    /// How initial coordinates are sampled if the model gives no [`Model::init_classical`].
    fn monte_carlo(&self) -> MonteCarlo {
        MonteCarlo::default()
    }

    /// The shift of z along −i γ d that conserves energy when the energy of the active surface rises
    /// by `gap`, if there is one. Default: as the structure says, exact for harmonic and free
    /// coordinates, else solved for with values of [`Model::h_c`] ([`ingredients::hop_general`]; QC
    /// Lab's search, [`ingredients::hop_numerical`], misses some). Whether it is the default must not
    /// depend on the arguments.
    fn hop(&self, z: &[c64], direction: &[c64], gap: f64) -> Hop {
        let _ = (z, direction, gap);
        Hop::AsStated
    }

    /// The direction d along which coordinates are rescaled in a hop, if it is not that of the
    /// derivative coupling; a model has one for all pairs of states, or for none. Multi-state MASH adds up directions of pairs of states: it asks for those
    /// of `from` < `to` alone, and takes the opposite for the way back.
    fn rescaling_direction_fssh(&self, z: &[c64], from: usize, to: usize) -> Option<Vec<c64>> {
        let _ = (z, from, to);
        None
    }

    /// Adds to each `out_j` the force of the gauge field on the adiabatic state with the number `state`,
    /// as a term of ∂H/∂z*, for algorithms with `use_gauge_field_force`. `false`, the default: there
    /// is none.
    fn gauge_field_force(&self, z: &Coords, state: Lane, out: &mut Coords) -> bool {
        let _ = (z, state, out);
        false
    }
}

/// What a model says to a hop, see [`Model::hop`].
#[derive(Clone, Debug, PartialEq)]
pub enum Hop {
    /// What its structure states tells.
    AsStated,
    /// The coordinates move by this.
    Shift(Vec<c64>),
    /// There is not enough energy: the hop is frustrated.
    Frustrated,
}

/// A shift, or frustrated without one.
impl From<Option<Vec<c64>>> for Hop {
    fn from(shift: Option<Vec<c64>>) -> Self {
        shift.map_or(Self::Frustrated, Self::Shift)
    }
}

/// What can be wrong with a model.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ModelError {
    /// There is no constant of this name.
    #[error("{model} has no constant `{name}`: expected {}", one_of(known))]
    UnknownConstant {
        /// The model's name.
        model: String,
        /// The name given.
        name: String,
        /// The names there are.
        known: Vec<&'static str>,
    },
    /// The constant cannot have this value.
    #[error("{model}'s constant `{name}` must be {expected}, found {found}")]
    BadConstant {
        /// The model's name.
        model: String,
        /// The constant's name.
        name: String,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: f64,
    },
    /// Nothing says where trajectories start.
    #[error(
        "{model} does not say where trajectories start: expected init_classical, initial_state.sampling, \
         or a kBT at which initial coordinates are sampled by Monte Carlo (of closures: with_init_classical or \
         with_monte_carlo)"
    )]
    NoStart {
        /// The model's name.
        model: String,
    },
    /// There is nothing to sample.
    #[error(
        "{model}'s h_c is the same everywhere, so that e^(−H_c/kT) is no distribution to sample initial \
         coordinates from: expected init_classical, or an h_c"
    )]
    NoEnergy {
        /// The model's name.
        model: String,
    },
    /// Coordinates cannot be sampled one by one.
    #[error(
        "{model}'s h_c is no sum over coordinates, which Monte-Carlo sampling takes it for: expected \
         MonteCarlo with separable = false"
    )]
    NotSeparable {
        /// The model's name.
        model: String,
    },
    /// A list has the wrong length.
    #[error("{model}'s {what} has {found} entries, expected {expected}")]
    WrongLength {
        /// The model's name.
        model: String,
        /// Which list.
        what: &'static str,
        /// The length it must have.
        expected: usize,
        /// The length it has.
        found: usize,
    },
}

/// What could have been expected.
fn one_of(known: &[&str]) -> String {
    if known.is_empty() {
        return "none, since the model has no constants".to_string();
    }
    format!("one of {}", known.join(", "))
}

/// The last part of a type's path, without its parameters.
pub(crate) fn type_name<T: ?Sized>() -> String {
    let path = std::any::type_name::<T>();
    let path = path.split('<').next().unwrap_or(path);
    path.rsplit("::").next().unwrap_or(path).to_string()
}

/// The error for a constant that a model does not have.
pub fn unknown_constant<M: Model + ?Sized>(model: &M, name: &str) -> ModelError {
    let known = model.constants().into_iter().map(|(name, _)| name).collect();
    ModelError::UnknownConstant { model: model.name(), name: name.to_string(), known }
}

/// Checks the lengths of what a model states.
pub(crate) fn check_lengths(model: &dyn Model) -> Result<(), ModelError> {
    let (n, c) = (model.num_quantum_states(), model.num_classical_coordinates());
    let check = |what, found, expected| {
        let wrong = || ModelError::WrongLength { model: model.name(), what, expected, found };
        if found == expected { Ok(()) } else { Err(wrong()) }
    };
    for (name, count) in [("num_quantum_states", n), ("num_classical_coordinates", c)] {
        if count == 0 {
            let (model, name) = (model.name(), name.to_string());
            return Err(ModelError::BadConstant {
                model,
                name,
                expected: "at least 1",
                found: 0.0,
            });
        }
    }
    check_positive(model, "classical_coordinate_mass", &model.classical_coordinate_mass())?;
    check_positive(model, "classical_coordinate_weight", &model.classical_coordinate_weight())?;
    check("classical_coordinate_mass", model.classical_coordinate_mass().len(), c)?;
    check("classical_coordinate_weight", model.classical_coordinate_weight().len(), c)?;
    let structure = model.structure();
    if let Classical::Harmonic { frequency } = &structure.classical {
        check("list of frequencies", frequency.len(), c)?;
    }
    if let Coupling::DiagonalLinear { g } = &structure.coupling {
        check("diagonal linear coupling", g.len(), n)?;
        g.iter().try_for_each(|g| check("diagonal linear coupling of a state", g.len(), c))?;
    }
    Ok(())
}

fn check_positive(model: &dyn Model, name: &str, values: &[f64]) -> Result<(), ModelError> {
    let bad = values.iter().find(|value| !(value.is_finite() && **value > 0.0));
    bad.map_or(Ok(()), |&found| {
        let (model, name) = (model.name(), name.to_string());
        Err(ModelError::BadConstant { model, name, expected: "positive", found })
    })
}
