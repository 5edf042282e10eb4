//! Charts inside of a page.

use plotters::style::{RGBColor, WHITE};

use super::Chart;
use super::curves::{Curve, Kind};
use super::palette::{COLOURS, GRID, INK};

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
    let faint = "stroke=\"currentColor\" stroke-opacity=\"0.2\"";
    let dark = COLOURS[COLOURS.len() - 1];
    svg.replace("<svg ", "<svg style=\"max-width:100%;height:auto\" ")
        .replace(&quoted(WHITE), "\"none\"")
        .replace(&quoted(INK), "\"currentColor\"")
        .replace(&quoted(dark), "\"currentColor\"")
        .replace(&format!("stroke={}", quoted(GRID)), faint)
}

/// A colour as an attribute of SVG.
fn quoted(RGBColor(r, g, b): RGBColor) -> String {
    format!("\"#{r:02X}{g:02X}{b:02X}\"")
}
