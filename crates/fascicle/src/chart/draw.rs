//! Drawing a chart on any backend of plotters.

use std::borrow::Cow;
use std::ops::Range;

use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use super::curves::{Curve, Kind};
use super::palette::{self, COLOURS, GRID, INK};
use super::{Chart, ChartError};

type Plot<'a, B> = ChartContext<'a, B, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Draws the chart.
pub(super) fn draw<B: DrawingBackend>(chart: &Chart, backend: B) -> Result<(), ChartError> {
    palette::register();
    let area = backend.into_drawing_area();
    try_draw(chart, &area).map_err(|error| ChartError::Drawing { why: error.to_string() })
}

fn try_draw<B: DrawingBackend>(
    chart: &Chart,
    area: &DrawingArea<B, plotters::coord::Shift>,
) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
    // Sizes follow the chart's, 560 pixels high being the measure.
    let scale = f64::from(chart.size.1.min(chart.size.0)) / 560.0;
    let font = |size: f64| ("sans-serif", (size * scale).max(8.0)).into_font().color(&INK);
    let thin = scale.round().max(1.0) as u32;
    area.fill(&WHITE)?;
    let mut plot = ChartBuilder::on(area)
        .caption(&chart.title, font(24.0))
        .margin((16.0 * scale) as i32)
        .x_label_area_size((56.0 * scale) as i32)
        .y_label_area_size((76.0 * scale) as i32)
        .build_cartesian_2d(x_range(chart), value_range(chart))?;
    let number = |value: &f64| label(*value, chart.logarithmic);
    plot.configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID.stroke_width(thin))
        .axis_style(INK.stroke_width(thin))
        .set_all_tick_mark_size((5.0 * scale) as i32)
        .x_label_formatter(&number)
        .y_label_formatter(&number)
        .x_desc(&chart.x_label)
        .y_desc(value_label(chart))
        .label_style(font(17.0))
        .axis_desc_style(font(19.0))
        .draw()?;
    for (curve, &colour) in chart.curves.iter().zip(COLOURS.iter().cycle()) {
        match curve.kind {
            Kind::Line => draw_curve(&mut plot, &on_axes(curve, chart), colour, scale)?,
            Kind::Steps => draw_steps(&mut plot, curve, colour)?,
        }
    }
    if chart.curves.len() > 1 {
        // Many curves need smaller letters, or the legend covers them.
        let size = if chart.curves.len() > 8 { 12.0 } else { 17.0 };
        plot.configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .margin((10.0 * scale) as u32)
            .background_style(WHITE.mix(0.85))
            .border_style(GRID.stroke_width(thin))
            .legend_area_size((30.0 * scale) as u32)
            .label_font(font(size))
            .draw()?;
    }
    area.present()
}

fn draw_curve<B: DrawingBackend>(
    plot: &mut Plot<'_, B>,
    curve: &Curve,
    colour: RGBColor,
    scale: f64,
) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
    let points = || curve.x.iter().zip(&curve.values).zip(&curve.errors);
    let edge = |sign: f64| points().map(move |((&t, &x), &e)| (t, x + sign * e));
    let finite = |point: &(f64, f64)| point.1.is_finite();
    if has_errors(curve) {
        let upper = edge(1.0).filter(finite);
        let band: Vec<_> = upper.chain(edge(-1.0).filter(finite).rev()).collect();
        plot.draw_series(std::iter::once(Polygon::new(band, colour.mix(0.25))))?;
    }
    let width = (2.0 * scale).round().max(1.0) as u32;
    let line = curve.x.iter().copied().zip(curve.values.iter().copied());
    let line: Vec<_> = line.filter(finite).collect();
    if let [point] = line.as_slice() {
        plot.draw_series(std::iter::once(Circle::new(*point, 2 * width, colour.filled())))?;
    }
    let style = ShapeStyle { color: colour.to_rgba(), filled: false, stroke_width: width };
    let length = (22.0 * scale) as i32;
    plot.draw_series(LineSeries::new(line, style))?
        .label(&curve.label)
        .legend(move |(x, y)| PathElement::new([(x, y), (x + length, y)], style));
    Ok(())
}

fn draw_steps<B: DrawingBackend>(
    plot: &mut Plot<'_, B>,
    curve: &Curve,
    colour: RGBColor,
) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
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

/// What stands at a tick.
pub(super) fn label(value: f64, logarithmic: bool) -> String {
    let value = if logarithmic { 10_f64.powf(value) } else { value };
    let size = value.abs();
    if size < 1e-12 {
        "0".to_string()
    } else if !(1e-3..1e6).contains(&size) {
        format!("{value:.1e}")
    } else {
        let digits = (2 - size.log10().floor() as i32).clamp(0, 6) as usize;
        let text = format!("{value:.digits$}");
        if digits == 0 {
            return text;
        }
        text.trim_end_matches('0').trim_end_matches('.').to_string()
    }
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
