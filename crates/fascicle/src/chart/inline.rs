//! Charts inside of a page.

use super::Chart;
use super::curves::{Curve, Kind};

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
    let most = (POINTS / chart.curves.len().max(1)).max(2);
    chart.curves.iter_mut().for_each(|curve| thin(curve, most));
    chart
}

fn thin(curve: &mut Curve, most: usize) {
    let there = curve.x.len();
    if there > most && curve.kind == Kind::Line {
        let kept: Vec<usize> = (0..most).map(|at| at * (there - 1) / (most - 1)).collect();
        for all in [&mut curve.x, &mut curve.values, &mut curve.errors] {
            *all = kept.iter().map(|&at| all[at]).collect();
        }
    }
}

/// With the page's background and ink, in which the grid is faint.
pub(super) fn in_page_colours(svg: &str) -> String {
    svg.replace("<svg ", "<svg style=\"max-width:100%;height:auto\" ")
        .replace("\"#FFFFFF\"", "\"none\"")
        .replace("\"#282828\"", "\"currentColor\"")
        .replace("\"#464646\"", "\"currentColor\"")
        .replace("stroke=\"#E4E4E4\"", "stroke=\"currentColor\" stroke-opacity=\"0.2\"")
}
