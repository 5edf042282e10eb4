//! The standard output of ranks that follow: nobody is to see it; what pieces print is brought to the
//! leader's log.

use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Write};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::dup2_stdout;

/// The longest line that is kept whole.
const MOST: usize = 4096;

/// Follows what a piece prints. Where a piece prints it itself, a line ends there, too.
const END: u8 = 0x04;

/// Lines that are kept of what a rank prints in one run.
const MOST_LINES: usize = 1000;

/// Reads in one look, of 4 KiB each.
const MOST_AT_ONCE: usize = 16;

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
    /// Whether a line goes on that was too long.
    is_cut: bool,
    /// How many lines of this run there were.
    run: u64,
    count: usize,
}

impl Quiet {
    /// From here on this process prints nothing.
    pub(crate) fn begin() -> io::Result<(Self, Overheard)> {
        let (read, pipe) = io::pipe()?;
        fcntl(&read, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        let nowhere = File::options().write(true).open("/dev/null")?;
        let quiet = Self { nowhere, pipe };
        quiet.hush();
        Ok((quiet, Overheard { pipe: read, line: Vec::new(), is_cut: false, run: 0, count: 0 }))
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

    /// The piece is over, and a line that it has begun as well.
    pub(crate) fn end(&self) {
        self.hush();
        let _ = (&self.pipe).write_all(&[END]);
    }
}

impl Overheard {
    /// The whole lines that were printed since in a run, the first of them.
    pub(crate) fn lines(&mut self, run: u64, heard: &mut dyn FnMut(String)) {
        if self.run != run {
            (self.run, self.count) = (run, 0);
        }
        let mut bytes = [0; 4096];
        // A piece that prints without end is not to keep the courier.
        for _ in 0..MOST_AT_ONCE {
            let Ok(count @ 1..) = self.pipe.read(&mut bytes) else { return };
            bytes[..count].iter().for_each(|&byte| self.take(byte, heard));
        }
    }

    fn take(&mut self, byte: u8, heard: &mut dyn FnMut(String)) {
        if byte == b'\n' || byte == END {
            let rest_of_long = std::mem::take(&mut self.is_cut);
            if self.line.is_empty() && (byte == END || rest_of_long) {
                return;
            }
        } else {
            self.line.push(byte);
            self.is_cut = self.line.len() == MOST;
            if !self.is_cut {
                return;
            }
        }
        let line = String::from_utf8_lossy(&self.line).into_owned();
        self.line.clear();
        self.count += 1;
        match self.count.cmp(&MOST_LINES) {
            Ordering::Less => heard(line),
            Ordering::Equal => heard("… and more".to_string()),
            Ordering::Greater => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pieces_print_is_kept_line_by_line() {
        let (read, mut write) = io::pipe().unwrap();
        let mut overheard =
            Overheard { pipe: read, line: Vec::new(), is_cut: false, run: 0, count: 0 };
        let long: String = (0..MOST + 10).map(|k| char::from(b'a' + (k % 26) as u8)).collect();
        let exact = "x".repeat(MOST);
        write!(write, "one\n\n{long}\n{exact}\nbegun").unwrap();
        write.write_all(&[END, END]).unwrap();
        drop(write);
        let mut lines = Vec::new();
        overheard.lines(0, &mut |line| lines.push(line));
        assert_eq!(lines, ["one", "", &long[..MOST], &long[MOST..], &exact, "begun"]);
    }
}
