//! What the leader of a run has come to, for the other ranks.

use serde::{Deserialize, Serialize};

use crate::{Content, Fold, FoldError, Frame, Level, LogLine, PieceFailure, Report, RunError};

/// The blocks of the frame beside the fold's state: the lines of pieces, and what the run has noted. No fold has
/// blocks of such names.
const LOGGED: &str = "\u{1}logged";
const NOTED: &str = "\u{1}noted";

/// What the leader of a run has come to, for the other ranks. Beside it goes a frame: the state of the fold, and
/// lines of the log, of which there may be many.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outcome {
    result: Result<Report, String>,
    failed: Vec<PieceFailure>,
    /// Whether the frame has the state of the fold.
    has_state: bool,
    /// Whether the leader has results that the others do not get.
    keeps_results: bool,
}

impl Outcome {
    /// A run that could not be made, and why.
    pub fn of_error(message: impl Into<String>) -> Self {
        let (result, failed) = (Err(message.into()), Vec::new());
        Self { result, failed, has_state: false, keeps_results: false }
    }

    /// A run whose results could not be told, and why: the leader has them.
    pub fn of_untold_results(why: impl Into<String>) -> Self {
        Self { keeps_results: true, ..Self::of_error(why) }
    }

    /// What there is to tell of a run, with the state of its fold.
    pub(super) fn of(
        result: &Result<Report, RunError>,
        heard: Heard,
        mut state: Frame,
    ) -> (Self, Frame) {
        put_lines(&mut state, LOGGED, &heard.logged);
        let result = match result {
            Ok(report) => {
                let noted: Vec<_> = report.log.iter().map(|line| (0, line.clone())).collect();
                put_lines(&mut state, NOTED, &noted);
                Ok(Report { log: Vec::new(), ..report.clone() })
            }
            Err(error) => Err(error.to_string()),
        };
        (Self { result, failed: heard.failed, has_state: true, keeps_results: false }, state)
    }

    /// Takes over what the leader has come to; gives what was heard of it on the way.
    pub(super) fn take_over(
        self,
        mut frame: Frame,
        fold: &mut dyn Fold,
    ) -> (Heard, Result<Report, RunError>) {
        let Self { result, failed, has_state, keeps_results } = self;
        let logged = take_lines(&mut frame, LOGGED);
        let noted = take_lines(&mut frame, NOTED).into_iter().map(|(_, line)| line).collect();
        let restored = if has_state { fold.restore(&frame) } else { Ok(()) };
        let on_leader = |message| RunError::OnLeader { message, keeps_results };
        let result = match (restored, result) {
            (Err(error), _) => Err(on_leader(untaken(&error))),
            (Ok(()), Ok(report)) => Ok(Report { log: noted, ..report }),
            (Ok(()), Err(message)) => Err(on_leader(message)),
        };
        (Heard { logged, failed }, result)
    }
}

fn untaken(error: &FoldError) -> String {
    format!("its results could not be taken over: {error}")
}

/// What a listener hears of a run that others are to hear as well.
#[derive(Default)]
pub(super) struct Heard {
    pub(super) logged: Vec<(u64, LogLine)>,
    pub(super) failed: Vec<PieceFailure>,
}

/// Lines with numbers, as blocks: a number, a level and a length for each, and all texts.
fn put_lines(frame: &mut Frame, name: &str, lines: &[(u64, LogLine)]) {
    let mut heads = Vec::with_capacity(3 * lines.len());
    let mut texts = Vec::new();
    for (number, LogLine { level, text }) in lines {
        let level = i64::from(*level == Level::Warning);
        heads.extend([number.cast_signed(), level, text.len() as i64]);
        texts.extend_from_slice(text.as_bytes());
    }
    frame.put_i64s(format!("{name} heads"), heads);
    frame.put_bytes(format!("{name} texts"), texts);
}

fn take_lines(frame: &mut Frame, name: &str) -> Vec<(u64, LogLine)> {
    let (Some(Content::I64s(heads)), Some(Content::Bytes(all))) =
        (frame.take(&format!("{name} heads")), frame.take(&format!("{name} texts")))
    else {
        return Vec::new();
    };
    let mut texts = all.as_slice();
    let line = |head: &[i64; 3]| {
        let [number, level, length] = *head;
        let length = usize::try_from(length).unwrap_or(0).min(texts.len());
        let (text, rest) = texts.split_at(length);
        texts = rest;
        let level = if level == 0 { Level::Info } else { Level::Warning };
        (
            number.cast_unsigned(),
            LogLine { level, text: String::from_utf8_lossy(text).into_owned() },
        )
    };
    heads.as_chunks::<3>().0.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_what_they_were() {
        let lines = vec![
            (0, LogLine::info("")),
            (u64::MAX, LogLine::warning("zwölf µs\nand another line")),
            (7, LogLine::info("x".repeat(10_000))),
        ];
        let mut frame = Frame::default();
        put_lines(&mut frame, "some", &lines);
        assert_eq!(take_lines(&mut frame, "some"), lines);
        assert_eq!(take_lines(&mut frame, "none"), []);
        assert_eq!(frame.blocks().count(), 0, "nothing is left for the fold");
    }

    /// More lines than a header may be long.
    #[test]
    fn a_long_log_can_be_told() {
        let line = LogLine::info("y".repeat(1 << 20));
        let report = Report { log: vec![line.clone(); 70], ..Report::default() };
        let heard = Heard { logged: vec![(3, line); 70], failed: Vec::new() };
        let (outcome, frame) = Outcome::of(&Ok(report), heard, Frame::default());
        let packet = crate::wire::encode(&outcome, &frame).expect("it is not too long");
        assert!(packet.len() > 140 << 20);
    }
}
