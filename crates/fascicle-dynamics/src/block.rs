//! The state of a block of trajectories.

use std::collections::BTreeMap;

use fascicle_core::{Failure, Lanes, Recorder, Scale, Seed, c64};

use crate::step::System;
use crate::sys::{Complex, Kernel, Pack, dispatch, flat};
use crate::tasks::{Adiabatic, Crossings, HopNumbers};
use crate::warm::Warm;
use crate::{Basis, Coords, Hermitian, LANES, Lane, States, Step, Vector};

/// The state of a block of trajectories, one per lane, under QC Lab's names.
#[derive(Debug)]
pub struct Block {
    seeds: Vec<Seed>,
    /// The classical coordinates z, C of them.
    pub z: Coords,
    /// The wave function in the diabatic basis, c.
    pub wf_db: States,
    /// H_q + H_qc(z), as of the last update.
    pub h_q_tot: Hermitian,
    /// The eigenvalues of `h_q_tot`, ascending (surface hopping).
    pub eigvals: Vec<Lane>,
    /// The eigenvectors of `h_q_tot`, with the gauge fixed (surface hopping).
    pub eigvecs: Basis,
    /// The eigenvectors of the time step before (surface hopping).
    pub eigvecs_previous: Basis,
    /// The wave function in the adiabatic basis, b = V† c (surface hopping).
    pub wf_adb: States,
    /// The number of the active surface (surface hopping).
    pub act_surf_ind: Lane,
    /// The eigenvector of the active surface (surface hopping).
    pub act_surf_wf: States,
    /// What outputs are multiplied with: N |b_branch(0)|² under deterministic hopping, else 1.
    pub branch_weight: Lane,
    /// The probability of a hop to each surface (surface hopping).
    pub hop_prob: Vec<Lane>,
    /// The surface to hop to; −1 for none (surface hopping).
    pub hop_dest: Lane,
    /// The density matrix in the diabatic basis, `[row × N + column]`: both triangles, which
    /// `collect_dm_db` expects to be mirror images. A matrix that is not Hermitian is handed out by a
    /// task of your own, with [`Outputs::complex`].
    pub dm_db: Vector,
    /// The quantum energy.
    pub quantum_energy: Lane,
    /// The classical energy.
    pub classical_energy: Lane,
    /// What the collect tasks hand out at this time.
    pub outputs: Outputs,
    /// What tasks of your own keep from one time step to the next, by name.
    pub extra: BTreeMap<String, Vec<Lane>>,
    /// Where the gradient of H_qc was last evaluated, and at which time step.
    pub(crate) z_gradient: Coords,
    pub(crate) z_gradient_step: Option<u64>,
    pub(crate) hop_numbers: HopNumbers,
    /// What multi-state MASH needs to find crossings within a time step.
    pub(crate) crossings: Option<Box<Crossings>>,
    pub(crate) scratch: Scratch,
}

/// Room for intermediate results, so that no task allocates.
#[derive(Debug)]
pub(crate) struct Scratch {
    pub slopes: [Coords; 4],
    /// The part of the force that stays the same in a time step.
    pub constant: Coords,
    pub states: [States; 3],
    pub warm: Warm,
    /// The direction of a hop.
    pub direction: Vec<c64>,
    /// The adiabatic states somewhere else, once a task wants them.
    pub there: Option<Box<Adiabatic>>,
}

impl Block {
    pub(crate) fn new(system: &System<'_>) -> Self {
        let (n, c) = (system.h_q.n(), system.mass.len());
        let coords = || Coords::zeros(c);
        let states = || States::zeros(n);
        Self {
            seeds: Vec::new(),
            z: coords(),
            wf_db: states(),
            h_q_tot: Hermitian::zeros(n),
            eigvals: vec![Lane::ZERO; n],
            eigvecs: Basis::zeros(n),
            eigvecs_previous: Basis::zeros(n),
            wf_adb: states(),
            act_surf_ind: Lane::ZERO,
            act_surf_wf: states(),
            branch_weight: Lane::splat(1.0),
            hop_prob: vec![Lane::ZERO; n],
            hop_dest: Lane::splat(-1.0),
            dm_db: Vector::zeros(n * n),
            quantum_energy: Lane::ZERO,
            classical_energy: Lane::ZERO,
            outputs: Outputs::default(),
            extra: BTreeMap::new(),
            z_gradient: coords(),
            z_gradient_step: None,
            hop_numbers: HopNumbers::default(),
            crossings: None,
            scratch: Scratch {
                slopes: [coords(), coords(), coords(), coords()],
                constant: coords(),
                states: [states(), states(), states()],
                warm: Warm::new(n),
                direction: Vec::new(),
                there: None,
            },
        }
    }

