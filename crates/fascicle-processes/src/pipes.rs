//! The driver's ends of one worker's pipes, none of which ever blocks.

use std::fs::File;
use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, AsRawFd};

use fascicle_core::wire::{Decoder, encode};
use fascicle_core::{Frame, Stream};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags};

use crate::lines::Lines;
use crate::message::{Command, Reply};
use crate::reactor::News;
use crate::sys;
use crate::worker::Ends;

/// The most that is read of one pipe before the others have their turn. More than a pipe holds, so
/// that one turn takes in all that was written before.
const TURN: usize = 1 << 20;

/// What comes in from a worker.
#[derive(Debug)]
pub(crate) enum Arrival {
    /// A line of text.
    Line(Stream, String),
    /// Something that the reactor must know.
    News(News),
}

/// The driver's ends.
pub(crate) struct Pipes {
    /// Until it is found that nobody reads them any more.
    commands: Option<PipeWriter>,
    unsent: Vec<u8>,
    /// How long the last command was.
    length: usize,
    results: Option<PipeReader>,
    decoder: Decoder,
    outputs: [Output; 2],
}

struct Output {
    stream: Stream,
    pipe: Option<PipeReader>,
    lines: Lines,
}

impl Pipes {
    /// Opens all pipes of a worker: the driver's ends and the worker's.
    pub(crate) fn open() -> io::Result<(Self, Ends)> {
        let null = File::options().read(true).write(true).open("/dev/null")?;
        if null.as_raw_fd() <= 2 {
            // The worker could not tell its pipes from the standard streams that it replaces.
            return Err(io::Error::other("a standard stream of this process is closed"));
        }
        let (commands, our_commands) = io::pipe()?;
        let (our_results, results) = io::pipe()?;
        let (our_stdout, stdout) = io::pipe()?;
        let (our_stderr, stderr) = io::pipe()?;
        never_block(&our_commands)?;
        never_block(&our_results)?;
        let pipes = Self {
            commands: Some(our_commands),
            unsent: Vec::new(),
            length: 0,
            results: Some(our_results),
            decoder: Decoder::default(),
            outputs: [
                Output::new(Stream::Stdout, our_stdout)?,
                Output::new(Stream::Stderr, our_stderr)?,
            ],
        };
        Ok((pipes, Ends { commands, results, stdout, stderr, null }))
    }

    /// Sends a command, now or when there is room.
    pub(crate) fn send(&mut self, command: Command) {
        // A header of two numbers always encodes.
        let packet = encode(&command, &Frame::default()).unwrap_or_default();
        self.length = packet.len();
        self.unsent.extend(packet);
        self.flush();
    }

    /// Sends what there was no room for. A worker that is gone is noticed by its end; writing to it
    /// is an error and no more, as Rust programs ignore SIGPIPE.
    pub(crate) fn flush(&mut self) {
        while let Some(commands) = &mut self.commands
            && !self.unsent.is_empty()
        {
            match commands.write(&self.unsent) {
                Ok(written) => drop(self.unsent.drain(..written)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => self.commands = None,
            }
        }
    }

    /// Whether the last command has not reached the worker: it could not be sent, or is still in the
    /// pipe. A worker takes all of a command at once; what is of another length is mischief.
    pub(crate) fn holds_command(&self) -> bool {
        let unread = self.commands.as_ref().map_or(0, |pipe| sys::unread(pipe.as_fd()));
        !self.unsent.is_empty() || (unread > 0 && unread == self.length)
    }

    /// What to poll for.
    pub(crate) fn polled(&self) -> impl Iterator<Item = PollFd<'_>> {
        let outputs = self.outputs.iter().map(|output| &output.pipe);
        let readable = outputs.chain([&self.results]).flatten();
        let waiting = self.commands.as_ref().filter(|_| !self.unsent.is_empty());
        readable
            .map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLIN))
            .chain(waiting.map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLOUT)))
    }

    /// Takes in what there is. Results are read first and told last: all that a piece has written
    /// before its result is told before it.
    pub(crate) fn receive(&mut self, buffer: &mut [u8], tell: &mut dyn FnMut(Arrival)) {
        let was_open = self.results.is_some();
        let decoder = &mut self.decoder;
        let read = drain(&mut self.results, buffer, &mut |bytes| decoder.push(bytes));
        for output in &mut self.outputs {
            output.receive(buffer, tell);
        }
        if read > 0 {
            self.decode(tell);
        }
        if was_open && self.results.is_none() {
            tell(Arrival::News(News::Silence));
        }
    }

    /// Takes in the last that there is, unfinished lines too, of a worker that has ended.
    pub(crate) fn finish(&mut self, buffer: &mut [u8], tell: &mut dyn FnMut(Arrival)) {
        for output in &mut self.outputs {
            output.receive(buffer, tell);
            if let Some(line) = output.lines.finish() {
                tell(Arrival::Line(output.stream, line));
            }
        }
    }

    fn decode(&mut self, tell: &mut dyn FnMut(Arrival)) {
        loop {
            let news = match self.decoder.next_packet() {
                Ok(Some((reply, frame))) => news_of(reply, frame),
                Ok(None) if self.decoder.is_empty() => return,
                Ok(None) => return tell(Arrival::News(News::Part)),
                Err(error) => {
                    self.results = None;
                    return tell(Arrival::News(News::Garbled(error.to_string())));
                }
            };
            tell(Arrival::News(news));
        }
    }
}

fn news_of(reply: Reply, frame: Frame) -> News {
    match reply {
        Reply::Hello => News::Hello,
        Reply::Done { piece, log } => News::Finished { piece, log, result: Ok(frame) },
        Reply::Failed { piece, log, failure } => {
            News::Finished { piece, log, result: Err(failure) }
        }
    }
}

impl Output {
    fn new(stream: Stream, pipe: PipeReader) -> io::Result<Self> {
        never_block(&pipe)?;
        Ok(Self { stream, pipe: Some(pipe), lines: Lines::default() })
    }

    fn receive(&mut self, buffer: &mut [u8], tell: &mut dyn FnMut(Arrival)) {
        let (mut found, lines) = (Vec::new(), &mut self.lines);
        drain(&mut self.pipe, buffer, &mut |bytes| {
            lines.push(bytes, &mut found);
        });
        for line in found {
            tell(Arrival::Line(self.stream, line));
        }
    }
}

/// Reads what there is, at most a turn's worth; gives the number of bytes. A pipe that has come to
/// its end is dropped.
fn drain(pipe: &mut Option<PipeReader>, buffer: &mut [u8], take: &mut dyn FnMut(&[u8])) -> usize {
    let mut all = 0;
    while let Some(open) = pipe
        && all < TURN
    {
        match open.read(buffer) {
            Ok(0) => *pipe = None,
            Ok(read) => {
                take(&buffer[..read]);
                all += read;
                // A pipe gives less than was asked for only when it is empty.
                if read < buffer.len() {
                    break;
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(_) => *pipe = None,
        }
    }
    all
}

fn never_block(pipe: &impl AsFd) -> io::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(pipe, FcntlArg::F_GETFL)?);
    fcntl(pipe, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}
