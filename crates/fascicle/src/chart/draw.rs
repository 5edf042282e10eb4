//! Drawing a chart on any backend of plotters.

use std::ops::Range;

use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use super::curves::Curve;
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
        .build_cartesian_2d(time_range(&chart.times), value_range(chart))?;
    plot.configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID.stroke_width(thin))
        .axis_style(INK.stroke_width(thin))
        .set_all_tick_mark_size((5.0 * scale) as i32)
        .x_desc(&chart.time_label)
        .y_desc(value_label(chart))
        .label_style(font(17.0))
        .axis_desc_style(font(19.0))
        .draw()?;
    for (curve, &colour) in chart.curves.iter().zip(COLOURS.iter().cycle()) {
        draw_curve(&mut plot, &chart.times, curve, colour, scale)?;
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
    times: &[f64],
    curve: &Curve,
    colour: RGBColor,
    scale: f64,
) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
    let points = || times.iter().zip(&curve.values).zip(&curve.errors);
    let edge = |sign: f64| points().map(move |((&t, &x), &e)| (t, x + sign * e));
    let finite = |point: &(f64, f64)| point.1.is_finite();
    if has_errors(curve) {
        let upper = edge(1.0).filter(finite);
        let band: Vec<_> = upper.chain(edge(-1.0).filter(finite).rev()).collect();
        plot.draw_series(std::iter::once(Polygon::new(band, colour.mix(0.25))))?;
    }
    let width = (2.0 * scale).round().max(1.0) as u32;
    let line = times.iter().copied().zip(curve.values.iter().copied());
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

/// The axis says what the bands are.
fn value_label(chart: &Chart) -> String {
    if chart.curves.iter().any(has_errors) {
        format!("{} (band: ± standard error)", chart.value_label)
    } else {
        chart.value_label.clone()
    }
}

fn has_errors(curve: &Curve) -> bool {
    curve.errors.iter().any(|error| error.is_finite() && *error > 0.0)
}

fn time_range(times: &[f64]) -> Range<f64> {
    let (first, last) = (times[0], times[times.len() - 1]);
    if first < last { first..last } else { first - 0.5..first + 0.5 }
}

/// The range of all curves with their bands, and some air.
fn value_range(chart: &Chart) -> Range<f64> {
    let (mut low, mut high) = chart.at_least.unwrap_or((f64::INFINITY, f64::NEG_INFINITY));
    for curve in &chart.curves {
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
