//! What goes wrong on one machine.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::launch::Running;
use super::{Ended, Found, Programs, Row, end, mpirun};

pub(super) const ROWS: &[Row] = &[
    (
        "panic",
        "a panic in a batch, on rank 1; there are 40 batches of 0.4 s",
        "ended within 2 s, with rank, batch and seeds; what is finished is in a file",
        |p| panics(p, 1),
    ),
    ("panic-leader", "the same on rank 0", "the same", |p| panics(p, 0)),
    (
        "panic-long",
        "a panic in a batch, on rank 1; the batches of the others take 4 s",
        "said before rank 0's batch is over, and ended with it",
        panics_among_long_batches,
    ),
    (
        "main-panics",
        "a panic before the first run, on rank 1, 5 times",
        "each ended within 2 s",
        |p| main_panics(p, 1),
    ),
    ("main-panics-leader", "the same on rank 0", "each ended within 2 s", |p| main_panics(p, 0)),
    (
        "main-fails",
        "an error leaves `main` before the first run, on rank 1",
        "ended within 2 s",
        |p| ends(p, "main fails", 2.0, &["an error of this rank's own"]),
    ),
    ("late-error", "an error leaves `main` after the run, on rank 1", "ended within 2 s", |p| {
        ends(p, "late error", 2.0, &["rank 1 of 3 ends the job: its program ends with code 1"])
    }),
    (
        "exit",
        "`exit(3)` in a batch, on rank 1",
        "ended within 2 s, with rank, batch and seeds",
        |p| {
            ends(
                p,
                "exit",
                2.0,
                &[
                    "rank 1 of 3 ends the job",
                    "code 3 in the middle of a run while it ran batch ",
                    "(seeds ",
                ],
            )
        },
    ),
    ("exit-well", "`exit(0)` in a batch, on rank 1", "ended within 2 s, and no success", |p| {
        ends(
            p,
            "exit well",
            2.0,
            &["rank 1 of 3 ends the job", "in the middle of a run while it ran batch "],
        )
    }),
    (
        "abort",
        "`abort()` in a batch, on rank 1",
        "ended within 2 s, with rank, batch and seeds; what is finished is in a file",
        |p| loses(p, "abort", 2.0, " has died; it had batch "),
    ),
    (
        "stop",
        "SIGSTOP in a batch, on rank 1",
        "ended within 30 s, with rank, batch and seeds; what is finished is in a file",
        |p| loses(p, "stop", 30.0, " has said nothing for 18 s; it had batch "),
    ),
    ("stop-leader", "SIGSTOP in a batch, on rank 0", "ended within 30 s", |p| {
        ends_on(p, "stop", 0, 30.0, &["ends the job: rank 0 has said nothing for "])
    }),
    ("constant", "rank 1 has another constant", "an error that names it, before the run", |p| {
        ends(p, "constant", 2.0, &["rank 1 on ", "kBT: expected 0.3, found 0.4"])
    }),
    ("closure", "a closure has other bits on rank 1", "an error that names it", |p| {
        ends(p, "closure", 2.0, &["rank 1 on ", "digest of H_q, H_qc and H_c: expected "])
    }),
    ("arithmetic", "rank 1 computes with fused arithmetic", "an error that names it", |p| {
        ends(p, "arithmetic", 2.0, &["rank 1 on ", "arithmetic: expected strict, found fused"])
    }),
    ("time-step", "rank 1 has another time step", "an error that names it", |p| {
        ends(p, "time step", 2.0, &["rank 1 on ", "dt_update: expected 0.02, found 0.01"])
    }),
    ("seeds", "rank 1 has other seeds", "an error that names them", |p| {
        ends(p, "seeds", 2.0, &["rank 1 on ", "seeds: expected 0-399, found 1-400"])
    }),
    ("kept", "rank 1 is asked for other trajectories to keep", "an error that names them", |p| {
        ends(p, "kept", 2.0, &["rank 1 on ", "trajectories to keep: expected none, found all"])
    }),
    ("dropped", "rank 1 is to drop what fails", "an error that says so", |p| {
        ends(p, "dropped", 2.0, &["rank 1 on ", "on failure: expected Fail, found Drop"])
    }),
    ("version", "rank 1 runs work of another version", "an error that names both", |p| {
        ends(p, "version", 2.0, &["rank 1 on ", "version: expected fascicle 0.0.2, found fascicle"])
    }),
    (
        "second-user",
        "the program itself uses MPI between two runs",
        "its sum is right, same bits",
        |p| {
            let ended = end(mpirun(3, &p.ranked)?.args(["fault", "second user", "1"]), 60)?;
            let said = ended.first_line().to_string();
            let well = ended.code == Some(0) && said == "sum 6, same bits";
            Ok((if well { said } else { ended.err }, well))
        },
    ),
    ("calls", "rank 1 saves while others run", "ended, with both calls named", |p| {
        ends(p, "another call", 2.0, &["rank 1 is at saving data, and rank 0 is at a run"])
    }),
    (
        "late-start",
        "rank 1 comes to its first run after 17 s, and to its second",
        "both are said, and all go on",
        |p| {
            let ended = end(mpirun(2, &p.ranked)?.args(["fault", "late start", "1"]), 90)?;
            let start = "has waited 15 s for the other ranks to come to their first run";
            let later = "rank 0 has waited 15 s for rank 1, at a run";
            let said = |text: &str| ended.err.matches(text).count();
            let well = ended.code == Some(0) && (said(start), said(later)) == (1, 1);
            Ok((if well { "said, gone on".to_string() } else { ended.err.clone() }, well))
        },
    ),
    (
        "late-leader",
        "rank 0 has 22 s to do after the run, the others nothing",
        "all end well",
        |p| {
            let mut command = mpirun(3, &p.ranked)?;
            let ended = end(command.args(["fault", "late leader", "0"]), 60)?;
            Ok((
                format!("exit code {}, {:.1} s after it", code(&ended), ended.after),
                ended.code == Some(0),
            ))
        },
    ),
    (
        "late-follower",
        "two runs that fail on rank 0 at once, rank 1 comes late",
        "all go on",
        |p| {
            let mut command = mpirun(3, &p.ranked)?;
            let ended = end(command.args(["fault", "late follower", "1"]), 60)?;
            let well =
                ended.code == Some(0) && ended.out.lines().any(|line| line.starts_with("400 "));
            Ok((if well { "gone on".to_string() } else { ended.err }, well))
        },
    ),
    (
        "own-failure",
        "a serial run of rank 0 alone fails, then all run",
        "ended, with both named",
        |p| {
            ends_on(
                p,
                "own failure",
                0,
                2.0,
                &["is at a run, and rank 0 is at saving what is finished: all ranks must make"],
            )
        },
    ),
    (
        "early-end",
        "rank 1 runs something after rank 0 has ended",
        "ended, with the call named",
        |p| ends(p, "one more", 2.0, &["rank 1 is at a run, and rank 0 has ended its program"]),
    ),
    ("no-run", "rank 1 ends while others run", "ended, with that named", |p| {
        ends(p, "one less", 2.0, &["rank 1 has ended its program, and rank 0 is at a run"])
    }),
    ("too-many", "num_tasks 9 on 3 ranks", "an error", |p| {
        ends(
            p,
            "too many",
            2.0,
            &["num_tasks is 9, but the program runs on 3 rank(s): start it with"],
        )
    }),
    (
        "not-found",
        "ranks that do not find each other",
        "an error, and not a run on each",
        not_found,
    ),
    (
        "quiet",
        "a piece on rank 1 prints",
        "rank 0 prints alone; the line is in the data's log",
        quiet,
    ),
    ("alone", "no launcher", "a world of one, MPI not started", alone),
    (
        "killed",
        "SIGKILL of rank 1, then the same command",
        "ended within 2 s, with rank, batch and seeds; same bits",
        |p| {
            let died = &["rank 1 on ", " has died; it had batch ", " (seeds ", "goes on from "];
            resumed(p, Signal::SIGKILL, Some(1), 2.0, died)
        },
    ),
    (
        "killed-leader",
        "SIGKILL of rank 0, then the same command",
        "ended within 2 s; same bits",
        |p| resumed(p, Signal::SIGKILL, Some(0), 2.0, &["process rank 0 "]),
    ),
    (
        "terminated",
        "SIGTERM of mpirun, then the same command",
        "checkpoint whole; same bits",
        |p| resumed(p, Signal::SIGTERM, None, 4.0, &["SIGTERM ends this program"]),
    ),
    ("terminated-rank", "SIGTERM of rank 1 alone, then the same command", "the same", |p| {
        resumed(p, Signal::SIGTERM, Some(1), 4.0, &["rank 0 of 3 ends the job: rank 1 has died"])
    }),
];

