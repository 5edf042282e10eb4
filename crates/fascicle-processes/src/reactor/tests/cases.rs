//! Single courses of events, in words.

use super::*;

/// The orders that are waiting, in words.
fn orders(reactor: &mut Reactor) -> Vec<String> {
    std::iter::from_fn(|| reactor.next_order())
        .map(|order| match order {
            Order::Fork { worker } => format!("fork {worker}"),
            Order::Send { worker, piece, attempt } => format!("send {worker} {piece} {attempt}"),
            Order::TakeBack { worker } => format!("take back {worker}"),
            Order::Kill { worker } => format!("kill {worker}"),
            Order::Finish { piece, result: Ok(_), .. } => format!("done {piece}"),
            Order::Finish { piece, result: Err(failure), .. } => {
                format!("failed {piece} {failure}")
            }
            Order::Mourn { worker, lost, piece } => format!("mourn {worker} {piece:?} {lost}"),
            Order::Wait { worker, why } => format!("wait {worker} {why}"),
            Order::GoOnWithout { worker, why } => format!("without {worker} {why}"),
            Order::GiveUp { worker, why } => format!("give up {worker} {why}"),
        })
        .collect()
}

/// A reactor whose workers run the first pieces.
fn running(workers: usize, pieces: u64) -> Reactor {
    let mut reactor = Reactor::new(workers, LIMITS);
    reactor.begin(0..pieces, Duration::ZERO);
    for worker in 0..workers.min(pieces as usize) {
        reactor.hear(worker, News::Forked, Duration::ZERO);
        reactor.hear(worker, News::Hello, Duration::ZERO);
    }
    assert!(!orders(&mut reactor).is_empty());
    reactor
}

#[test]
fn no_more_workers_than_pieces() {
    let mut reactor = Reactor::new(8, LIMITS);
    reactor.begin(0..2, Duration::ZERO);
    assert_eq!(orders(&mut reactor), ["fork 0", "fork 1"]);
}

#[test]
fn the_next_piece_goes_out_before_the_last_is_merged() {
    let mut reactor = running(1, 2);
    reactor.hear(0, done(0), Duration::ZERO);
    assert_eq!(orders(&mut reactor), ["send 0 1 0", "done 0"]);
}

#[test]
fn a_lost_piece_is_run_again_and_fails_in_the_end() {
    let mut reactor = running(1, 1);
    reactor.hear(0, News::Ended(WorkerLost::Killed(9)), SECOND);
    let killed = "the worker was killed by SIGKILL (by hand, or out of memory)";
    assert_eq!(orders(&mut reactor), ["fork 0".to_string(), format!("mourn 0 Some(0) {killed}")]);
    reactor.hear(0, News::Forked, SECOND);
    reactor.hear(0, News::Hello, SECOND);
    assert_eq!(orders(&mut reactor), ["send 0 0 1"]);
    reactor.hear(0, News::Ended(WorkerLost::Exited(3)), SECOND);
    let exited = "the worker exited with code 3";
    let expected = [format!("mourn 0 Some(0) {exited}"), format!("failed 0 {exited}, 2 time(s)")];
    assert_eq!(orders(&mut reactor), expected);
    assert!(reactor.is_done());
}

#[test]
fn a_time_out_is_named_although_the_worker_was_killed() {
    let mut reactor = running(2, 2);
    assert_eq!(reactor.deadline(), Some(10 * SECOND));
    reactor.hear(1, News::Part, 5 * SECOND);
    reactor.tick(10 * SECOND);
    assert_eq!(orders(&mut reactor), ["kill 0"]);
    assert_eq!(reactor.deadline(), Some(15 * SECOND));
    // What was under way when it was killed comes too late.
    reactor.hear(0, News::Ended(WorkerLost::Killed(9)), 10 * SECOND);
    let expected = ["fork 0", "mourn 0 Some(0) the time limit of 10s was exceeded"];
    assert_eq!(orders(&mut reactor), expected);
}

#[test]
fn a_time_for_which_the_driver_was_stopped_counts_for_nobody() {
    let mut reactor = Reactor::new(2, LIMITS);
    reactor.begin(0..2, Duration::ZERO);
    reactor.hear(0, News::Forked, Duration::ZERO);
    reactor.hear(0, News::Hello, Duration::ZERO);
    watch(&mut reactor, 8 * SECOND);
    reactor.hear(1, News::Forked, 8 * SECOND);
    assert_eq!(orders(&mut reactor), ["fork 0", "fork 1", "send 0 0 0"]);
    // Ctrl-Z, and a minute later `fg`.
    for now in [68 * SECOND, 68 * SECOND + WATCH] {
        reactor.look(now);
        reactor.tick(now);
        assert_eq!(orders(&mut reactor), [""; 0]);
    }
    watch(&mut reactor, 69 * SECOND);
    assert_eq!(orders(&mut reactor), ["kill 1"]);
    watch(&mut reactor, 69 * SECOND + WATCH);
    assert_eq!(orders(&mut reactor), [""; 0]);
    watch(&mut reactor, 70 * SECOND);
    assert_eq!(orders(&mut reactor), ["kill 0"]);
}

