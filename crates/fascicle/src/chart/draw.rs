//! Drawing a chart on any backend of plotters.

use std::borrow::Cow;
use std::ops::Range;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::axis::Axis;
use super::curves::{Curve, Kind};
use super::legend::Legend;
use super::palette::{self, COLOURS, GRID, INK};
use super::{Chart, ChartError};

pub(super) type Plot<'a, B> = ChartContext<'a, B, Cartesian2d<Axis, Axis>>;
pub(super) type Failed<B> = DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>;

/// The smallest that letters and lines are drawn, as a part of their size in a chart 560 pixels high: smaller
/// ones are hard to read. In charts of less than 400 pixels they are, down to the second.
const SMALLEST: (f64, f64) = (0.88, 0.5);

/// Sizes, which follow the chart's.
pub(super) struct Style {
    /// Pixels of what is one pixel in a chart 560 pixels high.
    pub unit: f64,
    /// Widths of lines.
    pub thin: u32,
    pub thick: u32,
}

impl Style {
    fn new(chart: &Chart, zoom: u32) -> Self {
        let side = f64::from(chart.size.0.min(chart.size.1));
        let (usual, least) = SMALLEST;
        let smallest = (usual * side / 400.0).clamp(least, usual);
        let unit = (side / 560.0).max(smallest) * f64::from(zoom);
        let line = |width: f64| (width * unit).round().max(1.0) as u32;
        Self { unit, thin: line(1.0), thick: line(2.0) }
    }

    fn pixels(&self, size: f64) -> i32 {
        (size * self.unit) as i32
    }

    pub(super) fn font(&self, size: f64) -> TextStyle<'static> {
        ("sans-serif", size * self.unit).into_font().color(&INK)
    }
}

/// Draws the chart, so many times as large.
pub(super) fn draw<B: DrawingBackend>(
    chart: &Chart,
    zoom: u32,
    backend: B,
) -> Result<(), ChartError> {
    // Axes of nothing would have no end.
    let is_seen = |curve: &Curve| curve.x.iter().any(|x| x.is_finite());
    if !chart.curves.iter().any(is_seen) {
        return Err(ChartError::Empty);
    }
    palette::register();
    let area = backend.into_drawing_area();
    let style = Style::new(chart, zoom);
    try_draw(chart, &area, &style).map_err(|error| ChartError::Drawing { why: error.to_string() })
}

fn try_draw<B: DrawingBackend>(
    chart: &Chart,
    area: &DrawingArea<B, Shift>,
    style: &Style,
) -> Result<(), Failed<B>> {
    area.fill(&WHITE)?;
    let margin = style.pixels(16.0);
    let inside = area.margin(margin, margin, margin, margin);
    let (width, _) = inside.dim_in_pixel();
    let unit = style.unit;
    let (title, size) = fitted(&inside, &chart.title, 24.0 * unit, 16.0 * unit, width.into())?;
    let below = inside.titled(&title, ("sans-serif", size).into_font().color(&INK))?;

    let shown: Vec<_> = chart.curves.iter().map(|curve| on_axes(curve, chart)).collect();
    let shown: Vec<_> = shown.iter().map(AsRef::as_ref).zip(colours(chart)).collect();
    let legend = Legend::new(area, &shown, style)?;
    let mut plot = axes(chart, &below, style, 0)?;
    let mut corner = None;
    if let Some(legend) = &legend {
        corner = legend.free_corner(&plot, &shown);
        if corner.is_none() {
            plot = axes(chart, &below, style, legend.width + margin / 2)?;
        }
    }
    draw_mesh(chart, &mut plot, style)?;
    // Guides come first, so that they hide no curve.
    let is_guide = |curve: &Curve| curve.kind == Kind::Guide;
    for (curve, _) in shown.iter().filter(|(curve, _)| is_guide(curve)) {
        draw_guide(&mut plot, curve, style)?;
    }
    for &(curve, colour) in shown.iter().filter(|(curve, _)| !is_guide(curve)) {
        match curve.kind {
            Kind::Steps => draw_steps(&mut plot, curve, colour)?,
            _ => draw_curve(&mut plot, curve, colour, style)?,
        }
    }
    if let Some(legend) = &legend {
        let (xs, ys) = plot.plotting_area().get_pixel_range();
        let beside = (xs.end + margin / 2, ys.start);
        legend.draw(area, corner.unwrap_or(beside), style)?;
    }
    area.present()
}

