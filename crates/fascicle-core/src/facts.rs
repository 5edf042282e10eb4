//! What two runs, or the ranks of one, must agree on, in words.

use crate::{Fingerprint, Work};

/// Names and values of what a run is.
pub type Facts = Vec<(String, String)>;

/// All facts of a work; the last is the digest of its [fingerprint](Work::fingerprint).
pub fn facts_of(work: &dyn Work) -> Facts {
    let mut digest = Fingerprint::new();
    work.fingerprint(&mut digest);
    let mut facts = work.facts();
    facts.push(("fingerprint".to_string(), digest.hex()));
    facts
}

/// All that the ranks of a run must agree on: its facts, and what it is asked for besides.
pub fn facts_for_ranks(work: &dyn Work) -> Facts {
    let mut facts = facts_of(work);
    facts.extend(work.wishes());
    facts
}

/// The first fact in which two lists of names and values differ: (name, here, there).
pub fn first_difference(
    here: &[(String, String)],
    there: &[(String, String)],
) -> Option<(String, String, String)> {
    let find = |list: &[(String, String)], name: &str| {
        let found = list.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
        found.unwrap_or_else(|| "nothing".to_string())
    };
    let names = here.iter().chain(there).map(|(name, _)| name);
    names
        .map(|name| (name.clone(), find(here, name), find(there, name)))
        .find(|(_, here, there)| here != there)
}
