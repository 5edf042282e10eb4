//! From the outputs of single trajectories to exact sums.

use std::collections::BTreeMap;

use super::Keep;
use crate::data::{OutputSpec, Trajectory};
use crate::sums::{NotSummable, Scale, Sums, mirror};
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

    #[inline(always)]
    fn row(&self, component: usize, lanes: usize) -> &[f64] {
        &self.values[component * self.stride..][..lanes]
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
    /// Whether it is a Hermitian matrix, of which the lower triangle is kept: rows one after the other,
    /// each element's real and imaginary part, and of the diagonal the real part alone.
    hermitian: bool,
    sums: Sums,
    /// `[time][component, (re, im)][lane]`
    series: Vec<f64>,
    /// Whether all values of the block are finite and in range.
    sound: bool,
    /// The sum over the branches of an unfinished group.
    unit: Vec<f64>,
    /// How often each time was recorded in this block.
    written: Vec<u32>,
}

impl Recorded {
    /// For a block of so many trajectories.
    fn begin(&mut self, lanes: usize) {
        self.series.resize(lanes * self.sums.len(), f64::NAN);
        self.sound = true;
        self.written.fill(0);
    }

    /// The number of reals that are kept of one time.
    fn width(&self) -> usize {
        if self.hermitian { self.spec.width() / 2 } else { self.spec.width() }
    }

    /// Takes every `step`-th component at a time, from this one on.
    #[inline(always)]
    fn put(&mut self, time: usize, first: usize, step: usize, lanes: usize, values: &Lanes<'_>) {
        for (from, to) in (first..self.width()).step_by(step).enumerate() {
            self.put_row(time, to, values.row(from, lanes));
        }
    }

    /// Takes a Hermitian matrix at a time.
    #[inline(always)]
    fn put_lower(&mut self, time: usize, n: usize, lanes: usize, re: &Lanes<'_>, im: &Lanes<'_>) {
        for row in 0..n {
            let first = row * row;
            for column in 0..row {
                self.put_row(time, first + 2 * column, re.row(row * n + column, lanes));
                self.put_row(time, first + 2 * column + 1, im.row(row * n + column, lanes));
            }
            self.put_row(time, first + 2 * row, re.row(row * n + row, lanes));
        }
    }

    #[inline(always)]
    fn put_row(&mut self, time: usize, component: usize, values: &[f64]) {
        let (width, limit) = (self.width(), self.spec.scale.limit());
        let row = &mut self.series[(time * width + component) * values.len()..][..values.len()];
        let mut sound = true;
        for (to, &x) in row.iter_mut().zip(values) {
            *to = x;
            // A NaN is not sound either.
            sound &= x.abs() <= limit;
        }
        self.sound &= sound;
    }

    /// The whole series of one trajectory of a block of so many.
    fn whole(&self, lane: usize, lanes: usize) -> Vec<f64> {
        let series: Vec<f64> = self.lane(lane, lanes).collect();
        if !self.hermitian {
            return series;
        }
        let mirror = mirror(self.spec.shape[0]);
        let times = series.chunks_exact(self.width());
        times.flat_map(|of_time| mirror.iter().map(|part| part.of(of_time))).collect()
    }

    /// The series of one trajectory of a block of so many.
    fn lane(&self, lane: usize, lanes: usize) -> impl Iterator<Item = f64> {
        self.series.iter().skip(lane).step_by(lanes).copied()
    }

    /// Adds a block of so many groups. Each value was inspected.
    #[inline(always)]
    fn add_groups(&mut self, groups: usize, group: usize) -> Result<(), NotSummable> {
        if group > 1 {
            self.average(group);
        }
        let values = &self.series[..groups * self.sums.len()];
        if group > 1 {
            // The sum over branches of the largest doubles is infinite.
            self.sums.check(values, groups)?;
        }
        self.sums.add_units(values, groups);
        Ok(())
    }

