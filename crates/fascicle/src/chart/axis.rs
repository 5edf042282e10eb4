//! Axes and what stands at their ticks.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;

/// An axis of numbers, or of their decimal logarithms.
pub(super) struct Axis {
    pub range: Range<f64>,
    pub logarithmic: bool,
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, pixels: (i32, i32)) -> i32 {
        RangedCoordf64::from(self.range.clone()).map(value, pixels)
    }

    fn key_points<H: KeyPointHint>(&self, hint: H) -> Vec<f64> {
        if self.logarithmic {
            decades(&self.range, hint.max_num_points())
        } else {
            RangedCoordf64::from(self.range.clone()).key_points(hint)
        }
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        label(*value, self.logarithmic)
    }
}

/// Ticks of a logarithmic axis, as logarithms: 1, 2 and 5 in each decade, the decades alone where that is
/// too many, or some of them; evenly spaced numbers where less than a decade has none of these.
pub(super) fn decades(range: &Range<f64>, most: usize) -> Vec<f64> {
    let fine = multiples(range, &[1.0, 2.0, 5.0], 1);
    if fine.len() < 3 {
        // So that an end that is a tick is one whatever its last bits are.
        let (low, high) = (range.start - 1e-9, range.end + 1e-9);
        let numbers = RangedCoordf64::from(10_f64.powf(low)..10_f64.powf(high));
        let ticks = numbers.key_points(most).into_iter().filter(|&number| number > 0.0);
        return ticks.map(f64::log10).collect();
    }
    if fine.len() <= most {
        return fine;
    }
    let coarse = (1..).map(|every| multiples(range, &[1.0], every));
    coarse.into_iter().find(|ticks| ticks.len() <= most.max(1)).unwrap_or_default()
}

/// The logarithms of these multiples of every so manieth power of ten.
fn multiples(range: &Range<f64>, of: &[f64], every: usize) -> Vec<f64> {
    // As above.
    let (low, high) = (range.start - 1e-9, range.end + 1e-9);
    let powers = low.floor() as i32..=high.floor() as i32;
    let powers = powers.filter(|power| power.rem_euclid(every as i32) == 0);
    let ticks = powers.flat_map(|power| of.iter().map(move |m| f64::from(power) + m.log10()));
    ticks.filter(|tick| (low..=high).contains(tick)).collect()
}

/// What stands at a tick.
pub(super) fn label(value: f64, logarithmic: bool) -> String {
    let value = if logarithmic { 10_f64.powf(value) } else { value };
    let size = value.abs();
    if size < 1e-12 {
        "0".to_string()
    } else if !(1e-3 - 1e-9..1e6).contains(&size) {
        format!("{value:.1e}").replace(".0e", "e")
    } else {
        let digits = (2 - size.log10().floor() as i32).clamp(0, 6) as usize;
        let text = format!("{value:.digits$}");
        if digits == 0 {
            return text;
        }
        text.trim_end_matches('0').trim_end_matches('.').to_string()
    }
}
