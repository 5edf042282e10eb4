//! The standard output of ranks that follow: nobody is to see it, and what pieces print is brought to the
//! leader's log.

use std::fs::File;
use std::io::{self, PipeReader, Read, Write};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::dup2_stdout;

/// The longest line that is kept whole.
const MOST: usize = 4096;

/// What this process prints.
pub(crate) struct Overheard {
    pipe: PipeReader,
    line: Vec<u8>,
}

impl Overheard {
    /// Turns this process's standard output away from where it goes to.
    pub(crate) fn begin() -> io::Result<Self> {
        let (read, write) = io::pipe()?;
        fcntl(&read, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        // What was printed before goes where it was to go.
        io::stdout().flush()?;
        dup2_stdout(&write)?;
        Ok(Self { pipe: read, line: Vec::new() })
    }

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

/// Where nobody reads any more.
pub(crate) fn say_nothing() {
    if let Ok(null) = File::options().write(true).open("/dev/null") {
        let _ = dup2_stdout(&null);
    }
}
