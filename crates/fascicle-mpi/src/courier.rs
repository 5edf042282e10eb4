//! The thread that speaks to the other ranks while this one computes, and watches whether they live.

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fascicle_core::CancelHandle;
use fascicle_core::wire::Decoder;

use crate::desk::{DIED, Desk, Leave};
use crate::message::{Packet, Word};
use crate::quiet::Overheard;
use crate::sibling::Sibling;

/// How often a rank gives a sign of life, if it has nothing else to say.
const BEAT: Duration = Duration::from_secs(2);

/// How long a rank may say nothing.
const SILENCE: Duration = Duration::from_secs(18);

/// A courier that has not looked for so long was away itself, as when all of a job was stopped for a while.
const AWAY: Duration = Duration::from_secs(1);

/// How often it looks for that, and whether this rank is to end the run.
const HEED: Duration = Duration::from_millis(50);

/// How long a job may go on after a rank was lost: what is finished may be much to save.
const LAST: Duration = Duration::from_secs(300);

/// After this time it is said of a failure that the rank which is to end the run is busy.
const SOON: Duration = Duration::from_millis(1500);

/// How long it naps, after something has moved and at the most, while this rank waits for others.
const WAITING: (Duration, Duration) = (Duration::from_micros(20), Duration::from_micros(100));

/// The same after a second in which nothing has come: what it waits for takes long.
const WAITING_LONG: Duration = Duration::from_millis(5);

/// While a long message is under way, for which both sides must look.
const UNDER_WAY: (Duration, Duration) = (Duration::from_micros(20), Duration::from_micros(200));

/// The same while it computes.
const UNDER_WAY_COMPUTING: (Duration, Duration) =
    (Duration::from_micros(100), Duration::from_millis(2));

/// While it computes: each look takes time from that, and ranks have pieces ahead.
const COMPUTING: (Duration, Duration) = (Duration::from_micros(500), Duration::from_millis(1));

/// The same when pieces take long, at the ends of which it looks as well.
const COMPUTING_LONG: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(4));

/// Pieces that take so long.
const LONG_PIECE: Duration = Duration::from_micros(500);

/// Between two runs.
const IDLE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(10));

/// What carries packets between the ranks, in order from each to each, without ever waiting.
pub(crate) trait Transport {
    /// Sends a packet to a rank, after those that it was sent before.
    fn send(&mut self, to: usize, packet: &Packet);

    /// Whether all that was given to it is gone.
    fn is_empty(&self) -> bool;

    /// Moves things on, and hands over what has arrived, in parts, with the rank that it came from.
    fn look(&mut self, arrived: &mut dyn FnMut(usize, &[u8])) -> Motion;

    /// Ends all ranks, and says why.
    fn abort(&self, why: &str, code: i32) -> !;
}

/// What became of a look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Motion {
    /// Something has arrived or gone.
    pub(crate) moved: bool,
    /// Something is under way, which moves on when it is looked after.
    pub(crate) under_way: bool,
}

/// What the two threads of a rank share.
#[derive(Debug)]
pub(crate) struct Shared {
    desk: Mutex<Desk>,
    /// Something has come in, for the computing thread.
    pub(crate) news: Condvar,
    /// Something is to go out, for the courier.
    outgoing: Condvar,
    /// The piece that runs here is to give up.
    pub(crate) stop: Arc<AtomicBool>,
}

impl Shared {
    pub(crate) fn new(desk: Desk) -> Arc<Self> {
        let (news, outgoing, stop) = (Condvar::new(), Condvar::new(), Arc::clone(&desk.stop));
        Arc::new(Self { desk: Mutex::new(desk), news, outgoing, stop })
    }

