//! Charts of data, with bands of their standard errors, as SVG and PNG.
//!
//! PNG needs the feature `png`. Its font is part of the library (DejaVu Sans, a subset), so that a
//! picture looks the same everywhere and needs no fonts of the system.

mod axis;
mod curves;
mod draw;
mod error;
mod inline;
mod legend;
#[doc(hidden)]
pub mod palette;
#[cfg(feature = "png")]
mod picture;
mod plots;
#[cfg(test)]
mod tests;

use std::path::Path;

use fascicle_core::{Data, write_once};
use plotters::prelude::SVGBackend;

use curves::Curve;
pub use error::ChartError;
pub use plots::Plots;

use crate::show::short;

/// A chart of curves, each with a band of ± one standard error.
///
/// ```
/// use fascicle::chart::Chart;
/// use fascicle::prelude::*;
///
/// let mut sim = Simulation::new(SpinBoson { A: 5, ..Default::default() }, MeanField::default());
/// sim.settings.dt_update = 0.05;
/// sim.settings.progress_bar = false;
/// sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
/// let data = serial_driver(&sim)?;
///
/// let svg = Chart::populations(&data, "dm_db")?.with_title("spin and bosons").svg()?;
/// assert!(svg.starts_with("<svg") && svg.contains("spin and bosons"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Chart {
    curves: Vec<Curve>,
    title: String,
    x_label: String,
    value_label: String,
    size: (u32, u32),
    /// The range of values that is shown at least.
    at_least: Option<(f64, f64)>,
    /// Both axes.
    logarithmic: bool,
}

/// "SpinBoson, MeanField: population of state 0, state 1"
impl std::fmt::Display for Chart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let curves: Vec<&str> = self.curves.iter().map(|curve| curve.label.as_str()).collect();
        write!(f, "chart \"{}\": {} of {}", self.title, self.value_label, curves.join(", "))
    }
}

/// As `{}`, not point by point: evcxr falls back to it where a cell's `?` is the first of its session.
impl std::fmt::Debug for Chart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl Chart {
    /// The populations of the states: the diagonal of a density matrix, a complex output of shape
    /// N × N.
    ///
    /// # Errors
    /// When there is no such output, or it has another shape.
    pub fn populations(data: &Data, output: &str) -> Result<Self, ChartError> {
        let mut chart = Self::over_time(data, curves::diagonal(data, output)?)?;
        chart.value_label = "population".to_string();
        chart.at_least = Some((0.0, 1.0));
        Ok(chart)
    }

    /// Real and imaginary parts of the coherences, off the diagonal of a density matrix: those three that
    /// become largest.
    ///
    /// # Errors
    /// When there is no such output, or it is no matrix of two states at least.
    pub fn coherences(data: &Data, output: &str) -> Result<Self, ChartError> {
        let mut chart = Self::over_time(data, curves::coherences(data, output)?)?;
        chart.value_label = "coherence".to_string();
        Ok(chart)
    }

    /// Real and imaginary part of one coherence.
    ///
    /// # Errors
    /// When there is no such output, or it has no such element.
    pub fn coherence(
        data: &Data,
        output: &str,
        row: usize,
        column: usize,
    ) -> Result<Self, ChartError> {
        let mut chart = Self::over_time(data, curves::coherence(data, output, (row, column))?)?;
        chart.value_label = "coherence".to_string();
        Ok(chart)
    }

    /// A real output: a curve, or one for each of its components.
    ///
    /// # Errors
    /// When there is no such output, or it is complex.
    pub fn output(data: &Data, output: &str) -> Result<Self, ChartError> {
        let mut chart = Self::over_time(data, curves::components(data, output)?)?;
        chart.value_label = name_and_unit(data, output);
        Ok(chart)
    }

    /// The outputs `quantum_energy` and `classical_energy`, each as far as it is there.
    ///
    /// # Errors
    /// When neither is.
    pub fn energies(data: &Data) -> Result<Self, ChartError> {
        let quantum = curves::components(data, "quantum_energy");
        let classical = curves::components(data, "classical_energy");
        let curves = match (quantum, classical) {
            (Ok(quantum), Ok(classical)) => quantum.into_iter().chain(classical).collect(),
            (Ok(curves), Err(_)) | (Err(_), Ok(curves)) => curves,
            (Err(error), Err(_)) => return Err(error),
        };
        let mut chart = Self::over_time(data, curves)?;
        chart.value_label = name_and_unit(data, "energy");
        Ok(chart)
    }

    /// How the standard errors of outputs have shrunk from round to round, both axes logarithmic, beside
    /// the line 1/√n: the largest standard error of each at the end of a round. One that is drawn as a
    /// point had one round.
    ///
    /// # Errors
    /// When there is no such output, or no standard error.
    pub fn convergence(data: &Data, outputs: &[&str]) -> Result<Self, ChartError> {
        let mut chart = Self::new(data, curves::convergence(data, outputs)?);
        chart.x_label = "trajectories".to_string();
        chart.value_label = "largest standard error".to_string();
        chart.logarithmic = true;
        Ok(chart)
    }

    /// How a real output is distributed over the kept trajectories at one of the times, by its number.
    ///
    /// # Errors
    /// When no trajectories were kept, or there is no such output or time.
    pub fn distribution(data: &Data, output: &str, time: usize) -> Result<Self, ChartError> {
        let mut chart = Self::new(data, vec![curves::distribution(data, output, time)?]);
        chart.title = format!("{} at time {}", chart.title, short(data.times()[time]));
        chart.x_label = name_and_unit(data, output);
        chart.value_label = "trajectories".to_string();
        chart.at_least = Some((0.0, 1.0));
        Ok(chart)
    }

