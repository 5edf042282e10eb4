//! What the group `fascicle` says in words: everything but the numbers.

use serde::{Deserialize, Serialize};

use crate::{Data, Description, LogLine, OutputSpec, PieceFailure, Provenance, Seed, Snapshot};

/// The format that is written.
pub(super) const FORMAT: u32 = 1;

/// All that is not a long list of numbers, as JSON.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Header {
    pub format: u32,
    pub description: Description,
    pub group: usize,
    pub missing: Vec<Seed>,
    /// In the order of the datasets `sums 0`, `sums 1`, …
    pub outputs: Vec<SavedOutput>,
    pub kept: u64,
    pub failures: Vec<PieceFailure>,
    pub log: Vec<LogLine>,
    pub provenance: Provenance,
    /// Older files have none.
    #[serde(default)]
    pub convergence: Vec<Snapshot>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SavedOutput {
    pub spec: OutputSpec,
    /// Whether there are sums, or means only.
    pub sums: bool,
}

/// The format alone, which any version can read.
#[derive(Deserialize)]
pub(super) struct Format {
    pub format: u32,
}

impl Header {
    pub fn of(data: &Data) -> Self {
        let output = |output: &crate::Output| SavedOutput {
            spec: output.spec().clone(),
            sums: matches!(output.summed(), crate::Summed::Sums(_)),
        };
        Self {
            format: FORMAT,
            description: data.description().clone(),
            group: data.group(),
            missing: data.missing().to_vec(),
            outputs: data.outputs().iter().map(output).collect(),
            kept: data.trajectories().len() as u64,
            failures: data.failures().to_vec(),
            log: data.log().to_vec(),
            provenance: data.provenance().clone(),
            convergence: data.convergence().to_vec(),
        }
    }
}

/// The checksum over everything in the file that results depend on.
#[derive(Default)]
pub(super) struct Checksum(crc32fast::Hasher);

impl Checksum {
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    pub fn reals(&mut self, values: &[f64]) {
        self.0.update(&(values.len() as u64).to_le_bytes());
        values.iter().for_each(|value| self.0.update(&value.to_le_bytes()));
    }

    pub fn integers(&mut self, values: &[u64]) {
        self.0.update(&(values.len() as u64).to_le_bytes());
        values.iter().for_each(|value| self.0.update(&value.to_le_bytes()));
    }

    pub fn finish(self) -> u64 {
        self.0.finalize().into()
    }
}
