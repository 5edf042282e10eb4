//! A network of threads in place of MPI: from each rank to each in order, and otherwise as chance has it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use fascicle_core::{Draws, Purpose, Seed, Seeding};

use super::{Motion, Transport};
use crate::message::Packet;

/// What is under way between the ranks.
pub(super) struct Network {
    size: usize,
    /// From each to each.
    lines: Mutex<Vec<VecDeque<u8>>>,
}

impl Network {
    pub(super) fn new(size: usize) -> Arc<Self> {
        Arc::new(Self { size, lines: Mutex::new(vec![VecDeque::new(); size * size]) })
    }

    /// The end of a rank, which takes what it finds in an order that hangs on a seed.
    pub(super) fn end_of(self: &Arc<Self>, rank: usize, seed: u64) -> End {
        let draws = Seeding::Independent.draws(Seed(seed), Purpose::new("network"));
        End { network: Arc::clone(self), rank, held: vec![0; self.size], draws }
    }

    /// How many bytes nobody has taken.
    pub(super) fn left(&self) -> usize {
        self.lines.lock().unwrap().iter().map(VecDeque::len).sum()
    }
}

/// A rank's end of it.
pub(super) struct End {
    network: Arc<Network>,
    rank: usize,
    /// For how many looks nothing comes from each rank.
    held: Vec<u32>,
    draws: Draws,
}

impl End {
    /// How much of so many bytes comes now.
    fn count(&mut self, from: usize, there: usize) -> usize {
        let held = &mut self.held[from];
        if there == 0 || *held > 0 {
            *held = held.saturating_sub(1);
            return 0;
        }
        match self.draws.below(8) {
            0 => *held = self.draws.below(40),
            1..4 => return self.draws.below(there as u32) as usize,
            _ => return there,
        }
        0
    }
}

impl Transport for End {
    fn send(&mut self, to: usize, packet: &Packet) {
        let Network { size, lines } = &*self.network;
        lines.lock().unwrap()[self.rank * size + to].extend(packet.iter());
    }

    fn is_empty(&self) -> bool {
        true
    }

    /// From each rank a part of what it has sent, which may end anywhere, or nothing.
    fn look(&mut self, arrived: &mut dyn FnMut(usize, &[u8])) -> Motion {
        let mut motion = Motion::default();
        let network = Arc::clone(&self.network);
        let size = network.size;
        let first = self.draws.below(size as u32) as usize;
        for from in (first..size).chain(0..first) {
            let part: Vec<u8> = {
                let mut lines = network.lines.lock().unwrap();
                let line = &mut lines[from * size + self.rank];
                let count = self.count(from, line.len());
                motion.under_way |= count < line.len();
                line.drain(..count).collect()
            };
            if !part.is_empty() {
                motion.moved = true;
                arrived(from, &part);
            }
        }
        motion
    }

    fn abort(&self, why: &str, _: i32) -> ! {
        // Ranks that wait would wait for ever.
        eprintln!("{why}");
        std::process::abort()
    }
}
