//! A real Slurm of this machine, and the batch scripts of the documentation.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::faults::wait_for;
use super::{Found, Programs, Row, end};

pub(super) const ROWS: &[Row] = &[
    ("slurm", "`one_node.sbatch`: srun, 3 ranks", "same bits", one_node),
    ("slurm-nodes", "`several_nodes.sbatch`: srun, 2 nodes, 4 ranks", "same bits", several_nodes),
    (
        "slurm-array",
        "`array.sbatch`: 3 runs of 2 ranks",
        "same bits, each with its checkpoint",
        array,
    ),
    ("slurm-requeue", "`requeue.sbatch`: signalled, requeued, gone on", "same bits", requeue),
    (
        "slurm-killed",
        "SIGKILL of a rank of srun",
        "the job ends within 10 s, its log names the rank and its batch",
        killed,
    ),
    ("slurm-salloc", "a shell of salloc, without srun", "a local run, not on ranks", salloc),
];

/// A Slurm, gone at the end.
struct Slurm {
    folder: tempfile::TempDir,
    programs: Programs,
}

type Said = Result<String, Box<dyn std::error::Error>>;

impl Slurm {
    fn up(programs: &Programs, nodes: &str) -> Result<Self, Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir_in("/tmp")?;
        let slurm = Self { folder, programs: programs.clone() };
        let ended = end(slurm.script("up").arg(nodes), 60)?;
        if ended.code == Some(0) { Ok(slurm) } else { Err(ended.err.into()) }
    }

    fn script(&self, what: &str) -> Command {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("mpi/slurm");
        let mut command = Command::new(script);
        command.arg(what).arg(self.folder.path());
        command
    }

    /// A line of shell that speaks to it.
    fn shell(&self, line: &str) -> Said {
        let environment = self.folder.path().join("env");
        let line = format!("set -e; source {}; {line}", environment.display());
        let mut command = Command::new("bash");
        command.args(["-c", &line]).current_dir(self.folder.path());
        let ended = end(&mut command, 60)?;
        if ended.code == Some(0) {
            Ok(ended.out)
        } else {
            Err(format!("{line}: {}", ended.err).into())
        }
    }

    /// Submits a script of the documentation with a program and its arguments; gives the job's number.
    fn submit(&self, script: &str, options: &str, program: &str) -> Said {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cluster");
        let script = docs.join(script);
        let said = self.shell(&format!(
            "sbatch --parsable --mem-per-cpu=100M --time=5 {options} {} {program}",
            script.display()
        ))?;
        Ok(said.trim().to_string())
    }

    /// `journaled` with a checkpoint, and milliseconds for each batch.
    fn journaled(&self, milliseconds: u32) -> String {
        format!("{} run.journal processes {milliseconds}", self.programs.journaled.display())
    }

    /// Waits until a job is over; gives how it has ended.
    fn wait(&self, job: &str) -> Said {
        let until = Instant::now() + Duration::from_secs(90);
        loop {
            let states = self.shell(&format!("scontrol --oneliner show job {job}"))?;
            let state = |line: &str| {
                let word = line.split_whitespace().find_map(|word| word.strip_prefix("JobState="));
                word.unwrap_or("UNKNOWN").to_string()
            };
            let states: Vec<String> = states.lines().map(state).collect();
            let going = ["PENDING", "RUNNING", "COMPLETING", "REQUEUED", "CONFIGURING"];
            if !states.iter().any(|state| going.contains(&state.as_str())) {
                return Ok(states.join(" "));
            }
            if Instant::now() > until {
                let output = self.output().unwrap_or_default();
                return Err(
                    format!("job {job} is {} after 90 s: {output}", states.join(" ")).into()
                );
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// All that jobs have printed.
    fn output(&self) -> std::io::Result<String> {
        let mut text = String::new();
        for entry in std::fs::read_dir(self.folder.path())? {
            let path = entry?.path();
            if path.extension().is_some_and(|end| end == "out") {
                text.push_str(&std::fs::read_to_string(path)?);
            }
        }
        Ok(text)
    }

    /// The process of rank 1 of this Slurm's jobs that runs `journaled`.
    fn a_rank(&self) -> Result<Pid, Box<dyn std::error::Error>> {
        let folder = self.folder.path().canonicalize()?;
        for entry in std::fs::read_dir("/proc")? {
            let process = entry?.path();
            let is = |link: &str, path: &Path| {
                std::fs::read_link(process.join(link)).is_ok_and(|there| there == path)
            };
            let variables = std::fs::read(process.join("environ")).unwrap_or_default();
            let is_second = variables.split(|&byte| byte == 0).any(|one| one == b"SLURM_PROCID=1");
            if is_second && is("exe", &self.programs.journaled) && is("cwd", &folder) {
                let number = process.file_name().and_then(|name| name.to_str()?.parse().ok());
                return number.map(Pid::from_raw).ok_or_else(|| "expected a number".into());
            }
        }
        Err("there is no rank".into())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The digest of a serial run, and how often jobs have printed it.
    fn times_expected(&self) -> Result<usize, Box<dyn std::error::Error>> {
        let mut serial = Command::new(&self.programs.journaled);
        let ended = end(serial.arg(self.path("serial.journal")), 60)?;
        let (_, digest) = ended.first_line().split_once(' ').ok_or("expected a digest")?;
        Ok(self.output()?.matches(digest).count())
    }

    /// Whether a job has completed and printed the right digest so often.
    fn verdict(&self, job: &str, times: usize) -> Found {
        let state = self.wait(job)?;
        let (found, output) = (self.times_expected()?, self.output()?);
        let well = state.split(' ').all(|state| state == "COMPLETED") && found == times;
        let text = if well { format!("{state}, same bits") } else { format!("{state}: {output}") };
        Ok((text, well))
    }
}

impl Drop for Slurm {
    fn drop(&mut self) {
        let _ = end(&mut self.script("down"), 60);
    }
}

fn one_node(programs: &Programs) -> Found {
    let slurm = Slurm::up(programs, "1")?;
    let job = slurm.submit("one_node.sbatch", "--ntasks=3", &slurm.journaled(0))?;
    let (text, well) = slurm.verdict(&job, 1)?;
    let on_ranks = slurm.output()?.contains("Slurm's srun has started 3 ranks");
    Ok((text, well && on_ranks))
}

fn several_nodes(programs: &Programs) -> Found {
    let slurm = Slurm::up(programs, "2")?;
    let options = "--nodes=2 --ntasks-per-node=2";
    let job = slurm.submit("several_nodes.sbatch", options, &slurm.journaled(0))?;
    let (text, well) = slurm.verdict(&job, 1)?;
    let on_ranks = slurm.output()?.contains("Slurm's srun has started 4 ranks");
    Ok((text, well && on_ranks))
}

fn array(programs: &Programs) -> Found {
    let slurm = Slurm::up(programs, "1")?;
    let program = format!("{} member run", programs.ranked.display());
    let job = slurm.submit("array.sbatch", "--ntasks=2 --array=1-3", &program)?;
    let (text, well) = slurm.verdict(&job, 3)?;
    let files = (1..=3).filter(|run| slurm.path(&format!("run-{run}.h5")).exists()).count();
    Ok((format!("{text}; {files} files"), well && files == 3))
}

fn requeue(programs: &Programs) -> Found {
    let slurm = Slurm::up(programs, "1")?;
    let job = slurm.submit("requeue.sbatch", "--ntasks=3", &slurm.journaled(500))?;
    wait_for(&slurm.path("run.journal"), 12_000)?;
    slurm.shell(&format!("scancel --batch --signal=USR1 {job}"))?;
    let started = Instant::now();
    while !slurm.output()?.contains("back into the queue") {
        if started.elapsed() > Duration::from_secs(30) {
            return Err("the job does not hear of its signal".into());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let (text, well) = slurm.verdict(&job, 1)?;
    let rest: Option<u64> = slurm.output()?.lines().find_map(|line| {
        let (rest, digest) = line.split_once(' ')?;
        (digest.len() == 64).then(|| rest.parse().ok())?
    });
    let kept = 200 - rest.unwrap_or(200);
    Ok((format!("{text}; {kept} of 200 trajectories came from the checkpoint"), well && kept > 0))
}

fn killed(programs: &Programs) -> Found {
    let slurm = Slurm::up(programs, "1")?;
    let job = slurm.submit("one_node.sbatch", "--ntasks=3", &slurm.journaled(1000))?;
    wait_for(&slurm.path("run.journal"), 4_000)?;
    kill(slurm.a_rank()?, Signal::SIGKILL)?;
    let started = Instant::now();
    let state = slurm.wait(&job)?;
    let seconds = started.elapsed().as_secs_f64();
    let named = slurm.output()?.contains("rank 1 has died; it had batch ");
    let text = format!("{state}, {seconds:.1} s after it{}", if named { ", named" } else { "" });
    Ok((text, state == "FAILED" && seconds < 10.0 && named))
}

fn salloc(programs: &Programs) -> Found {
    let slurm = Slurm::up(programs, "1")?;
    let said = slurm.shell(&format!("salloc --quiet --ntasks=3 {} 2>&1", slurm.journaled(0)))?;
    let local = !said.contains("ranks") && said.lines().any(|line| line.starts_with("200 "));
    Ok((if local { "a local run".to_string() } else { said }, local))
}
