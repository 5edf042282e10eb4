//! Merging data of the same simulation.

use super::output::{Output, Summed, same_bits};
use super::{Data, DataError, Description, OutputParts};

impl Data {
    /// Checks that other data are of the same simulation, with the same outputs, and have none of
    /// these trajectories.
    ///
    /// # Errors
    /// The first thing in which they differ, or a seed that both have.
    pub fn check_mergeable(&self, other: &Self) -> Result<(), DataError> {
        self.check_same_simulation(&other.description, &other.times, other.group)?;
        let specs = |d: &Self| specs_text(d.outputs.iter().map(Output::spec));
        if specs(self) != specs(other) {
            return Err(mismatch("outputs", specs(self), specs(other)));
        }
        match self.seeds.iter().find(|seed| other.seeds.binary_search(seed).is_ok()) {
            Some(seed) => Err(DataError::SharedSeed { seed: seed.0 }),
            None => self.check_sums().and_then(|()| other.check_sums()),
        }
    }

    /// Checks that these are data of the simulation described, with these times and seed groups.
    pub(crate) fn check_same_simulation(
        &self,
        description: &Description,
        times: &[f64],
        group: usize,
    ) -> Result<(), DataError> {
        if let Some((what, expected, found)) = self.description.difference(description) {
            return Err(DataError::Mismatch { what, expected, found });
        }
        if !same_bits(&self.times, times) {
            let show = |times: &[f64]| format!("{} up to {:?}", times.len(), times.last());
            return Err(mismatch("number of times", show(&self.times), show(times)));
        }
        if self.group != group {
            return Err(mismatch("seed group", self.group.to_string(), group.to_string()));
        }
        Ok(())
    }

    /// Checks that all outputs have sums, so that they can be merged exactly.
    ///
    /// # Errors
    /// Names the first output that has means only.
    pub fn check_sums(&self) -> Result<(), DataError> {
        let means_only = |o: &&Output| matches!(o.summed(), Summed::Means(_));
        match self.outputs.iter().find(means_only) {
            Some(output) => Err(DataError::MeansOnly { name: output.spec().name.clone() }),
            None => Ok(()),
        }
    }

    /// The data of both: the same bits as from one run of all their seeds. Its
    /// [convergence](Data::convergence) goes on from this one's to both together; what the other one
    /// had by itself on its way does not continue it.
    ///
    /// # Errors
    /// As [`Data::check_mergeable`]; both are lost to the caller only if it gave them away.
    pub fn merged(self, other: Self) -> Result<Self, DataError> {
        self.check_mergeable(&other)?;
        let (mut all, more) = (self.into_parts(), other.into_parts());
        all.outputs =
            all.outputs.into_iter().zip(more.outputs).map(merge).collect::<Result<_, _>>()?;
        all.seeds.extend(more.seeds);
        all.norm_factor += more.norm_factor;
        all.kept.extend(more.kept);
        all.failures.extend(more.failures);
        all.missing.extend(more.missing);
        all.log.extend(more.log);
        all.provenance.runs.extend(more.provenance.runs);
        let mut both = Self::from_parts(all)?;
        both.take_snapshot();
        Ok(both)
    }
}

fn mismatch(what: &str, expected: String, found: String) -> DataError {
    DataError::Mismatch { what: what.to_string(), expected, found }
}

fn merge((a, b): (OutputParts, OutputParts)) -> Result<OutputParts, DataError> {
    let OutputParts { spec, summed } = a;
    match (summed, b.summed) {
        (Summed::Sums(mut sums), Summed::Sums(more)) => {
            sums.merge(&more).map_err(|error| DataError::corrupt(error.to_string()))?;
            Ok(OutputParts { spec, summed: Summed::Sums(sums) })
        }
        _ => Err(DataError::MeansOnly { name: spec.name }),
    }
}

/// Specifications in words.
pub(crate) fn specs_text<'a>(specs: impl Iterator<Item = &'a super::OutputSpec>) -> String {
    let texts: Vec<String> = specs.map(ToString::to_string).collect();
    if texts.is_empty() { "no outputs".to_string() } else { texts.join(", ") }
}
