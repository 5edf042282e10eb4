//! How many operations and bytes the algorithms need: formulas, whatever the kernels do. They are
//! explained in docs/speed.md.
//!
//! An operation is one of + − × ÷ √. A number counts as moved when a task reads it from a block or
//! writes it there, once for each task however often it is used inside.

use fascicle_tests::speed::{Case, FSSH};
use fascicle_tests::variant::model;

/// Operations of our own exponential function.
const EXP: f64 = 35.0;

/// Operations of a sine with its cosine.
const SIN_COS: f64 = 47.0;

/// Sweeps of Jacobi's method from the basis of the time step before.
const SWEEPS: f64 = 2.0;

/// What one time step of one trajectory needs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Work {
    pub flops: f64,
    pub doubles: f64,
}

impl std::ops::Add for Work {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        work(self.flops + other.flops, self.doubles + other.doubles)
    }
}

fn work(flops: f64, doubles: f64) -> Work {
    Work { flops, doubles }
}

/// What a model is to the formulas.
#[derive(Clone, Copy)]
struct System {
    /// N.
    states: f64,
    /// C.
    modes: f64,
    /// Elements of H that are real, and those that are complex, of both triangles.
    real: f64,
    complex: f64,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Harmonic modes, each of which couples to one state, or to two oppositely.
    Diagonal,
    /// Harmonic modes that couple all pairs of states.
    Reciprocal,
    /// One particle in a potential made of two exponentials.
    Tully,
}

/// Bytes that a trajectory's coordinates, matrix, eigenvectors and wave functions take.
pub fn bytes_of_state(case: &Case) -> Option<f64> {
    let System { states: n, modes, complex, .. } = system(case)?;
    let parts = if complex > 0.0 { 2.0 } else { 1.0 };
    let vectors = if case.algorithm == FSSH { 2.0 * parts * n * n + 7.0 * n } else { 2.0 * n };
    Some(8.0 * (2.0 * modes + parts * n * (n + 1.0) / 2.0 + vectors))
}

/// What a time step needs, of the models that have formulas.
pub fn of_step(case: &Case) -> Option<Work> {
    let system = system(case)?;
    let step = system.coordinates() + system.hamiltonian();
    Some(step + if case.algorithm == FSSH { system.hopping() } else { system.wave_function() })
}

fn system(case: &Case) -> Option<System> {
    let model = model(case.model);
    let states = model.num_quantum_states() as f64;
    let modes = model.num_classical_coordinates() as f64;
    let all = states * states;
    let (real, complex, kind) = match case.model {
        "SpinBoson" | "FMOComplex" => (all, 0.0, Kind::Diagonal),
        // A site and its two neighbours.
        "HolsteinLattice" => (3.0 * states, 0.0, Kind::Diagonal),
        "HolsteinLatticeReciprocalSpace" => (states, all - states, Kind::Reciprocal),
        "TullyProblemOne" => (all, 0.0, Kind::Tully),
        _ => return None,
    };
    Some(System { states, modes, real, complex, kind })
}

impl System {
    /// The step of z.
    fn coordinates(self) -> Work {
        let System { states: n, modes, .. } = self;
        match self.kind {
            // The linear map of a mode: the displacement 2, and 4 for each part of z. Populations of
            // states 3 each.
            Kind::Diagonal => work(10.0 * modes + 3.0 * n, 4.0 * modes + 2.0 * n),
            // The map with a force of its own for each mode, made of N products of states.
            Kind::Reciprocal => work(12.0 * modes + 8.0 * n * n + 2.0 * n, 4.0 * modes + 2.0 * n),
            // Four stages of two exponentials, 45 operations around them, 2 of the kinetic energy and
            // 4 of the stage itself; 14 to join them.
            Kind::Tully => work(4.0 * (2.0 * EXP + 51.0) + 14.0, 4.0 + 2.0 * n),
        }
    }

    /// H at the new z.
    fn hamiltonian(self) -> Work {
        let System { states: n, modes, complex, .. } = self;
        match self.kind {
            Kind::Diagonal => work(2.0 * modes + 2.0 * n, modes + n),
            // Sum, factor for each part of the elements below the diagonal.
            Kind::Reciprocal => work(2.0 * complex + 3.0 * n, 2.0 * modes + complex + n),
            Kind::Tully => work(2.0 * EXP + 12.0, 1.0 + 3.0),
        }
    }

    /// H v for a vector v.
    fn product(self) -> f64 {
        4.0 * self.real + 8.0 * self.complex
    }

    /// Numbers of H below and on the diagonal.
    fn elements(self) -> f64 {
        0.5 * self.real + 0.5 * self.states + self.complex
    }

    /// Four products H v with a sum each.
    fn wave_function(self) -> Work {
        let n = self.states;
        work(4.0 * (self.product() + 4.0 * n), 4.0 * n + self.elements())
    }

    /// What surface hopping does with states, matrices of N² real or complex numbers.
    fn hopping(self) -> Work {
        let n = self.states;
        let is_complex = self.complex > 0.0;
        let parts = if is_complex { 2.0 } else { 1.0 };
        // A product and a sum with a number of the matrix, of such a number and of a complex one.
        let (own, mixed) = if is_complex { (8.0, 8.0) } else { (2.0, 4.0) };
        let vectors = parts * n * n;
        let propagator = work(2.0 * mixed * n * n + n * (SIN_COS + 7.0), 4.0 * n + vectors + n);
        let to_adiabatic = work(mixed * n * n, 4.0 * n + vectors);
        let gauge = work((own + parts) * n * n, 3.0 * vectors);
        let probabilities = work(own * n * n + 10.0 * n, 2.0 * vectors + 3.0 * n);
        let bookkeeping = work(4.0 * n, 2.0 * vectors + 5.0 * n);
        propagator + to_adiabatic + gauge + probabilities + bookkeeping + self.eigenproblem()
    }

    fn eigenproblem(self) -> Work {
        let n = self.states;
        if n == 2.0 {
            // In closed form.
            return work(24.0, 3.0 + 2.0 + 4.0);
        }
        let is_complex = self.complex > 0.0;
        let (parts, own) = if is_complex { (2.0, 8.0) } else { (1.0, 2.0) };
        // X† H X, of which the lower triangle is needed.
        let products = if is_complex { own * (self.real + self.complex) } else { own * self.real };
        let transform = n * products + own * n * n * (n + 1.0) / 2.0;
        // A rotation: its angle, then pairs of numbers in the matrix and in the vectors.
        let (angle, pair) = if is_complex { (28.0, 20.0) } else { (20.0, 6.0) };
        let rotation = angle + pair * (2.0 * n - 2.0);
        let sweeps = SWEEPS * n * (n - 1.0) / 2.0 * rotation;
        // Vectors with a real first component.
        let phases = if is_complex { 6.0 * n * n } else { 0.0 };
        work(transform + sweeps + phases, self.elements() + 2.0 * parts * n * n + n)
    }
}
