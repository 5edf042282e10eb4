//! Times of rounds.

/// The times of one side in all rounds.
#[derive(Clone, Default)]
pub struct Times(pub Vec<f64>);

impl Times {
    /// Quotients, round by round.
    pub fn over(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| a / b).collect())
    }

    fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted
    }

    pub fn median(&self) -> f64 {
        let sorted = self.sorted();
        let (low, high) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
        f64::midpoint(low, high)
    }

    pub fn least(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    pub fn most(&self) -> f64 {
        self.0.iter().copied().fold(0.0, f64::max)
    }

    /// The median, with the least and the most in brackets.
    pub fn text(&self, digits: usize) -> String {
        let (median, least, most) = (self.median(), self.least(), self.most());
        format!("{median:.digits$} ({least:.digits$} to {most:.digits$})")
    }
}
