//! Crossings of populations within a time step, all lanes at once.
//!
//! Lanes that do not cross are carried along and left alone: what is computed for them is not used.

use fascicle_core::Failure;

use super::super::coords::{Force, gauge_field, runge_kutta};
use super::super::refresh::{Adiabatic, By, Mask, refresh, take_vectors};
use super::super::{gauge, task};
use super::mapping::{dominant, largest};
use super::resolve::resolve;
use crate::algorithms::MashSettings;
use crate::block::Scratch;
use crate::kernels::{Pick, Propagate, ToAdiabatic};
use crate::sys::dispatch;
use crate::{Block, Coords, LANES, Lane, States, Step};

/// The state before a time step, and room to go through it again.
#[derive(Debug)]
pub(crate) struct Crossings {
    z: Coords,
    wf_db: States,
    active: Lane,
    start: Point,
    /// The end of the last part of a step.
    end: Point,
    active_wf: States,
    last: Coords,
}

/// Coordinates and wave function, with the adiabatic states there.
#[derive(Debug)]
pub(super) struct Point {
    pub z: Coords,
    pub wf_db: States,
    pub wf_adb: States,
    pub states: Adiabatic,
}

impl Point {
    fn zeros(n: usize, c: usize) -> Self {
        Self {
            z: Coords::zeros(c),
            wf_db: States::zeros(n),
            wf_adb: States::zeros(n),
            states: Adiabatic::zeros(n),
        }
    }
}

impl Crossings {
    fn new(n: usize, c: usize) -> Self {
        Self {
            z: Coords::zeros(c),
            wf_db: States::zeros(n),
            active: Lane::ZERO,
            start: Point::zeros(n, c),
            end: Point::zeros(n, c),
            active_wf: States::zeros(n),
            last: Coords::zeros(c),
        }
    }
}

task! {
    /// Keeps the coordinates, the wave function and the active surface of before the time step.
    CopyBeforeStep, "copy_before_step", |step, block| {
        let (n, c) = (step.num_quantum_states(), step.num_classical_coordinates());
        let Block { z, wf_db, act_surf_ind, crossings, .. } = block;
        let before = crossings.get_or_insert_with(|| Box::new(Crossings::new(n, c)));
        before.z.copy_from(z);
        before.wf_db.copy_from(wf_db);
        before.active = *act_surf_ind;
        Ok(())
    }
}

task! {
    /// Goes through the time step again where another surface than the active one has the largest
    /// population at its end: finds the time of each crossing, hops or not, and goes on.
    UpdateResolveHopsMsmash, "update_resolve_hops_msmash", |step, block| {
        let Some(mut crossings) = block.crossings.take() else {
            return Err(no_snapshot());
        };
        let Block { eigvecs, wf_db, wf_adb, .. } = block;
        step.run(ToAdiabatic { eigvecs, wf_db, wf_adb });
        let now = dominant(wf_adb);
        let crossed = mask(|l| now[l] != crossings.active[l]);
        if any(crossed) {
            Replay::new(step, &mut crossings, &mut block.scratch, crossed)?.run()?;
            write_back(step, block, &crossings, crossed);
        }
        block.crossings = Some(crossings);
        Ok(())
    }
}

fn no_snapshot() -> Failure {
    let message = "expected the task copy_before_step before it, found none".into();
    let task = "update_resolve_hops_msmash".to_string();
    Failure::new(fascicle_core::Cause::Task { task, message })
}

fn mask(holds: impl FnMut(usize) -> bool) -> Mask {
    std::array::from_fn(holds)
}

fn any(mask: Mask) -> bool {
    mask.contains(&true)
}

/// One time step gone through again, in parts.
struct Replay<'a, 'b> {
    step: &'a Step<'b>,
    settings: MashSettings,
    crossings: &'a mut Crossings,
    scratch: &'a mut Scratch,
    /// What is left of the step.
    left: Lane,
    unfinished: Mask,
}

impl<'a, 'b> Replay<'a, 'b> {
    fn new(
        step: &'a Step<'b>,
        crossings: &'a mut Crossings,
        scratch: &'a mut Scratch,
        unfinished: Mask,
    ) -> Result<Self, Failure> {
        let settings = *step.settings::<MashSettings>()?;
        let left = Lane::splat(step.dt());
        Ok(Self { step, settings, crossings, scratch, left, unfinished })
    }

    fn run(mut self) -> Result<(), Failure> {
        for pass in 1..=self.settings.msmash_max_hops {
            self.begin();
            self.advance(self.left);
            let dominant = dominant(&self.crossings.end.wf_adb);
            let active = self.crossings.active;
            let settled = mask(|l| self.unfinished[l] && dominant[l] == active[l]);
            let crossing = mask(|l| self.unfinished[l] && dominant[l] != active[l]);
            self.take_end(settled);
            self.unfinished = crossing;
            if !any(crossing) {
                return Ok(());
            }
            self.cross(crossing)?;
            if pass == self.settings.msmash_max_hops {
                self.finish(crossing)?;
            }
        }
        Ok(())
    }

    /// Makes the current coordinates and wave function the start of the next part.
    fn begin(&mut self) {
        let Crossings { z, wf_db, start, .. } = self.crossings;
        start.z.copy_from(z);
        start.wf_db.copy_from(wf_db);
        start.states.at(self.step, z);
    }

