//! One piece after another, here.

use crate::cores::{available_cores, with_share};
use crate::drivers::{Rounds, attempt};
use crate::{Context, Execute, ExecuteOptions, Fold, Frame, Listener, Report, RunError, Work};

/// Runs one piece after another on the calling thread. A panic in a piece is a failure of the piece.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Serial;

impl Execute for Serial {
    fn name(&self) -> &'static str {
        "serial"
    }

    fn workers(&self) -> usize {
        1
    }

    fn run(
        &self,
        work: &dyn Work,
        fold: &mut dyn Fold,
        options: &ExecuteOptions,
        on: &mut Listener<'_>,
    ) -> Result<Report, RunError> {
        super::check(self.name(), work, options)?;
        let (mut frame, share) = (Frame::default(), available_cores());
        let mut rounds = Rounds::begin(work, fold, on, options, (self.name(), 1));
        loop {
            while let Some(piece) = rounds.next_piece() {
                let mut cx = Context::new(0).with_cancel(options.cancel.clone());
                let result = with_share(share, || attempt(work, piece, &mut cx, &mut frame));
                rounds.finish(piece, 0, &cx.take_log(), result.map(|()| &frame));
            }
            if !rounds.another_round() {
                return Ok(rounds.end());
            }
        }
    }
}
