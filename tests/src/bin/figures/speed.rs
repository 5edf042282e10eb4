//! Speed against QC Lab, one core each, in turn on the same machine.

use std::error::Error;

use fascicle::prelude::*;
use fascicle_tests::peers::Server;
use fascicle_tests::speed::{BATCH_SIZES, Case, cases};

use crate::report::{Row, Section};
use crate::times::Times;

const TRAJECTORIES: u64 = 1000;
const ROUNDS: usize = 3;

/// What was measured of a case.
struct Measured {
    case: Case,
    qclab: [Times; BATCH_SIZES.len()],
    ours: Times,
    fused: Times,
}

/// Both sides take turns in each round. Times are those of whole runs: initial conditions,
/// collection, sums and driver included, in strict and in fused arithmetic. In a round QC Lab runs once
/// at each batch size, and we once beside each: the median of those is ours. A row whose name holds `FASCICLE_CASE` is measured, all
/// without it; `FASCICLE_ROUNDS` is the number of rounds.
pub fn sections() -> Result<Vec<Section>, Box<dyn Error>> {
    let rounds = match std::env::var("FASCICLE_ROUNDS") {
        Ok(text) => text.parse()?,
        Err(_) => ROUNDS,
    };
    let wanted = std::env::var("FASCICLE_CASE").unwrap_or_default();
    let mut qclab = Server::start("qclab_speed.py")?;
    let mut all: Vec<Measured> = cases()
        .into_iter()
        .filter(|case| case.name().contains(&wanted))
        .map(Measured::new)
        .collect();
    for round in 0..rounds {
        for measured in &mut all {
            measured.round(&mut qclab)?;
            eprintln!("round {} of {rounds}: {}", round + 1, measured.case.name());
        }
    }
    let mut rows: Vec<Row> = all.iter().map(Measured::row).collect();
    rows.push(mean(&all, "strict", Measured::ratio, 40.0));
    rows.push(mean(&all, "fused", Measured::fused_ratio, 50.0));
    let title =
        "Microseconds per trajectory and step, one core each, in one run: medians (least to most)";
    let columns = [
        "model, algorithm",
        "QC Lab 1.3.0, batches of 25 / 200 / 1000",
        "fascicle",
        "ratio to QC Lab's best (least to most of the rounds)",
        "wanted",
        "fused",
        "ratio",
    ];
    Ok(vec![Section::new(title, &columns, rows)])
}

/// The geometric mean of all ratios in one arithmetic.
fn mean(all: &[Measured], arithmetic: &str, ratio: fn(&Measured) -> f64, wanted: f64) -> Row {
    let logs: f64 = all.iter().map(|measured| ratio(measured).ln()).sum();
    let mean = (logs / all.len() as f64).exp();
    let empty = String::new;
    let name = format!("geometric mean, {arithmetic}");
    let cells =
        vec![name, empty(), empty(), format!("{mean:.1}"), format!("{wanted}"), empty(), empty()];
    Row { cells, reached: mean >= wanted }
}

impl Measured {
    fn new(case: Case) -> Self {
        Self { case, qclab: Default::default(), ours: Times::default(), fused: Times::default() }
    }

    fn round(&mut self, qclab: &mut Server) -> Result<(), Box<dyn Error>> {
        let fused_case = self.case.fused();
        let (mut ours, mut fused) = (Times::default(), Times::default());
        for (batch_size, times) in BATCH_SIZES.into_iter().zip(&mut self.qclab) {
            times.0.push(self.case.time_qclab(qclab, batch_size)?);
            ours.0.push(self.case.time(Driver::Serial, TRAJECTORIES)?);
            fused.0.push(fused_case.time(Driver::Serial, TRAJECTORIES)?);
        }
        self.ours.0.push(ours.median());
        self.fused.0.push(fused.median());
        Ok(())
    }

    /// QC Lab's times at its best batch size.
    fn best(&self) -> &Times {
        let by_median = |a: &&Times, b: &&Times| a.median().total_cmp(&b.median());
        self.qclab.iter().min_by(by_median).expect("there are batch sizes")
    }

    /// The median of the rounds' ratios.
    fn ratio(&self) -> f64 {
        self.best().over(&self.ours).median()
    }

    fn fused_ratio(&self) -> f64 {
        self.best().over(&self.fused).median()
    }

    fn row(&self) -> Row {
        let ratios = self.best().over(&self.ours);
        let [a, b, c] = &self.qclab;
        let ratio = self.ratio();
        let cells = vec![
            self.case.name(),
            format!("{:.2} / {:.2} / {:.2}", a.median(), b.median(), c.median()),
            self.ours.text(4),
            format!("{ratio:.1} ({:.1} to {:.1})", ratios.least(), ratios.most()),
            format!("{}", self.case.goal),
            self.fused.text(4),
            format!("{:.1}", self.fused_ratio()),
        ];
        Row { cells, reached: ratio >= self.case.goal }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_the_median_of_the_rounds() {
        let mut measured = Measured::new(cases().swap_remove(0));
        measured.qclab = [vec![9.0; 3], vec![4.0, 6.0, 5.0], vec![8.0; 3]].map(Times);
        measured.ours = Times(vec![2.0, 2.0, 1.0]);
        measured.fused = Times(vec![1.0, 3.0, 1.0]);
        // 2, 3 and 5; 4, 2 and 5.
        assert_eq!((measured.ratio(), measured.fused_ratio()), (3.0, 4.0));
    }
}