#[test]
fn a_long_wait_is_not_a_stop() {
    let mut reactor = running(1, 1);
    assert_eq!(reactor.next_look(), Some(WATCH));
    watch(&mut reactor, 9 * SECOND + WATCH);
    assert_eq!(orders(&mut reactor), [""; 0]);
    watch(&mut reactor, 10 * SECOND);
    assert_eq!(orders(&mut reactor), ["kill 0"]);
    // Nobody's time runs, so that nobody need be watched.
    assert_eq!(reactor.next_look(), None);
}

#[test]
fn a_stop_does_not_put_off_a_fork() {
    let mut reactor = Reactor::new(1, LIMITS);
    reactor.begin(0..1, Duration::ZERO);
    reactor.hear(0, refused(), Duration::ZERO);
    reactor.look(60 * SECOND);
    reactor.tick(60 * SECOND);
    assert_eq!(orders(&mut reactor), ["fork 0", "fork 0"]);
}

#[test]
fn a_later_rounds_time_begins_with_it() {
    let mut reactor = running(1, 1);
    reactor.hear(0, done(0), SECOND);
    reactor.begin(1..2, 100 * SECOND);
    assert_eq!(orders(&mut reactor), ["send 0 1 0", "done 0"]);
    reactor.tick(109 * SECOND);
    assert_eq!(orders(&mut reactor), [""; 0]);
}

#[test]
fn a_foreign_result_is_garbled() {
    let mut reactor = running(1, 2);
    reactor.hear(0, done(1), SECOND);
    reactor.hear(0, done(0), SECOND);
    assert_eq!(orders(&mut reactor), ["kill 0"]);
    reactor.hear(0, News::Ended(WorkerLost::Killed(9)), SECOND);
    let what = "a result of piece 1, which it was not to run";
    let mourned = format!("mourn 0 Some(0) the worker sent a damaged frame: {what}");
    assert_eq!(orders(&mut reactor), ["fork 0".to_string(), mourned]);
}

#[test]
fn a_closed_pipe_is_followed_by_an_end_or_a_kill() {
    let mut reactor = running(1, 1);
    reactor.hear(0, News::Silence, 2 * SECOND);
    reactor.tick(2 * SECOND);
    assert_eq!(orders(&mut reactor), [""; 0]);
    reactor.tick(3 * SECOND);
    assert_eq!(orders(&mut reactor), ["kill 0"]);
}

#[test]
fn silent_starts_are_repeated_and_then_given_up() {
    let mut reactor = Reactor::new(1, LIMITS);
    reactor.begin(0..1, Duration::ZERO);
    for start in 1..=LIMITS.hello.len() as u32 {
        assert!(orders(&mut reactor).contains(&"fork 0".to_string()));
        reactor.hear(0, News::Forked, SECOND * start);
        assert_eq!(reactor.deadline(), Some(SECOND * (start + 1)));
        reactor.tick(SECOND * (start + 1));
        assert_eq!(orders(&mut reactor), ["kill 0"]);
        reactor.hear(0, News::Ended(WorkerLost::Killed(9)), SECOND * (start + 1));
    }
    let silent = "the worker said nothing within 1s";
    let expected = [
        format!("mourn 0 None {silent}"),
        format!("give up 0 before it could run anything, {silent}"),
    ];
    assert_eq!(orders(&mut reactor), expected);
}

#[test]
fn a_piece_that_was_not_taken_is_run_by_others_and_not_charged() {
    let mut reactor = running(2, 3);
    reactor.hear(0, done(0), SECOND);
    reactor.hear(0, News::Untaken { pieces: 1 }, SECOND);
    assert_eq!(orders(&mut reactor), ["send 0 2 0", "done 0"]);
    reactor.hear(1, done(1), SECOND);
    assert_eq!(orders(&mut reactor), ["send 1 2 0", "done 1"]);
    reactor.hear(0, News::Ended(WorkerLost::Exited(1)), SECOND);
    assert_eq!(orders(&mut reactor), ["mourn 0 None the worker exited with code 1"]);
}

#[test]
fn a_time_out_before_a_piece_was_taken_is_not_its_own() {
    let mut reactor = running(1, 1);
    reactor.tick(10 * SECOND);
    reactor.hear(0, News::Silence, 10 * SECOND);
    reactor.hear(0, News::Untaken { pieces: 1 }, 10 * SECOND);
    reactor.hear(0, News::Ended(WorkerLost::Killed(9)), 10 * SECOND);
    let expected = ["kill 0", "fork 0", "mourn 0 None the time limit of 10s was exceeded"];
    assert_eq!(orders(&mut reactor), expected);
}

