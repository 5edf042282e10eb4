// %%
use fascicle::core::Event;
use fascicle::prelude::*;
use std::ops::ControlFlow;

// %%
let mut sim = Simulation::new(SpinBoson::default(), FewestSwitchesSurfaceHopping::default());
sim.settings.num_trajs = 200;
sim.settings.dt_update = 0.01;
sim.settings.tmax = 20.0;
sim.settings.progress_bar = false;
sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
sim

// %%
let options = RunOptions::new().until_standard_error("dm_db", 0.015, 2000);
let data = parallel_driver_multiprocessing(&sim, options)?;
data

// %%
FMOComplex::default()

// %%
data.plot_populations()?

// %%
data.plot_energies()?

// %%
data.plot_coherences()?

// %%
data.plot_convergence()?

// %%
sim.settings.num_trajs = 400;
let kept = parallel_driver_threads(&sim, RunOptions::new().with_keep_all_trajectories())?;
kept.plot_distribution("classical_energy", 100)?

// %%
sim.model.l_reorg = 0.1;
let strong = parallel_driver_multiprocessing(&sim, 2)?;
Chart::compare([("weak", data.plot_populations()?), ("strong", strong.plot_populations()?)])?

// %%
let mut complex = Simulation::new(FMOComplex::default(), MeanField::default());
complex.settings.num_trajs = 32;
complex.settings.tmax = 30.0;
complex.settings.dt_update = 0.02;
complex.settings.progress_bar = false;
complex.initial_state.wf_db =
    (0..7).map(|site| c64(f64::from(u8::from(site == 0)), 0.0)).collect();
parallel_driver_multiprocessing(&complex, 2)?.plot_populations()?

// %%
complex.settings.dt_update = -1.0;
parallel_driver_multiprocessing(&complex, 2)

// %%
let mut batches = 0;
Driver::Serial.run_with(&sim, RunOptions::new(), &mut |event| {
    batches += i32::from(matches!(event, Event::Done { .. }));
    if batches < 3 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
})

// %%
data.real("classical_energy")?.to_owned()
