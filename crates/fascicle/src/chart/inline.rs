//! Charts inside of a page.

use plotters::style::{RGBColor, WHITE};

use super::Chart;
#[cfg(feature = "png")]
use super::ChartError;
use super::curves::{Curve, Kind};
use super::palette::{COLOURS, GRID, INK};

/// The most points of all curves of a chart.
const POINTS: usize = 1000;

/// The most curves; the others could not be told apart.
const CURVES: usize = 7;

/// The fewest points that a curve is thinned to where it could be shown otherwise.
#[cfg(feature = "png")]
const FEWEST: usize = 200;

/// Whether thinning leaves out what could be seen.
#[cfg(feature = "png")]
pub(super) fn is_dense(chart: &Chart) -> bool {
    let most = most_points(chart);
    let is_long = |curve: &Curve| curve.kind == Kind::Line && curve.x.len() > most;
    chart.curves.len() > CURVES || most < FEWEST && chart.curves.iter().any(is_long)
}

/// As a picture in the text of the page, on white.
#[cfg(feature = "png")]
pub(super) fn picture(chart: &Chart) -> Result<String, ChartError> {
    let (width, bytes) = (chart.size.0, base64(&chart.png()?));
    let what = crate::show::escape(&chart.to_string());
    Ok(format!(
        "<img style=\"max-width:100%\" width=\"{width}\" alt=\"{what}\" src=\"data:image/png;base64,{bytes}\">"
    ))
}

/// Three bytes as four letters.
#[cfg(feature = "png")]
pub(super) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at) & 63) as usize];
            text.push(if at > three.len() { '=' } else { letter.into() });
        }
    }
    text
}

/// With fewer points, the first and the last and how far the curve reaches between them, and curves.
pub(super) fn thinned(chart: &Chart) -> Chart {
    let mut chart = chart.clone();
    if chart.curves.len() > CURVES {
        chart.title = format!("{} ({CURVES} of {} curves)", chart.title, chart.curves.len());
        chart.curves.truncate(CURVES);
    }
    let most = most_points(&chart);
    chart.curves.iter_mut().for_each(|curve| thin(curve, most));
    chart
}

/// The most points of each curve.
fn most_points(chart: &Chart) -> usize {
    (POINTS / chart.curves.len().max(1)).max(2)
}

fn thin(curve: &mut Curve, most: usize) {
    let there = curve.x.len();
    if there > most && curve.kind == Kind::Line {
        let kept = extremes(&curve.values, most / 2);
        for all in [&mut curve.x, &mut curve.values, &mut curve.errors] {
            *all = kept.iter().map(|&at| all[at]).collect();
        }
    }
}

/// The first, the last, and of so many parts alike where the least and the greatest are: every so manieth
/// would make a quick wave a slow one.
fn extremes(values: &[f64], parts: usize) -> Vec<usize> {
    let last = values.len() - 1;
    let mut kept = vec![0];
    for part in 0..parts {
        let range = part * last / parts..(part + 1) * last / parts;
        let by_value = |a: &usize, b: &usize| values[*a].total_cmp(&values[*b]);
        let finite = || range.clone().filter(|&at| values[at].is_finite());
        kept.extend(finite().min_by(by_value));
        kept.extend(finite().max_by(by_value));
    }
    kept.push(last);
    kept.sort_unstable();
    kept.dedup();
    kept
}

/// What JupyterLab and VS Code have behind outputs; elsewhere the legend is transparent.
const PAGE: &str =
    "style=\"fill:var(--jp-layout-color0,var(--vscode-editor-background,transparent))\"";

/// With the page's background and ink, in which the grid is faint.
pub(super) fn in_page_colours(svg: &str) -> String {
    let white = format!("fill={}", quoted(WHITE));
    let faint = "stroke=\"currentColor\" stroke-opacity=\"0.2\"";
    let dark = COLOURS[COLOURS.len() - 1];
    svg.replace("<svg ", "<svg style=\"max-width:100%;height:auto\" ")
        // The chart's background comes first, then the legend's, which hides the grid.
        .replacen(&white, "fill=\"none\"", 1)
        .replace(&white, PAGE)
        .replace(&quoted(INK), "\"currentColor\"")
        .replace(&quoted(dark), "\"currentColor\"")
        .replace(&format!("stroke={}", quoted(GRID)), faint)
}

/// A colour as an attribute of SVG.
fn quoted(RGBColor(r, g, b): RGBColor) -> String {
    format!("\"#{r:02X}{g:02X}{b:02X}\"")
}
