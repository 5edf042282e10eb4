//! The cells of notebooks/quickstart.ipynb as a program: for one machine, and for many.
//!
//! ```text
//! cargo run --release --example quickstart
//! cargo build --release --features mpi --example quickstart
//! mpirun -n 4 target/release/examples/quickstart
//! ```
//!
//! What a cell shows is printed here, and a chart is saved. On several ranks the numbers are the same, bit for
//! bit, and rank 0 alone prints and saves.

use fascicle::chart::Chart;
use fascicle::prelude::*;

fn main() -> Result<(), fascicle::Error> {
    // Cell 3
    let model = SpinBoson { l_reorg: 0.2, W: 0.8, A: 20, ..Default::default() };
    let mut sim = Simulation::new(model, FewestSwitchesSurfaceHopping::default());
    sim.settings.num_trajs = 1000;
    sim.settings.tmax = 20.0;
    sim.settings.dt_update = 0.005;
    sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];

    // Cell 4
    let data = parallel_driver_multiprocessing(&sim, 4)?;

    // Cell 5
    print!("{}", data.text());
    println!("digest {}", data.digest());

    // Cell 6
    data.plot_energies()?
        .only(&[0])
        .with_title("Energy of the spin")
        .save("quickstart_energy.svg")?;

    // Cell 7
    data.plot_coherences()?
        .with_title("The coherence of the two states")
        .save("quickstart_coherence.svg")?;

    // Cell 8
    {
        let (mean, error) = (data.complex("dm_db")?, data.standard_error("dm_db")?);
        for k in [0, 25, 50, 100, 200] {
            let t = data.times()[k];
            println!("t = {t:4.1}: {:.3} ± {:.3}", mean[[k, 0, 0]].re, error[[k, 0, 0]]);
        }
    };

    // Cell 9
    let mut mean_field = Simulation::new(sim.model.clone(), MeanField::default());
    mean_field.settings = sim.settings.clone();
    mean_field.initial_state = sim.initial_state.clone();
    let average = parallel_driver_multiprocessing(&mean_field, 4)?;
    Chart::compare([
        ("surface hopping", data.plot_populations()?.only(&[0])),
        ("mean field", average.plot_populations()?.only(&[0])),
    ])?
    .with_title("The upper state by two algorithms")
    .save("quickstart_algorithms.svg")?;

    // Cell 10
    data.save("quickstart.h5")?;
    let again = Data::load("quickstart.h5")?;
    println!("{}", again.digest() == data.digest());
    Ok(())
}
