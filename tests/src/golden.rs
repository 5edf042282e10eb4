//! The golden cases of QC Lab 1.3.0, as `tests/peers/make_golden.py` wrote them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fascicle::core::{Data, Ensemble, RunOptions, Seeding, Serial, ignore_events, run_ensemble};
use fascicle::dynamics::{
    Algorithm, FewestSwitchesSurfaceHopping, GaugeFixing, MeanField, Model,
    MultiStateMappingApproachToSurfaceHopping, Simulation, c64,
};
use serde::Deserialize;
use serde_json::Value;

use crate::variant::Variant;

/// One run of QC Lab.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// The case's name.
    pub case: String,
    /// Versions of the packages that were run.
    pub versions: BTreeMap<String, String>,
    /// QC Lab's class.
    pub model: String,
    /// Constants that differ from the defaults.
    pub constants: BTreeMap<String, f64>,
    /// QC Lab's class.
    pub algorithm: String,
    /// Settings of the algorithm that differ from the defaults.
    pub algorithm_settings: BTreeMap<String, Value>,
    /// Functions of the model that were taken away.
    #[serde(default)]
    pub without: Vec<String>,
    /// Settings of the simulation.
    pub settings: Settings,
    /// Seeds, where they were given.
    pub seeds: Option<Vec<u64>>,
    /// The initial wave function.
    pub wf_db: Vec<(f64, f64)>,
    /// Results.
    pub outputs: Outputs,
    /// Hops, summed over trajectories.
    pub hops: Option<u64>,
    /// Hops that energy forbade.
    pub frustrated: Option<u64>,
    /// The least distance of a hop number from what would have changed the course of events.
    pub min_hop_margin: Option<f64>,
    /// How far QC Lab as it is is from itself when a factor changes that must not matter: of MASH with
    /// a model's own direction.
    pub stock_self_deviation: Option<f64>,
    /// Each trajectory by itself.
    pub trajectories: Option<Trajectories>,
}

/// Each trajectory by itself; arrays have the trajectory after the time.
#[derive(Clone, Debug, Deserialize)]
pub struct Trajectories {
    /// Seeds.
    pub seed: Vec<u64>,
    /// The least distance from a decision that would have gone the other way.
    pub min_margin: Vec<Option<f64>>,
    /// How far the density matrix moves when the initial coordinates are multiplied by 1 + 1e-13.
    pub sensitivity: Vec<f64>,
    /// The density matrix.
    pub dm_db: Array,
    /// The quantum energy, but for MASH.
    pub quantum_energy: Option<Array>,
    /// The classical energy, but for MASH.
    pub classical_energy: Option<Array>,
}

/// Settings of the simulation.
#[derive(Clone, Debug, Deserialize)]
pub struct Settings {
    num_trajs: u64,
    batch_size: usize,
    tmax: f64,
    dt_update: f64,
    dt_collect: f64,
}

/// Results.
#[derive(Clone, Debug, Deserialize)]
pub struct Outputs {
    /// Times.
    pub t: Vec<f64>,
    /// The density matrix.
    pub dm_db: Array,
    /// The quantum energy, but for MASH.
    pub quantum_energy: Option<Array>,
    /// The classical energy, but for MASH.
    pub classical_energy: Option<Array>,
    /// Seeds.
    pub seed: Vec<u64>,
    /// The number of trajectories.
    pub norm_factor: u64,
}

/// An array in C order.
#[derive(Clone, Debug, Deserialize)]
pub struct Array {
    /// Its shape.
    pub shape: Vec<usize>,
    /// Real parts.
    pub re: Vec<f64>,
    /// Imaginary parts, if it is complex.
    #[serde(default)]
    pub im: Vec<f64>,
}

/// Where the golden data of QC Lab are.
pub fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/golden/qclab-1.3.0"))
}

/// All cases, by name.
///
/// # Panics
/// When the golden data are not there or damaged.
pub fn cases() -> Vec<Case> {
    read(&folder())
}

