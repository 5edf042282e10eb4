//! A model as it is, or with some of its functions taken away.

use fascicle::dynamics::ingredients::{self, MonteCarlo, NumericalHop, Sampler};
use fascicle::dynamics::{
    Arithmetic, Classical, ComplexAvoidedCrossingA, ComplexAvoidedCrossingB,
    ComplexAvoidedCrossingC, Coords, Coupling, FMOComplex, Hermitian, HolsteinLattice,
    HolsteinLatticeReciprocalSpace, Hop, Lane, Model, ModelError, SpinBoson, States, Structure,
    TullyProblemOne, TullyProblemThree, TullyProblemTwo, c64,
};

/// The names of all models.
pub const MODELS: [&str; 10] = [
    "SpinBoson",
    "HolsteinLattice",
    "HolsteinLatticeReciprocalSpace",
    "FMOComplex",
    "TullyProblemOne",
    "TullyProblemTwo",
    "TullyProblemThree",
    "ComplexAvoidedCrossingA",
    "ComplexAvoidedCrossingB",
    "ComplexAvoidedCrossingC",
];

/// A model by QC Lab's name, with its default constants.
///
/// # Panics
/// When there is none.
pub fn model(name: &str) -> Box<dyn Model> {
    match name {
        "SpinBoson" => Box::new(SpinBoson::default()),
        "HolsteinLattice" => Box::new(HolsteinLattice::default()),
        "HolsteinLatticeReciprocalSpace" => Box::new(HolsteinLatticeReciprocalSpace::default()),
        "FMOComplex" => Box::new(FMOComplex::default()),
        "TullyProblemOne" => Box::new(TullyProblemOne::default()),
        "TullyProblemTwo" => Box::new(TullyProblemTwo::default()),
        "TullyProblemThree" => Box::new(TullyProblemThree::default()),
        "ComplexAvoidedCrossingA" => Box::new(ComplexAvoidedCrossingA::default()),
        "ComplexAvoidedCrossingB" => Box::new(ComplexAvoidedCrossingB::default()),
        "ComplexAvoidedCrossingC" => Box::new(ComplexAvoidedCrossingC::default()),
        _ => panic!("no model {name}"),
    }
}

/// A model without some of its functions, by QC Lab's names of them: what is not given has the
/// defaults of the trait.
pub struct Variant {
    model: Box<dyn Model>,
    without: Vec<String>,
    monte_carlo: MonteCarlo,
    /// QC Lab's search, if hops that are taken away are to be searched for so.
    search: Option<NumericalHop>,
}

impl Variant {
    /// The model of this name, without these.
    pub fn new(name: &str, without: &[String]) -> Self {
        let monte_carlo = MonteCarlo::default();
        Self { model: model(name), without: without.to_vec(), monte_carlo, search: None }
    }

    /// With QC Lab's search for the energy of a hop, where hops are taken away.
    #[must_use]
    pub fn with_qc_labs_search(mut self) -> Self {
        self.search = Some(NumericalHop::default());
        self
    }

    fn general_hop(&self, z: &[c64], direction: &[c64], gap: f64) -> Hop {
        let shift = match &self.search {
            Some(search) => ingredients::hop_numerical(self, search, z, direction, gap),
            None => ingredients::hop_general(self, z, direction, gap),
        };
        shift.into()
    }

    fn has(&self, function: &str) -> bool {
        !self.without.iter().any(|name| name == function)
    }
}

impl Model for Variant {
    fn name(&self) -> String {
        self.model.name()
    }

    fn num_quantum_states(&self) -> usize {
        self.model.num_quantum_states()
    }

    fn num_classical_coordinates(&self) -> usize {
        self.model.num_classical_coordinates()
    }

    fn classical_coordinate_mass(&self) -> Vec<f64> {
        self.model.classical_coordinate_mass()
    }

    fn classical_coordinate_weight(&self) -> Vec<f64> {
        self.model.classical_coordinate_weight()
    }