/// The axes, with so much room right of them.
fn axes<'a, B: DrawingBackend>(
    chart: &Chart,
    area: &'a DrawingArea<B, Shift>,
    style: &Style,
    right: i32,
) -> Result<Plot<'a, B>, Failed<B>> {
    let axis = |range| Axis { range, logarithmic: chart.logarithmic };
    ChartBuilder::on(area)
        .margin_right(right)
        .x_label_area_size(style.pixels(56.0))
        .y_label_area_size(style.pixels(76.0))
        .build_cartesian_2d(axis(x_range(chart)), axis(value_range(chart)))
}

/// The grid, the ticks and what stands beside them.
fn draw_mesh<B: DrawingBackend>(
    chart: &Chart,
    plot: &mut Plot<'_, B>,
    style: &Style,
) -> Result<(), Failed<B>> {
    let unit = style.unit;
    let (xs, ys) = plot.plotting_area().get_pixel_range();
    let ticks = |pixels: Range<i32>, each: f64| {
        (pixels.len() as f64 / (each * unit)).clamp(2.0, 11.0) as usize
    };
    let (x_room, y_room) = (xs.len() as f64, ys.len() as f64 + 48.0 * unit);
    let area = plot.plotting_area().strip_coord_spec();
    let fit = |text: &str, room| fitted(&area, text, 19.0 * unit, 14.0 * unit, room);
    let (x_text, x_size) = fit(&chart.x_label, x_room)?;
    let (y_text, y_size) = fit(&value_label(chart), y_room)?;
    plot.configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID.stroke_width(style.thin))
        .axis_style(INK.stroke_width(style.thin))
        .set_all_tick_mark_size(style.pixels(5.0))
        .x_labels(ticks(xs, 56.0))
        .y_labels(ticks(ys, 32.0))
        .x_desc(x_text)
        .y_desc(y_text)
        .label_style(style.font(17.0))
        .axis_desc_style(("sans-serif", x_size.min(y_size)).into_font().color(&INK))
        .draw()
}

/// A colour for each curve; guides have that of words.
fn colours(chart: &Chart) -> impl Iterator<Item = RGBColor> {
    let mut next = COLOURS.iter().copied().cycle();
    chart.curves.iter().map(move |curve| match curve.kind {
        Kind::Guide => INK,
        Kind::Line | Kind::Steps => next.next().expect("a cycle has no end"),
    })
}

/// A text for a line so long: in smaller letters, down to a size, and cut if that is not enough; and the
/// size of its letters.
pub(super) fn fitted<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    text: &str,
    size: f64,
    smallest: f64,
    room: f64,
) -> Result<(String, f64), Failed<B>> {
    let width = |text: &str, size: f64| {
        let style = ("sans-serif", size).into_font().into();
        area.estimate_text_size(text, &style).map(|(width, _)| f64::from(width))
    };
    let whole = width(text, size)?;
    if whole <= room {
        return Ok((text.to_string(), size));
    }
    let size = (size * room / whole).max(smallest);
    let mut text = text.to_string();
    while width(&text, size)? > room && text.chars().count() > 2 {
        text.truncate(text.char_indices().rev().nth(1).map_or(0, |(at, _)| at));
        text.push('…');
    }
    Ok((text, size))
}