    pub(crate) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something at the desk, and sends the courier off if there is something to go out. What can wait for
    /// its next look is done at the [desk](Self::desk) itself.
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut Desk) -> R) -> R {
        let mut desk = self.desk();
        let result = f(&mut desk);
        let go = !desk.outbox.is_empty() || desk.leave == Leave::Wishes || desk.fatal.is_some();
        drop(desk);
        if go {
            self.outgoing.notify_one();
        }
        result
    }

    /// Does something at the desk when a piece has ended that took so long. If that was long the courier looks.
    pub(crate) fn after_piece<R>(&self, took: Duration, f: impl FnOnce(&mut Desk) -> R) -> R {
        let mut desk = self.desk();
        desk.took = took;
        let result = f(&mut desk);
        drop(desk);
        if took >= LONG_PIECE {
            self.outgoing.notify_one();
        }
        result
    }

    /// Waits until there is what is looked for, at most so long.
    pub(crate) fn wait<R>(
        &self,
        longest: Duration,
        mut look: impl FnMut(&mut Desk) -> Option<R>,
    ) -> Option<R> {
        let until = Instant::now() + longest;
        let mut desk = self.desk();
        loop {
            if let Some(found) = look(&mut desk) {
                desk.waiting = false;
                return Some(found);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                desk.waiting = false;
                return None;
            }
            if !desk.waiting {
                desk.waiting = true;
                self.outgoing.notify_one();
            }
            let waited = self.news.wait_timeout(desk, left);
            desk = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// The courier.
pub(crate) struct Courier<T> {
    shared: Arc<Shared>,
    post: T,
    decoders: Vec<Decoder>,
    overheard: Option<Overheard>,
    sibling: Option<Sibling>,
    /// When each rank was last heard.
    heard: Vec<Instant>,
    looked: Instant,
    beat: Instant,
    /// When something was last under way.
    moved: Instant,
    /// When it was last looked for silence and for a wish to end the run.
    heeded: Instant,
    /// When a failure was seen that ends the run, and whether that was said.
    failed: Option<(Instant, bool)>,
    /// When it was seen that a rank is lost.
    lost: Option<Instant>,
    nap: Duration,
    rank: usize,
    size: usize,
}

impl<T: Transport> Courier<T> {
    pub(crate) fn new(
        shared: Arc<Shared>,
        post: T,
        overheard: Option<Overheard>,
        sibling: Option<Sibling>,
    ) -> Self {
        let (rank, size) = {
            let desk = shared.desk();
            (desk.rank, desk.size)
        };
        let now = Instant::now();
        let decoders = std::iter::repeat_with(Decoder::default).take(size).collect();
        Self {
            shared,
            post,
            decoders,
            overheard,
            sibling,
            heard: vec![now; size],
            looked: now,
            moved: now,
            beat: now,
            heeded: now,
            failed: None,
            lost: None,
            nap: WAITING.0,
            rank,
            size,
        }
    }

    /// Works until this rank leaves, or all end.
    pub(crate) fn work(mut self) {
        // Without a courier the others would wait for ever.
        let ended = catch_unwind(AssertUnwindSafe(|| while self.turn() {}));
        if ended.is_err() {
            self.end_job("an error in the driver itself", 70);
        }
    }

    /// One look at everything. Says whether there is to be another.
    fn turn(&mut self) -> bool {
        let motion = self.look();
        self.look_at_watch();
        if motion.moved {
            self.moved = self.looked;
        }
        let shared = Arc::clone(&self.shared);
        let mut desk = shared.desk();
        if let Some((why, code)) = desk.fatal.take() {
            drop(desk);
            self.end_job(&why, code);
        }
        desk.take_leave();
        let gone = self.rank == 0 && desk.outbox.is_empty() && self.post.is_empty();
        if desk.leave == Leave::Gone || desk.leave == Leave::Waits && gone {
            desk.leave = Leave::Gone;
            shared.news.notify_all();
            return false;
        }
        let (least, most) = match (desk.waiting, desk.running) {
            (false, true) if motion.under_way => UNDER_WAY_COMPUTING,
            _ if motion.under_way => UNDER_WAY,
            (true, _) if self.looked - self.moved > AWAY => (WAITING.0, WAITING_LONG),
            (true, _) => WAITING,
            (false, true) if desk.took >= LONG_PIECE => COMPUTING_LONG,
            (false, true) => COMPUTING,
            (false, false) => IDLE,
        };
        self.nap = if motion.moved { least } else { (self.nap * 2).clamp(least, most) };
        if desk.waiting && !desk.outbox.is_empty() {
            return true;
        }
        if motion.under_way && motion.moved {
            return true;
        }
        drop(shared.outgoing.wait_timeout(desk, self.nap));
        true
    }

    /// Takes to the post what is to go, and brings what has come.
    fn look(&mut self) -> Motion {
        let outbox = std::mem::take(&mut self.shared.desk().outbox);
        // What a piece has printed goes before its result.
        self.overhear();
        outbox.iter().for_each(|(to, packet)| self.post.send(*to, packet));
        let Self { post, decoders, heard, shared, .. } = self;
        let mut spoilt = None;
        let motion = post.look(&mut |from, bytes| {
            heard[from] = Instant::now();
            decoders[from].push(bytes);
            loop {
                match decoders[from].next_packet::<Word>() {
                    Ok(Some((word, frame))) => {
                        let mut desk = shared.desk();
                        desk.hear(from, word, frame);
                        drop(desk);
                        shared.news.notify_all();
                    }
                    Ok(None) => return,
                    Err(error) => return spoilt = Some((from, error)),
                }
            }
        });
        if let Some((from, error)) = spoilt {
            self.end_job(&format!("what rank {from} sent is damaged: {error}"), 70);
        }
        motion
    }

    /// Gives a sign of life, and looks for those of others.
    fn look_at_watch(&mut self) {
        let now = Instant::now();
        let away = now - self.looked;
        self.looked = now;
        if away > AWAY {
            // What others have said meanwhile is yet to be heard.
            self.heard.iter_mut().for_each(|heard| *heard += away);
        }
        if now - self.beat >= BEAT {
            self.beat = now;
            self.give_sign();
        }
        if now - self.heeded >= HEED {
            self.heeded = now;
            self.listen(now);
            self.look_for_sibling();
            self.heed();
            self.tell_of_loss(now);
            self.tell_of_failure(now);
        }
    }

    /// A sign of life for those who listen: also for ranks whose programs have ended, and who wait for rank 0.
    fn give_sign(&mut self) {
        let desk = self.shared.desk();
        if desk.leave != Leave::Waits {
            for to in desk.peers() {
                self.post.send(to, &Word::Beat.packet());
            }
        }
    }

    /// Tells the leader if the rank that this one watches has died. Once all take leave of each other it may go.
    fn look_for_sibling(&mut self) {
        let Some(sibling) = &mut self.sibling else { return };
        let mut desk = self.shared.desk();
        let watches = matches!(desk.leave, Leave::Stays | Leave::Wishes);
        if !watches || !sibling.is_gone() {
            return;
        }
        let rank = sibling.rank;
        self.sibling = None;
        if self.rank == 0 || rank == 0 {
            desk.lose(rank, DIED);
        } else {
            desk.send(0, &Word::Died { rank });
        }
    }

    /// Gives a rank up that is silent.
    fn listen(&self, now: Instant) {
        let mut desk = self.shared.desk();
        let silence = |peer: usize| now.saturating_duration_since(self.heard[peer]);
        let silent = desk.peers().find(|&peer| !desk.departed[peer] && silence(peer) > SILENCE);
        if let Some(rank) = silent {
            let seconds = silence(rank).as_secs();
            desk.lose(rank, &format!("has said nothing for {seconds} s"));
        }
    }

    /// Tells the leader, once, that this rank was told to end the run.
    fn heed(&mut self) {
        let (at, cancel) = {
            let desk = self.shared.desk();
            (desk.at, desk.cancel.clone())
        };
        // What is asked is its user's, who may take long.
        if self.rank != 0 && cancel.as_ref().is_some_and(CancelHandle::is_cancelled) {
            let mut desk = self.shared.desk();
            if desk.at == at && desk.cancel.take().is_some() {
                desk.send(0, &Word::End { at });
            }
        }
    }

    /// Says of a rank that is lost, once, and ends the job if the leader does not come to that.
    fn tell_of_loss(&mut self, now: Instant) {
        let mut desk = self.shared.desk();
        let Some(lost) = &desk.lost else { return };
        match self.lost {
            None => {
                self.lost = Some(now);
                let _ = writeln!(io::stderr(), "fascicle: {lost}");
            }
            Some(since) if now - since > LAST => desk.end_for_lost(),
            Some(_) => {}
        }
    }

    /// Says of a failure that ends the run, once, if the leader does not come to that soon.
    fn tell_of_failure(&mut self, now: Instant) {
        let Some(failed) = self.shared.desk().failed.clone() else {
            self.failed = None;
            return;
        };
        let (since, said) = self.failed.get_or_insert((now, false));
        if !*said && now - *since > SOON {
            *said = true;
            let _ = writeln!(
                io::stderr(),
                "fascicle: {failed}\nfascicle: the run ends when rank 0 comes to the next time that it collects"
            );
        }
    }

    /// Brings what this rank's pieces print to the leader.
    fn overhear(&mut self) {
        let Some(overheard) = &mut self.overheard else { return };
        let at = self.shared.desk().at;
        let post = &mut self.post;
        overheard.lines(at, &mut |line| post.send(0, &Word::Said { at, line }.packet()));
    }

    /// Ends all ranks.
    fn end_job(&self, why: &str, code: i32) -> ! {
        let Self { rank, size, .. } = self;
        self.post.abort(&format!("fascicle: rank {rank} of {size} ends the job: {why}"), code)
    }
}

#[cfg(test)]
mod tests;
