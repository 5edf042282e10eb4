//! The legend: where the curves leave room for it, or beside the plot.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::curves::{Curve, Kind};
use super::draw::{Failed, Plot, Style, fitted};
use super::palette::GRID;

/// More curves than this are named in smaller letters.
const MANY: usize = 8;

/// The sides of a rectangle of pixels: left, top, right and bottom.
pub(super) type Sides = [i32; 4];

/// What stands in the legend, and its size in pixels.
pub(super) struct Legend {
    lines: Vec<(String, Option<(Kind, RGBColor)>)>,
    letters: f64,
    pub width: i32,
    height: i32,
    unit: f64,
}

impl Legend {
    /// For these curves; none if there is nothing to tell apart.
    pub(super) fn new<B: DrawingBackend>(
        area: &DrawingArea<B, Shift>,
        curves: &[(&Curve, RGBColor)],
        style: &Style,
    ) -> Result<Option<Self>, Failed<B>> {
        if curves.len() < 2 {
            return Ok(None);
        }
        let unit = style.unit;
        let letters = if curves.len() > MANY { 13.0 } else { 17.0 };
        let (all_width, all_height) = area.dim_in_pixel();
        let room = 0.35 * f64::from(all_width);
        let (mut lines, mut widest) = (Vec::new(), 0);
        let fit = (0.72 * f64::from(all_height) / (1.25 * letters * unit)) as usize;
        let shown = if curves.len() > fit { fit.max(2) - 1 } else { curves.len() };
        for (curve, colour) in curves.iter().take(shown) {
            lines.push((curve.label.clone(), Some((curve.kind, *colour))));
        }
        if curves.len() > shown {
            lines.push((format!("… and {} more", curves.len() - shown), None));
        }
        for (label, _) in &mut lines {
            let (text, _) = fitted(area, label, letters * unit, letters * unit, room)?;
            *label = text;
            let (width, _) = area.estimate_text_size(label, &style.font(letters))?;
            widest = widest.max(width as i32);
        }
        let width = widest + (58.0 * unit) as i32;
        let height = (1.25 * letters * unit * lines.len() as f64 + 12.0 * unit) as i32;
        Ok(Some(Self { lines, letters, width, height, unit }))
    }

    /// The first of the plot's corners and sides, from the upper right, in which there is no curve.
    pub(super) fn free_corner<B: DrawingBackend>(
        &self,
        plot: &Plot<'_, B>,
        curves: &[(&Curve, RGBColor)],
    ) -> Option<(i32, i32)> {
        let (x, y) = plot.plotting_area().get_pixel_range();
        let air = (8.0 * self.unit) as i32;
        let (left, right) = (x.start + air, x.end - air - self.width);
        let (top, bottom) = (y.start + air, y.end - air - self.height);
        if left > right || top > bottom {
            return None;
        }
        let (centre, middle) = (i32::midpoint(left, right), i32::midpoint(top, bottom));
        let corners = [(right, top), (left, top), (right, bottom), (left, bottom)];
        let sides = [(right, middle), (left, middle), (centre, top), (centre, bottom)];
        let covered: Vec<Sides> =
            curves.iter().flat_map(|(curve, _)| covered_by(plot, curve)).collect();
        corners.into_iter().chain(sides).find(|&(left, top)| {
            let (right, bottom) = (left + self.width, top + self.height);
            !covered.iter().any(|&[x0, y0, x1, y1]| {
                x1 > left - air && x0 < right + air && y1 > top - air && y0 < bottom + air
            })
        })
    }

    /// Draws it, from this upper left corner.
    pub(super) fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        (left, top): (i32, i32),
        style: &Style,
    ) -> Result<(), Failed<B>> {
        let frame = [(left, top), (left + self.width, top + self.height)];
        area.draw(&Rectangle::new(frame, WHITE.filled()))?;
        area.draw(&Rectangle::new(frame, GRID.stroke_width(style.thin)))?;
        let pixels = |size: f64| (size * self.unit) as i32;
        let middle = Pos::new(HPos::Left, VPos::Center);
        for (line, (label, mark)) in self.lines.iter().enumerate() {
            let y = top + pixels(6.0 + 1.25 * self.letters * (line as f64 + 0.5));
            let ends = [(left + pixels(10.0), y), (left + pixels(38.0), y)];
            match mark {
                Some((Kind::Line, colour)) => {
                    area.draw(&PathElement::new(ends, colour.stroke_width(style.thick)))?;
                }
                Some((Kind::Guide, colour)) => {
                    for at in [10.0, 20.0, 30.0] {
                        let dash = [(left + pixels(at), y), (left + pixels(at + 8.0), y)];
                        area.draw(&PathElement::new(dash, colour.stroke_width(style.thin)))?;
                    }
                }
                Some((Kind::Steps, colour)) => {
                    let half = pixels(0.35 * self.letters);
                    let corners = [(ends[0].0, y - half), (ends[1].0, y + half)];
                    area.draw(&Rectangle::new(corners, colour.mix(0.6).filled()))?;
                }
                None => {}
            }
            let font = style.font(self.letters).pos(middle);
            area.draw(&Text::new(label.as_str(), (left + pixels(46.0), y), font))?;
        }
        Ok(())
    }
}

/// Rectangles that cover a curve with its band.
fn covered_by<B: DrawingBackend>(plot: &Plot<'_, B>, curve: &Curve) -> Vec<Sides> {
    let pixel = |x: f64, value: f64| plot.plotting_area().map_coordinate(&(x, value));
    if curve.kind == Kind::Steps {
        let bars = curve.x.windows(2).zip(&curve.values);
        let sides = |(edges, &value): (&[f64], &f64)| {
            let ((x0, y0), (x1, y1)) = (pixel(edges[0], value), pixel(edges[1], 0.0));
            [x0, y0.min(y1), x1, y0.max(y1)]
        };
        return bars.map(sides).collect();
    }
    let points = curve.x.iter().zip(&curve.values).zip(&curve.errors);
    let points = points.filter(|((_, value), _)| value.is_finite());
    // Of each point where it is and how far up and down it reaches.
    let points: Vec<[f64; 3]> = points
        .map(|((&x, &value), &error)| {
            let error = if error.is_finite() { error } else { 0.0 };
            let ((x, high), (_, low)) = (pixel(x, value + error), pixel(x, value - error));
            [x.into(), high.into(), low.into()]
        })
        .collect();
    let mut covered = Vec::new();
    for pair in points.windows(2) {
        let steps = ((pair[1][0] - pair[0][0]) / 4.0).abs().ceil().max(1.0);
        let at = |step: f64| -> [f64; 3] {
            let part = step / steps;
            std::array::from_fn(|k| pair[0][k] + part * (pair[1][k] - pair[0][k]))
        };
        for step in 0..steps as u32 {
            let ([x0, high0, low0], [x1, high1, low1]) =
                (at(f64::from(step)), at(f64::from(step + 1)));
            covered.push([x0, high0.min(high1), x1, low0.max(low1)].map(|side| side as i32));
        }
    }
    covered
}
