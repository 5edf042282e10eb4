//! Journals that are whole, damaged and foreign, and runs that go on from them.

mod damage;
mod ensembles;
mod full;
mod runs;

use std::collections::BTreeMap;
use std::io::{self, Error, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::file::Medium;
use super::format::Identity;
use super::write::Journal;
use super::*;
use crate::{Context, Failure, Fingerprint, Frame, LogLine, Work};

/// A disk in memory, with what disks do.
#[derive(Clone, Debug, Default)]
struct Disk {
    bytes: Vec<u8>,
    at: usize,
    /// The most bytes that it can hold, if there is a limit.
    room: Option<usize>,
    /// Whether calls are interrupted, and read and write little at a time.
    nervous: bool,
    calls: usize,
    syncs: usize,
    /// The most bytes that were ever written and not synced.
    most_unsynced: usize,
    unsynced: usize,
    deleted: bool,
}

impl Disk {
    fn of(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec(), ..Self::default() }
    }

    /// How much of so many bytes this call takes, if it is not interrupted.
    fn share(&mut self, all: usize) -> io::Result<usize> {
        self.calls += 1;
        match self.calls % 3 {
            _ if !self.nervous => Ok(all),
            0 => Err(ErrorKind::Interrupted.into()),
            k => Ok(all.min(7 * k)),
        }
    }
}

impl Read for Disk {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let left = self.bytes.len().saturating_sub(self.at);
        let share = self.share(bytes.len().min(left))?;
        let from = self.at.min(self.bytes.len());
        bytes[..share].copy_from_slice(&self.bytes[from..][..share]);
        self.at += share;
        Ok(share)
    }
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.room.map_or(usize::MAX, |room| room.saturating_sub(self.at));
        let share = self.share(bytes.len().min(room))?;
        if share == 0 && !bytes.is_empty() {
            return Err(ErrorKind::StorageFull.into());
        }
        self.bytes.resize(self.bytes.len().max(self.at + share), 0);
        self.bytes[self.at..self.at + share].copy_from_slice(&bytes[..share]);
        self.at += share;
        self.unsynced += share;
        self.most_unsynced = self.most_unsynced.max(self.unsynced);
        Ok(share)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Disk {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at as usize,
            SeekFrom::End(0) => self.bytes.len(),
            _ => return Err(Error::other("nobody asks for it")),
        };
        Ok(self.at as u64)
    }
}

impl Medium for Disk {
    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.bytes.resize(length as usize, 0);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.syncs += 1;
        self.unsynced = 0;
        Ok(())
    }

    fn is_at(&self, _: &Path) -> bool {
        !self.deleted
    }
}

/// A work that is never run, with a fingerprint.
struct Named(&'static str, &'static str);

impl Work for Named {
    fn pieces(&self) -> u64 {
        0
    }
    fn fingerprint(&self, to: &mut Fingerprint) {
        to.text(self.0);
    }
    fn facts(&self) -> Vec<(String, String)> {
        vec![fact("simulation", "toy"), fact("colour", self.1)]
    }
    fn run(&self, _: u64, _: &mut Context<'_>, _: &mut Frame) -> Result<(), Failure> {
        Ok(())
    }
}

fn fact(name: &str, value: &str) -> (String, String) {
    (name.to_string(), value.to_string())
}

fn identity(colour: &'static str) -> Identity {
    Identity::new(&Named("toy", colour))
}

/// What a piece gives.
fn frame(piece: u64) -> Frame {
    let mut frame = Frame::default();
    frame.put_f64s("x", (0..piece % 5).map(|k| (k + piece) as f64 * 0.1).collect());
    frame.put_bytes("name", format!("piece {piece}").into_bytes());
    frame
}

fn log(piece: u64) -> Vec<LogLine> {
    (0..piece % 3).map(|line| LogLine::info(format!("line {line} of {piece}"))).collect()
}

type Open<M> = Result<(Journal<M>, read::Contents), JournalError>;

fn open<M: Medium>(medium: M) -> Open<M> {
    Journal::open(medium, Path::new("x.journal"), &identity("red"), &mut |_, _| true)
}

/// A journal of these pieces, with the ends of header and records.
fn journal(pieces: impl IntoIterator<Item = u64>) -> (Vec<u8>, Vec<usize>) {
    let (mut journal, _) = open(Disk::default()).unwrap();
    let mut ends = vec![identity("red").header().len()];
    for piece in pieces {
        journal.append(piece, &log(piece), &frame(piece)).unwrap();
        let disk = journal.into_medium();
        ends.push(disk.bytes.len());
        (journal, _) = open(disk).unwrap();
    }
    (journal.into_medium().bytes, ends)
}

type Records = BTreeMap<u64, (Vec<LogLine>, Frame)>;

/// All records of a journal.
fn records<M: Medium>(journal: &mut Journal<M>, contents: &read::Contents) -> Records {
    let places = contents.records.iter();
    places.map(|(&piece, &place)| (piece, journal.read(piece, place).unwrap())).collect()
}

fn expected(pieces: impl IntoIterator<Item = u64>) -> Records {
    pieces.into_iter().map(|piece| (piece, (log(piece), frame(piece)))).collect()
}

/// Random numbers for tests.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ (x >> 31)) % n.max(1) as u64) as usize
    }
}

#[test]
fn errors_go_anywhere() {
    fn check<E: std::error::Error + Send + Sync + 'static>() {}
    check::<JournalError>();
}
