//! The other ranks: run what they are sent, until the leader says what has come of it.

use fascicle_core::{ExecuteOptions, Frame, Outcome, Work, facts_for_ranks};

use crate::desk::Desk;
use crate::message::{self, Errand, Numbered};
use crate::piece;
use crate::world::{LOOK, World};

/// What a rank does next.
enum Next {
    Run(Numbered),
    End(Outcome, Frame),
}

/// Takes part in a run.
pub(crate) fn follow(world: &World, work: &dyn Work, options: &ExecuteOptions) -> (Outcome, Frame) {
    let shared = &world.shared;
    shared.with(|desk| {
        desk.running = true;
        desk.cancel.clone_from(&options.cancel);
    });
    let errand = Errand::Run { host: world.host.clone(), facts: facts_for_ranks(work) };
    let at = world.arrive(&errand);
    let mut frame = Frame::default();
    loop {
        match shared.wait(LOOK, |desk| next(desk, &errand)) {
            None => {}
            Some(Next::Run(piece)) => run(world, work, at, piece, &mut frame),
            Some(Next::End(outcome, state)) => {
                shared.with(Desk::next_occasion);
                return (outcome, state);
            }
        }
    }
}

fn next(desk: &mut Desk, errand: &Errand) -> Option<Next> {
    // It is at something else, if it lets this pass, and the job ends.
    let _ = desk.take_passed(errand);
    if let Some((outcome, state)) = desk.outcome() {
        return Some(Next::End(outcome, state));
    }
    desk.queue.pop_front().map(Next::Run)
}

fn run(world: &World, work: &dyn Work, at: u64, piece: Numbered, frame: &mut Frame) {
    let ran = piece::run_numbered(world, work, piece, frame);
    let took = ran.took;
    let packet = message::finished(at, piece.piece, ran, frame);
    // If there is nothing else to do, the wait for more sends it off.
    world.shared.after_piece(took, |desk| desk.outbox.push((0, packet)));
}
