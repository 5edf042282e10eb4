//! What runs in a forked worker.

use std::fs::File;
use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::time::Instant;

use fascicle_core::wire::{Encoder, Packet, WireError};
use fascicle_core::{Context, Failure, Frame, Work, attempt};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::{Pid, dup2_stderr, dup2_stdin, dup2_stdout};

use crate::message::{Command, Reply};
use crate::sys::{self, Outputs};
use crate::{interrupt, pipes};

/// The worker's ends of its pipes. That of the commands is the driver's too, who takes back from it
/// what the worker has not begun.
pub(crate) struct Ends {
    pub(crate) results: PipeWriter,
    pub(crate) stdout: PipeWriter,
    pub(crate) stderr: PipeWriter,
    pub(crate) null: File,
}

/// Whom a worker belongs to.
#[derive(Clone, Copy)]
pub(crate) struct Driver {
    pub(crate) pid: Pid,
    /// The run's process group.
    pub(crate) group: Option<Pid>,
}

/// Exit codes of a worker that ends by itself.
const WELL: i32 = 0;
pub(crate) const BROKEN: i32 = 70;

/// Runs pieces until the driver has no more. Gives the exit code.
pub(crate) fn work_through(
    work: &dyn Work,
    worker: usize,
    driver: Driver,
    commands: PipeReader,
    ends: Ends,
    (outputs, share): (Outputs, usize),
) -> i32 {
    let Ends { results, stdout, stderr, null } = ends;
    if replace_outputs(outputs, &null, &stdout, &stderr).is_err() {
        // Nobody may be told: the standard streams may still be the driver's.
        return BROKEN;
    }
    drop((stdout, stderr, null));
    let served = settle(driver).and_then(|()| {
        test_itself();
        let _pool = own_cores(share);
        serve(work, worker, commands, results)
    });
    match served {
        Ok(()) => WELL,
        Err(error) => {
            let _ = writeln!(io::stderr(), "fascicle: worker {worker} gives up: {error}");
            BROKEN
        }
    }
}

/// Ties the worker's life to the driver's, and takes back what it has inherited and must not keep.
fn settle(driver: Driver) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?;
    // The driver may have died before that. Elsewhere than on Linux a worker learns of the driver's
    // death by the end of its command pipe, when it has finished its piece.
    if nix::unistd::getppid() != driver.pid {
        return Err(io::Error::other("the driver is gone"));
    }
    if let Some(group) = driver.group {
        // Where it may not, it stays in the driver's.
        let _ = nix::unistd::setpgid(Pid::from_raw(0), group);
    }
    sys::reset_signals()?;
    // Dumping many workers' memory would take long and fill the disk.
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    // Where memory is short, a worker is to go and not the driver, which has the results.
    #[cfg(target_os = "linux")]
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    Ok(())
}

/// Uses what other threads may have held locked during the fork: the heap, the standard outputs, the
/// environment, local time, the panic hook, what runs of its own need, and what starting a thread needs. A worker that hangs here has said
/// nothing, and another is forked in its place.
fn test_itself() {
    drop(std::hint::black_box(vec![0_u8; 1 << 16]));
    let _ = io::stdout().lock().flush();
    let _ = io::stderr().lock().flush();
    drop(std::env::var_os("PATH"));
    sys::use_local_time();
    std::panic::set_hook(std::panic::take_hook());
    interrupt::test();
    // Where there is no room for a thread, pieces do without.
    let thread = std::thread::Builder::new().spawn(|| ());
    let _ = thread.map(std::thread::JoinHandle::join);
}

/// Sees to it that what runs inside a piece keeps to this worker's share of the cores: runs of its own,
/// and rayon, whose inherited pool has no threads here and would be waited for for ever.
fn own_cores(share: usize) -> Option<rayon::ThreadPool> {
    sys::set_share_of_cores(share);
    rayon::ThreadPoolBuilder::new().num_threads(share).use_current_thread().build().ok()
}

