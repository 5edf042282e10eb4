//! From the outputs of single trajectories to exact sums.

use std::collections::BTreeMap;

use super::Keep;
use crate::data::{OutputSpec, Trajectory};
use crate::sums::{Scale, Sums};
use crate::{Cause, Failure, Seed};

/// The values of an output for a block of trajectories: component c of trajectory l of the block is
/// `values[c * stride + l]`.
#[derive(Clone, Copy, Debug)]
pub struct Lanes<'a> {
    values: &'a [f64],
    stride: usize,
}

impl<'a> Lanes<'a> {
    /// Values in which each component has this many lanes.
    pub fn new(values: &'a [f64], stride: usize) -> Self {
        Self { values, stride }
    }

    /// The components of a single trajectory.
    pub fn one(values: &'a [f64]) -> Self {
        Self { values, stride: 1 }
    }

    fn get(&self, component: usize, lane: usize) -> f64 {
        self.values[component * self.stride + lane]
    }
}

/// Takes the outputs of trajectories, block by block, and sums them exactly.
///
/// A block begins, every output is recorded at every time, and the block ends; the first block
/// settles which outputs there are. Whole series are held until the end of the block, so that a
/// trajectory with a value that is not finite enters no sum at all.
#[derive(Debug)]
pub struct Recorder<'a> {
    times: &'a [f64],
    group: usize,
    keep: &'a Keep,
    drop_failed: bool,
    outputs: Vec<Recorded>,
    settled: bool,
    block: Vec<Seed>,
    /// Branches of an unfinished group, and what is wrong with one of them.
    unit: Vec<Seed>,
    wrong: Option<Failure>,
    pub(super) seeds: Vec<Seed>,
    pub(super) dropped: Vec<Failure>,
    pub(super) kept: BTreeMap<Seed, Trajectory>,
}

/// One output of the block at hand and its sums so far.
#[derive(Debug)]
struct Recorded {
    spec: OutputSpec,
    sums: Sums,
    /// `[lane][time][component, (re, im)]`
    series: Vec<f64>,
    /// The sum over the branches of an unfinished group.
    unit: Vec<f64>,
    written: usize,
}

impl Recorded {
    fn lane(&self, lane: usize) -> &[f64] {
        let length = self.sums.len();
        &self.series[lane * length..(lane + 1) * length]
    }
}

impl<'a> Recorder<'a> {
    /// For outputs at these times; see [`Ensemble::group`](super::Ensemble::group) for the groups.
    pub fn new(times: &'a [f64], group: usize, keep: &'a Keep, drop_failed: bool) -> Self {
        Self {
            times,
            group,
            keep,
            drop_failed,
            outputs: Vec::new(),
            settled: false,
            block: Vec::new(),
            unit: Vec::new(),
            wrong: None,
            seeds: Vec::new(),
            dropped: Vec::new(),
            kept: BTreeMap::new(),
        }
    }

    /// Begins a block of trajectories. Blocks come in the order of the seeds.
    pub fn begin(&mut self, seeds: &[Seed]) {
        self.block.clear();
        self.block.extend_from_slice(seeds);
        for output in &mut self.outputs {
            output.written = 0;
            output.series.clear();
            output.series.resize(seeds.len() * output.sums.len(), f64::NAN);
        }
    }

    /// Records a real output of this shape at a time, given by its index.
    ///
    /// # Errors
    /// When its shape or kind differs from before, or it is new after the first block.
    pub fn real(
        &mut self,
        time: usize,
        name: &str,
        shape: &[usize],
        scale: Scale,
        values: Lanes<'_>,
    ) -> Result<(), Failure> {
        let times = self.times.len();
        let (output, lanes) = self.output(name, shape, false, scale)?;
        let width = output.spec.width();
        output.written += 1;
        for lane in 0..lanes {
            let at = (lane * times + time) * width;
            for component in 0..width {
                output.series[at + component] = values.get(component, lane);
            }
        }
        Ok(())
    }

    /// Records a complex output of this shape at a time, given by its index.
    ///
    /// # Errors
    /// When its shape or kind differs from before, or it is new after the first block.
    pub fn complex(
        &mut self,
        time: usize,
        name: &str,
        shape: &[usize],
        scale: Scale,
        re: Lanes<'_>,
        im: Lanes<'_>,
    ) -> Result<(), Failure> {
        let times = self.times.len();
        let (output, lanes) = self.output(name, shape, true, scale)?;
        let width = output.spec.width();
        output.written += 1;
        for lane in 0..lanes {
            let at = (lane * times + time) * width;
            for component in 0..width / 2 {
                output.series[at + 2 * component] = re.get(component, lane);
                output.series[at + 2 * component + 1] = im.get(component, lane);
            }
        }
        Ok(())
    }

    /// Ends the block: its trajectories enter the sums.
    ///
    /// # Errors
    /// When an output was not recorded at every time; when a trajectory is not finite or out of
    /// range and is not to be dropped.
    pub fn end(&mut self) -> Result<(), Failure> {
        self.check_written()?;
        self.settled = true;
        for lane in 0..self.block.len() {
            let seed = self.block[lane];
            self.unit.push(seed);
            if let Some(wrong) = self.inspect(lane) {
                self.wrong.get_or_insert(wrong);
            }
            self.add_to_unit(lane);
            if self.keep.wants(seed) {
                let series = |o: &Recorded| (o.spec.clone(), o.lane(lane).to_vec());
                let outputs = self.outputs.iter().map(series).collect();
                self.kept.insert(seed, Trajectory::new(outputs));
            }
            if self.unit.len() == self.group {
                self.end_unit()?;
            }
        }
        self.block.clear();
        Ok(())
    }