/// What rank 1 of three does, what is to be said of it, and how soon it is to be over.
fn ends(programs: &Programs, kind: &str, within: f64, says: &[&str]) -> Found {
    ends_on(programs, kind, 1, within, says)
}

fn ends_on(programs: &Programs, kind: &str, rank: usize, within: f64, says: &[&str]) -> Found {
    let (text, well, _) = ends_after(programs, kind, rank, within, says)?;
    Ok((text, well))
}

/// The same with the seconds that it took.
fn ends_after(
    programs: &Programs,
    kind: &str,
    rank: usize,
    within: f64,
    says: &[&str],
) -> Result<(String, bool, f64), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let mut command = mpirun(3, &programs.ranked)?;
    command.args(["fault", kind, &rank.to_string()]).current_dir(&folder);
    let ended = end(&mut command, 60)?;
    if let Some(missing) = says.iter().find(|text| !ended.err.contains(**text)) {
        return Ok((format!("`{missing}` was not said, but: {}", ended.err), false, ended.after));
    }
    let text = format!("exit code {}, {:.1} s after it", code(&ended), ended.after);
    Ok((text, ended.code != Some(0) && ended.after < within, ended.after))
}

/// The longest of several: how long `mpirun` takes to end the others is not always the same.
fn main_panics(programs: &Programs, rank: usize) -> Found {
    let mut longest = (String::new(), 0.0);
    for _ in 0..5 {
        let says = &["this rank does not even begin"];
        let (text, well, after) = ends_after(programs, "main panics", rank, 2.0, says)?;
        if !well {
            return Ok((text, false));
        }
        if after >= longest.1 {
            longest = (text, after);
        }
    }
    Ok((format!("{} at the most", longest.0), true))
}

