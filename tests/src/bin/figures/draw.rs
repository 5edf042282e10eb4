//! Charts with two logarithmic axes.

use std::error::Error;
use std::ops::Range;
use std::path::PathBuf;

use fascicle::chart::palette::{self, COLOURS, GRID, INK};
pub use plotters::prelude::SeriesLabelPosition;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// A line, drawn with a dot at each point if it was measured.
pub struct Curve {
    pub label: String,
    pub points: Vec<(f64, f64)>,
    pub measured: bool,
}

/// A dot with a word beside it.
pub struct Mark {
    pub label: String,
    pub at: (f64, f64),
    /// Whether the word is below the dot, not above, and left of it, not right.
    pub below: bool,
    pub left: bool,
}

/// A chart.
pub struct Chart {
    pub title: &'static str,
    pub x: &'static str,
    pub y: &'static str,
    pub curves: Vec<Curve>,
    pub marks: Vec<Mark>,
    /// Where the labels of curves are.
    pub labels: SeriesLabelPosition,
}

impl Chart {
    /// Draws it into an SVG file.
    pub fn save(&self, path: PathBuf) -> Result<(), Box<dyn Error>> {
        palette::register();
        let area = SVGBackend::new(&path, (760, 520)).into_drawing_area();
        self.draw(&area).map_err(|error| format!("{}: {error}", path.display()))?;
        eprintln!("wrote {}", path.display());
        Ok(())
    }

    fn draw(&self, area: &DrawingArea<SVGBackend<'_>, Shift>) -> Result<(), DrawError> {
        let font = |size: f64| ("sans-serif", size).into_font().color(&INK);
        let all = || {
            let marks = self.marks.iter().map(|mark| mark.at);
            self.curves.iter().flat_map(|curve| curve.points.iter().copied()).chain(marks)
        };
        let (xs, ys) = (range(all().map(|point| point.0)), range(all().map(|point| point.1)));
        area.fill(&WHITE)?;
        let mut plot = ChartBuilder::on(area)
            .caption(self.title, font(20.0))
            .margin(14)
            .x_label_area_size(50)
            .y_label_area_size(72)
            .build_cartesian_2d(xs.log_scale(), ys.log_scale())?;
        plot.configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID)
            .axis_style(INK)
            .x_desc(self.x)
            .y_desc(self.y)
            .x_label_formatter(&|x| number(*x))
            .y_label_formatter(&|y| number(*y))
            .label_style(font(14.0))
            .axis_desc_style(font(16.0))
            .draw()?;
        for (curve, &colour) in self.curves.iter().zip(COLOURS.iter().cycle()) {
            plot.draw_series(LineSeries::new(curve.points.clone(), colour.stroke_width(2)))?
                .label(&curve.label)
                .legend(move |(x, y)| {
                    PathElement::new([(x, y), (x + 22, y)], colour.stroke_width(2))
                });
            let dots = curve.points.iter().filter(|_| curve.measured);
            plot.draw_series(dots.map(|&point| Circle::new(point, 3, colour.filled())))?;
        }
        for mark in &self.marks {
            let below = if mark.below { VPos::Top } else { VPos::Bottom };
            let (left, x) = if mark.left { (HPos::Right, -5) } else { (HPos::Left, 5) };
            let style = ("sans-serif", 13.0).into_font().color(&INK).pos(Pos::new(left, below));
            let text = Text::new(mark.label.clone(), (x, 0), style);
            let dot = Circle::new((0, 0), 4, INK.filled());
            plot.draw_series([EmptyElement::at(mark.at) + dot + text])?;
        }
        plot.configure_series_labels()
            .position(self.labels.clone())
            .background_style(WHITE.mix(0.85))
            .border_style(GRID)
            .label_font(font(14.0))
            .draw()?;
        area.present()
    }
}

type Shift = plotters::coord::Shift;
type DrawError = DrawingAreaErrorKind<<SVGBackend<'static> as DrawingBackend>::ErrorType>;

/// From the least to the most of positive numbers, with some air.
fn range(values: impl Iterator<Item = f64>) -> Range<f64> {
    let (least, most) = values.fold((f64::INFINITY, 0.0_f64), |(a, b), x| (a.min(x), b.max(x)));
    least / 1.3..most * 1.8
}

/// Short, with as many digits as there are.
fn number(value: f64) -> String {
    if value >= 10_000.0 {
        format!("{value:.0e}")
    } else {
        format!("{}", (value * 1e6).round() / 1e6)
    }
}
