//! What an ensemble's fold has taken in and decided, as a frame that another rank takes over.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::batches::as_i64s;
use super::fold::{EnsembleFold, as_seeds, unpack_kept};
use crate::data::{OutputParts, OutputSpec, Summed, Trajectory};
use crate::sums::Sums;
use crate::{FoldError, Frame, FrameError, PieceFailure, Seed, Snapshot};

/// The fold without what every rank knows by itself: the plan, the times, what was there before.
pub(super) struct State<'a> {
    small: Cow<'a, Small>,
    outputs: Cow<'a, [OutputParts]>,
    lower: Cow<'a, [Option<Sums>]>,
    seeds: Cow<'a, [Seed]>,
    missing: Cow<'a, [Seed]>,
    kept: Cow<'a, BTreeMap<Seed, Trajectory>>,
}

/// What is no long list of numbers.
#[derive(Clone, Serialize, Deserialize)]
struct Small {
    begun: usize,
    over: usize,
    settled: bool,
    norm_factor: u64,
    failures: Vec<PieceFailure>,
    convergence: Vec<Snapshot>,
}

impl<'a> State<'a> {
    pub(super) fn of(fold: &'a EnsembleFold<'_>) -> Self {
        let EnsembleFold { begun, over, settled, parts, lower, .. } = fold;
        let small = Small {
            begun: *begun,
            over: *over,
            settled: *settled,
            norm_factor: parts.norm_factor,
            failures: parts.failures.clone(),
            convergence: parts.convergence.clone(),
        };
        Self {
            small: Cow::Owned(small),
            outputs: Cow::Borrowed(&parts.outputs),
            lower: Cow::Borrowed(lower),
            seeds: Cow::Borrowed(&parts.seeds),
            missing: Cow::Borrowed(&parts.missing),
            kept: Cow::Borrowed(&parts.kept),
        }
    }

    pub(super) fn put_into(self, fold: &mut EnsembleFold<'_>) {
        let small = self.small.into_owned();
        (fold.begun, fold.over, fold.settled) = (small.begun, small.over, small.settled);
        fold.lower = self.lower.into_owned();
        let parts = &mut fold.parts;
        parts.norm_factor = small.norm_factor;
        parts.failures = small.failures;
        parts.convergence = small.convergence;
        parts.outputs = self.outputs.into_owned();
        parts.seeds = self.seeds.into_owned();
        parts.missing = self.missing.into_owned();
        parts.kept = self.kept.into_owned();
    }

    pub(super) fn pack(&self) -> Result<Frame, FrameError> {
        let mut out = Frame::default();
        let specs: Vec<&OutputSpec> = self.outputs.iter().map(|output| &output.spec).collect();
        out.put("small", self.small.as_ref())?;
        out.put("specs", &specs)?;
        out.put_i64s("seeds", as_i64s(self.seeds.iter()));
        out.put_i64s("missing", as_i64s(self.missing.iter()));
        for (at, (output, lower)) in self.outputs.iter().zip(self.lower.iter()).enumerate() {
            let Summed::Sums(sums) = &output.summed else {
                return Err(FrameError::Missing { name: format!("sums {at}") });
            };
            out.put_bytes(format!("sums {at}"), sums.to_bytes());
            if let Some(lower) = lower {
                out.put_bytes(format!("lower {at}"), lower.to_bytes());
            }
        }
        out.put_i64s("kept", as_i64s(self.kept.keys()));
        for at in 0..specs.len() {
            let series = self.kept.values().flat_map(|kept| kept.outputs()[at].1.iter().copied());
            out.put_f64s(format!("kept {at}"), series.collect());
        }
        Ok(out)
    }
}

impl State<'static> {
    pub(super) fn unpack(frame: &Frame, times: usize) -> Result<Self, FoldError> {
        let specs: Vec<OutputSpec> = frame.get("specs")?;
        let kept = unpack_kept(frame, &specs, times)?;
        let (mut outputs, mut lower) = (Vec::new(), Vec::new());
        for (at, spec) in specs.into_iter().enumerate() {
            let summed = Summed::Sums(sums(frame.bytes(&format!("sums {at}"))?)?);
            outputs.push(OutputParts { spec, summed });
            lower.push(frame.bytes(&format!("lower {at}")).ok().map(sums).transpose()?);
        }
        Ok(Self {
            small: Cow::Owned(frame.get("small")?),
            outputs: Cow::Owned(outputs),
            lower: Cow::Owned(lower),
            seeds: Cow::Owned(as_seeds(frame.i64s("seeds")?)),
            missing: Cow::Owned(as_seeds(frame.i64s("missing")?)),
            kept: Cow::Owned(kept),
        })
    }
}

fn sums(bytes: &[u8]) -> Result<Sums, FoldError> {
    Sums::from_bytes(bytes).map_err(|error| FoldError::Other(error.to_string()))
}