    fn constants(&self) -> Vec<(&'static str, f64)> {
        self.model.constants()
    }

    fn set_constant(&mut self, name: &str, value: f64) -> Result<(), ModelError> {
        match name {
            "mcmc_burn_in_size" => self.monte_carlo.burn_in_size = value as usize,
            "mcmc_sample_size" => self.monte_carlo.sample_size = value as u32,
            "mcmc_std" => self.monte_carlo.std = value,
            "mcmc_h_c_separable" => self.monte_carlo.separable = value != 0.0,
            _ => match (&mut self.search, name) {
                (Some(s), "numerical_fssh_hop_gamma_range") => s.gamma_range = value,
                (Some(s), "numerical_fssh_hop_max_iter") => s.max_iter = value as u32,
                (Some(s), "numerical_fssh_hop_num_points") => s.num_points = value as usize,
                (Some(s), "numerical_fssh_hop_threshold") => s.threshold = value,
                _ => return self.model.set_constant(name, value),
            },
        }
        Ok(())
    }

    fn check(&self) -> Result<(), ModelError> {
        self.model.check()
    }

    /// Facts would give what is taken away.
    fn structure(&self) -> Structure {
        let mut structure = self.model.structure();
        if !self.has("dh_c_dzc") || !self.has("hop") {
            structure.classical = Classical::General;
        }
        if !self.has("dh_qc_dzc") {
            structure.coupling = Coupling::General;
        }
        structure
    }

    fn h_q(&self, h: &mut Hermitian) {
        self.model.h_q(h);
    }

    fn h_qc(&self, z: &Coords, h: &mut Hermitian) {
        self.model.h_qc(z, h);
    }

    fn h_c(&self, z: &Coords) -> Lane {
        self.model.h_c(z)
    }

    fn dh_qc_dzc(&self, z: &Coords, left: &States, right: &States, out: &mut Coords) {
        if self.has("dh_qc_dzc") {
            self.model.dh_qc_dzc(z, left, right, out);
        } else {
            ingredients::dh_qc_dzc_differences(self, z, left, right, out);
        }
    }

    fn dh_c_dzc(&self, z: &Coords, out: &mut Coords) {
        if self.has("dh_c_dzc") {
            self.model.dh_c_dzc(z, out);
        } else {
            ingredients::dh_c_dzc_differences(self, z, out);
        }
    }

    /// QC Lab's flag of the model, whether or not the gradient is given.
    fn runge_kutta(
        &self,
        arithmetic: Arithmetic,
        wf: &States,
        dt: Lane,
        z: &mut Coords,
        last: &mut Coords,
    ) -> bool {
        let parts = ["structure", "dh_qc_dzc", "dh_c_dzc", "runge_kutta"];
        parts.iter().all(|part| self.has(part))
            && self.model.runge_kutta(arithmetic, wf, dt, z, last)
    }

    fn update_dh_qc_dzc(&self) -> bool {
        self.model.update_dh_qc_dzc()
    }

    fn init_classical(&self) -> Sampler<'_> {
        if self.has("init_classical") {
            self.model.init_classical()
        } else {
            ingredients::monte_carlo(self, self.monte_carlo())
        }
    }

    fn monte_carlo(&self) -> MonteCarlo {
        self.monte_carlo.clone()
    }

    fn hop(&self, z: &[c64], direction: &[c64], gap: f64) -> Hop {
        if self.has("hop") {
            self.model.hop(z, direction, gap)
        } else {
            self.general_hop(z, direction, gap)
        }
    }

    fn rescaling_direction_fssh(&self, z: &[c64], from: usize, to: usize) -> Option<Vec<c64>> {
        let own = self.has("rescaling_direction_fssh");
        own.then(|| self.model.rescaling_direction_fssh(z, from, to)).flatten()
    }

    fn gauge_field_force(&self, z: &Coords, state: Lane, out: &mut Coords) -> bool {
        self.has("gauge_field_force") && self.model.gauge_field_force(z, state, out)
    }
}
