//! A work, a fold and a listener as a driver sees them that has only the missing pieces to run.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::file::Medium;
use super::read::Place;
use super::there::There;
use super::write::Journal;
use super::{JournalError, SyncDue};
use crate::drivers::into_failure;
use crate::{
    Context, Data, Event, Failure, Fingerprint, Fold, FoldError, Frame, Listener, LogLine, Next,
    PieceFailure, Progress, Seed, Snapshot, Work,
};

/// The missing pieces of a work, numbered anew.
pub(super) struct Rest<'a, W: ?Sized> {
    pub(super) work: &'a W,
    pub(super) there: &'a There,
    /// Those of the first round.
    pub(super) pieces: u64,
    /// The same for threads.
    pub(super) shared: Option<&'a (dyn Work + Sync)>,
}

impl<W: Work + ?Sized> Work for Rest<'_, W> {
    fn pieces(&self) -> u64 {
        self.pieces
    }

    fn gang(&self) -> usize {
        self.work.gang()
    }

    fn fingerprint(&self, to: &mut Fingerprint) {
        self.work.fingerprint(to);
    }

    fn facts(&self) -> Vec<(String, String)> {
        self.work.facts()
    }

    fn wishes(&self) -> Vec<(String, String)> {
        self.work.wishes()
    }

    fn number(&self, piece: u64) -> u64 {
        self.work.number(self.there.missing(piece))
    }

    fn accepts(&self, piece: u64, frame: &Frame) -> bool {
        self.work.accepts(self.there.missing(piece), frame)
    }

    fn run(&self, piece: u64, cx: &mut Context<'_>, out: &mut Frame) -> Result<(), Failure> {
        self.work.run(self.there.missing(piece), cx, out)
    }

    fn seeds(&self, piece: u64) -> Vec<Seed> {
        self.work.seeds(self.there.missing(piece))
    }

    fn size(&self, piece: u64) -> u64 {
        self.work.size(self.there.missing(piece))
    }

    fn unit(&self) -> &'static str {
        self.work.unit()
    }

    fn shared(&self) -> Option<&(dyn Work + Sync)> {
        self.shared
    }
}

/// What the fold and the listener know together.
pub(super) struct Ledger<'a, 'b> {
    on: &'a mut Listener<'b>,
    there: &'a There,
    /// The lines of the piece that is merged next.
    lines: Vec<(u64, LogLine)>,
    /// What the driver has told last, of the missing pieces alone.
    told: Progress,
    /// How many rounds were told to be over.
    rounds: u64,
    /// What came from the journal.
    pub(super) resumed: Progress,
    /// What of it could not be merged.
    pub(super) failures: Vec<PieceFailure>,
    /// Why nothing more is written down.
    pub(super) broken: Option<JournalError>,
}

impl<'a, 'b> Ledger<'a, 'b> {
    pub(super) fn new(on: &'a mut Listener<'b>, there: &'a There) -> Self {
        let (told, resumed) = (Progress::default(), Progress::default());
        let (lines, failures, broken) = (Vec::new(), Vec::new(), None);
        Self { on, there, lines, told, rounds: 0, resumed, failures, broken }
    }

    /// Passes an event of the driver on, with the numbers that the pieces have in the whole work.
    pub(super) fn hear(&mut self, event: Event<'_>) -> ControlFlow<()> {
        let failed;
        let mut event = event;
        match &mut event {
            Event::Log { piece: Some(piece), line } => {
                *piece = self.there.missing(*piece);
                self.lines.push((*piece, (*line).clone()));
            }
            Event::Done { piece, progress, .. } => {
                *piece = self.there.missing(*piece);
                *progress = self.progress(*progress);
            }
            Event::Failed { failure, progress } => {
                failed = self.renumbered(failure);
                *failure = &failed;
                *progress = self.progress(*progress);
            }
            Event::WorkerLost { piece: Some(piece), .. } => *piece = self.there.missing(*piece),
            Event::Started { progress, .. } => *progress = self.progress(*progress),
            Event::Round { round, progress, .. } => {
                self.rounds += 1;
                *round = self.rounds;
                *progress = self.progress(*progress);
            }
            _ => {}
        }
        let wish = (self.on)(event);
        // Without a journal the run does not go on.
        if self.broken.is_some() { ControlFlow::Break(()) } else { wish }
    }

    /// A failure with the number that the piece has in the whole work.
    pub(super) fn renumbered(&self, failure: &PieceFailure) -> PieceFailure {
        PieceFailure { piece: self.there.missing(failure.piece), ..failure.clone() }
    }

    /// Adds what came from the journal.
    fn progress(&mut self, told: Progress) -> Progress {
        self.told = told;
        let from = self.resumed;
        Progress {
            pieces: told.pieces + from.pieces,
            all_pieces: told.all_pieces + from.all_pieces,
            items: told.items + from.items,
            all_items: told.all_items + from.all_items,
        }
    }

