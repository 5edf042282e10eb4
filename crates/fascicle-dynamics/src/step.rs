//! What a task sees of the simulation.

use std::any::Any;

use fascicle_core::{Cause, Failure, Scale, Seed, Seeding};

use crate::ingredients::{DiagonalLinear, Energy, Gradient, HopLine, Sampler};
use crate::kernels::LinearMap;
use crate::structure::Classical;
use crate::sys::{Kernel, dispatch_in};
use crate::{Arithmetic, Coords, Hermitian, Lane, Model, States, Structure, SurfaceSettings, c64};

/// A simulation made ready to run: what is the same for all trajectories and times.
pub(crate) struct System<'a> {
    pub model: &'a dyn Model,
    pub algorithm_settings: &'a (dyn Any + Send + Sync),
    pub surfaces: SurfaceSettings,
    pub structure: Structure,
    pub mass: Vec<f64>,
    pub weight: Vec<f64>,
    /// ω²/h of each coordinate, where they are harmonic.
    pub stiffness: Vec<f64>,
    pub h_q: Hermitian,
    /// The coupling, if it is diagonal and linear.
    pub diagonal_linear: Option<DiagonalLinear>,
    pub linear_map: Option<LinearMap>,
    /// Whether the gradient of H_qc depends on z.
    pub update_dh_qc_dzc: bool,
    /// Whether the model has a gauge field.
    pub has_gauge_field: bool,
    /// What of hops the model does in its own way.
    pub own: Own,
    pub sampler: Sampler<'a>,
    pub wf_db: Vec<c64>,
    pub seeding: Seeding,
    pub branches: usize,
    pub arithmetic: Arithmetic,
    pub dt: f64,
    /// The number of time steps.
    pub steps: u64,
    /// Time steps from one collection to the next.
    pub per_collect: u64,
    /// How `dm_db` is summed.
    pub dm_scale: Scale,
}

/// What of hops a model does in its own way.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Own {
    /// The shift that conserves energy.
    pub hop: bool,
    /// The direction.
    pub direction: bool,
}

/// What a task sees of the simulation: the model, the settings, and the time.
#[derive(Clone, Copy)]
pub struct Step<'a> {
    system: &'a System<'a>,
    index: u64,
}

impl std::fmt::Debug for Step<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Step").field("index", &self.index).finish_non_exhaustive()
    }
}

impl<'a> Step<'a> {
    pub(crate) fn new(system: &'a System<'a>, index: u64) -> Self {
        Self { system, index }
    }

    pub(crate) fn system(&self) -> &'a System<'a> {
        self.system
    }

    /// The model.
    pub fn model(&self) -> &'a dyn Model {
        self.system.model
    }

    /// The algorithm's settings, if they are of this type.
    ///
    /// # Errors
    /// When they are of another type: the task belongs to another algorithm.
    pub fn settings<S: 'static>(&self) -> Result<&'a S, Failure> {
        self.system.algorithm_settings.downcast_ref().ok_or_else(|| {
            let wanted = std::any::type_name::<S>();
            let message = format!("the algorithm's settings are no {wanted}");
            Failure::new(Cause::Task { task: wanted.to_string(), message })
        })
    }

    /// The algorithm's settings of active surfaces.
    pub fn surfaces(&self) -> SurfaceSettings {
        self.system.surfaces
    }

    /// N.
    pub fn num_quantum_states(&self) -> usize {
        self.system.h_q.n()
    }

    /// C.
    pub fn num_classical_coordinates(&self) -> usize {
        self.system.mass.len()
    }

    /// The masses m of the coordinates.
    pub fn mass(&self) -> &'a [f64] {
        &self.system.mass
    }

    /// The weights h of the coordinates.
    pub fn weight(&self) -> &'a [f64] {
        &self.system.weight
    }

    /// The facts that the model states.
    pub fn structure(&self) -> &'a Structure {
        &self.system.structure
    }

    /// The number of this time step, from 0.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The number of time steps.
    pub fn steps(&self) -> u64 {
        self.system.steps
    }

    /// `dt_update`.
    pub fn dt(&self) -> f64 {
        self.system.dt
    }

    /// The time, index × `dt_update`.
    pub fn time(&self) -> f64 {
        self.index as f64 * self.system.dt
    }

    /// How products are added.
    pub fn arithmetic(&self) -> Arithmetic {
        self.system.arithmetic
    }

    /// Runs a kernel in this arithmetic.
    #[inline]
    pub(crate) fn run<K: Kernel>(&self, kernel: K) -> K::Output {
        dispatch_in(self.system.arithmetic, kernel)
    }

    /// How seeds become random numbers.
    pub fn seeding(&self) -> Seeding {
        self.system.seeding
    }

    /// The branches of one seed: N under deterministic surface hopping, else 1.
    pub fn branches(&self) -> usize {
        self.system.branches
    }

    /// The seed whose random numbers a trajectory uses: branches of a group share one.
    pub fn draw_seed(&self, seed: Seed) -> Seed {
        Seed(seed.0 / self.system.branches as u64)
    }

    /// h = H_q + H_qc(z).
    pub fn h_q_tot(&self, z: &Coords, h: &mut Hermitian) {
        h.copy_from(&self.system.h_q);
        match &self.system.diagonal_linear {
            Some(coupling) => coupling.h_qc(self.arithmetic(), z, h),
            None => self.system.model.h_qc(z, h),
        }
    }

    /// H_c(z).
    pub fn h_c(&self, z: &Coords) -> Lane {
        let System { structure, stiffness, weight, .. } = self.system;
        match &structure.classical {
            Classical::General => self.system.model.h_c(z),
            Classical::Harmonic { .. } => self.run(Energy { stiffness, weight, z }),
            Classical::Free => self.run(Energy { stiffness: &[], weight, z }),
        }
    }

    /// Adds ∂H_c/∂z_j* to each `out_j`.
    pub fn dh_c_dzc(&self, z: &Coords, out: &mut Coords) {
        let System { structure, stiffness, weight, .. } = self.system;
        match &structure.classical {
            Classical::General => self.system.model.dh_c_dzc(z, out),
            Classical::Harmonic { .. } => self.run(Gradient { stiffness, weight, z, out }),
            Classical::Free => self.run(Gradient { stiffness: &[], weight, z, out }),
        }
    }

    /// The classical energy along the direction of a hop, if it is known.
    pub(crate) fn line(&self, z: (&Coords, usize), direction: &[c64]) -> Option<HopLine> {
        let System { structure, stiffness, weight, .. } = self.system;
        HopLine::new(&structure.classical, stiffness, weight, z, direction)
    }

    /// Adds ⟨left|∂H_qc/∂z_j*|right⟩ to each `out_j`.
    pub fn dh_qc_dzc(&self, z: &Coords, left: &States, right: &States, out: &mut Coords) {
        match &self.system.diagonal_linear {
            Some(coupling) => coupling.dh_qc_dzc(self.arithmetic(), left, right, out),
            None => self.system.model.dh_qc_dzc(z, left, right, out),
        }
    }
}
