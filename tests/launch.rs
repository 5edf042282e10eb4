//! Programs that a launcher has started, and that are built without MPI.
#![cfg(all(unix, not(feature = "mpi")))]

use std::process::{Command, Output};

/// What launchers' variables begin with.
const LAUNCHERS: [&str; 4] = ["OMPI_", "PMI", "SLURM_", "MPI_"];

/// `journaled`, with what a launcher sets; its own launcher, if any, is left out.
fn started(variables: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_journaled"));
    command.arg(folder.path().join("run.journal")).args(["processes", "0"]);
    for (name, _) in std::env::vars_os() {
        let is_told =
            name.to_str().is_some_and(|name| LAUNCHERS.iter().any(|of| name.starts_with(of)));
        if is_told {
            command.env_remove(name);
        }
    }
    command.envs(variables.iter().copied()).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn without_the_feature_ranks_are_an_error_that_names_it() {
    for variables in [
        [("OMPI_COMM_WORLD_SIZE", "4"), ("OMPI_COMM_WORLD_RANK", "1")],
        [("SLURM_STEP_NUM_TASKS", "4"), ("SLURM_PROCID", "0")],
        [("PMI_SIZE", "4"), ("PMI_RANK", "3")],
    ] {
        let output = started(&variables);
        let said = said(&output);
        assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
        assert!(
            said.contains("has started this program on 4 ranks, but it is built without MPI"),
            "{said}"
        );
        assert!(said.contains("features = [\"mpi\"]"), "{said}");
    }
}

/// As in a batch script, a shell of salloc, a notebook server on a cluster, and with one rank.
#[test]
fn what_does_not_speak_of_ranks_is_a_local_run() {
    let cases: [&[(&str, &str)]; 4] = [
        &[("SLURM_NTASKS", "8"), ("SLURM_PROCID", "0"), ("SLURM_NPROCS", "8")],
        &[("SLURM_STEP_NUM_TASKS", "1"), ("SLURM_NTASKS", "2"), ("SLURM_PROCID", "0")],
        &[("SLURM_STEP_NUM_TASKS", "1"), ("PMIX_RANK", "0")],
        &[("OMPI_COMM_WORLD_SIZE", "1"), ("OMPI_COMM_WORLD_RANK", "0")],
    ];
    for variables in cases {
        let output = started(variables);
        assert!(output.status.success(), "{variables:?}: {}", said(&output));
        assert!(output.stdout.starts_with(b"200 "), "{output:?}");
    }
}
