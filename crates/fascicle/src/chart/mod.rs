//! Charts of outputs over time, with bands of their standard errors, as SVG and PNG.
//!
//! PNG needs the feature `png`. Its font is part of the library (DejaVu Sans, a subset), so that a
//! picture looks the same everywhere and needs no fonts of the system.

mod curves;
mod draw;
mod error;
mod inline;
#[doc(hidden)]
pub mod palette;
#[cfg(feature = "png")]
mod picture;
#[cfg(test)]
mod tests;

use std::path::Path;

use fascicle_core::Data;
use plotters::prelude::SVGBackend;

use curves::Curve;
pub use error::ChartError;

/// A chart of curves over time, each with a band of ± one standard error.
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
#[derive(Clone, Debug)]
pub struct Chart {
    curves: Vec<Curve>,
    times: Vec<f64>,
    title: String,
    time_label: String,
    value_label: String,
    size: (u32, u32),
    /// The range of values that is shown at least.
    at_least: Option<(f64, f64)>,
}

/// "SpinBoson, MeanField: population of state 0, state 1"
impl std::fmt::Display for Chart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let curves: Vec<&str> = self.curves.iter().map(|curve| curve.label.as_str()).collect();
        write!(f, "chart \"{}\": {} of {}", self.title, self.value_label, curves.join(", "))
    }
}

impl Chart {
    /// The populations of the states: the diagonal of a density matrix, a complex output of shape
    /// N × N.
    ///
    /// # Errors
    /// When there is no such output, or it has another shape.
    pub fn populations(data: &Data, output: &str) -> Result<Self, ChartError> {
        let mut chart = Self::new(data, curves::diagonal(data, output)?)?;
        chart.value_label = "population".to_string();
        chart.at_least = Some((0.0, 1.0));
        Ok(chart)
    }

    /// A real output: a curve, or one for each of its components.
    ///
    /// # Errors
    /// When there is no such output, or it is complex.
    pub fn output(data: &Data, output: &str) -> Result<Self, ChartError> {
        let mut chart = Self::new(data, curves::components(data, output)?)?;
        chart.value_label = output.replace('_', " ");
        Ok(chart)
    }

    fn new(data: &Data, curves: Vec<Curve>) -> Result<Self, ChartError> {
        if data.times().is_empty() || data.seeds().is_empty() {
            return Err(ChartError::Empty);
        }
        Ok(Self {
            curves,
            times: data.times().to_vec(),
            title: data.description().simulation.clone(),
            time_label: with_unit("time", data.description().get("unit of time")),
            value_label: String::new(),
            size: (900, 560),
            at_least: None,
        })
    }

    /// With a title. Default: the simulation's name.
    #[must_use]
    pub fn with_title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// With labels of the axes. Default: `time` with the model's unit, and the output's name.
    #[must_use]
    pub fn with_labels(mut self, time: impl Into<String>, value: impl Into<String>) -> Self {
        self.time_label = time.into();
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
        draw::draw(self, SVGBackend::with_string(&mut text, self.size))?;
        Ok(text)
    }

    /// The chart as SVG for a page of HTML: in the page's own colours, light or dark, no wider than the
    /// page, and with no more points than can be seen.
    ///
    /// # Errors
    /// When it cannot be drawn.
    pub fn inline_svg(&self) -> Result<String, ChartError> {
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

    /// Writes the chart to an SVG file, which replaces one that is there.
    ///
    /// # Errors
    /// When it cannot be drawn or written.
    pub fn save_svg(&self, path: impl AsRef<Path>) -> Result<(), ChartError> {
        save(path.as_ref(), self.svg()?.as_bytes())
    }

    /// Writes the chart to a PNG file, which replaces one that is there.
    ///
    /// # Errors
    /// When it cannot be drawn or written, and always without the feature `png`.
    pub fn save_png(&self, path: impl AsRef<Path>) -> Result<(), ChartError> {
        save(path.as_ref(), &self.png()?)
    }
}

/// The label of an axis.
fn with_unit(what: &str, unit: Option<&str>) -> String {
    unit.map_or(what.to_string(), |unit| format!("{what} ({unit})"))
}

fn save(path: &Path, bytes: &[u8]) -> Result<(), ChartError> {
    std::fs::write(path, bytes).map_err(|source| ChartError::Io { path: path.into(), source })
}