    /// Makes the block ready for these trajectories, 1 to 16 of them.
    pub(crate) fn begin(&mut self, seeds: &[Seed]) {
        self.seeds.clear();
        self.seeds.extend_from_slice(seeds);
        self.extra.clear();
        self.hop_numbers = HopNumbers::default();
        self.z_gradient_step = None;
        self.scratch.warm.begin();
        // Nothing of the trajectories before is left, also where a recipe sets less than it uses.
        for vector in [&mut self.z, &mut self.wf_db, &mut self.wf_adb, &mut self.act_surf_wf] {
            vector.clear();
        }
        self.dm_db.clear();
        self.h_q_tot.clear();
        self.eigvecs.clear();
        self.eigvecs_previous.clear();
        self.eigvals.fill(Lane::ZERO);
        self.hop_prob.fill(Lane::ZERO);
        self.act_surf_ind = Lane::ZERO;
        self.branch_weight = Lane::splat(1.0);
        self.hop_dest = Lane::splat(-1.0);
        self.quantum_energy = Lane::ZERO;
        self.classical_energy = Lane::ZERO;
        self.outputs = Outputs::default();
    }

    /// Says where the gradient of H_qc was last evaluated in this time step: a hop takes its direction
    /// from there, as in QC Lab, where it is the fourth stage of Runge and Kutta's method. An
    /// integrator that does not say so has hops take it from z.
    pub fn set_gradient_at(&mut self, step: &Step<'_>, z: &Coords) {
        self.z_gradient.copy_from(z);
        self.z_gradient_step = Some(step.index());
    }

    /// Moves what was handed out at this time to the recorder.
    #[inline(always)]
    pub(crate) fn record(&mut self, time: usize, to: &mut Recorder<'_>) -> Result<(), Failure> {
        self.outputs.record(time, &self.seeds, to)
    }

    /// The seeds of the trajectories, 1 to 16.
    pub fn seeds(&self) -> &[Seed] {
        &self.seeds
    }

    /// The seed of a lane: beyond the trajectories, that of the last.
    pub fn seed_of(&self, lane: usize) -> Seed {
        self.seeds[lane.min(self.seeds.len() - 1)]
    }

    /// The values of a name in [`Block::extra`], made of zeros if there are none yet.
    pub fn extra(&mut self, name: &str, length: usize) -> &mut Vec<Lane> {
        self.extra.entry(name.to_string()).or_insert_with(|| vec![Lane::ZERO; length])
    }
}

/// What the collect tasks hand out at one time.
#[derive(Debug, Default)]
pub struct Outputs(Vec<Output>);

#[derive(Debug)]
struct Output {
    name: String,
    shape: Vec<usize>,
    scale: Scale,
    re: Vec<Lane>,
    im: Option<Vec<Lane>>,
    symmetry: Symmetry,
    fresh: bool,
}

/// What is known of a complex output.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Symmetry {
    /// Nothing.
    Unknown,
    /// It is to be Hermitian; not zero of the trajectories where it is not.
    Hermitian { lopsided: Lane },
}

impl Outputs {
    /// Hands out a real output of this shape, a lane per component.
    pub fn real(&mut self, name: &str, shape: &[usize], scale: Scale, values: &[Lane]) {
        self.put(name, shape, scale, values, None);
    }

    /// Hands out a complex output of this shape, a lane per component.
    pub fn complex(&mut self, name: &str, shape: &[usize], scale: Scale, values: &Vector) {
        self.put(name, shape, scale, &values.re, Some(&values.im)).symmetry = Symmetry::Unknown;
    }

    /// Hands out a Hermitian matrix, n × n, `[row × n + column]`. It takes half the time and room of a
    /// complex output: the lower triangle is summed, and the upper one is its mirror image. A trajectory of
    /// which the two differ by more than 1e-8 of the largest element fails and is named; with less, what
    /// is in the upper triangle, and in imaginary parts on the diagonal, is left out.
    pub fn hermitian(&mut self, name: &str, n: usize, scale: Scale, values: &Vector) {
        // Another number of elements is told when it is recorded.
        let whole = values.re.len() == n * n && values.im.len() == n * n;
        let lopsided = if whole { dispatch(Lopsided { n, values }) } else { Lane::ZERO };
        self.put(name, &[n, n], scale, &values.re, Some(&values.im)).symmetry =
            Symmetry::Hermitian { lopsided };
    }