    /// Makes a series of groups, each the mean of its branches, from that of the trajectories.
    fn average(&mut self, group: usize) {
        for (to, at) in (0..self.series.len()).step_by(group).enumerate() {
            // Branches are added in the order of their seeds: the same bits everywhere.
            let sum = self.series[at..at + group].iter().fold(0.0, |sum, value| sum + value);
            self.series[to] = sum / group as f64;
        }
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
        self.outputs.iter_mut().for_each(|output| output.begin(seeds.len()));
    }

    /// Records a real output of this shape at a time, given by its index.
    ///
    /// # Errors
    /// When its shape or kind differs from before, or it is new after the first block.
    #[inline(always)]
    pub fn real(
        &mut self,
        time: usize,
        name: &str,
        shape: &[usize],
        scale: Scale,
        values: Lanes<'_>,
    ) -> Result<(), Failure> {
        let (output, lanes) = self.output(name, shape, Kind::Real, scale)?;
        output.written[time] += 1;
        output.put(time, 0, 1, lanes, &values);
        Ok(())
    }

    /// Records a complex output of this shape at a time, given by its index.
    ///
    /// # Errors
    /// When its shape or kind differs from before, or it is new after the first block.
    #[inline(always)]
    pub fn complex(
        &mut self,
        time: usize,
        name: &str,
        shape: &[usize],
        scale: Scale,
        re: Lanes<'_>,
        im: Lanes<'_>,
    ) -> Result<(), Failure> {
        let (output, lanes) = self.output(name, shape, Kind::Complex, scale)?;
        output.written[time] += 1;
        output.put(time, 0, 2, lanes, &re);
        output.put(time, 1, 2, lanes, &im);
        Ok(())
    }

    /// Records a Hermitian matrix, n × n, at a time, given by its index: the complex output of which the
    /// lower triangle is looked at, component row × n + column, and the upper one is its mirror image.
    ///
    /// # Errors
    /// When its size or kind differs from before, or it is new after the first block.
    #[inline(always)]
    pub fn hermitian(
        &mut self,
        time: usize,
        name: &str,
        n: usize,
        scale: Scale,
        re: Lanes<'_>,
        im: Lanes<'_>,
    ) -> Result<(), Failure> {
        let (output, lanes) = self.output(name, &[n, n], Kind::Hermitian, scale)?;
        output.written[time] += 1;
        output.put_lower(time, n, lanes, &re, &im);
        Ok(())
    }

    /// Ends the block: its trajectories enter the sums.
    ///
    /// # Errors
    /// When an output was not recorded at every time; when a trajectory is not finite or out of
    /// range and is not to be dropped.
    #[inline(always)]
    pub fn end(&mut self) -> Result<(), Failure> {
        self.check_written()?;
        self.settled = true;
        self.keep_wanted();
        let whole = self.unit.is_empty() && self.block.len().is_multiple_of(self.group);
        if whole && self.outputs.iter().all(|output| output.sound) {
            self.end_groups()?;
        } else {
            (0..self.block.len()).try_for_each(|lane| self.end_lane(lane))?;
        }
        self.block.clear();
        Ok(())
    }

    /// Keeps the series of the block's trajectories that are to be kept.
    fn keep_wanted(&mut self) {
        let lanes = self.block.len();
        for (lane, &seed) in
            self.block.iter().enumerate().filter(|(_, seed)| self.keep.wants(**seed))
        {
            let series = |o: &Recorded| (o.spec.clone(), o.whole(lane, lanes));
            let outputs = self.outputs.iter().map(series).collect();
            self.kept.insert(seed, Trajectory::new(outputs));
        }
    }

    /// Adds a block of whole groups in which nothing is wrong.
    #[inline(always)]
    fn end_groups(&mut self) -> Result<(), Failure> {
        let groups = self.block.len() / self.group;
        for output in &mut self.outputs {
            output.add_groups(groups, self.group).map_err(Failure::other)?;
        }
        self.seeds.extend_from_slice(&self.block);
        Ok(())
    }