/// Nothing is charged for such deaths, so that something else must end them.
#[test]
fn who_always_dies_before_it_begins_a_piece_is_given_up() {
    let mut reactor = running(1, 9);
    let die = |reactor: &mut Reactor| {
        reactor.hear(0, News::Untaken { pieces: 1 }, SECOND);
        reactor.hear(0, News::Ended(WorkerLost::Exited(1)), SECOND);
        orders(reactor)
    };
    let mourned = "mourn 0 None the worker exited with code 1";
    for piece in 0..5 {
        // A piece that is done makes good for the deaths before it.
        reactor.hear(0, done(piece), SECOND);
        let _ = orders(&mut reactor);
        assert_eq!(die(&mut reactor), ["fork 0", mourned]);
        reactor.hear(0, News::Forked, SECOND);
        reactor.hear(0, News::Hello, SECOND);
        assert_eq!(orders(&mut reactor), [format!("send 0 {} 0", piece + 1)]);
    }
    let given_up = "give up 0 before it could run anything, the worker exited with code 1";
    assert_eq!(die(&mut reactor), [mourned, given_up]);
}

#[test]
fn a_failed_fork_is_tried_again_after_a_while() {
    let mut reactor = Reactor::new(1, LIMITS);
    reactor.begin(0..9, Duration::ZERO);
    assert_eq!(orders(&mut reactor), ["fork 0"]);
    // A fork that comes about makes good for those that did not, so that this never ends.
    for now in (0..5).map(|round| SECOND * round) {
        reactor.hear(0, refused(), now);
        assert_eq!(reactor.deadline(), Some(now + LIMITS.forks[0]));
        reactor.tick(now + LIMITS.forks[0] / 2);
        assert_eq!(orders(&mut reactor), [""; 0]);
        reactor.tick(now + LIMITS.forks[0]);
        assert_eq!(orders(&mut reactor), ["fork 0"]);
        reactor.hear(0, News::Forked, now);
        reactor.hear(0, News::Hello, now);
        reactor.hear(0, News::Ended(WorkerLost::Killed(9)), now);
        assert!(orders(&mut reactor).contains(&"fork 0".to_string()));
    }
}

#[test]
fn who_cannot_be_forked_leaves_the_others_at_work() {
    let mut reactor = Reactor::new(2, LIMITS);
    reactor.begin(0..2, Duration::ZERO);
    reactor.hear(0, News::Forked, Duration::ZERO);
    reactor.hear(1, refused(), Duration::ZERO);
    assert_eq!(orders(&mut reactor), ["fork 0", "fork 1"]);
    reactor.tick(LIMITS.forks[0]);
    reactor.hear(1, refused(), LIMITS.forks[0]);
    let expected = ["fork 1", "without 1 it could not be forked: no"];
    assert_eq!(orders(&mut reactor), expected);
    reactor.hear(0, News::Ended(WorkerLost::Exited(1)), LIMITS.forks[0]);
    reactor.hear(0, refused(), LIMITS.forks[0]);
    reactor.tick(SECOND);
    reactor.hear(0, refused(), SECOND);
    assert_eq!(orders(&mut reactor).last().unwrap(), "give up 0 it could not be forked: no");
}

#[test]
fn a_run_in_which_a_worker_has_started_never_gives_up_forking() {
    let mut reactor = running(1, 2);
    reactor.hear(0, News::Ended(WorkerLost::Killed(9)), Duration::ZERO);
    assert_eq!(orders(&mut reactor)[0], "fork 0");
    let mut said = 0;
    for round in 1..50 {
        reactor.hear(0, refused(), SECOND * round);
        said += orders(&mut reactor).iter().filter(|&order| order == "wait 0 no").count();
        let until = SECOND * round + LIMITS.forks[usize::from(round > 1)];
        assert_eq!(reactor.deadline(), Some(until));
        reactor.tick(until);
        assert_eq!(orders(&mut reactor), ["fork 0"]);
    }
    assert_eq!(said, 1);
}

#[test]
fn others_are_forked_in_the_place_of_who_was_refused() {
    let mut reactor = Reactor::new(3, LIMITS);
    reactor.begin(0..1, Duration::ZERO);
    reactor.hear(0, refused(), Duration::ZERO);
    reactor.hear(1, News::Forked, Duration::ZERO);
    assert_eq!(orders(&mut reactor), ["fork 0", "fork 1"]);
    // When its time comes, the one piece that is left has found its worker.
    reactor.tick(LIMITS.forks[0]);
    assert_eq!(orders(&mut reactor), [""; 0]);
}

/// A piece that takes next to no time.
fn quick(piece: u64) -> News {
    let took = Duration::from_micros(1);
    News::Finished { piece, took, log: Vec::new(), result: Ok(Frame::default()) }
}