/// Replaces the standard streams.
///
/// Text that the driver's process has printed but not flushed is in this process's copy of the
/// buffer too. It is thrown away here, into /dev/null, and stays the driver's to print: flushing it
/// before the fork would tear the driver's line in two, and leaving it would print it twice.
fn replace_outputs(
    outputs: Outputs,
    null: &File,
    stdout: &PipeWriter,
    stderr: &PipeWriter,
) -> io::Result<()> {
    let Outputs { stdout: mut inherited, stderr: inherited_stderr } = outputs;
    dup2_stdin(null)?;
    dup2_stdout(null)?;
    inherited.flush()?;
    dup2_stdout(stdout)?;
    dup2_stderr(stderr)?;
    // The locks were taken before the fork; from here on the worker's prints take their own.
    drop((inherited, inherited_stderr));
    Ok(())
}

fn serve(
    work: &dyn Work,
    worker: usize,
    mut commands: PipeReader,
    mut results: PipeWriter,
) -> io::Result<()> {
    let (mut encoder, mut frame) = (Encoder::default(), Frame::default());
    reply(&Reply::Hello, &frame, &mut encoder, &mut results)?;
    while let Some(command) = next_command(&mut commands)? {
        let done = run(work, worker, command, &mut frame);
        // A piece's output goes before its result, so that the driver need not wait for it.
        let _ = io::stdout().flush();
        reply(&done, &frame, &mut encoder, &mut results)?;
    }
    Ok(())
}

/// Waits for the next command; none when the driver has no more. It is taken whole, and none but it,
/// so that those behind it stay in the pipe, where the driver can take them back.
fn next_command(commands: &mut PipeReader) -> io::Result<Option<Command>> {
    let mut bytes = [0; Command::LENGTH];
    loop {
        match commands.read(&mut bytes) {
            Ok(0) => return Ok(None),
            Ok(_) => {
                let command = Command::from_bytes(&bytes);
                return command.map(Some).ok_or_else(|| io::Error::other("this is no command"));
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                poll(&mut [PollFd::new(commands.as_fd(), PollFlags::POLLIN)], PollTimeout::NONE)?;
            }
            Err(error) => return Err(error),
        }
    }
}

fn run(work: &dyn Work, worker: usize, command: Command, frame: &mut Frame) -> Reply {
    let Command { piece, attempt: number } = command;
    let mut cx = Context::new(worker).with_attempt(number);
    let started = Instant::now();
    let result = attempt(work, piece, &mut cx, frame);
    let (took, log) = (started.elapsed(), cx.take_log());
    match result {
        Ok(()) => Reply::Done { piece, took, log },
        Err(failure) => Reply::Failed { piece, took, log, failure },
    }
}

/// Sends a packet; a result that cannot be sent becomes a failure that says so.
fn reply(
    reply: &Reply,
    frame: &Frame,
    encoder: &mut Encoder,
    results: &mut PipeWriter,
) -> io::Result<()> {
    let error = match encoder.packet(reply, frame) {
        Ok(packet) => return send(packet, results),
        Err(error) => error,
    };
    let nothing = Frame::default();
    let packet = encoder.packet(&unsendable(reply, &error), &nothing);
    // If even this cannot be encoded, the driver learns of it by the worker's end.
    send(packet.map_err(io::Error::other)?, results)
}

fn unsendable(reply: &Reply, error: &WireError) -> Reply {
    let failure = Failure::other(format!("the result could not be sent: {error}"));
    match *reply {
        Reply::Hello => Reply::Hello,
        Reply::Done { piece, took, .. } | Reply::Failed { piece, took, .. } => {
            Reply::Failed { piece, took, log: Vec::new(), failure }
        }
    }
}

fn send(packet: Packet<'_>, results: &mut PipeWriter) -> io::Result<()> {
    if packet.bytes() > pipes::USUAL as u64 {
        pipes::widen(results);
    }
    packet.write_to(results)
}
