//! Rank 0: hands out, runs pieces itself, merges.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use fascicle_core::{
    CancelHandle, Cause, Context, Execute, ExecuteOptions, Facts, Failure, Fold, Frame, Listener,
    LogLine, RankLost, RanksDiffer, Report, Rounds, RunError, Work, facts_for_ranks,
    first_difference,
};

use crate::DRIVER;
use crate::desk::{Desk, Done, Lost, News};
use crate::message::Errand;
use crate::piece::{self, Ran};
use crate::world::{LOOK, World};

/// What runs pieces.
pub(crate) enum Runs {
    /// So many ranks, this one among them.
    OnRanks(usize),
    /// A driver of this process.
    OnLeader(Box<dyn Execute>),
}

/// Has pieces run, once all ranks have come to the run.
pub(crate) struct Manager {
    world: &'static World,
    runs: Runs,
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager").field("workers", &self.workers()).finish_non_exhaustive()
    }
}

impl Manager {
    pub(crate) fn new(world: &'static World, runs: Runs) -> Self {
        Self { world, runs }
    }

    pub(crate) fn is_for_ranks(&self) -> bool {
        matches!(self.runs, Runs::OnRanks(_))
    }
}

impl Execute for Manager {
    fn name(&self) -> &'static str {
        match &self.runs {
            Runs::OnRanks(_) => DRIVER,
            Runs::OnLeader(driver) => driver.name(),
        }
    }

    fn workers(&self) -> usize {
        match &self.runs {
            Runs::OnRanks(tasks) => *tasks,
            Runs::OnLeader(driver) => driver.workers(),
        }
    }

    fn run(
        &self,
        work: &dyn Work,
        fold: &mut dyn Fold,
        options: &ExecuteOptions,
        on: &mut Listener<'_>,
    ) -> Result<Report, RunError> {
        let world = self.world;
        let tasks = match &self.runs {
            Runs::OnRanks(tasks) => *tasks,
            Runs::OnLeader(driver) => {
                let hosts = self.agree(work)?;
                world.shared.with(|desk| desk.running = true);
                let report = self.alone(driver.as_ref(), work, fold, options, on)?;
                return self.unless_lost(report, work, &hosts);
            }
        };
        check(work, options)?;
        let hosts = self.agree(work)?;
        world.shared.with(|desk| desk.lead(tasks, options.end_at_failure));
        let mut rounds = Rounds::begin(work, fold, on, options, (DRIVER, tasks));
        let (ranks, cores) = world.on_host;
        rounds.warn_of_cores(ranks.min(tasks), cores);
        let mut run = Run { world, work, options, rounds, hosts: &hosts, ran: vec![0; world.size] };
        run.all_rounds();
        run.note();
        let report = run.rounds.end();
        self.unless_lost(report, work, &hosts)
    }
}

impl Manager {
    /// A run of this rank alone, which another one may be told to end.
    fn alone(
        &self,
        driver: &dyn Execute,
        work: &dyn Work,
        fold: &mut dyn Fold,
        options: &ExecuteOptions,
        on: &mut Listener<'_>,
    ) -> Result<Report, RunError> {
        let shared = &self.world.shared;
        let (stop, own) = (Arc::clone(&shared.stop), options.cancel.clone());
        let cancel = CancelHandle::new().with_sign(move || {
            stop.load(Ordering::Relaxed) || own.as_ref().is_some_and(CancelHandle::is_cancelled)
        });
        let mut report = driver.run(work, fold, &options.clone().with_cancel(cancel), on)?;
        let asked = shared.desk().asked_to_end.take();
        report.log.extend(asked.map(told_to_end));
        Ok(report)
    }

    /// What a run has come to, unless it was ended for a rank that is lost. One that was lost when all was done ends
    /// the job later.
    fn unless_lost(
        &self,
        report: Report,
        work: &dyn Work,
        hosts: &[String],
    ) -> Result<Report, RunError> {
        let lost = self.world.shared.desk().lost.clone().filter(|_| report.interrupted);
        let Some(Lost { rank, how, had }) = lost else { return Ok(report) };
        let host = hosts.get(rank).cloned().unwrap_or_default();
        let had = had.map(|had| (had.number, work.seeds(had.piece)));
        Err(RunError::RankLost(RankLost { rank, host, how, had }.into()))
    }

    /// Waits for all ranks, and sees whether they are to run the same; gives their hosts.
    fn agree(&self, work: &dyn Work) -> Result<Vec<String>, RunError> {
        let facts = facts_for_ranks(work);
        let mine = Errand::Run { host: self.world.host.clone(), facts: Facts::new() };
        let mut hosts = vec![self.world.host.clone()];
        let mut differs = None;
        for (rank, errand) in self.world.collect(&mine) {
            let Errand::Run { host, facts: theirs } = errand else { continue };
            if let Some((what, expected, found)) = first_difference(&facts, &theirs) {
                let host = host.clone();
                differs.get_or_insert(RanksDiffer { rank, host, what, expected, found });
            }
            hosts.push(host);
        }
        differs.map_or(Ok(hosts), |differs| Err(RunError::RanksDiffer(differs.into())))
    }
}

