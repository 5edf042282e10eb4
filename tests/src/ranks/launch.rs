//! Starting programs, and waiting for their end.

use std::error::Error;
use std::fs::File;
use std::io::{Read, Seek};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// What has become of a program.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Its exit code, if it has one.
    pub code: Option<i32>,
    /// What it printed.
    pub out: String,
    /// And on its standard error.
    pub err: String,
    /// Seconds since something happened, as it says by `NOW seconds`, or since it was started.
    pub after: f64,
}

impl Ended {
    /// The first line that it printed.
    pub fn first_line(&self) -> &str {
        self.out.lines().next().unwrap_or("")
    }
}

/// `mpirun` with a program on so many ranks, whoever this is and however few cores there are.
///
/// # Errors
/// When there is no `mpirun`: the command that installs it.
pub fn mpirun(ranks: usize, program: &Path) -> Result<Command, Box<dyn Error>> {
    let known = Command::new("mpirun").arg("--version").output();
    if !known.is_ok_and(|known| String::from_utf8_lossy(&known.stdout).contains("Open MPI")) {
        return Err("expected Open MPI's mpirun, found none: install it with `./task mpi`".into());
    }
    let mut command = Command::new("mpirun");
    command.args(["--allow-run-as-root", "--oversubscribe", "-n", &ranks.to_string()]).arg(program);
    Ok(command)
}

/// A program that runs, in a process group of its own.
#[derive(Debug)]
pub struct Running {
    child: Child,
    out: File,
    err: File,
    started: SystemTime,
}

impl Running {
    /// Starts it.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(command: &mut Command) -> Result<Self, Box<dyn Error>> {
        let (out, err) = (tempfile::tempfile()?, tempfile::tempfile()?);
        command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(err.try_clone()?);
        // To look up the names of a backtrace may take longer than all that is measured.
        command.env("RUST_BACKTRACE", "0");
        let child = command.process_group(0).spawn()?;
        Ok(Self { child, out, err, started: SystemTime::now() })
    }

    /// The number of its process.
    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id() as i32)
    }

    /// Something is done to it now.
    pub fn now(&mut self) {
        self.started = SystemTime::now();
    }

    /// Waits for its end, at the most so long; then it is killed, and that is an error.
    ///
    /// # Errors
    /// When it does not end, or what it printed cannot be read.
    pub fn end(mut self, longest: Duration) -> Result<Ended, Box<dyn Error>> {
        let until = Instant::now() + longest;
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break Some(status);
            }
            if Instant::now() > until {
                break None;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let ended = SystemTime::now();
        let (out, err) = (read(&mut self.out)?, read(&mut self.err)?);
        let Some(status) = status else {
            return Err(format!("no end after {longest:?}; it said: {err}").into());
        };
        let happened = err.lines().find_map(|line| {
            let seconds: f64 =
                line.split_once("NOW ")?.1.split_whitespace().next()?.parse().ok()?;
            Some(UNIX_EPOCH + Duration::from_secs_f64(seconds))
        });
        let since = happened.unwrap_or(self.started);
        let after = ended.duration_since(since).unwrap_or_default().as_secs_f64();
        Ok(Ended { code: status.code(), out, err, after })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Whatever is left of it.
        let _ = killpg(self.pid(), Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

/// Runs a program to its end.
///
/// # Errors
/// When it cannot be started, or does not end within so many seconds.
pub fn end(command: &mut Command, seconds: u64) -> Result<Ended, Box<dyn Error>> {
    Running::start(command)?.end(Duration::from_secs(seconds))
}

fn read(file: &mut File) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
