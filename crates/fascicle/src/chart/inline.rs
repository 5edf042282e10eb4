//! Charts inside of a page.

use super::Chart;
use super::curves::Curve;

/// The most points of all curves of a chart.
const POINTS: usize = 1000;

/// The most curves; the others could not be told apart.
const CURVES: usize = 7;

/// With fewer points, evenly spaced with the first and the last, and curves.
pub(super) fn thinned(chart: &Chart) -> Chart {
    let mut chart = chart.clone();
    if chart.curves.len() > CURVES {
        chart.title = format!("{} ({CURVES} of {} curves)", chart.title, chart.curves.len());
        chart.curves.truncate(CURVES);
    }
    let (there, most) = (chart.times.len(), (POINTS / chart.curves.len().max(1)).max(2));
    if there > most {
        let kept: Vec<usize> = (0..most).map(|at| at * (there - 1) / (most - 1)).collect();
        let pick = |all: &[f64]| kept.iter().map(|&at| all[at]).collect();
        chart.curves = chart
            .curves
            .iter()
            .map(|curve| Curve {
                label: curve.label.clone(),
                values: pick(&curve.values),
                errors: pick(&curve.errors),
            })
            .collect();
        chart.times = pick(&chart.times);
    }
    chart
}

/// With the page's background and ink, in which the grid is faint.
pub(super) fn in_page_colours(svg: &str) -> String {
    svg.replace("<svg ", "<svg style=\"max-width:100%;height:auto\" ")
        .replace("\"#FFFFFF\"", "\"none\"")
        .replace("\"#282828\"", "\"currentColor\"")
        .replace("\"#464646\"", "\"currentColor\"")
        .replace("stroke=\"#E4E4E4\"", "stroke=\"currentColor\" stroke-opacity=\"0.2\"")
}
