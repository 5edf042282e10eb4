//! The workers as processes: forks them, speaks with them through pipes, and ends them.

use std::io;
use std::time::{Duration, Instant};

use fascicle_core::{Work, WorkerLost, share_of_cores};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::Pid;

use crate::guardian::Guardian;
use crate::message::Command;
use crate::pipes::{self, Arrival, Pipes};
use crate::reactor::News;
use crate::sys::{self, Process};
use crate::worker::{self, Driver};

/// How often workers are looked after where the kernel does not tell that one has ended.
const LOOK: Duration = Duration::from_millis(20);

/// All workers of a run. None is left when it is dropped.
pub(crate) struct Crew<'w> {
    work: &'w dyn Work,
    members: Vec<Option<Member>>,
    /// Without it, where none could be forked, what workers have started may outlive a killed driver.
    guardian: Option<Guardian>,
    /// The cores of each worker.
    share: usize,
    /// Whom commands wait for that are not sent.
    unsent: Vec<usize>,
    buffer: Vec<u8>,
}

struct Member {
    process: Process,
    pipes: Pipes,
}

impl<'w> Crew<'w> {
    /// Room for so many workers, none of which is there yet.
    pub(crate) fn new(work: &'w dyn Work, workers: usize) -> Self {
        let members = std::iter::repeat_with(|| None).take(workers).collect();
        let (share, buffer) = (share_of_cores(workers), vec![0; pipes::USUAL]);
        Self { work, members, guardian: None, share, unsent: Vec::new(), buffer }
    }

    /// Forks a worker.
    pub(crate) fn fork(&mut self, worker: usize) -> io::Result<()> {
        if self.guardian.is_none() {
            self.guardian = Guardian::begin().ok();
        }
        let (pipes, ends) = Pipes::open()?;
        let (work, share) = (self.work, self.share);
        let driver =
            Driver { pid: Pid::this(), group: self.guardian.as_ref().map(Guardian::group) };
        let (members, guardian) = (&mut self.members, &mut self.guardian);
        let mut ours = Some(pipes);
        let process = sys::fork(|outputs| {
            // Without an exec nothing closes the driver's ends, and while this process held one of
            // them, neither the driver nor the other workers would see a pipe's end.
            members.drain(..).flatten().for_each(disown);
            guardian.take().into_iter().for_each(Guardian::disown);
            let commands = ours.take().map(Pipes::into_commands);
            commands.map_or(worker::BROKEN, |commands| {
                worker::work_through(work, worker, driver, commands, ends, (outputs, share))
            })
        })?;
        self.members[worker] = ours.map(|pipes| Member { process, pipes });
        Ok(())
    }

    /// Prepares a command for a worker, if it is there: its end, too, may have come in with its last
    /// result, and be told after it.
    pub(crate) fn put(&mut self, worker: usize, command: Command) -> bool {
        let member = self.members[worker].as_mut();
        self.unsent.push(worker);
        member.map(|member| member.pipes.put(command)).is_some()
    }

    /// Sends the commands that are prepared.
    pub(crate) fn flush(&mut self) {
        for worker in self.unsent.drain(..) {
            if let Some(member) = &mut self.members[worker] {
                member.pipes.flush();
            }
        }
    }

    /// Takes back the commands that a worker has not taken: how many, and whether it has left its
    /// commands alone. Those of one that has ended are told with its end.
    pub(crate) fn take_back(&mut self, worker: usize) -> (usize, bool) {
        self.members[worker].as_mut().map_or((0, true), |member| member.pipes.take_back())
    }

    /// Kills a worker and what it has started; its end is told later.
    pub(crate) fn kill(&self, worker: usize) {
        if let Some(member) = &self.members[worker] {
            member.process.kill_descendants();
            member.process.kill();
        }
    }

    /// Waits until something comes in, or for so long at most, and takes it in. Gives the time at
    /// which it had looked: what had come in until then is taken in.
    pub(crate) fn wait(
        &mut self,
        longest: Option<Duration>,
        arrivals: &mut Vec<(usize, Arrival)>,
    ) -> io::Result<Instant> {
        let ready = self.poll(longest)?;
        let looked = Instant::now();
        for (worker, slot) in self.members.iter_mut().enumerate() {
            let Some(member) = slot.as_mut().filter(|_| ready[worker].any) else {
                continue;
            };
            let tell = &mut |arrival| arrivals.push((worker, arrival));
            if let Some(lost) = member.visit(ready[worker].end, &mut self.buffer, tell) {
                tell(Arrival::News(News::Ended(lost)));
                *slot = None;
            }
        }
        Ok(looked)
    }

    /// Ends all workers, which wait or are `busy`, and takes in the last that they have written.
    pub(crate) fn end(&mut self, busy: bool, arrivals: &mut Vec<(usize, Arrival)>) {
        self.stop(busy);
        for (worker, slot) in self.members.iter_mut().enumerate() {
            if let Some(mut member) = slot.take() {
                let tell = &mut |arrival| arrivals.push((worker, arrival));
                member.pipes.finish(&mut self.buffer, tell);
            }
        }
    }

