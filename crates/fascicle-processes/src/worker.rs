//! What runs in a forked worker.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Write};

use fascicle_core::wire::{Decoder, encode};
use fascicle_core::{Context, Failure, Frame, Work, attempt};
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::{Pid, dup2_stderr, dup2_stdin, dup2_stdout};

use crate::message::{Command, Reply};
use crate::sys::{self, Outputs};

/// The worker's ends of its pipes.
pub(crate) struct Ends {
    pub(crate) commands: PipeReader,
    pub(crate) results: PipeWriter,
    pub(crate) stdout: PipeWriter,
    pub(crate) stderr: PipeWriter,
    pub(crate) null: File,
}

/// Exit codes of a worker that ends by itself.
const WELL: i32 = 0;
const BROKEN: i32 = 70;

/// Runs pieces until the driver has no more. Gives the exit code.
pub(crate) fn work_through(
    work: &dyn Work,
    worker: usize,
    parent: Pid,
    ends: Ends,
    outputs: Outputs,
) -> i32 {
    let Ends { commands, results, stdout, stderr, null } = ends;
    if replace_outputs(outputs, &null, &stdout, &stderr).is_err() {
        // Nobody may be told: the standard streams may still be the driver's.
        return BROKEN;
    }
    drop((stdout, stderr, null));
    match settle(parent).and_then(|()| serve(work, worker, commands, results)) {
        Ok(()) => WELL,
        Err(error) => {
            let _ = writeln!(io::stderr(), "fascicle: worker {worker} gives up: {error}");
            BROKEN
        }
    }
}

/// Ties the worker's life to the driver's, and takes back what it has inherited and must not keep.
fn settle(parent: Pid) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?;
    // The driver may have died before that. Elsewhere than on Linux a worker learns of the driver's
    // death by the end of its command pipe, when it has finished its piece.
    if nix::unistd::getppid() != parent {
        return Err(io::Error::other("the driver is gone"));
    }
    sys::reset_signals()?;
    // Dumping many workers' memory would take long and fill the disk.
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    Ok(())
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
    let (mut decoder, mut bytes) = (Decoder::default(), [0; 1024]);
    let mut frame = Frame::default();
    results.write_all(&pack(&Reply::Hello, &frame))?;
    loop {
        while let Some((command, _)) = decoder.next_packet().map_err(io::Error::other)? {
            let reply = run(work, worker, command, &mut frame);
            // A piece's output goes before its result, so that the driver need not wait for it.
            let _ = io::stdout().flush();
            results.write_all(&pack(&reply, &frame))?;
        }
        match commands.read(&mut bytes) {
            Ok(0) => return Ok(()),
            Ok(read) => decoder.push(&bytes[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn run(work: &dyn Work, worker: usize, command: Command, frame: &mut Frame) -> Reply {
    let Command::Run { piece, attempt: number } = command;
    let mut cx = Context::new(worker).with_attempt(number);
    let result = attempt(work, piece, &mut cx, frame);
    let log = cx.take_log();
    match result {
        Ok(()) => Reply::Done { piece, log },
        Err(failure) => Reply::Failed { piece, log, failure },
    }
}

/// A packet; a result that cannot be sent becomes a failure that says so.
fn pack(reply: &Reply, frame: &Frame) -> Vec<u8> {
    encode(reply, frame).unwrap_or_else(|error| {
        let failure = Failure::other(format!("the result could not be sent: {error}"));
        let reply = match *reply {
            Reply::Hello => Reply::Hello,
            Reply::Done { piece, .. } | Reply::Failed { piece, .. } => {
                Reply::Failed { piece, log: Vec::new(), failure }
            }
        };
        // If even this cannot be encoded, the driver learns of it by the worker's silence.
        encode(&reply, &Frame::default()).unwrap_or_default()
    })
}