#[test]
fn short_pieces_are_sent_ahead() {
    let mut reactor = running(1, 9);
    reactor.hear(0, quick(0), SECOND);
    let expected = ["send 0 1 0", "send 0 2 0", "send 0 3 0", "send 0 4 0", "done 0"];
    assert_eq!(orders(&mut reactor), expected);
    reactor.hear(0, quick(1), SECOND);
    assert_eq!(orders(&mut reactor), ["done 1"]);
    reactor.hear(0, quick(2), SECOND);
    assert_eq!(orders(&mut reactor), ["send 0 5 0", "send 0 6 0", "done 2"]);
    // One that takes long makes all be taken for long.
    reactor.hear(0, done(3), SECOND);
    reactor.hear(0, quick(4), SECOND);
    reactor.hear(0, quick(5), SECOND);
    assert_eq!(orders(&mut reactor), ["done 3", "done 4", "done 5"]);
    reactor.hear(0, quick(6), SECOND);
    assert_eq!(orders(&mut reactor), ["send 0 7 0", "done 6"]);
}

#[test]
fn a_time_limit_counts_from_when_a_piece_begins() {
    let mut reactor = running(1, 9);
    reactor.hear(0, quick(0), SECOND);
    assert_eq!(reactor.deadline(), Some(11 * SECOND));
    reactor.hear(0, quick(1), 6 * SECOND);
    assert_eq!(reactor.deadline(), Some(16 * SECOND));
    let _ = orders(&mut reactor);
    reactor.tick(16 * SECOND);
    assert_eq!(orders(&mut reactor), ["kill 0"]);
    reactor.hear(0, News::Ended(WorkerLost::Killed(9)), 16 * SECOND);
    let mourned = "mourn 0 Some(2) the time limit of 10s was exceeded";
    assert_eq!(orders(&mut reactor), ["fork 0", mourned]);
}

#[test]
fn what_waits_behind_a_piece_is_taken_back_for_who_has_nothing() {
    let mut reactor = running(2, 6);
    reactor.hear(0, quick(0), SECOND);
    assert_eq!(orders(&mut reactor), ["send 0 2 0", "send 0 3 0", "done 0"]);
    for (piece, next) in [(1, 4), (4, 5)] {
        reactor.hear(1, quick(piece), SECOND);
        assert_eq!(orders(&mut reactor), [format!("send 1 {next} 0"), format!("done {piece}")]);
    }
    reactor.hear(1, quick(5), SECOND);
    assert_eq!(orders(&mut reactor), ["take back 0", "done 5"]);
    reactor.hear(0, News::TakenBack { pieces: 1 }, SECOND);
    assert_eq!(orders(&mut reactor), ["send 1 3 0"]);
    reactor.hear(1, quick(3), SECOND);
    // There is nothing more to be taken back.
    assert_eq!(orders(&mut reactor), ["done 3"]);
    reactor.hear(0, quick(2), SECOND);
    assert_eq!(orders(&mut reactor), ["done 2"]);
    assert!(reactor.is_done());
}

#[test]
fn what_could_not_be_taken_back_is_not_asked_for_again() {
    let mut reactor = running(2, 6);
    reactor.hear(0, quick(0), SECOND);
    [1, 4, 5].into_iter().for_each(|piece| reactor.hear(1, quick(piece), SECOND));
    assert!(orders(&mut reactor).contains(&"take back 0".to_string()));
    // It has begun the last piece, and the result of the one before is under way.
    reactor.hear(0, News::TakenBack { pieces: 0 }, SECOND);
    reactor.hear(0, News::Part, SECOND);
    assert_eq!(orders(&mut reactor), [""; 0]);
    reactor.hear(0, quick(2), SECOND);
    reactor.hear(0, quick(3), SECOND);
    assert_eq!(orders(&mut reactor), ["done 2", "done 3"]);
}

#[test]
fn a_death_is_charged_to_the_piece_that_was_begun_alone() {
    let mut reactor = running(1, 9);
    reactor.hear(0, quick(0), SECOND);
    let _ = orders(&mut reactor);
    reactor.hear(0, News::Untaken { pieces: 2 }, SECOND);
    reactor.hear(0, quick(1), SECOND);
    reactor.hear(0, News::Ended(WorkerLost::Exited(1)), SECOND);
    let mourned = "mourn 0 Some(2) the worker exited with code 1";
    assert_eq!(orders(&mut reactor), ["fork 0", "done 1", mourned]);
    reactor.hear(0, News::Forked, SECOND);
    reactor.hear(0, News::Hello, SECOND);
    let expected = ["send 0 3 0", "send 0 4 0", "send 0 2 1", "send 0 5 0"];
    assert_eq!(orders(&mut reactor), expected);
}