    /// Kills all before it waits for the first, so that they end at the same time; what they have
    /// started as well, if they were at work.
    fn stop(&mut self, busy: bool) {
        if busy {
            self.members.iter().flatten().for_each(|member| member.process.kill_descendants());
        }
        self.members.iter().flatten().for_each(|member| member.process.kill());
        self.members.iter_mut().flatten().for_each(|member| member.process.wait());
    }

    /// Which workers have something to be taken in. Those whose end the kernel does not tell are
    /// always looked after.
    fn poll(&self, longest: Option<Duration>) -> io::Result<Vec<Ready>> {
        let untold = |member: &Member| member.process.handle().is_none();
        let longest = match longest {
            _ if !self.members.iter().flatten().any(untold) => longest,
            Some(longest) => Some(longest.min(LOOK)),
            None => Some(LOOK),
        };
        let (mut owners, mut polled) = (Vec::new(), Vec::new());
        for (worker, member) in self.members.iter().enumerate() {
            let Some(member) = member else { continue };
            polled.extend(member.pipes.polled());
            owners.resize(polled.len(), (worker, false));
            polled.extend(member.end());
            owners.resize(polled.len(), (worker, true));
        }
        match poll(&mut polled, poll_timeout(longest)) {
            Ok(_) => {}
            // A signal came before poll had looked, so all are looked after.
            Err(Errno::EINTR) => return Ok(vec![true.into(); self.members.len()]),
            Err(error) => return Err(error.into()),
        }
        let mut ready: Vec<Ready> = self
            .members
            .iter()
            .map(|slot| Ready::from(slot.as_ref().is_some_and(untold)))
            .collect();
        for (fd, (owner, end)) in polled.iter().zip(owners) {
            if fd.revents().is_none_or(|events| !events.is_empty()) {
                ready[owner].any = true;
                ready[owner].end |= end;
            }
        }
        Ok(ready)
    }
}

/// What there is to be taken in of a worker.
#[derive(Clone, Copy)]
struct Ready {
    any: bool,
    /// Whether it may have ended.
    end: bool,
}

impl From<bool> for Ready {
    fn from(all: bool) -> Self {
        Self { any: all, end: all }
    }
}

impl Drop for Crew<'_> {
    fn drop(&mut self) {
        self.stop(true);
    }
}

impl Member {
    /// What to poll for its end.
    fn end(&self) -> Option<PollFd<'_>> {
        self.process.handle().map(|handle| PollFd::new(handle, PollFlags::POLLIN))
    }

    /// Takes in what there is. Whether the worker has ended is asked first: what it wrote before is
    /// in the pipes then.
    fn visit(
        &mut self,
        may_have_ended: bool,
        buffer: &mut Vec<u8>,
        tell: &mut dyn FnMut(Arrival),
    ) -> Option<WorkerLost> {
        let lost = if may_have_ended { self.process.ended() } else { None };
        self.pipes.flush();
        self.pipes.receive(buffer, tell);
        if lost.is_some() {
            self.pipes.finish(buffer, tell);
            let (pieces, _) = self.pipes.take_back();
            if pieces > 0 {
                tell(Arrival::News(News::Untaken { pieces }));
            }
        }
        lost
    }
}

/// Closes what a new worker has inherited of another one.
fn disown(mut member: Member) {
    member.process.disown();
}

/// Rounded up to whole milliseconds, so that nobody wakes just before a deadline, again and again.
fn poll_timeout(longest: Option<Duration>) -> PollTimeout {
    let Some(longest) = longest else {
        return PollTimeout::NONE;
    };
    let rounded = longest.saturating_add(Duration::from_micros(999));
    PollTimeout::try_from(rounded).unwrap_or(PollTimeout::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fascicle_core::{Context, Failure, Fingerprint, Frame};

    struct Nothing;

    impl Work for Nothing {
        fn pieces(&self) -> u64 {
            0
        }
        fn fingerprint(&self, _: &mut Fingerprint) {}
        fn run(&self, _: u64, _: &mut Context<'_>, _: &mut Frame) -> Result<(), Failure> {
            Ok(())
        }
    }

    /// Waits, without a limit, until a worker has ended.
    fn end_of(crew: &mut Crew<'_>) -> WorkerLost {
        let mut arrivals = Vec::new();
        loop {
            crew.wait(None, &mut arrivals).unwrap();
            for (worker, arrival) in arrivals.drain(..) {
                if let Arrival::News(News::Ended(lost)) = arrival {
                    assert_eq!(worker, 1);
                    return lost;
                }
            }
        }
    }

    #[test]
    fn an_end_is_noticed_with_and_without_handles() {
        for with_handles in [true, false] {
            let mut crew = Crew::new(&Nothing, 2);
            for worker in 0..2 {
                crew.fork(worker).unwrap();
                if !with_handles {
                    crew.members[worker].as_mut().unwrap().process.forget_handle();
                }
            }
            crew.kill(1);
            assert_eq!(end_of(&mut crew), WorkerLost::Killed(9));
            assert!(crew.members[0].is_some());
            assert!(crew.members[1].is_none());
        }
    }
}
