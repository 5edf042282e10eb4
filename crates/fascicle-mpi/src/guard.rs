//! A process that ends what launched this rank, if that hangs.
//!
//! When a host cannot be reached any more, Open MPI's `mpirun` and the daemons that it has on each host wait
//! for each other's goodbyes for a quarter of an hour, whatever the ranks do: until Linux gives up sending
//! again. A rank cannot change that: it is ended before. So one rank on each host starts a process that
//! outlives it: if that rank ends without having said that all is well, and `mpirun`, or its daemon on this
//! host, is still there a few seconds later, it is killed, and what it has started. At first it is woken: between
//! the signals by which it ends the other ranks it sleeps for a second, or until one of them has ended since, and
//! they may have ended just before.

use std::fs;
use std::io::Write;
use std::os::unix::process::{CommandExt, parent_id};
use std::process::{Child, Command, Stdio};

/// Those that are known to hang. Not a scheduler's daemon, which belongs to others too.
const LAUNCHERS: [&str; 4] = ["mpirun", "mpiexec", "orterun", "orted"];

/// How many processes may stand between a rank and its launcher, and one more.
const MOST_BETWEEN: usize = 4;

/// What it runs: a line on its input says that all is well.
const SCRIPT: &str = r#"
read -r well && exit 0
for signal in CHLD CHLD 0 0 0 0 0 0 0 0; do
    kill -"$signal" "$1" 2>/dev/null || exit 0
    sleep 0.1 || sleep 1
done
seconds=0
while [ "$seconds" -lt 5 ] && kill -0 "$1" 2>/dev/null; do
    sleep 1
    seconds=$((seconds + 1))
done
kill -0 "$1" 2>/dev/null || exit 0
kill -KILL $(cat /proc/"$1"/task/*/children 2>/dev/null) "$1"
"#;

/// The process. It ends with this one, or soon after.
#[derive(Debug)]
pub(crate) struct Guard(Child);

impl Guard {
    /// Starts it, on one rank of each host of Open MPI's. It must be before MPI is started: ranks do not
    /// fork afterwards. Where it cannot be started, runs go on without.
    pub(crate) fn begin() -> Option<Self> {
        if std::env::var("OMPI_COMM_WORLD_LOCAL_RANK").ok()? != "0" {
            return None;
        }
        let launcher = launcher()?;
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SCRIPT, "fascicle-guard", &launcher.to_string()]);
        // In its own process group, for the launcher ends that of the rank.
        command.process_group(0).current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().ok().map(Self)
    }

    /// All has ended as it should.
    pub(crate) fn end(mut self) {
        if let Some(mut input) = self.0.stdin.take() {
            let _ = input.write_all(b"well\n");
        }
        let _ = self.0.wait();
    }
}

/// The process that has launched this one: its parent, or one further up where a shell stands between.
fn launcher() -> Option<u32> {
    let mut process = parent_id();
    for _ in 0..MOST_BETWEEN {
        let name = fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
        // Debian's names are such as `mpirun.openmpi`.
        let name = name.trim().split('.').next().unwrap_or_default();
        if LAUNCHERS.contains(&name) {
            return Some(process);
        }
        let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        process =
            status.lines().find_map(|line| line.strip_prefix("PPid:")?.trim().parse().ok())?;
    }
    None
}
