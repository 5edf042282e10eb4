//! One program on ranks: the same bits, and an end whatever happens. `./task mpi` installs what it needs.

use std::path::Path;

use fascicle_tests::ranks::{COLUMNS, Programs, SPEED, end, lines, mpirun, rows};
use fascicle_tests::{documents, notebook};

fn programs() -> Programs {
    Programs {
        ranked: env!("CARGO_BIN_EXE_ranked").into(),
        journaled: env!("CARGO_BIN_EXE_journaled").into(),
    }
}

/// Tries a row of the table that `./task ranks` prints.
fn reached(name: &str) {
    let row = rows().into_iter().find(|row| row.0 == name);
    let (_, what, wanted, measure) = row.unwrap_or_else(|| panic!("there is no row {name}"));
    let (figure, reached) = measure(&programs()).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(reached, "{what}: wanted {wanted}, found {figure}");
}

#[test]
fn all_models_with_all_algorithms_give_the_same_bits() {
    let lines = lines(&programs()).unwrap();
    assert_eq!(lines.len(), 40);
    for line in lines {
        for (column, equal) in COLUMNS.iter().zip(&line.equal) {
            assert!(equal, "{}: {column} gives other bits", line.name);
        }
    }
}

/// Appended, kept, dropped, stopped at a standard error, with a checkpoint, inside of a piece: what is
/// printed does not depend on the number of ranks.
#[test]
fn all_kinds_of_runs_are_the_same_on_any_number_of_ranks() {
    let calls = |ranks: usize| {
        let folder = tempfile::tempdir().unwrap();
        let mut command = mpirun(ranks, Path::new(env!("CARGO_BIN_EXE_ranked"))).unwrap();
        let ended = end(command.arg("calls").env("FASCICLE_SCRATCH", folder.path()), 120).unwrap();
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        let charts = (0..ranks).map(|rank| format!("populations-of-{rank}.svg"));
        let charts: Vec<String> =
            charts.filter(|chart| folder.path().join(chart).exists()).collect();
        assert_eq!(charts, ["populations-of-0.svg"]);
        let lines: Vec<String> = ended.out.lines().map(str::to_string).collect();
        assert_eq!(lines.last().map(String::as_str), Some(format!("log {}", ranks > 1).as_str()));
        lines[..lines.len() - 1].to_vec()
    };
    let expected = calls(1);
    assert_eq!(expected.len(), 17, "{expected:?}");
    for ranks in [2, 3] {
        assert_eq!(calls(ranks), expected, "{ranks} ranks");
    }
}

/// Cells of the quickstart, as a program on four ranks, give the numbers that the notebook shows.
#[test]
fn the_quickstart_gives_the_notebooks_numbers_on_four_ranks() {
    let folder = tempfile::tempdir().unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_quickstart"));
    let mut command = mpirun(4, program).unwrap();
    let ended = end(command.current_dir(folder.path()), 120).unwrap();
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let said = ended.err.matches("mpirun has started 4 ranks, on which").count();
    assert_eq!(said, 1, "several runs, and said once: {}", ended.err);
    let shown = notebook::shown("quickstart", "text/plain");
    let lines: Vec<&str> = shown.iter().flat_map(|text| text.lines()).collect();
    let is_number = |line: &&&str| line.contains('±') || line.trim() == "true";
    let of_cells: Vec<&str> = lines.iter().filter(is_number).map(|line| line.trim()).collect();
    let printed: Vec<&str> = ended.out.lines().map(str::trim).collect();
    assert!(of_cells.len() > 15, "{of_cells:?}");
    for line in of_cells {
        assert_eq!(
            printed.iter().filter(|printed| **printed == line).count(),
            1,
            "{line}\n{}",
            ended.out
        );
    }
    let digest = printed.iter().find_map(|line| line.strip_prefix("digest ")).unwrap();
    let of_page = notebook::shown("quickstart", "text/html");
    assert!(
        of_page.iter().any(|text| text.contains(digest)),
        "the notebook does not show {digest}"
    );
    for chart in ["energy", "coherence", "algorithms"] {
        assert!(folder.path().join(format!("quickstart_{chart}.svg")).exists(), "{chart}");
    }
}

