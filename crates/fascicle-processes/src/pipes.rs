//! The driver's ends of one worker's pipes, none of which ever blocks.

use std::fs::File;
use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::ops::ControlFlow;
use std::os::fd::{AsFd, AsRawFd};

use fascicle_core::wire::Decoder;
use fascicle_core::{Frame, Stream};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags};

use crate::lines::Lines;
use crate::message::{Command, Reply};
use crate::reactor::News;
use crate::worker::Ends;

/// What a pipe holds, where the system has not been asked for more.
pub(crate) const USUAL: usize = 64 << 10;

/// What a pipe holds that is wide: as much as Linux gives to anyone.
const WIDE: usize = 1 << 20;

/// How much is read at once of a wide pipe: few enough bytes to be in a cache when they are decoded.
const PART: usize = 256 << 10;

/// The most that is read of one pipe before the others have their turn. No less than a pipe holds, so
/// that one turn takes in all that was written before.
const TURN: usize = WIDE;

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
    commands: PipeWriter,
    /// The worker's end of the commands, to take back what it has not begun.
    taken_back: PipeReader,
    unsent: Vec<u8>,
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
        let (taken_back, commands) = io::pipe()?;
        let (our_results, results) = io::pipe()?;
        let (our_stdout, stdout) = io::pipe()?;
        let (our_stderr, stderr) = io::pipe()?;
        never_block(&commands)?;
        never_block(&taken_back)?;
        never_block(&our_results)?;
        let pipes = Self {
            commands,
            taken_back,
            unsent: Vec::new(),
            results: Some(our_results),
            decoder: Decoder::default(),
            outputs: [
                Output::new(Stream::Stdout, our_stdout)?,
                Output::new(Stream::Stderr, our_stderr)?,
            ],
        };
        Ok((pipes, Ends { results, stdout, stderr, null }))
    }

    /// In the worker: closes the driver's ends. Gives the worker's end of the commands.
    pub(crate) fn into_commands(self) -> PipeReader {
        self.taken_back
    }

    /// Prepares a command to be sent.
    pub(crate) fn put(&mut self, command: Command) {
        self.unsent.extend_from_slice(&command.to_bytes());
    }

    /// Sends the commands that wait, now or when there is room: all at once, as they are fewer bytes
    /// than a pipe ever cuts. A worker that is gone is noticed by its end.
    pub(crate) fn flush(&mut self) {
        while !self.unsent.is_empty() {
            match self.commands.write(&self.unsent) {
                Ok(written) => drop(self.unsent.drain(..written)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // No other error is known of a pipe that this process may read too.
                Err(_) => return,
            }
        }
    }

    /// Takes back the commands that the worker has not taken: how many, and whether nothing else was
    /// in the pipe.
    pub(crate) fn take_back(&mut self) -> (usize, bool) {
        let (mut found, mut well) = (0, true);
        // Whole commands at a time, so that the worker, who may be reading too, never finds a part.
        let mut bytes = [0; 128 * Command::LENGTH];
        loop {
            match self.taken_back.read(&mut bytes) {
                Ok(0) => break,
                Ok(read) => count(&bytes[..read], &mut found, &mut well),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        count(&self.unsent, &mut found, &mut well);
        self.unsent.clear();
        (found, well)
    }

    /// What to poll for.
    pub(crate) fn polled(&self) -> impl Iterator<Item = PollFd<'_>> {
        let outputs = self.outputs.iter().map(|output| &output.pipe);
        let readable = outputs.chain([&self.results]).flatten();
        let waiting = (!self.unsent.is_empty()).then_some(&self.commands);
        readable
            .map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLIN))
            .chain(waiting.map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLOUT)))
    }

    /// Takes in what there is. Results are read first and told last: all that a piece has written
    /// before its result is told before it.
    pub(crate) fn receive(&mut self, buffer: &mut Vec<u8>, tell: &mut dyn FnMut(Arrival)) {
        let was_open = self.results.is_some();
        let (decoder, mut news) = (&mut self.decoder, Vec::new());
        let well = drain(&mut self.results, buffer, &mut |bytes| {
            decoder.push(bytes);
            decode(decoder, &mut news)
        });
        for output in &mut self.outputs {
            output.receive(buffer, tell);
        }
        if well.is_break() {
            self.results = None;
        }
        news.into_iter().for_each(|news| tell(Arrival::News(news)));
        if was_open && self.results.is_none() {
            tell(Arrival::News(News::Silence));
        }
    }

    /// Takes in the last that there is, unfinished lines too, of a worker that has ended.
    pub(crate) fn finish(&mut self, buffer: &mut Vec<u8>, tell: &mut dyn FnMut(Arrival)) {
        for output in &mut self.outputs {
            output.receive(buffer, tell);
            if let Some(line) = output.lines.finish() {
                tell(Arrival::Line(output.stream, line));
            }
        }
    }
}

