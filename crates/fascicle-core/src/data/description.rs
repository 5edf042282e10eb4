//! What was simulated.

use serde::{Deserialize, Serialize};

use crate::{Arithmetic, Fingerprint, Seeding, first_difference};

/// What was simulated: all that two results must agree on to be merged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// The simulation's name, such as `SpinBoson, MeanField`.
    pub simulation: String,
    /// Names and values of everything that the results depend on besides the seeds: constants,
    /// settings, initial state, recipes. Reals are written such that they read back the same.
    pub settings: Vec<(String, String)>,
    /// How products are added.
    pub arithmetic: Arithmetic,
    /// How seeds become random numbers.
    pub seeding: Seeding,
    /// Time steps of a trajectory, for figures of speed.
    pub steps: u64,
}

impl Description {
    /// Adds a setting.
    pub fn set(&mut self, name: impl Into<String>, value: impl std::fmt::Debug) {
        self.settings.push((name.into(), format!("{value:?}")));
    }

    /// The value of a setting.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.settings.iter().find_map(|(n, value)| (n == name).then_some(value.as_str()))
    }

    /// Writes it into a fingerprint.
    pub fn fingerprint(&self, to: &mut Fingerprint) {
        to.text(&self.simulation);
        for (name, value) in &self.settings {
            to.text(name);
            to.text(value);
        }
        to.text(&self.arithmetic.to_string());
        to.text(&self.seeding.to_string());
        to.integer(self.steps);
    }

    /// The first fact in which another description differs: (what, here, there).
    pub(crate) fn difference(&self, other: &Self) -> Option<(String, String, String)> {
        first_difference(&self.facts(), &other.facts())
    }

    /// All that it says, as names and values.
    pub(crate) fn facts(&self) -> Vec<(String, String)> {
        let mut facts = vec![
            ("simulation".to_string(), self.simulation.clone()),
            ("arithmetic".to_string(), self.arithmetic.to_string()),
            ("seeding".to_string(), self.seeding.to_string()),
        ];
        facts.extend(self.settings.iter().cloned());
        facts.push(("steps".to_string(), self.steps.to_string()));
        facts
    }
}