/// docs/mpi.md has each row as it is tried now, and nothing else.
#[test]
fn the_documentation_has_all_rows() {
    let text = std::fs::read_to_string(documents::path("mpi.md")).unwrap();
    for (part, of_part) in [("faults", rows()), ("speed", SPEED.to_vec())] {
        let table = text.split(&format!("<!-- {part} -->")).nth(1).unwrap();
        let table = table.split(&format!("<!-- end of {part} -->")).next().unwrap();
        let there: Vec<&str> =
            table.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
        assert_eq!(there.len(), of_part.len(), "{part}: `./task ranks write {part}` puts it there");
        for ((name, what, wanted, _), line) in of_part.iter().zip(there) {
            assert!(line.starts_with(&format!("| {name} | {what} | {wanted} | ")), "{line}");
            assert!(line.ends_with(" | reached |"), "{line}");
        }
    }
}

macro_rules! rows {
    ($($name:ident: $row:literal;)*) => {
        $(#[test]
        fn $name() {
            reached($row);
        })*

        #[test]
        fn every_row_is_a_test() {
            let tested = [$($row),*];
            for (name, ..) in rows() {
                assert!(tested.contains(&name), "{name} is no test");
            }
        }
    };
}

rows! {
    a_panic_in_a_batch_is_named: "panic";
    a_panic_in_a_batch_of_the_leader_is_named: "panic-leader";
    a_panic_among_long_batches_is_said_at_once: "panic-long";
    a_panic_in_main_ends_the_job: "main-panics";
    a_panic_in_main_of_the_leader_ends_the_job: "main-panics-leader";
    an_error_in_main_ends_the_job: "main-fails";
    an_error_after_the_run_ends_the_job: "late-error";
    an_exit_in_a_batch_ends_the_job: "exit";
    an_exit_in_a_batch_is_no_success: "exit-well";
    an_abort_in_a_batch_ends_the_job: "abort";
    a_silent_rank_ends_the_job: "stop";
    a_silent_leader_ends_the_job: "stop-leader";
    another_constant_is_named: "constant";
    other_bits_of_a_closure_are_named: "closure";
    another_arithmetic_is_named: "arithmetic";
    another_time_step_is_named: "time-step";
    other_seeds_are_named: "seeds";
    other_trajectories_to_keep_are_named: "kept";
    another_version_is_named: "version";
    a_program_may_use_mpi_itself: "second-user";
    other_failures_to_drop_are_named: "dropped";
    ranks_that_are_late_are_waited_for_and_told_of: "late-start";
    other_calls_are_named: "calls";
    a_leader_may_have_more_to_do: "late-leader";
    a_follower_may_be_late_for_runs_that_fail: "late-follower";
    a_run_of_one_rank_alone_that_fails_is_named: "own-failure";
    a_run_that_others_do_not_make_is_named: "early-end";
    a_rank_that_has_ended_is_named: "no-run";
    more_tasks_than_ranks_are_an_error: "too-many";
    ranks_that_do_not_find_each_other_are_an_error: "not-found";
    ranks_print_nothing_and_are_in_the_log: "quiet";
    a_world_of_one_does_not_start_mpi: "alone";
    a_killed_rank_ends_the_job_which_goes_on: "killed";
    a_killed_leader_ends_the_job_which_goes_on: "killed-leader";
    a_terminated_job_goes_on: "terminated";
    a_job_with_a_terminated_rank_goes_on: "terminated-rank";
    ranks_on_three_hosts_give_the_same_bits: "hosts";
    a_host_that_is_cut_off_ends_the_job_which_goes_on: "host-cut-off";
    the_first_host_cut_off_ends_the_job_which_goes_on: "first-cut-off";
    slurm_runs_a_program_on_one_node: "slurm";
    slurm_runs_a_program_on_two_nodes: "slurm-nodes";
    slurm_runs_an_array: "slurm-array";
    slurm_requeues_a_job_which_goes_on: "slurm-requeue";
    slurm_ends_a_job_with_a_killed_rank: "slurm-killed";
    a_shell_of_salloc_is_no_rank: "slurm-salloc";
}