/// Counts commands, until something comes that is none.
fn count(bytes: &[u8], found: &mut usize, well: &mut bool) {
    let (commands, rest) = bytes.as_chunks();
    for command in commands {
        *well &= Command::from_bytes(command).is_some();
        *found += usize::from(*well);
    }
    *well &= rest.is_empty();
}

/// Decodes what has come in, as far as it is complete. Stops at what is no packet.
fn decode(decoder: &mut Decoder, news: &mut Vec<News>) -> ControlFlow<()> {
    loop {
        match decoder.next_packet() {
            Ok(Some((reply, frame))) => news.push(news_of(reply, frame)),
            Ok(None) if decoder.is_empty() => return ControlFlow::Continue(()),
            Ok(None) => {
                // Once is enough for all parts that come in a turn.
                if !matches!(news.last(), Some(News::Part)) {
                    news.push(News::Part);
                }
                return ControlFlow::Continue(());
            }
            Err(error) => {
                news.push(News::Garbled(error.to_string()));
                return ControlFlow::Break(());
            }
        }
    }
}

fn news_of(reply: Reply, frame: Frame) -> News {
    match reply {
        Reply::Hello => News::Hello,
        Reply::Done { piece, took, log } => News::Finished { piece, took, log, result: Ok(frame) },
        Reply::Failed { piece, took, log, failure } => {
            News::Finished { piece, took, log, result: Err(failure) }
        }
    }
}

impl Output {
    fn new(stream: Stream, pipe: PipeReader) -> io::Result<Self> {
        never_block(&pipe)?;
        Ok(Self { stream, pipe: Some(pipe), lines: Lines::default() })
    }

    fn receive(&mut self, buffer: &mut Vec<u8>, tell: &mut dyn FnMut(Arrival)) {
        let (mut found, lines) = (Vec::new(), &mut self.lines);
        let _ = drain(&mut self.pipe, buffer, &mut |bytes| {
            lines.push(bytes, &mut found);
            ControlFlow::Continue(())
        });
        for line in found {
            tell(Arrival::Line(self.stream, line));
        }
    }
}

/// Reads what there is, at most a turn's worth, unless who takes it has had enough. A pipe that has
/// come to its end is dropped.
fn drain(
    pipe: &mut Option<PipeReader>,
    buffer: &mut Vec<u8>,
    take: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut all = 0;
    while let Some(open) = pipe
        && all < TURN
    {
        match open.read(buffer) {
            Ok(0) => *pipe = None,
            Ok(read) => {
                take(&buffer[..read])?;
                all += read;
                // A pipe gives less than was asked for only when it is empty.
                if read < buffer.len() {
                    break;
                }
                buffer.resize(PART, 0);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(_) => *pipe = None,
        }
    }
    ControlFlow::Continue(())
}

/// Has a pipe hold more, if the system lets it.
pub(crate) fn widen(pipe: &impl AsFd) {
    #[cfg(target_os = "linux")]
    let _ = fcntl(pipe, FcntlArg::F_SETPIPE_SZ(WIDE as i32));
    #[cfg(not(target_os = "linux"))]
    let _ = pipe;
}

fn never_block(pipe: &impl AsFd) -> io::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(pipe, FcntlArg::F_GETFL)?);
    fcntl(pipe, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_taken_is_taken_back() {
        let (mut pipes, _ends) = Pipes::open().unwrap();
        (0..9).for_each(|piece| pipes.put(Command { piece, attempt: 0 }));
        pipes.flush();
        // As the worker does.
        let mut taken = [0; Command::LENGTH];
        pipes.taken_back.read_exact(&mut taken).unwrap();
        assert_eq!(Command::from_bytes(&taken), Some(Command { piece: 0, attempt: 0 }));
        pipes.put(Command { piece: 9, attempt: 1 });
        assert_eq!(pipes.take_back(), (9, true));
        assert_eq!(pipes.take_back(), (0, true));
    }

    #[test]
    fn what_others_have_written_is_no_command() {
        let (mut pipes, _ends) = Pipes::open().unwrap();
        (0..2).for_each(|piece| pipes.put(Command { piece, attempt: 0 }));
        pipes.flush();
        pipes.commands.write_all(&[7; 49]).unwrap();
        pipes.put(Command { piece: 2, attempt: 0 });
        assert_eq!(pipes.take_back(), (2, false));
    }
}