fn draw_curve<B: DrawingBackend>(
    plot: &mut Plot<'_, B>,
    curve: &Curve,
    colour: RGBColor,
    style: &Style,
) -> Result<(), Failed<B>> {
    let points = || curve.x.iter().zip(&curve.values).zip(&curve.errors);
    let edge = |sign: f64| points().map(move |((&t, &x), &e)| (t, x + sign * e));
    let finite = |point: &(f64, f64)| point.1.is_finite();
    if has_errors(curve) {
        let upper = edge(1.0).filter(finite);
        let band: Vec<_> = upper.chain(edge(-1.0).filter(finite).rev()).collect();
        plot.draw_series(std::iter::once(Polygon::new(band, colour.mix(0.25))))?;
    }
    let line = curve.x.iter().copied().zip(curve.values.iter().copied());
    let line: Vec<_> = line.filter(finite).collect();
    if let [point] = line.as_slice() {
        plot.draw_series(std::iter::once(Circle::new(*point, 2 * style.thick, colour.filled())))?;
    }
    plot.draw_series(LineSeries::new(line, colour.stroke_width(style.thick)))?;
    Ok(())
}

/// Dashes.
fn draw_guide<B: DrawingBackend>(
    plot: &mut Plot<'_, B>,
    curve: &Curve,
    style: &Style,
) -> Result<(), Failed<B>> {
    let line = curve.x.iter().copied().zip(curve.values.iter().copied());
    let (dash, gap) = (style.pixels(8.0), style.pixels(6.0));
    let line = line.filter(|point| point.1.is_finite()).collect::<Vec<_>>().into_iter();
    plot.draw_series(DashedLineSeries::new(line, dash, gap, INK.stroke_width(style.thin)))?;
    Ok(())
}

fn draw_steps<B: DrawingBackend>(
    plot: &mut Plot<'_, B>,
    curve: &Curve,
    colour: RGBColor,
) -> Result<(), Failed<B>> {
    let bars = curve.x.windows(2).zip(&curve.values).map(|(edges, &value)| {
        let corners = [(edges[0], 0.0), (edges[1], value)];
        Rectangle::new(corners, colour.mix(0.6).filled())
    });
    plot.draw_series(bars)?;
    Ok(())
}

/// The curve as the axes have it: of logarithms, if they are logarithmic.
fn on_axes<'a>(curve: &'a Curve, chart: &Chart) -> Cow<'a, Curve> {
    if !chart.logarithmic {
        return Cow::Borrowed(curve);
    }
    let mut curve = curve.clone();
    curve.x.iter_mut().chain(&mut curve.values).for_each(|value| *value = value.log10());
    Cow::Owned(curve)
}

/// The axis says what the bands are.
fn value_label(chart: &Chart) -> String {
    if chart.curves.iter().any(has_errors) {
        format!("{}, band: ± standard error", chart.value_label)
    } else {
        chart.value_label.clone()
    }
}

fn has_errors(curve: &Curve) -> bool {
    curve.errors.iter().any(|error| error.is_finite() && *error > 0.0)
}

/// The range of all curves along x.
fn x_range(chart: &Chart) -> Range<f64> {
    let all = || chart.curves.iter().map(|curve| on_axes(curve, chart));
    let ends = all().flat_map(|curve| curve.x.clone());
    let (first, last) = ends
        .filter(|x| x.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    if first < last { first..last } else { first - 0.5..first + 0.5 }
}

/// The range of all curves with their bands, and some air.
fn value_range(chart: &Chart) -> Range<f64> {
    let (mut low, mut high) = chart.at_least.unwrap_or((f64::INFINITY, f64::NEG_INFINITY));
    for curve in chart.curves.iter().map(|curve| on_axes(curve, chart)) {
        for (&value, &error) in curve.values.iter().zip(&curve.errors) {
            if !value.is_finite() {
                continue;
            }
            let error = if error.is_finite() { error } else { 0.0 };
            low = low.min(value - error);
            high = high.max(value + error);
        }
    }
    if !(low.is_finite() && high.is_finite()) {
        return 0.0..1.0;
    }
    let air = if high > low { 0.04 * (high - low) } else { 0.5 * high.abs().max(1e-12) };
    low - air..high + air
}