/// Refuses what ranks cannot do.
fn check(work: &dyn Work, options: &ExecuteOptions) -> Result<(), RunError> {
    let unsupported = |option, hint| Err(RunError::Unsupported { driver: DRIVER, option, hint });
    if options.timeout.is_some() {
        return unsupported(
            "time limit",
            "a rank that is ended ends the job; use processes, or the scheduler's",
        );
    }
    if work.gang() != 1 {
        return unsupported("gangs", "its ranks run whole pieces alone");
    }
    Ok(())
}

/// One run.
struct Run<'a, 'b> {
    world: &'static World,
    work: &'a dyn Work,
    options: &'a ExecuteOptions,
    rounds: Rounds<'a, 'b>,
    hosts: &'a [String],
    /// How many pieces each rank has run.
    ran: Vec<u64>,
}

impl Run<'_, '_> {
    fn all_rounds(&mut self) {
        let mut frame = Frame::default();
        loop {
            if let Some(first) = self.rounds.next_piece() {
                // The desk hands the pieces out; the book-keeping follows.
                while self.rounds.next_piece().is_some() {}
                let pieces = first..self.rounds.progress().all_pieces;
                let numbers = pieces.clone().map(|piece| self.work.number(piece)).collect();
                self.world.shared.with(|desk| desk.begin_round(pieces, numbers));
                self.round(&mut frame);
            }
            if self.rounds.interrupted() {
                self.world.shared.with(Desk::end_early);
                // What came in meanwhile is done.
                self.merge();
            }
            if !self.rounds.another_round() {
                return;
            }
        }
    }

    /// Until all pieces of a round are merged. What others have finished goes before what this rank could
    /// run: they are many.
    fn round(&mut self, frame: &mut Frame) {
        let shared = &self.world.shared;
        loop {
            self.merge();
            if self.rounds.interrupted() {
                return;
            }
            let piece = shared.desk().queue.pop_front();
            if let Some(piece) = piece {
                self.run_here(piece.piece, piece.number, frame);
                continue;
            }
            if shared.desk().is_round_done() {
                return;
            }
            shared.wait(LOOK, |desk| {
                (desk.has_news() || !desk.queue.is_empty() || desk.is_round_done()).then_some(())
            });
        }
    }

    /// Takes in what other ranks have finished, and whether one of them was told to end the run.
    fn merge(&mut self) {
        let News { done, asked, lost } = self.world.shared.with(Desk::take_news);
        for Done { rank, piece, log, result } in done {
            let gave_up = matches!(&result, Err(failure) if failure.cause == Cause::Cancelled);
            self.ran[rank] += u64::from(!gave_up);
            let result = result.and_then(|frame| self.check(rank, piece, frame));
            self.finish(rank, piece, log, result.as_ref().map_err(Clone::clone));
        }
        if asked.is_some() || lost {
            self.rounds.interrupt();
        }
        if let Some(rank) = asked {
            self.rounds.note(told_to_end(rank));
        }
    }

    /// Refuses what a rank has run for other trajectories to keep or to drop.
    fn check(&self, rank: usize, piece: u64, frame: Frame) -> Result<Frame, Failure> {
        if self.work.accepts(piece, &frame) {
            return Ok(frame);
        }
        let text =
            "was run for other trajectories, to be kept or to be dropped, than rank 0 asks for";
        Err(Failure::other(format!("batch {piece} of rank {rank} {text}")))
    }

    fn run_here(&mut self, piece: u64, number: u64, frame: &mut Frame) {
        let cx = Context::new(0).with_cancel(self.options.cancel.clone());
        let Ran { took, log, result } = piece::run(self.world, self.work, piece, number, cx, frame);
        let gave_up = matches!(&result, Err(failure) if failure.cause == Cause::Cancelled);
        self.world.shared.after_piece(took, |desk| desk.finished(0, piece, took));
        self.ran[0] += u64::from(!gave_up);
        if gave_up {
            self.merge();
        }
        self.finish(0, piece, log, result.map(|()| &*frame));
    }

    fn finish(
        &mut self,
        rank: usize,
        piece: u64,
        log: Vec<LogLine>,
        result: Result<&Frame, Failure>,
    ) {
        let log: Vec<LogLine> = log
            .into_iter()
            .map(|line| LogLine { text: format!("rank {rank}: {}", line.text), ..line })
            .collect();
        let result = result.map_err(|failure| on_rank(failure, rank, self.hosts));
        self.rounds.finish(piece, rank, &log, result);
    }

    /// Says what each rank has done and printed.
    fn note(&mut self) {
        let said = self.world.shared.desk().said.clone();
        for (rank, (lines, host)) in said.into_iter().zip(self.hosts).enumerate() {
            let ran = self.ran[rank];
            self.rounds.note(LogLine::info(format!("rank {rank} on {host}: {ran} batches")));
            for line in lines {
                self.rounds.note(LogLine::info(format!("rank {rank} | {line}")));
            }
        }
    }
}

fn told_to_end(rank: usize) -> LogLine {
    LogLine::warning(format!("rank {rank} was told to end the run"))
}

/// A failure that says where it happened.
fn on_rank(failure: Failure, rank: usize, hosts: &[String]) -> Failure {
    let host = hosts.get(rank).map_or("", String::as_str);
    failure.on_rank(rank, host)
}
