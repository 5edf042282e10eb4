//! What a worker shows is text.
#![cfg(unix)]

use fascicle::prelude::*;

fn simulation() -> Simulation<SpinBoson, MeanField> {
    let mut sim = Simulation::new(SpinBoson { A: 5, ..Default::default() }, MeanField::default());
    sim.settings.num_trajs = 16;
    sim.settings.tmax = 1.0;
    sim.settings.dt_update = 0.05;
    sim.settings.progress_bar = false;
    sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
    sim
}

#[test]
fn a_worker_writes_no_messages() {
    const INSIDE: &str = "FASCICLE_SHOWS";
    if std::env::var_os(INSIDE).is_some() {
        let mut sim = simulation();
        sim.algorithm.recipe.initialization.push(task("inner", |_, _| {
            SpinBoson::default().evcxr_display();
            let mut inner = simulation();
            inner.settings.progress_bar = true;
            serial_driver(&inner).expect("it runs");
            Ok(())
        }));
        parallel_driver_multiprocessing(&sim, 1).expect("it runs");
        return;
    }
    for (name, value) in [("FASCICLE_DISPLAY", "1"), ("EVCXR_IS_RUNTIME", "1")] {
        let mut program = std::process::Command::new(std::env::current_exe().expect("a program"));
        program.args(["--exact", "a_worker_writes_no_messages", "--nocapture"]);
        program.env_remove("FASCICLE_DISPLAY").env_remove("EVCXR_IS_RUNTIME");
        let output = program.env(INSIDE, "1").env(name, value).output().expect("it runs");
        assert!(output.status.success());
        let said = String::from_utf8(output.stdout).expect("text");
        let of_worker: Vec<_> = said.lines().filter(|line| line.contains("worker 0 | ")).collect();
        assert!(!of_worker.is_empty(), "{said}");
        let sly = |line: &&&str| line.contains("\\u001e") || line.contains("EVCXR_BEGIN");
        assert_eq!(of_worker.iter().filter(sly).count(), 0, "{of_worker:#?}");
    }
}