/// A panic in a batch of a rank while the others have much to do. What is finished is not lost.
fn panics(programs: &Programs, rank: usize) -> Found {
    let folder = tempfile::tempdir()?;
    let mut command = mpirun(3, &programs.ranked)?;
    command.args(["fault", "panic", &rank.to_string(), "400"]).current_dir(&folder);
    let ended = end(&mut command, 60)?;
    let on_rank = format!("on rank {rank} (");
    let says = [&on_rank, "batch ", "(seeds ", "panicked: this batch", "the run was ended early"];
    if let Some(missing) = says.iter().find(|text| !ended.err.contains(**text)) {
        return Ok((format!("`{missing}` was not said, but: {}", ended.err), false));
    }
    let (code, after, kept) = (code(&ended), ended.after, kept_in(folder.path())?);
    let text =
        format!("exit code {code}, {after:.1} s after it; {kept} trajectories are in a file");
    Ok((text, ended.code != Some(0) && after < 2.0 && (50..400).contains(&kept)))
}

/// The ensemble in the file of a folder, which has no other.
fn kept_in(folder: &Path) -> Result<usize, Box<dyn std::error::Error>> {
    let files: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    let [file] = &files[..] else { return Ok(0) };
    Ok(fascicle::prelude::Data::load(file.path())?.seeds().len())
}

/// Rank 1 is lost in a batch. What the others have finished is not.
fn loses(programs: &Programs, kind: &str, within: f64, how: &str) -> Found {
    let folder = tempfile::tempdir()?;
    let mut command = mpirun(3, &programs.ranked)?;
    command.args(["fault", kind, "1"]).current_dir(&folder);
    let ended = end(&mut command, 60)?;
    let says = ["rank 1 on ", how, " (seeds ", " finished trajectories are in "];
    if let Some(missing) = says.iter().find(|text| !ended.err.contains(**text)) {
        return Ok((format!("`{missing}` was not said, but: {}", ended.err), false));
    }
    let (code, after, kept) = (code(&ended), ended.after, kept_in(folder.path())?);
    let text =
        format!("exit code {code}, {after:.1} s after it; {kept} trajectories are in a file");
    Ok((text, ended.code != Some(0) && after < within && (50..400).contains(&kept)))
}

/// A panic that rank 0 hears of while it is busy with a batch that does not look whether it is to end.
fn panics_among_long_batches(programs: &Programs) -> Found {
    let folder = tempfile::tempdir()?;
    let mut command = mpirun(2, &programs.ranked)?;
    command.args(["fault", "panic at once", "1", "4000"]).current_dir(&folder);
    let ended = end(&mut command, 60)?;
    let said = ended
        .err
        .contains("batch 1 on rank 1 has failed: panicked: this batch does not like")
        && ended.err.contains("the run ends when rank 0 comes to the next time that it collects");
    let text = format!("exit code {}, {:.1} s after it; said: {said}", code(&ended), ended.after);
    Ok((text, ended.code != Some(0) && said && ended.after < 6.0))
}

fn code(ended: &Ended) -> String {
    ended.code.map_or("none".to_string(), |code| code.to_string())
}

