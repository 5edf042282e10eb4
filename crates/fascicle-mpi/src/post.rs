//! Bytes between ranks, over MPI, without ever waiting.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::mem::ManuallyDrop;
use std::ops::Range;

use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator, Source};

use crate::courier::{Motion, Transport};
use crate::message::Packet;
use crate::sys::{Moving, TAG};

/// How many bytes go into one message at the most. A long message is many of them, so that each that
/// arrives is a sign of life.
const MESSAGE: usize = 1 << 20;

/// How many seconds the end of all ranks may take, before a signal ends this one.
const END: u32 = 5;

thread_local! {
    static ENDS_THE_JOB: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is in MPI_Abort, which with MPICH is an exit of the process.
pub(crate) fn is_ending_the_job() -> bool {
    ENDS_THE_JOB.get()
}

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
    waiting: VecDeque<Message>,
    moving: Option<Moving>,
}

/// What goes at once.
enum Message {
    /// Short packets, one after the other.
    Short(Vec<u8>),
    /// A part of a long one, which others may get as well: it is copied when it goes.
    Part(Packet, Range<usize>),
}

impl Message {
    fn parts_of(packet: &Packet) -> impl Iterator<Item = Self> + '_ {
        let starts = (0..packet.len()).step_by(MESSAGE);
        starts.map(|start| {
            let end = packet.len().min(start + MESSAGE);
            Self::Part(Packet::clone(packet), start..end)
        })
    }

    fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Short(bytes) => bytes,
            Self::Part(packet, part) => packet[part].to_vec(),
        }
    }
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
}

impl Transport for Post {
    fn send(&mut self, to: usize, packet: &Packet) {
        let waiting = &mut self.sending[to].waiting;
        match waiting.back_mut() {
            _ if packet.len() > MESSAGE => waiting.extend(Message::parts_of(packet)),
            Some(Message::Short(last)) if last.len() + packet.len() <= MESSAGE => {
                last.extend_from_slice(packet);
            }
            _ => waiting.push_back(Message::Short(packet.to_vec())),
        }
    }

    fn is_empty(&self) -> bool {
        self.sending.iter().all(|line| line.moving.is_none() && line.waiting.is_empty())
    }

    fn look(&mut self, arrived: &mut dyn FnMut(usize, &[u8])) -> Motion {
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

    fn abort(&self, why: &str, code: i32) -> ! {
        // Neither a standard error that nobody reads nor MPI are to keep this process.
        nix::unistd::alarm::set(END);
        let _ = writeln!(io::stderr(), "{why}");
        ENDS_THE_JOB.set(true);
        self.comm.abort(code)
    }
}

impl Post {
    fn send_on(&mut self, to: usize, motion: &mut Motion) {
        let line = &mut self.sending[to];
        loop {
            if let Some(moving) = &mut line.moving {
                if moving.taken().is_none() {
                    return motion.under_way = true;
                }
                motion.moved = true;
            }
            let next = line.waiting.pop_front();
            line.moving = next.map(|next| Moving::send(&self.comm, to, next.into_bytes()));
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
}
