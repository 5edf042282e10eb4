//! From lengths of time to numbers of time steps, as QC Lab counts them.

use fascicle_core::LogLine;

use super::{Settings, SimulationError};

/// More time steps than any run finishes: a larger number is taken for a mistake.
const MOST_STEPS: u64 = 1 << 40;

/// The most collections: a block holds the outputs of sixteen trajectories at all times, about a
/// kilobyte for each time of a two-state system.
const MOST_COLLECTS: u64 = 1_000_000;

/// The time steps of a trajectory.
pub(super) struct Timesteps {
    /// Time steps from one collection to the next, n_c.
    pub per_collect: u64,
    /// All time steps, a multiple of n_c.
    pub steps: u64,
    /// The times of collection.
    pub times: Vec<f64>,
    /// What had to be adjusted.
    pub log: Vec<LogLine>,
}

/// n_c = round(dt_collect / dt_update), at least 1; n_T = round(tmax / dt_collect) n_c, where
/// dt_collect is dt_update if n_c had to be raised. Halves are rounded to even. Collections are at
/// t = 0, n_c, 2 n_c, …, n_T.
pub(super) fn count(settings: &Settings) -> Result<Timesteps, SimulationError> {
    let Settings { tmax, dt_update, mut dt_collect, .. } = *settings;
    check("dt_update", "positive and finite", dt_update, dt_update > 0.0)?;
    check("dt_collect", "positive and finite", dt_collect, dt_collect > 0.0)?;
    check("tmax", "at least 0 and finite", tmax, tmax >= 0.0)?;
    let mut log = Vec::new();
    let mut per_collect = (dt_collect / dt_update).round_ties_even();
    if per_collect == 0.0 {
        log.push(LogLine::warning(format!(
            "dt_collect {dt_collect} is less than dt_update {dt_update}: collecting at every time step"
        )));
        per_collect = 1.0;
        dt_collect = dt_update;
    }
    let collects = (tmax / dt_collect).round_ties_even();
    let found = collects * per_collect;
    if !(found <= MOST_STEPS as f64) {
        return Err(SimulationError::TooManySteps { tmax, dt_update, found, limit: MOST_STEPS });
    }
    if !(collects <= MOST_COLLECTS as f64) {
        let limit = MOST_COLLECTS;
        return Err(SimulationError::TooManyTimes { tmax, dt_collect, found: collects, limit });
    }
    let (per_collect, collects) = (per_collect as u64, collects as u64);
    let adjusted = per_collect as f64 * dt_update;
    if (adjusted - dt_collect).abs() > 1e-9 * dt_collect {
        log.push(LogLine::info(format!("dt_collect is adjusted from {dt_collect} to {adjusted}")));
    }
    let end = (collects * per_collect) as f64 * dt_update;
    if (end - tmax).abs() > 1e-9 * tmax.max(dt_update) {
        log.push(LogLine::info(format!("tmax is adjusted from {tmax} to {end}")));
    }
    let times = (0..=collects).map(|k| (k * per_collect) as f64 * dt_update).collect();
    Ok(Timesteps { per_collect, steps: collects * per_collect, times, log })
}

fn check(
    name: &'static str,
    expected: &'static str,
    found: f64,
    holds: bool,
) -> Result<(), SimulationError> {
    if holds && found.is_finite() {
        return Ok(());
    }
    Err(SimulationError::BadTime { name, expected, found })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(tmax: f64, dt_update: f64, dt_collect: f64) -> (u64, u64, usize) {
        let counted = count(&Settings { tmax, dt_update, dt_collect, ..Settings::default() });
        let counted = counted.expect("the settings are proper");
        (counted.per_collect, counted.steps, counted.log.len())
    }

    #[test]
    fn halves_are_rounded_to_even() {
        // 2.5 -> 2 and 8.5 -> 8; 3.33 -> 3 and 20; 0.4 -> 0 -> 1 and 40.
        assert_eq!(counted(2.125, 0.1, 0.25), (2, 16, 2));
        assert_eq!(counted(2.0, 0.03, 0.1), (3, 60, 2));
        assert_eq!(counted(2.0, 0.05, 0.02), (1, 40, 1));
        assert_eq!(counted(10.0, 0.001, 0.1), (100, 10_000, 0));
        assert_eq!(counted(0.0, 0.001, 0.1), (100, 0, 0));
    }

    #[test]
    fn impossible_times_name_value_and_expectation() {
        let error = |tmax, dt_update, dt_collect| {
            let settings = Settings { tmax, dt_update, dt_collect, ..Settings::default() };
            count(&settings).err().expect("the settings are impossible").to_string()
        };
        assert_eq!(error(1.0, 0.0, 0.1), "dt_update must be positive and finite, found 0");
        assert_eq!(error(1.0, -0.5, 0.1), "dt_update must be positive and finite, found -0.5");
        assert_eq!(error(1.0, f64::NAN, 0.1), "dt_update must be positive and finite, found NaN");
        assert_eq!(error(-1.0, 0.1, 0.1), "tmax must be at least 0 and finite, found -1");
        assert_eq!(
            error(1.0, 0.1, f64::INFINITY),
            "dt_collect must be positive and finite, found inf"
        );
        assert!(error(1e300, 1e-3, 0.1).contains("at most 1099511627776"));
        assert_eq!(
            error(1e8, 1.0, 1.0),
            "tmax 100000000 has 1e8 times of collection at dt_collect 1, expected at most 1000000"
        );
    }
}