/// A launcher says that there are four, and the MPI library is not of that launcher.
fn not_found(programs: &Programs) -> Found {
    let mut command = Command::new(&programs.ranked);
    command.args(["all", "mpi"]).env("SLURM_STEP_NUM_TASKS", "4").env("SLURM_PROCID", "0");
    let ended = end(&mut command, 60)?;
    let says = "Slurm's srun has started 4 ranks, but MPI knows of 1: they do not find each other";
    let well = ended.code == Some(1) && ended.err.contains(says) && ended.out.is_empty();
    Ok((if well { "said so, exit code 1".into() } else { ended.err }, well))
}

fn quiet(programs: &Programs) -> Found {
    let mut command = mpirun(3, &programs.ranked)?;
    let ended = end(command.args(["fault", "print", "1"]), 60)?;
    let (mut printed, mut logged) = (0, 0);
    for line in ended.out.lines() {
        printed += usize::from(line.starts_with("400 "));
        logged += usize::from(line == "log: rank 1 | a piece of this rank prints");
    }
    let others = ended.out.lines().filter(|line| line.starts_with("a piece")).count();
    let by_rank = (0..3).all(|rank| ended.out.contains(&format!("log: rank {rank} on ")));
    let text = format!(
        "{printed} result, {others} lines of other ranks, {logged} in the log, all ranks in it"
    );
    Ok((text, ended.code == Some(0) && (printed, others) == (1, 0) && logged > 0 && by_rank))
}

fn alone(programs: &Programs) -> Found {
    let ended = end(Command::new(&programs.ranked).arg("alone"), 60)?;
    let text = ended.first_line().to_string();
    let well = ended.code == Some(0) && text == "1 thread, MPI not started";
    Ok((text, well))
}

/// A run of 20 batches of 300 ms on three ranks, which ends early by a signal, to `mpirun` or to a rank; and
/// then the same command.
fn resumed(
    programs: &Programs,
    signal: Signal,
    rank: Option<usize>,
    within: f64,
    says: &[&str],
) -> Found {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("run.journal");
    let command = |milliseconds: &str| -> Result<Command, Box<dyn std::error::Error>> {
        let mut command = mpirun(3, &programs.journaled)?;
        command.arg(&path).args(["processes", milliseconds]);
        Ok(command)
    };
    let mut running = Running::start(&mut command("300")?)?;
    wait_for(&path, 12_000)?;
    let whom = match rank {
        None => running.pid(),
        Some(rank) => pid_of(&programs.journaled, rank, running.pid())?,
    };
    running.now();
    kill(whom, signal)?;
    let ended = running.end(Duration::from_secs(60))?;
    if let Some(missing) = says.iter().find(|text| !ended.err.contains(**text)) {
        return Ok((format!("`{missing}` was not said, but: {}", ended.err), false));
    }
    let again = end(&mut command("0")?, 60)?;
    let expected = end(Command::new(&programs.journaled).arg(folder.path().join("serial")), 60)?;
    let (rest, digest) = again.first_line().split_once(' ').unwrap_or(("200", "nothing"));
    let same = expected.first_line().split_once(' ').is_some_and(|(_, of)| of == digest);
    let kept = 200 - rest.parse::<u64>()?;
    let text = format!(
        "exit code {}, {:.1} s after it; {kept} of 200 trajectories were kept; {}",
        code(&ended),
        ended.after,
        if same { "same bits" } else { "OTHER BITS" }
    );
    Ok((text, ended.code != Some(0) && ended.after < within && same && kept > 0 && rest != "0"))
}

/// Waits until a journal has so many bytes.
pub(super) fn wait_for(path: &Path, bytes: u64) -> Result<(), String> {
    let until = Instant::now() + Duration::from_secs(30);
    while std::fs::metadata(path).map_or(0, |there| there.len()) < bytes {
        if Instant::now() > until {
            return Err(format!("{} does not grow to {bytes} bytes", path.display()));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// The process of a rank, a child of this `mpirun`.
fn pid_of(program: &Path, rank: usize, mpirun: Pid) -> Result<Pid, String> {
    let children = format!("/proc/{mpirun}/task/{mpirun}/children");
    let children = std::fs::read_to_string(children).map_err(|error| error.to_string())?;
    let is_rank = |pid: &&str| {
        let variables = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let told = format!("OMPI_COMM_WORLD_RANK={rank}");
        let runs = std::fs::read_link(format!("/proc/{pid}/exe")).ok();
        variables.split(|&byte| byte == 0).any(|one| one == told.as_bytes())
            && runs.is_some_and(|runs| runs == program)
    };
    let found = children.split_whitespace().find(is_rank);
    found
        .and_then(|pid| pid.parse().ok())
        .map(Pid::from_raw)
        .ok_or(format!("there is no rank {rank}"))
}