    /// Checks that each of these trajectories was recorded, and no other.
    pub(super) fn check_seeds(&self, expected: &[Seed]) -> Result<(), Failure> {
        let dropped = self.dropped.iter().flat_map(|failure| &failure.seeds);
        let mut found: Vec<Seed> = self.seeds.iter().chain(dropped).copied().collect();
        found.sort_unstable();
        if found == expected && self.unit.is_empty() {
            return Ok(());
        }
        let expected = format!("the ensemble to record {} trajectories", expected.len());
        let found = format!("{}, or other seeds than it was given", found.len());
        Err(Failure::other(format!("expected {expected}, found {found}")))
    }

    /// The specifications and sums of all outputs.
    pub(super) fn sums(&self) -> impl Iterator<Item = (&OutputSpec, &Sums)> {
        self.outputs.iter().map(|output| (&output.spec, &output.sums))
    }

    fn output(
        &mut self,
        name: &str,
        shape: &[usize],
        complex: bool,
        scale: Scale,
    ) -> Result<(&mut Recorded, usize), Failure> {
        let lanes = self.block.len();
        let at = match self.outputs.iter().position(|output| output.spec.name == name) {
            Some(at) => {
                let spec = &self.outputs[at].spec;
                if spec.shape != shape || spec.complex != complex || spec.scale != scale {
                    let found =
                        OutputSpec { shape: shape.to_vec(), complex, scale, ..spec.clone() };
                    return Err(changed(spec, found));
                }
                at
            }
            None if self.settled => {
                return Err(changed("no such output", format!("{name} {shape:?}")));
            }
            None => {
                self.insert(OutputSpec {
                    name: name.to_string(),
                    shape: shape.to_vec(),
                    complex,
                    scale,
                });
                self.outputs.len() - 1
            }
        };
        Ok((&mut self.outputs[at], lanes))
    }

    fn insert(&mut self, spec: OutputSpec) {
        let sums = Sums::new(spec.scale, self.times.len() * spec.width());
        let series = vec![f64::NAN; self.block.len() * sums.len()];
        let unit = vec![0.0; sums.len()];
        self.outputs.push(Recorded { spec, sums, series, unit, written: 0 });
    }

    fn check_written(&self) -> Result<(), Failure> {
        let times = self.times.len();
        match self.outputs.iter().find(|output| output.written != times) {
            None => Ok(()),
            Some(output) => Err(changed(
                format!("{} at each of {times} times", output.spec),
                format!("it at {}", output.written),
            )),
        }
    }

    /// What is wrong with a trajectory, if anything: the earliest value that is not finite, else a
    /// value out of its range.
    fn inspect(&self, lane: usize) -> Option<Failure> {
        let seed = self.block[lane];
        let first_bad = |output: &'_ Recorded| {
            let at = output.lane(lane).iter().position(|value| !value.is_finite())?;
            Some((at / output.spec.width(), output.lane(lane)[at], output.spec.name.clone()))
        };
        let earliest = self.outputs.iter().filter_map(first_bad).min_by_key(|bad| bad.0);
        let cause = match earliest {
            Some((time, value, output)) => {
                Cause::NotFinite { output, time: self.times[time], value: value.to_string() }
            }
            None => self.outputs.iter().find_map(|output| out_of_range(output, lane))?,
        };
        Some(Failure::new(cause).with_seeds(&[seed]))
    }

    fn add_to_unit(&mut self, lane: usize) {
        for output in &mut self.outputs {
            let length = output.sums.len();
            let series = &output.series[lane * length..(lane + 1) * length];
            if self.group == 1 {
                output.unit.copy_from_slice(series);
            } else {
                // Branches are added in the order of their seeds: the same bits everywhere.
                output.unit.iter_mut().zip(series).for_each(|(sum, value)| *sum += value);
            }
        }
    }

    /// Closes a group: its mean over the branches enters the sums, unless something is wrong.
    fn end_unit(&mut self) -> Result<(), Failure> {
        let unit = std::mem::take(&mut self.unit);
        let wrong = self.wrong.take();
        let group = self.group as f64;
        for output in &mut self.outputs {
            if self.group > 1 {
                output.unit.iter_mut().for_each(|sum| *sum /= group);
            }
            if wrong.is_none() {
                // Every value was inspected, and a mean is never out of the range of its parts.
                output.sums.add(&output.unit).map_err(Failure::other)?;
            }
            output.unit.fill(0.0);
        }
        match wrong {
            None => self.seeds.extend(unit),
            Some(failure) if self.drop_failed => {
                unit.iter().for_each(|seed| drop(self.kept.remove(seed)));
                self.dropped.push(failure.with_seeds(&unit));
            }
            // It names the branch that went wrong.
            Some(failure) => return Err(failure),
        }
        Ok(())
    }
}

fn out_of_range(output: &Recorded, lane: usize) -> Option<Cause> {
    let Scale::Fixed { log2_range: range } = output.spec.scale else {
        return None;
    };
    let limit = 2.0_f64.powi(range);
    let value = output.lane(lane).iter().copied().find(|value| value.abs() > limit)?;
    Some(Cause::OutOfRange { output: output.spec.name.clone(), value, range })
}

fn changed(expected: impl std::fmt::Display, found: impl std::fmt::Display) -> Failure {
    let (expected, found) = (expected.to_string(), found.to_string());
    Failure::new(Cause::ShapeChanged { expected, found })
}