    /// Tells of a round that the journal has all of.
    fn tell_round(&mut self, fold: &dyn Fold) {
        self.rounds += 1;
        let (round, progress) = (self.rounds, self.progress(self.told));
        let (partial, snapshot) = (&|| fold.partial(), &|| fold.snapshot());
        // A wish to end the run is heard at the driver's next event.
        let _ = (self.on)(Event::Round { round, progress, partial, snapshot });
    }

    /// Takes note of a piece of the journal, and tells what it has to tell.
    fn resume(
        &mut self,
        work: &dyn Work,
        piece: u64,
        log: &[LogLine],
        added: Result<(), FoldError>,
    ) {
        for line in log {
            // A listener's wish to end the run is heard at the driver's next event.
            let _ = (self.on)(Event::Log { piece: Some(piece), line });
        }
        let size = work.size(piece);
        let Progress { pieces, all_pieces, items, all_items } = self.resumed;
        self.resumed = Progress {
            pieces: pieces + 1,
            all_pieces: all_pieces + 1,
            items: items + size,
            all_items: all_items + size,
        };
        if let Err(error) = added {
            let failure = into_failure(error);
            let failure = PieceFailure { piece, seeds: work.seeds(piece), failure };
            let progress = self.progress(self.told);
            let _ = (self.on)(Event::Failed { failure: &failure, progress });
            self.failures.push(failure);
        }
    }
}

/// Merges what a journal has and what a driver finishes, and writes the latter down.
pub(super) struct Resumed<'a, 'b, M> {
    pub(super) work: &'a dyn Work,
    pub(super) fold: &'a mut dyn Fold,
    pub(super) ledger: &'a RefCell<Ledger<'a, 'b>>,
    pub(super) there: &'a There,
    pub(super) places: BTreeMap<u64, Place>,
    pub(super) journal: Journal<M>,
    pub(super) due: Option<&'a SyncDue>,
    /// The number of pieces in the rounds so far.
    pub(super) pieces: u64,
}

impl<M: Medium> Resumed<'_, '_, M> {
    /// Begins a round of so many pieces with those that the journal has; gives the number of the
    /// others.
    pub(super) fn begin_round(&mut self, pieces: u64) -> Result<u64, JournalError> {
        let round = self.pieces..self.pieces + pieces;
        self.pieces = round.end;
        for (&piece, &place) in self.places.range(round.clone()) {
            let (log, frame) = self.journal.read(piece, place)?;
            let added = self.fold.add(piece, &frame);
            self.ledger.borrow_mut().resume(self.work, piece, &log, added);
        }
        Ok(self.there.count_missing(round))
    }

    /// Writes a merged piece down.
    fn write(&mut self, piece: u64, log: &[LogLine], frame: &Frame) -> Result<(), JournalError> {
        self.journal.append(piece, log, frame)?;
        self.journal.sync_if(self.due.is_some_and(SyncDue::ask))
    }

    /// Brings the round to the disk, and begins those that follow until there is something to run.
    fn next_round(&mut self) -> Result<Next, JournalError> {
        self.journal.sync()?;
        loop {
            let Next::More(pieces @ 1..) = self.fold.round() else {
                return Ok(Next::Done);
            };
            let missing = self.begin_round(pieces)?;
            if missing > 0 {
                return Ok(Next::More(missing));
            }
            // The driver, who tells of rounds that it has something of, has nothing of this one.
            self.ledger.borrow_mut().tell_round(self.fold);
        }
    }
}

impl<M: Medium> Fold for Resumed<'_, '_, M> {
    fn add(&mut self, piece: u64, frame: &Frame) -> Result<(), FoldError> {
        let piece = self.there.missing(piece);
        let mut log = std::mem::take(&mut self.ledger.borrow_mut().lines);
        self.fold.add(piece, frame)?;
        if self.ledger.borrow().broken.is_none() {
            // Those of a piece that has failed before are not in it.
            log.retain(|(of, _)| *of == piece);
            let log: Vec<LogLine> = log.into_iter().map(|(_, line)| line).collect();
            if let Err(error) = self.write(piece, &log, frame) {
                self.ledger.borrow_mut().broken = Some(error);
            }
        }
        Ok(())
    }

    fn round(&mut self) -> Next {
        self.next_round().unwrap_or_else(|error| {
            self.ledger.borrow_mut().broken = Some(error);
            Next::Done
        })
    }

    fn partial(&self) -> Option<Data> {
        self.fold.partial()
    }

    fn snapshot(&self) -> Option<Snapshot> {
        self.fold.snapshot()
    }
}