    fn put(
        &mut self,
        name: &str,
        shape: &[usize],
        scale: Scale,
        re: &[Lane],
        im: Option<&[Lane]>,
    ) -> &mut Output {
        let at = self.0.iter().position(|output| output.name == name).unwrap_or_else(|| {
            let (name, shape, re) = (name.to_string(), Vec::new(), Vec::new());
            let (im, symmetry, fresh) = (None, Symmetry::Unknown, false);
            self.0.push(Output { name, shape, scale, re, im, symmetry, fresh });
            self.0.len() - 1
        });
        let output = &mut self.0[at];
        output.shape.clear();
        output.shape.extend_from_slice(shape);
        output.scale = scale;
        output.fresh = true;
        fill(&mut output.re, re);
        match im {
            Some(im) => fill(output.im.get_or_insert_default(), im),
            None => output.im = None,
        }
        output
    }

    /// Moves what was handed out at this time to the recorder, of the trajectories with these seeds.
    #[inline(always)]
    fn record(
        &mut self,
        time: usize,
        seeds: &[Seed],
        to: &mut Recorder<'_>,
    ) -> Result<(), Failure> {
        for output in self.0.iter_mut().filter(|output| output.fresh) {
            output.fresh = false;
            let Output { name, shape, scale, re, im, symmetry, .. } = output;
            check_shape(name, shape, re.len())?;
            let re = lanes(re);
            let Some(im) = im else {
                to.real(time, name, shape, *scale, re)?;
                continue;
            };
            let im = lanes(im);
            match symmetry {
                Symmetry::Unknown => to.complex(time, name, shape, *scale, re, im)?,
                Symmetry::Hermitian { lopsided } => {
                    check_symmetry(name, lopsided, seeds)?;
                    to.hermitian(time, name, shape[0], *scale, re, im)?;
                }
            }
        }
        Ok(())
    }
}

fn fill(to: &mut Vec<Lane>, from: &[Lane]) {
    to.clear();
    to.extend_from_slice(from);
}

#[inline(always)]
fn lanes(values: &[Lane]) -> Lanes<'_> {
    Lanes::new(flat(values), LANES)
}

fn check_shape(name: &str, shape: &[usize], found: usize) -> Result<(), Failure> {
    let expected: usize = shape.iter().product();
    if expected == found {
        return Ok(());
    }
    let message =
        format!("output {name} of shape {shape:?} needs {expected} components, found {found}");
    Err(Failure::other(message))
}

/// Fails for the first trajectory whose matrix is lopsided.
fn check_symmetry(name: &str, lopsided: &Lane, seeds: &[Seed]) -> Result<(), Failure> {
    let Some((_, &seed)) = lopsided.0.iter().zip(seeds).find(|(lopsided, _)| **lopsided != 0.0)
    else {
        return Ok(());
    };
    let instead = "hand out any other with `outputs.complex` in a task of your own";
    let message =
        format!("{name} is not Hermitian, and its lower triangle alone counts: {instead}");
    Err(Failure::other(message).with_seeds(&[seed]))
}

/// Not zero where the triangles of a matrix differ by more than rounding. Where the lower one is not
/// finite they do not: that is told when it is summed.
struct Lopsided<'a> {
    n: usize,
    values: &'a Vector,
}

impl Kernel for Lopsided<'_> {
    type Output = Lane;

    #[inline(always)]
    fn run<P: Pack>(self) -> Lane {
        const TOLERANCE: f64 = 1e-8;
        let Self { n, values } = self;
        let mut lopsided = Lane::ZERO;
        for at in 0..P::COUNT {
            let (mut largest, mut difference) = (P::zero(), P::zero());
            for row in 0..n {
                for column in 0..=row {
                    let lower = Complex::<P>::load(values, row * n + column, at);
                    let upper = Complex::<P>::load(values, column * n + row, at).conj();
                    // Of the diagonal, no imaginary part is kept.
                    let kept_im = if row == column { P::zero() } else { lower.im };
                    for (kept, other) in [(lower.re, upper.re), (kept_im, upper.im)] {
                        largest = larger(largest, or_infinite(kept.abs()));
                        difference = larger(difference, or_infinite((kept - other).abs()));
                    }
                }
            }
            let allowed = largest * P::splat(TOLERANCE);
            // Not finite itself, it allows any difference.
            let well = allowed.at_least(difference);
            P::select(well, P::zero(), P::splat(1.0)).store(&mut lopsided, at);
        }
        lopsided
    }
}

/// A number that is not negative; infinity for NaN.
#[inline(always)]
fn or_infinite<P: Pack>(x: P) -> P {
    let infinity = P::splat(f64::INFINITY);
    P::select(infinity.at_least(x), x, infinity)
}

/// The larger one, or `a` where `b` is not a number.
#[inline(always)]
fn larger<P: Pack>(a: P, b: P) -> P {
    P::select(b.at_least(a), b, a)
}