    /// From the start so far in time, on the active surface.
    fn advance(&mut self, dt: Lane) {
        let (step, scratch) = (self.step, &mut *self.scratch);
        let Crossings { active, start, end, active_wf, last, .. } = self.crossings;
        let Adiabatic { eigvals, eigvecs, .. } = &start.states;
        dispatch(Pick { eigvecs, which: active, out: active_wf });
        let force = Force { wf: active_wf, surface: gauge_field(step, *active) };
        end.z.copy_from(&start.z);
        runge_kutta(step, &mut end.z, &force, dt, last, scratch);
        end.wf_db.copy_from(&start.wf_db);
        let states = &mut scratch.states[0];
        step.run(Propagate { eigvals, eigvecs, wf: &mut end.wf_db, scratch: states, dt: &dt });
        let Point { z, wf_db, wf_adb, states } = end;
        states.at(step, z);
        gauge::fix(step, step.surfaces().gauge_fixing, z, eigvecs, &mut states.eigvecs, scratch);
        states.wf_adb(self.step, wf_db, wf_adb);
    }

    fn take_end(&mut self, mask: Mask) {
        let Crossings { z, wf_db, end, .. } = self.crossings;
        take_vectors(z, &end.z, mask);
        take_vectors(wf_db, &end.wf_db, mask);
    }

    /// Finds the time of the crossing, goes there, and hops or not.
    fn cross(&mut self, crossing: Mask) -> Result<(), Failure> {
        let (lower, upper) = self.bisect();
        let active = self.crossings.active;
        let dest = runner_up(&self.crossings.end.wf_adb, active).0;
        // Whether the hop is possible is asked where the bisection ended; then it is asked again
        // where the trajectory stands.
        let possible = self.resolve_at_end(crossing, dest, false)?;
        let time = Lane::from_fn(|l| if possible[l] { upper[l] } else { lower[l] });
        let time = Lane::from_fn(|l| if crossing[l] { time[l] } else { self.left[l] });
        self.advance(time);
        self.take_end(crossing);
        self.resolve_at_end(crossing, dest, true)?;
        self.left = Lane::from_fn(|l| self.left[l] - if crossing[l] { time[l] } else { 0.0 });
        Ok(())
    }

    /// The time of the crossing, between two bounds.
    fn bisect(&mut self) -> (Lane, Lane) {
        let (mut lower, mut upper) = (Lane::ZERO, self.left);
        for _ in 0..self.settings.msmash_num_bisections {
            let middle = (lower + upper) * 0.5;
            self.advance(middle);
            let (active, b) = (self.crossings.active, &self.crossings.end.wf_adb);
            let (_, own) = largest(b, |k, l| active[l] == k as f64);
            let (_, other) = runner_up(b, active);
            for l in 0..LANES {
                if own[l] - other[l] > 0.0 {
                    lower[l] = middle[l];
                } else {
                    upper[l] = middle[l];
                }
            }
        }
        (lower, upper)
    }

    /// Tries to hop at the end of the last part; says where it is possible. If it counts, coordinates
    /// and active surface change.
    fn resolve_at_end(&mut self, lanes: Mask, dest: Lane, counts: bool) -> Result<Mask, Failure> {
        let Crossings { active, end, z, last: moved, .. } = &mut *self.crossings;
        let (settings, scratch) = (&self.settings, &mut *self.scratch);
        moved.copy_from(&end.z);
        let accepted = resolve(self.step, end, lanes, (*active, dest), settings, scratch, moved)?;
        if counts {
            take_vectors(z, moved, lanes);
            for l in (0..LANES).filter(|&l| accepted[l]) {
                active[l] = dest[l];
            }
        }
        Ok(accepted)
    }

    /// After the last pass: the rest of the step, and at its end one more hop at most.
    fn finish(&mut self, crossing: Mask) -> Result<(), Failure> {
        self.begin();
        self.advance(self.left);
        self.take_end(crossing);
        let (active, dest) = (self.crossings.active, dominant(&self.crossings.end.wf_adb));
        let hopping = mask(|l| crossing[l] && dest[l] != active[l]);
        self.resolve_at_end(hopping, dest, true)?;
        Ok(())
    }
}

/// The state of the largest population but for the active one, and that population.
fn runner_up(wf_adb: &States, active: Lane) -> (Lane, Lane) {
    largest(wf_adb, |k, l| active[l] != k as f64)
}

/// Puts what the replay gave into the block, with the adiabatic states there.
fn write_back(step: &Step<'_>, block: &mut Block, crossings: &Crossings, crossed: Mask) {
    take_vectors(&mut block.z, &crossings.z, crossed);
    take_vectors(&mut block.wf_db, &crossings.wf_db, crossed);
    for l in (0..LANES).filter(|&l| crossed[l]) {
        block.act_surf_ind[l] = crossings.active[l];
    }
    let gauge_fixing = step.surfaces().gauge_fixing;
    refresh(step, gauge_fixing, By::Previous, block, crossed);
    let Block { eigvecs, act_surf_ind, act_surf_wf, .. } = block;
    dispatch(Pick { eigvecs, which: act_surf_ind, out: act_surf_wf });
}