    /// Adds one trajectory, after a look at its values.
    fn end_lane(&mut self, lane: usize) -> Result<(), Failure> {
        self.unit.push(self.block[lane]);
        if let Some(wrong) = self.inspect(lane) {
            self.wrong.get_or_insert(wrong);
        }
        self.add_to_unit(lane);
        if self.unit.len() == self.group { self.end_unit() } else { Ok(()) }
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

    /// The specifications and sums of all outputs, and whether they are those of a lower triangle.
    pub(super) fn sums(&self) -> impl Iterator<Item = (&OutputSpec, &Sums, bool)> {
        self.outputs.iter().map(|output| (&output.spec, &output.sums, output.hermitian))
    }

    fn output(
        &mut self,
        name: &str,
        shape: &[usize],
        kind: Kind,
        scale: Scale,
    ) -> Result<(&mut Recorded, usize), Failure> {
        let (complex, hermitian) = (kind != Kind::Real, kind == Kind::Hermitian);
        let lanes = self.block.len();
        let at = match self.outputs.iter().position(|output| output.spec.name == name) {
            Some(at) => {
                let Recorded { spec, hermitian: before, .. } = &self.outputs[at];
                let same_kind = spec.complex == complex && *before == hermitian;
                if !spec.shape.iter().eq(shape) || !same_kind || spec.scale != scale {
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
                let (name, shape) = (name.to_string(), shape.to_vec());
                self.insert(OutputSpec { name, shape, complex, scale }, hermitian);
                self.outputs.len() - 1
            }
        };
        Ok((&mut self.outputs[at], lanes))
    }

    fn insert(&mut self, spec: OutputSpec, hermitian: bool) {
        let width = if hermitian { spec.width() / 2 } else { spec.width() };
        let sums = Sums::new(spec.scale, self.times.len() * width);
        let (unit, written) = (vec![0.0; sums.len()], vec![0; self.times.len()]);
        let (series, sound) = (Vec::new(), true);
        let mut output = Recorded { spec, hermitian, sums, series, sound, unit, written };
        output.begin(self.block.len());
        self.outputs.push(output);
    }

    fn check_written(&self) -> Result<(), Failure> {
        let times = self.times.len();
        match self.outputs.iter().find(|output| output.written.iter().any(|&count| count != 1)) {
            None => Ok(()),
            Some(output) => Err(changed(
                format!("{} at each of {times} times", output.spec),
                format!("it at {}", output.written.iter().sum::<u32>()),
            )),
        }
    }

    /// What is wrong with a trajectory, if anything: the earliest value that is not finite, else a
    /// value out of its range.
    fn inspect(&self, lane: usize) -> Option<Failure> {
        let (seed, lanes) = (self.block[lane], self.block.len());
        let first_bad = |output: &'_ Recorded| {
            let mut values = output.lane(lane, lanes).enumerate();
            let (at, value) = values.find(|(_, value)| !value.is_finite())?;
            Some((at / output.width(), value, output.spec.name.clone()))
        };
        let earliest = self.outputs.iter().filter_map(first_bad).min_by_key(|bad| bad.0);
        let cause = match earliest {
            Some((time, value, output)) => {
                Cause::NotFinite { output, time: self.times[time], value: value.to_string() }
            }
            None => self.outputs.iter().find_map(|output| out_of_range(output, lane, lanes))?,
        };
        Some(Failure::new(cause).with_seeds(&[seed]))
    }

    fn add_to_unit(&mut self, lane: usize) {
        let lanes = self.block.len();
        for output in &mut self.outputs {
            let series = output.series.iter().skip(lane).step_by(lanes);
            // Branches are added in the order of their seeds: the same bits everywhere.
            output.unit.iter_mut().zip(series).for_each(|(sum, value)| *sum += value);
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

/// What an output is at one time.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Real,
    Complex,
    Hermitian,
}

fn out_of_range(output: &Recorded, lane: usize, lanes: usize) -> Option<Cause> {
    let Scale::Fixed { log2_range: range } = output.spec.scale else {
        return None;
    };
    let limit = output.spec.scale.limit();
    let value = output.lane(lane, lanes).find(|value| value.abs() > limit)?;
    Some(Cause::OutOfRange { output: output.spec.name.clone(), value, range })
}

fn changed(expected: impl std::fmt::Display, found: impl std::fmt::Display) -> Failure {
    let (expected, found) = (expected.to_string(), found.to_string());
    Failure::new(Cause::ShapeChanged { expected, found })
}
