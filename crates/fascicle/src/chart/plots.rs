//! Charts in one line.

use fascicle_core::Data;

use super::{Chart, ChartError};

/// Charts of data in one line, of QC Lab's outputs: `data.plot_populations()?` is shown by a notebook's cell
/// that ends with it, and takes what a [`Chart`] takes: a title, labels, a size, a file.
///
/// ```
/// use fascicle::prelude::*;
///
/// let mut sim = Simulation::new(SpinBoson { A: 5, ..Default::default() }, MeanField::default());
/// sim.settings.dt_update = 0.05;
/// sim.settings.progress_bar = false;
/// sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
/// let data = Driver::Threads(2).run(&sim, RunOptions::new().with_keep_all_trajectories())?;
///
/// for chart in [
///     data.plot_populations()?,
///     data.plot_coherences()?,
///     data.plot_energies()?.with_title("who has the energy"),
///     data.plot_output("classical_energy")?,
///     data.plot_convergence()?,
///     data.plot_distribution("classical_energy", 10)?,
/// ] {
///     assert!(chart.svg()?.starts_with("<svg"));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Plots {
    /// The populations of the diabatic states, of `dm_db`: [`Chart::populations`].
    ///
    /// # Errors
    /// When the data have no such output.
    fn plot_populations(&self) -> Result<Chart, ChartError>;

    /// The largest coherences of `dm_db`: [`Chart::coherences`].
    ///
    /// # Errors
    /// When the data have no such output.
    fn plot_coherences(&self) -> Result<Chart, ChartError>;

    /// The energies: [`Chart::energies`].
    ///
    /// # Errors
    /// When the data have none.
    fn plot_energies(&self) -> Result<Chart, ChartError>;

    /// A real output: [`Chart::output`].
    ///
    /// # Errors
    /// When the data have no such output, or it is complex.
    fn plot_output(&self, output: &str) -> Result<Chart, ChartError>;

    /// How the standard errors of all outputs have shrunk: [`Chart::convergence`].
    ///
    /// # Errors
    /// When the data have none.
    fn plot_convergence(&self) -> Result<Chart, ChartError>;

    /// How an output of the kept trajectories is distributed at a time: [`Chart::distribution`].
    ///
    /// # Errors
    /// When none were kept, or there is no such output or time.
    fn plot_distribution(&self, output: &str, time: usize) -> Result<Chart, ChartError>;
}

impl Plots for Data {
    fn plot_populations(&self) -> Result<Chart, ChartError> {
        Chart::populations(self, "dm_db")
    }

    fn plot_coherences(&self) -> Result<Chart, ChartError> {
        Chart::coherences(self, "dm_db")
    }

    fn plot_energies(&self) -> Result<Chart, ChartError> {
        Chart::energies(self)
    }

    fn plot_output(&self, output: &str) -> Result<Chart, ChartError> {
        Chart::output(self, output)
    }

    fn plot_convergence(&self) -> Result<Chart, ChartError> {
        let names: Vec<&str> = self.outputs().iter().map(|output| output.name()).collect();
        Chart::convergence(self, &names)
    }

    fn plot_distribution(&self, output: &str, time: usize) -> Result<Chart, ChartError> {
        Chart::distribution(self, output, time)
    }
}
