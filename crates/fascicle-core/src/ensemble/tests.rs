//! Ensembles that do not do what they were asked.

use super::*;
use crate::{RunOptions, Serial, ignore_events, run_ensemble};

/// Records the seeds that a function makes of those it is given.
struct Records(fn(&[Seed]) -> Vec<Seed>);

impl Ensemble for Records {
    fn describe(&self) -> Description {
        Description { simulation: "records".into(), ..Default::default() }
    }
    fn times(&self) -> Vec<f64> {
        vec![0.0]
    }
    fn num_trajs(&self) -> u64 {
        8
    }
    fn batch_size(&self) -> usize {
        4
    }
    fn run(
        &self,
        seeds: &[Seed],
        _: &mut Context<'_>,
        out: &mut Recorder<'_>,
    ) -> Result<(), Failure> {
        for seed in (self.0)(seeds) {
            out.begin(&[seed]);
            out.real(0, "x", &[], crate::Scale::Exact, Lanes::one(&[1.0]))?;
            out.end()?;
        }
        Ok(())
    }
}

fn run(records: fn(&[Seed]) -> Vec<Seed>) -> Result<crate::Data, String> {
    let result = run_ensemble(&Records(records), &Serial, &RunOptions::new(), &mut ignore_events);
    result.map_err(|error| error.to_string())
}

#[test]
fn what_is_recorded_is_what_was_asked_for() {
    assert_eq!(run(<[Seed]>::to_vec).unwrap().norm_factor(), 8);
    for wrong in [
        (|seeds| seeds[..2].to_vec()) as fn(&[Seed]) -> Vec<Seed>,
        |seeds| seeds.iter().map(|seed| Seed(seed.0 + 100)).collect(),
        |seeds| [seeds, seeds].concat(),
    ] {
        let error = run(wrong).unwrap_err();
        assert!(error.contains("expected the ensemble to record 4 trajectories"), "{error}");
    }
}