/// All cases in a folder, by name.
///
/// # Panics
/// When there is no such folder, or a file is damaged.
pub fn read(folder: &Path) -> Vec<Case> {
    let entries = std::fs::read_dir(folder).expect("there is a folder of cases");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let read = |path: &PathBuf| {
        let text = std::fs::read(path).expect("the file can be read");
        serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    paths.iter().map(read).collect()
}

impl Case {
    /// Makes the simulation and lends it to `f`.
    ///
    /// # Panics
    /// When the case names a model, a constant or a setting that there is not.
    pub fn with_ensemble<R>(&self, f: impl FnOnce(&dyn Ensemble) -> R) -> R {
        let model = Variant::new(&self.model, &self.without).with_qc_labs_search();
        match self.algorithm.as_str() {
            "MeanField" => self.lend(model, MeanField::default(), f),
            "FewestSwitchesSurfaceHopping" => self.lend(model, self.surface_hopping(), f),
            "MultiStateMappingApproachToSurfaceHopping" => self.lend(model, self.mash(), f),
            name => panic!("{}: no algorithm {name}", self.case),
        }
    }

    fn surface_hopping(&self) -> FewestSwitchesSurfaceHopping {
        let mut algorithm = FewestSwitchesSurfaceHopping::default();
        let settings = &mut algorithm.settings;
        for (name, value) in &self.algorithm_settings {
            match name.as_str() {
                "fssh_deterministic" => settings.fssh_deterministic = self.flag(value),
                "gauge_fixing" => settings.gauge_fixing = self.gauge(value),
                "use_gauge_field_force" => settings.use_gauge_field_force = self.flag(value),
                _ => panic!("{}: no setting {name}", self.case),
            }
        }
        algorithm
    }

    fn mash(&self) -> MultiStateMappingApproachToSurfaceHopping {
        let mut algorithm = MultiStateMappingApproachToSurfaceHopping::default();
        let settings = &mut algorithm.settings;
        let count = |value: &Value| value.as_u64().expect("a count") as u32;
        for (name, value) in &self.algorithm_settings {
            match name.as_str() {
                "gauge_fixing" => settings.gauge_fixing = self.gauge(value),
                "use_gauge_field_force" => settings.use_gauge_field_force = self.flag(value),
                "reverse_frustrated_hops" => settings.reverse_frustrated_hops = self.flag(value),
                "msmash_max_hops" => settings.msmash_max_hops = count(value),
                "msmash_num_bisections" => settings.msmash_num_bisections = count(value),
                _ => panic!("{}: no setting {name}", self.case),
            }
        }
        algorithm
    }

    fn flag(&self, value: &Value) -> bool {
        value.as_bool().unwrap_or_else(|| panic!("{}: {value} is no flag", self.case))
    }

    fn gauge(&self, value: &Value) -> GaugeFixing {
        let all =
            [GaugeFixing::SignOverlap, GaugeFixing::PhaseOverlap, GaugeFixing::PhaseDerCouple];
        let named = |gauge: &GaugeFixing| value.as_str() == Some(&gauge.to_string());
        all.into_iter().find(named).unwrap_or_else(|| panic!("{}: no gauge {value}", self.case))
    }

    fn lend<M: Model, A: Algorithm, R>(
        &self,
        model: M,
        algorithm: A,
        f: impl FnOnce(&dyn Ensemble) -> R,
    ) -> R {
        let mut sim = Simulation::new(model, algorithm);
        for (name, &value) in &self.constants {
            sim.model.set_constant(name, value).expect("the model has the constant");
        }
        sim.settings.num_trajs = self.settings.num_trajs;
        sim.settings.batch_size = self.settings.batch_size;
        sim.settings.tmax = self.settings.tmax;
        sim.settings.dt_update = self.settings.dt_update;
        sim.settings.dt_collect = self.settings.dt_collect;
        sim.settings.seeding = Seeding::QcLab;
        sim.initial_state.wf_db = self.wf_db.iter().map(|&(re, im)| c64(re, im)).collect();
        f(&sim.prepare().expect("the case is a proper simulation"))
    }

    /// How far results may be off by rounding alone: 1e-9. With gradients by forward differences, which
    /// make 2e-9 of the rounding of an energy of 10 (2e-16 × 10 / 1e-6) in every force, 1e-7.
    pub fn tolerance(&self) -> f64 {
        let differences = self.without.iter().any(|name| name.starts_with("dh_"));
        if differences { 1e-7 } else { 1e-9 }
    }

    /// Runs it here, serially, under QC Lab's seeding.
    ///
    /// # Panics
    /// When it fails.
    pub fn run(&self) -> Data {
        self.run_with(RunOptions::new())
    }

    /// The same with options.
    ///
    /// # Panics
    /// When it fails.
    pub fn run_with(&self, mut options: RunOptions) -> Data {
        if let Some(seeds) = &self.seeds {
            options = options.with_seeds(seeds.iter().copied());
        }
        self.with_ensemble(|ensemble| {
            run_ensemble(ensemble, &Serial, &options, &mut ignore_events)
                .unwrap_or_else(|error| panic!("{}: {error}", self.case))
        })
    }

    /// The largest deviation of any output from QC Lab's: |difference| / max(1, |QC Lab's|).
    ///
    /// # Panics
    /// When shapes, times or seeds differ.
    pub fn deviation(&self, data: &Data) -> f64 {
        self.deviations(data).into_iter().map(|(_, deviation)| deviation).fold(0.0, f64::max)
    }

    /// The same for each output.
    ///
    /// # Panics
    /// When shapes, times or seeds differ.
    pub fn deviations(&self, data: &Data) -> Vec<(&'static str, f64)> {
        let golden = &self.outputs;
        assert_eq!(data.times().len(), golden.t.len(), "{}: times", self.case);
        let mut seeds = golden.seed.clone();
        seeds.sort_unstable();
        let found: Vec<u64> = data.seeds().iter().map(|seed| seed.0).collect();
        assert_eq!(found, seeds, "{}: seeds", self.case);
        assert_eq!(data.norm_factor(), golden.norm_factor, "{}: norm_factor", self.case);
        let complex = data.complex("dm_db").expect("there is a density matrix");
        assert_eq!(complex.shape(), golden.dm_db.shape, "{}: shape", self.case);
        // QC Lab averages the times over trajectories like any output, and so rounds them.
        let times = data.times().iter().zip(&golden.t).map(|(&a, &b)| (a, b));
        let mut all =
            vec![("t", largest(times)), ("dm_db", golden.dm_db.deviation(complex.iter()))];
        for (name, energy) in [
            ("quantum_energy", &golden.quantum_energy),
            ("classical_energy", &golden.classical_energy),
        ] {
            let Some(energy) = energy else { continue };
            let real = data.real(name).expect("there is an energy");
            assert_eq!(real.len(), energy.re.len(), "{}: {name}", self.case);
            all.push((name, largest(real.iter().copied().zip(energy.re.iter().copied()))));
        }
        all
    }
}

impl Array {
    /// The largest deviation of complex numbers in the same order.
    pub fn deviation<'a>(&self, found: impl Iterator<Item = &'a c64>) -> f64 {
        let golden = self.re.iter().zip(&self.im);
        largest(found.zip(golden).flat_map(|(z, (&re, &im))| [(z.re, re), (z.im, im)]))
    }
}

/// The largest |difference| / max(1, |expected|) of pairs (found, expected); infinite for NaN.
pub fn largest(pairs: impl Iterator<Item = (f64, f64)>) -> f64 {
    let deviation = |(found, expected): (f64, f64)| {
        let difference = (found - expected).abs() / expected.abs().max(1.0);
        if difference.is_nan() { f64::INFINITY } else { difference }
    };
    pairs.map(deviation).fold(0.0, f64::max)
}
