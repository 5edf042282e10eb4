//! What all drivers do alike: rounds, counting, merging and telling.

use std::ops::ControlFlow;

use crate::{
    CancelHandle, Cause, Event, ExecuteOptions, Failure, Fold, FoldError, Frame, Listener, LogLine,
    Next, PieceFailure, Progress, Report, Work,
};

/// The book-keeping of a run, for drivers: it hands out piece numbers round by round, merges what
/// comes back, counts, and tells the listener.
pub struct Rounds<'a, 'b> {
    work: &'a dyn Work,
    fold: &'a mut dyn Fold,
    on: &'a mut Listener<'b>,
    next: u64,
    round: u64,
    progress: Progress,
    report: Report,
    cancel: Option<CancelHandle>,
    end_at_failure: bool,
}

impl std::fmt::Debug for Rounds<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rounds")
            .field("next", &self.next)
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}

impl<'a, 'b> Rounds<'a, 'b> {
    /// Begins a run and tells so.
    pub fn begin(
        work: &'a dyn Work,
        fold: &'a mut dyn Fold,
        on: &'a mut Listener<'b>,
        options: &ExecuteOptions,
        (driver, workers): (&'static str, usize),
    ) -> Self {
        let (progress, report) = (Progress::default(), Report::default());
        let ExecuteOptions { cancel, end_at_failure, .. } = options.clone();
        let (next, round) = (0, 0);
        let mut rounds =
            Self { work, fold, on, next, round, progress, report, cancel, end_at_failure };
        rounds.grow(work.pieces());
        let (unit, progress) = (work.unit(), rounds.progress);
        rounds.tell(Event::Started { driver, workers, unit, progress });
        rounds
    }

    /// Warns where so many workers share less cores.
    pub fn warn_of_cores(&mut self, workers: usize, cores: usize) {
        if workers > cores {
            let text = format!("{workers} workers share {cores} core(s): more are no quicker");
            self.tell(Event::Log { piece: None, line: &LogLine::warning(text) });
        }
    }

    /// Says something of the run that belongs into the log of its results.
    pub fn note(&mut self, line: LogLine) {
        self.report.log.push(line);
    }

    /// Tells the listener something. After it has answered with a break, no more pieces are handed
    /// out.
    pub fn tell(&mut self, event: Event<'_>) {
        if let ControlFlow::Break(()) = (self.on)(event) {
            self.report.interrupted = true;
        }
    }

    /// Ends the run before all pieces are handed out.
    pub fn interrupt(&mut self) {
        self.report.interrupted = true;
    }

    /// Whether a listener has ended the run, or its handle.
    pub fn interrupted(&self) -> bool {
        self.report.interrupted || self.cancel.as_ref().is_some_and(CancelHandle::is_cancelled)
    }

    /// How far the run is.
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// The next piece of this round, if there is one left and the run was not interrupted.
    pub fn next_piece(&mut self) -> Option<u64> {
        if self.interrupted() || self.next == self.progress.all_pieces {
            return None;
        }
        self.next += 1;
        Some(self.next - 1)
    }

    /// Takes in what became of a piece. One that gave up because the run was interrupted is left out.
    pub fn finish(
        &mut self,
        piece: u64,
        worker: usize,
        log: &[LogLine],
        result: Result<&Frame, Failure>,
    ) {
        let gave_up = matches!(&result, Err(failure) if failure.cause == Cause::Cancelled);
        if gave_up && self.interrupted() {
            return;
        }
        for line in log {
            self.tell(Event::Log { piece: Some(piece), line });
        }
        let merged = result.and_then(|frame| self.fold.add(piece, frame).map_err(into_failure));
        self.progress.pieces += 1;
        self.progress.items += self.work.size(piece);
        let progress = self.progress;
        match merged {
            Ok(()) => {
                self.report.done += 1;
                let fold: &dyn Fold = self.fold;
                let event = Event::Done { piece, worker, progress, partial: &|| fold.partial() };
                // Not by `tell`, which would borrow the fold once more.
                if let ControlFlow::Break(()) = (self.on)(event) {
                    self.report.interrupted = true;
                }
            }
            Err(failure) => {
                let failure = PieceFailure { piece, seeds: self.work.seeds(piece), failure };
                self.tell(Event::Failed { failure: &failure, progress });
                self.report.failures.push(failure);
                self.report.interrupted |= self.end_at_failure;
            }
        }
    }

    /// Counts a worker that was lost and replaced, and tells.
    pub fn worker_lost(&mut self, worker: usize, lost: &crate::WorkerLost, piece: Option<u64>) {
        self.report.workers_lost += 1;
        self.tell(Event::WorkerLost { worker, lost, piece });
    }

    /// Asks the fold, when all pieces of the round are back, whether there is another round. After a
    /// round that was interrupted there is none.
    pub fn another_round(&mut self) -> bool {
        if self.progress.pieces < self.progress.all_pieces {
            return false;
        }
        if let Next::More(pieces) = self.fold.round() {
            self.grow(pieces);
        }
        self.round += 1;
        self.tell_round();
        !self.interrupted() && self.progress.pieces < self.progress.all_pieces
    }

    fn tell_round(&mut self) {
        let (round, progress) = (self.round, self.progress);
        let fold: &dyn Fold = self.fold;
        let (partial, snapshot) = (&|| fold.partial(), &|| fold.snapshot());
        // Not by `tell`, which would borrow the fold once more.
        if let ControlFlow::Break(()) =
            (self.on)(Event::Round { round, progress, partial, snapshot })
        {
            self.report.interrupted = true;
        }
    }

    /// Ends the run. An interruption that came with the last piece of the last round is none.
    pub fn end(mut self) -> Report {
        let complete = self.progress.pieces == self.progress.all_pieces;
        self.report.interrupted = self.interrupted() && !complete;
        PieceFailure::sort(&mut self.report.failures);
        self.report
    }

    fn grow(&mut self, pieces: u64) {
        let first = self.progress.all_pieces;
        self.progress.all_pieces += pieces;
        let sizes = (first..first + pieces).map(|piece| self.work.size(piece));
        self.progress.all_items += sizes.sum::<u64>();
    }
}

/// The failure of a piece that could not be merged.
pub(crate) fn into_failure(error: FoldError) -> Failure {
    Failure::new(match error {
        FoldError::ShapeChanged { expected, found } => Cause::ShapeChanged { expected, found },
        FoldError::Frame(error) => Cause::Other { message: error.to_string() },
        other => Cause::Other { message: other.to_string() },
    })
}
