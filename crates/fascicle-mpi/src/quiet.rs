//! The standard output of ranks that follow: nobody is to see it; what pieces print is brought to the
//! leader's log.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Write};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::dup2_stdout;

/// The longest line that is kept whole.
const MOST: usize = 4096;

/// Where this process's standard output goes: to nowhere, or while a piece runs to a pipe.
#[derive(Debug)]
pub(crate) struct Quiet {
    nowhere: File,
    pipe: PipeWriter,
}

/// The other end of that pipe.
#[derive(Debug)]
pub(crate) struct Overheard {
    pipe: PipeReader,
    line: Vec<u8>,
}

impl Quiet {
    /// From here on this process prints nothing.
    pub(crate) fn begin() -> io::Result<(Self, Overheard)> {
        let (read, pipe) = io::pipe()?;
        fcntl(&read, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        let nowhere = File::options().write(true).open("/dev/null")?;
        let quiet = Self { nowhere, pipe };
        quiet.hush();
        Ok((quiet, Overheard { pipe: read, line: Vec::new() }))
    }

    /// What is printed now is a piece's.
    pub(crate) fn listen(&self) {
        let _ = io::stdout().flush();
        let _ = dup2_stdout(&self.pipe);
    }

    /// And now nobody's.
    pub(crate) fn hush(&self) {
        // What was printed before goes where it was to go.
        let _ = io::stdout().flush();
        let _ = dup2_stdout(&self.nowhere);
    }
}

impl Overheard {
    /// The whole lines that were printed since.
    pub(crate) fn lines(&mut self, heard: &mut dyn FnMut(String)) {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = self.pipe.read(&mut bytes) {
            for &byte in &bytes[..count] {
                if byte != b'\n' && self.line.len() < MOST {
                    self.line.push(byte);
                } else {
                    heard(String::from_utf8_lossy(&self.line).into_owned());
                    self.line.clear();
                }
            }
        }
    }
}
