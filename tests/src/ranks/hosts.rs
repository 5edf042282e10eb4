//! Several hosts on one machine, of which one is cut off.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::faults::wait_for;
use super::launch::Running;
use super::{Found, Programs, Row, end};

pub(super) const ROWS: &[Row] = &[
    ("hosts", "5 ranks on 3 hosts", "same bits", together),
    (
        "host-cut-off",
        "one of 3 hosts is cut off, then the same command",
        "ended within 30 s; same bits",
        |p| cut_off(p, 3),
    ),
    ("first-cut-off", "the host of mpirun and rank 0 is cut off", "the same", |p| cut_off(p, 1)),
];

/// Three hosts, gone at the end.
struct Hosts {
    folder: tempfile::TempDir,
}

impl Hosts {
    fn up() -> Result<Self, Box<dyn std::error::Error>> {
        let hosts = Self { folder: tempfile::tempdir_in("/tmp")? };
        hosts.call(&["up"], &["3"])?;
        Ok(hosts)
    }

    fn command(&self, what: &str) -> Command {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("mpi/hosts");
        let mut command = Command::new(script);
        command.arg(what).arg(self.folder.path());
        command
    }

    fn call(&self, what: &[&str], rest: &[&str]) -> Result<String, Box<dyn std::error::Error>> {
        let ended = end(self.command(what[0]).args(rest), 60)?;
        if ended.code == Some(0) { Ok(ended.out) } else { Err(ended.err.into()) }
    }

    /// `journaled` on five ranks.
    fn journaled(&self, programs: &Programs, path: &Path, milliseconds: &str) -> Command {
        let mut command = self.command("run");
        command
            .args(["-n", "5"])
            .arg(&programs.journaled)
            .arg(path)
            .args(["processes", milliseconds]);
        command
    }

    fn journal(&self) -> PathBuf {
        self.folder.path().join("run.journal")
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        let _ = self.call(&["down"], &[]);
    }
}

fn expected(programs: &Programs, hosts: &Hosts) -> Result<String, Box<dyn std::error::Error>> {
    let path = hosts.folder.path().join("serial.journal");
    let ended = end(Command::new(&programs.journaled).arg(path), 60)?;
    Ok(digest(ended.first_line()).to_string())
}

fn digest(line: &str) -> &str {
    line.split_once(' ').map_or("", |(_, digest)| digest)
}

fn together(programs: &Programs) -> Found {
    let hosts = Hosts::up()?;
    let ended = end(&mut hosts.journaled(programs, &hosts.journal(), "0"), 60)?;
    let on_ranks = ended.err.contains("mpirun has started 5 ranks");
    let same = on_ranks && digest(ended.first_line()) == expected(programs, &hosts)?;
    let text = if same { "same bits".to_string() } else { format!("{}{}", ended.out, ended.err) };
    Ok((text, ended.code == Some(0) && same))
}

fn cut_off(programs: &Programs, host: usize) -> Found {
    let hosts = Hosts::up()?;
    let path = hosts.journal();
    let mut running = Running::start(&mut hosts.journaled(programs, &path, "1000"))?;
    wait_for(&path, 4_000)?;
    running.now();
    let started = Instant::now();
    hosts.call(&["cut"], &[&host.to_string()])?;
    let ended = running.end(Duration::from_secs(100))?;
    while !hosts.call(&["pids"], &[])?.trim().is_empty() {
        if started.elapsed() > Duration::from_secs(100) {
            return Ok(("processes are left on a host".to_string(), false));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let last = started.elapsed().as_secs_f64();
    hosts.call(&["mend"], &[&host.to_string()])?;
    let again = end(&mut hosts.journaled(programs, &path, "0"), 60)?;
    let rest = again.first_line().split(' ').next().and_then(|rest| rest.parse::<u64>().ok());
    let goes_on = again.code == Some(0) && rest.is_some_and(|rest| (1..200).contains(&rest));
    let same = goes_on && digest(again.first_line()) == expected(programs, &hosts)?;
    let told = ended.err.contains("has said nothing for");
    let text = format!(
        "mpirun ends {:.1} s after it, the last process on any host {last:.1} s; {} of 200 trajectories were \
         kept; {}",
        ended.after,
        200 - rest.unwrap_or(200),
        if same { "same bits" } else { "OTHER BITS" }
    );
    Ok((text, ended.code != Some(0) && told && last < 30.0 && same))
}