    /// The curves of several charts in one, each with the name of its chart before its own. The title is what
    /// is common to theirs, as the model, or else the names; the labels are those of the first.
    ///
    /// # Errors
    /// When there is none.
    pub fn compare<'a>(
        charts: impl IntoIterator<Item = (&'a str, Self)>,
    ) -> Result<Self, ChartError> {
        let (names, charts): (Vec<&str>, Vec<Self>) = charts.into_iter().unzip();
        let title = common(charts.iter().map(|chart| chart.title.as_str()));
        let named = names.iter().zip(charts).map(|(name, mut chart)| {
            for curve in &mut chart.curves {
                curve.label = format!("{name}: {}", curve.label);
            }
            chart
        });
        let together = |mut all: Self, chart: Self| {
            all.curves.extend(chart.curves);
            all.at_least = all.at_least.or(chart.at_least);
            all
        };
        let all = named.reduce(together).ok_or(ChartError::Empty)?;
        Ok(all.with_title(title.unwrap_or_else(|| names.join(", "))))
    }

    /// With these of the curves alone, by their numbers; others than there are mean nothing, and a chart that is
    /// left without any is an error when it is drawn.
    #[must_use]
    pub fn only(mut self, curves: &[usize]) -> Self {
        let mut number = 0..;
        self.curves.retain(|_| number.next().is_some_and(|number| curves.contains(&number)));
        self
    }

    fn over_time(data: &Data, curves: Vec<Curve>) -> Result<Self, ChartError> {
        if data.times().is_empty() || data.seeds().is_empty() {
            return Err(ChartError::Empty);
        }
        Ok(Self::new(data, curves))
    }

    fn new(data: &Data, curves: Vec<Curve>) -> Self {
        Self {
            curves,
            title: data.description().simulation.clone(),
            x_label: with_unit("time", data.description().get("unit of time")),
            value_label: String::new(),
            size: (900, 560),
            at_least: None,
            logarithmic: false,
        }
    }

    /// With a title. Default: the simulation's name.
    #[must_use]
    pub fn with_title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// With labels of the axes. Default: `time` with the model's unit, and the output's name.
    #[must_use]
    pub fn with_labels(mut self, x: impl Into<String>, value: impl Into<String>) -> Self {
        self.x_label = x.into();
        self.value_label = value.into();
        self
    }

    /// With a size in pixels, 200 × 150 to 4000 × 4000. Default: 900 × 560.
    #[must_use]
    pub fn with_size(mut self, width: u32, height: u32) -> Self {
        self.size = (width.clamp(200, 4000), height.clamp(150, 4000));
        self
    }

    /// The chart as SVG text.
    ///
    /// # Errors
    /// When it cannot be drawn.
    pub fn svg(&self) -> Result<String, ChartError> {
        let mut text = String::new();
        draw::draw(self, 1, SVGBackend::with_string(&mut text, self.size))?;
        Ok(text)
    }

    /// The chart for a page of HTML, no wider than the page: as SVG in the page's own colours, light or dark,
    /// with no more points than can be seen and seven curves at most. With the feature `png`, what would lose
    /// by that is a picture on white instead.
    ///
    /// # Errors
    /// When it cannot be drawn.
    pub fn inline_html(&self) -> Result<String, ChartError> {
        #[cfg(feature = "png")]
        if inline::is_dense(self) {
            return inline::picture(self);
        }
        self.inline_svg()
    }

    /// As `inline_html`, but always SVG, which is small.
    pub(crate) fn inline_svg(&self) -> Result<String, ChartError> {
        Ok(inline::in_page_colours(&inline::thinned(self).svg()?))
    }

    /// The chart as the bytes of a PNG file.
    ///
    /// # Errors
    /// When it cannot be drawn, and always without the feature `png`.
    pub fn png(&self) -> Result<Vec<u8>, ChartError> {
        #[cfg(feature = "png")]
        return picture::png(self);
        #[cfg(not(feature = "png"))]
        Err(ChartError::NoPng)
    }

    /// Writes the chart to a file, which replaces one that is there: SVG or PNG, as the name ends in `.svg` or
    /// `.png`.
    ///
    /// # Errors
    /// When it cannot be drawn or written, when the name ends otherwise, and for PNG without the feature
    /// `png`.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), ChartError> {
        let path = path.as_ref();
        let end = path.extension().map(|end| end.to_string_lossy().to_lowercase());
        let bytes = match end.as_deref() {
            Some("svg") => self.svg()?.into_bytes(),
            Some("png") => self.png()?,
            _ => return Err(ChartError::Extension { path: path.into() }),
        };
        let io = |source| ChartError::Io { path: path.into(), source };
        write_once(
            "saving a chart",
            || std::fs::write(path, bytes).map_err(io),
            |message| ChartError::OnLeader { message },
        )
    }
}

/// A number in three digits, as at a tick.
pub(crate) fn in_few_digits(value: f64) -> String {
    axis::label(value, false)
}

/// What an axis says of an output. Of energies the unit is known.
fn name_and_unit(data: &Data, output: &str) -> String {
    let unit = data.description().get("unit of energy").filter(|_| output.ends_with("energy"));
    with_unit(&output.replace('_', " "), unit)
}

/// The label of an axis.
fn with_unit(what: &str, unit: Option<&str>) -> String {
    unit.map_or(what.to_string(), |unit| format!("{what} ({unit})"))
}

/// The parts that all titles have, "SpinBoson" of "SpinBoson, MeanField" and "SpinBoson, Mash"; none if there
/// is none.
fn common<'a>(mut titles: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut parts: Vec<&str> = titles.next()?.split(", ").collect();
    for title in titles {
        parts.retain(|part| title.split(", ").any(|other| other == *part));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}
