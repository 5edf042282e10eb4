//! Bytes between ranks, over MPI, without ever waiting.

use std::collections::VecDeque;
use std::mem::ManuallyDrop;

use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator, Source};

use crate::sys::{Moving, TAG};

/// How many bytes go into one message at the most. A long message is many of them, so that each that
/// arrives is a sign of life.
const MESSAGE: usize = 1 << 20;

/// Carries bytes between the ranks, from each to each in their order.
pub(crate) struct Post {
    /// A communicator of our own. It lives as long as MPI: freeing it would wait for the others.
    comm: ManuallyDrop<SimpleCommunicator>,
    sending: Vec<Line>,
    receiving: Vec<VecDeque<Moving>>,
}

/// What goes to one rank.
#[derive(Default)]
struct Line {
    waiting: VecDeque<Vec<u8>>,
    moving: Option<Moving>,
}

/// What became of a look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Motion {
    /// Something has arrived or gone.
    pub(crate) moved: bool,
    /// Something is under way, which moves on when it is looked after.
    pub(crate) under_way: bool,
}

impl Post {
    /// On a communicator that nobody else uses.
    pub(crate) fn new(comm: SimpleCommunicator) -> Self {
        let size = comm.size() as usize;
        Self {
            comm: ManuallyDrop::new(comm),
            sending: std::iter::repeat_with(Line::default).take(size).collect(),
            receiving: std::iter::repeat_with(VecDeque::new).take(size).collect(),
        }
    }

    /// Sends bytes to a rank, after those that it was sent before.
    pub(crate) fn send(&mut self, to: usize, bytes: Vec<u8>) {
        let waiting = &mut self.sending[to].waiting;
        match waiting.back_mut() {
            Some(last) if last.len() + bytes.len() <= MESSAGE => last.extend_from_slice(&bytes),
            _ if bytes.len() <= MESSAGE => waiting.push_back(bytes),
            _ => waiting.extend(bytes.chunks(MESSAGE).map(<[u8]>::to_vec)),
        }
    }

    /// Whether all that was given to it is gone.
    pub(crate) fn is_empty(&self) -> bool {
        self.sending.iter().all(|line| line.moving.is_none() && line.waiting.is_empty())
    }

    /// Moves things on, and hands over what has arrived, with the rank that it came from.
    pub(crate) fn look(&mut self, arrived: &mut dyn FnMut(usize, &[u8])) -> Motion {
        let mut motion = Motion::default();
        for to in 0..self.sending.len() {
            self.send_on(to, &mut motion);
        }
        while let Some((message, status)) =
            self.comm.any_process().immediate_matched_probe_with_tag(TAG)
        {
            let length =
                status.count(<u8 as mpi::traits::Equivalence>::equivalent_datatype()) as usize;
            let from = status.source_rank() as usize;
            self.receiving[from].push_back(Moving::receive(message, length));
            self.take_from(from, arrived, &mut motion);
        }
        for from in 0..self.receiving.len() {
            self.take_from(from, arrived, &mut motion);
        }
        motion
    }

    fn send_on(&mut self, to: usize, motion: &mut Motion) {
        let line = &mut self.sending[to];
        loop {
            if let Some(moving) = &mut line.moving {
                if moving.taken().is_none() {
                    return motion.under_way = true;
                }
                motion.moved = true;
            }
            line.moving = line.waiting.pop_front().map(|bytes| Moving::send(&self.comm, to, bytes));
            if line.moving.is_none() {
                return;
            }
        }
    }

    fn take_from(
        &mut self,
        from: usize,
        arrived: &mut dyn FnMut(usize, &[u8]),
        motion: &mut Motion,
    ) {
        let queue = &mut self.receiving[from];
        while let Some(moving) = queue.front_mut() {
            let Some(bytes) = moving.taken() else { return motion.under_way = true };
            queue.pop_front();
            motion.moved = true;
            arrived(from, &bytes);
        }
    }

    /// Ends all ranks.
    pub(crate) fn abort(&self, code: i32) -> ! {
        self.comm.abort(code)
    }
}
