//! What a checkpoint says of an ensemble.

use super::plan::Plan;
use super::run::version;
use super::until::Until;
use super::{Ensemble, Keep, RunOptions};
use crate::failure::{runs_of, show_run};
use crate::{Execute, Fingerprint, Journaled, Seed};

/// The generation of results: each change by which results have other bits raises it, so that a journal
/// from before is refused and not mixed with what comes after.
pub const BITS: u32 = 1;

/// The most runs of consecutive seeds that are written out.
const SHOWN: usize = 16;

/// The driver with a checkpoint, if there is to be one.
pub(super) fn driver<'a>(driver: &'a dyn Execute, options: &RunOptions) -> Option<Journaled<'a>> {
    let path = options.checkpoint.as_ref()?;
    Some(Journaled::new(driver, path).with_sync_due(options.sync_due.clone()))
}

/// All that a run must agree on with its checkpoint and with other ranks, in words.
pub(super) fn facts(ensemble: &dyn Ensemble, plan: &Plan<'_>) -> Vec<(String, String)> {
    let times = ensemble.times();
    let mut facts = vec![("version".to_string(), version())];
    facts.push(("bits of results, generation".to_string(), BITS.to_string()));
    facts.extend(ensemble.describe().facts());
    let more = [
        ("number of times", format!("{} up to {:?}", times.len(), times.last())),
        ("seed group", ensemble.group().to_string()),
        ("seeds", told(&plan.seeds_of_round(0))),
        ("batch size", plan.batch().to_string()),
    ];
    let until = plan.until().map(|until| {
        let Until { output, target, .. } = until;
        ("stop", format!("when no standard error of `{output}` is above {target:?}"))
    });
    facts.extend(more.into_iter().chain(until).map(|(name, value)| (name.to_string(), value)));
    facts
}

/// What a run is asked for that a checkpoint need not know, but all ranks must, in words.
pub(super) fn wishes(options: &RunOptions) -> Vec<(String, String)> {
    let kept = match &options.keep {
        Keep::None => "none".to_string(),
        Keep::All => "all".to_string(),
        Keep::Seeds(seeds) => told(&seeds.iter().copied().collect::<Vec<_>>()),
    };
    let append = options.append.as_ref().map_or("nothing".to_string(), |data| {
        format!("{} trajectories (digest {})", data.seeds().len(), &data.digest()[..16])
    });
    let most = options.until.as_ref().map_or("no".to_string(), |until| {
        format!("at most {} trajectories", until.max_trajectories)
    });
    [
        ("trajectories to keep", kept),
        ("on failure", format!("{:?}", options.on_failure)),
        ("data to append to", append),
        ("stop at a standard error", most),
    ]
    .map(|(name, value)| (name.to_string(), value))
    .to_vec()
}

/// Seeds in words: runs of them, and of long lists a digest besides.
fn told(seeds: &[Seed]) -> String {
    let runs = runs_of(seeds);
    let mut text = runs.iter().take(SHOWN).map(show_run).collect::<Vec<_>>().join(", ");
    if runs.len() > SHOWN {
        let mut digest = Fingerprint::new();
        seeds.iter().for_each(|seed| digest.integer(seed.0));
        text.push_str(&format!(", … {} in all (digest {})", seeds.len(), &digest.hex()[..8]));
    }
    text
}
