use super::lost::LOST;
use super::*;

fn told(desk: &mut Desk) -> Vec<(usize, Word)> {
    let packets = std::mem::take(&mut desk.outbox);
    let word = |(to, packet): (usize, Packet)| {
        let mut decoder = fascicle_core::wire::Decoder::default();
        decoder.push(&packet);
        (to, decoder.next_packet::<Word>().unwrap().unwrap().0)
    };
    packets.into_iter().map(word).collect()
}

fn hear(desk: &mut Desk, from: usize, word: Word) {
    desk.hear(from, word, Frame::default());
}

fn finished(at: u64, piece: u64) -> Word {
    let took = Duration::from_millis(50);
    Word::Finished { at, piece, took, log: Vec::new(), result: Ok(()) }
}

#[test]
fn everybody_has_it_from_one_other() {
    for size in 1..70 {
        let mut from = vec![0; size];
        for rank in 0..size {
            heirs(rank, size).for_each(|to| from[to] += 1);
        }
        assert_eq!(from[0], 0);
        assert!(from[1..].iter().all(|&times| times == 1), "{size}: {from:?}");
    }
}

#[test]
fn a_late_follower_hears_of_both_runs_that_it_missed() {
    let mut desk = Desk::new(1, 2);
    for at in 0..2 {
        hear(&mut desk, 0, Word::Outcome { at, outcome: Outcome::of_error(format!("run {at}")) });
    }
    for at in 0..2 {
        let (outcome, _) = desk.outcome().expect("it was told");
        assert!(format!("{outcome:?}").contains(&format!("run {at}")));
        assert!(desk.outcome().is_none());
        desk.next_occasion();
    }
    // And nothing of what is over.
    hear(&mut desk, 0, Word::Outcome { at: 1, outcome: Outcome::of_error("old") });
    assert!(desk.outcomes.is_empty());
}

/// A rank may be told to end before the leader has begun to hand out.
#[test]
fn a_wish_to_end_is_not_lost_before_the_run_begins() {
    let mut desk = Desk::new(0, 3);
    hear(&mut desk, 2, Word::End { at: 0 });
    desk.lead(3, false);
    assert_eq!(desk.asked_to_end, Some(2));
    assert!(desk.stop.load(Ordering::Relaxed));
    desk.next_occasion();
    assert_eq!(desk.asked_to_end, None);
    assert!(!desk.stop.load(Ordering::Relaxed));
    hear(&mut desk, 2, Word::End { at: 0 });
    assert!(desk.asked_to_end.is_none(), "it is of a run that is over");
}

#[test]
fn pieces_go_out_by_the_numbers_that_all_know() {
    let mut desk = Desk::new(0, 2);
    desk.lead(2, false);
    desk.begin_round(0..2, vec![10, 20]);
    assert_eq!(desk.queue, [Numbered { piece: 0, number: 10 }]);
    let sent = told(&mut desk);
    let piece = Numbered { piece: 1, number: 20 };
    assert!(
        matches!(&sent[..], [(1, Word::Run { at: 0, piece: sent })] if *sent == piece),
        "{sent:?}"
    );
    // A result of another run, and one that was not asked for.
    hear(&mut desk, 1, finished(7, 1));
    assert!(desk.done.is_empty() && desk.fatal.is_none());
    hear(&mut desk, 1, finished(0, 1));
    assert_eq!((desk.done.len(), desk.fatal.is_none()), (1, true));
    hear(&mut desk, 1, finished(0, 1));
    assert!(desk.fatal.as_ref().is_some_and(|(why, _)| why.contains("not to run")));
}

#[test]
fn after_an_early_end_nothing_more_goes_out() {
    let mut desk = Desk::new(0, 2);
    desk.lead(2, false);
    desk.begin_round(0..100, (0..100).collect());
    let _ = told(&mut desk);
    desk.end_early();
    assert!(matches!(told(&mut desk)[..], [(1, Word::End { at: 0 })]));
    hear(&mut desk, 1, finished(0, 1));
    assert!(desk.outbox.is_empty() && desk.queue.is_empty() && desk.fatal.is_none());
}

#[test]
fn ranks_take_leave_when_all_wish_to() {
    let (mut leader, mut follower) = (Desk::new(0, 2), Desk::new(1, 2));
    leader.leave = Leave::Wishes;
    leader.take_leave();
    assert_eq!(leader.leave, Leave::Wishes, "the other goes on");
    follower.leave = Leave::Wishes;
    follower.take_leave();
    assert_eq!(follower.leave, Leave::Waits);
    assert!(matches!(told(&mut follower)[..], [(0, Word::Bye)]));
    hear(&mut leader, 1, Word::Bye);
    leader.take_leave();
    assert_eq!(leader.leave, Leave::Waits);
    assert!(matches!(told(&mut leader)[..], [(1, Word::Bye)]));
    hear(&mut follower, 0, Word::Bye);
    follower.take_leave();
    assert_eq!(follower.leave, Leave::Gone);
}

#[test]
fn a_call_that_the_leader_does_not_make_any_more_ends_the_job() {
    let mut leader = Desk::new(0, 2);
    leader.leave = Leave::Wishes;
    let errand = Errand::Meet { what: "saving data".to_string() };
    hear(&mut leader, 1, Word::Arrived { at: 0, errand });
    leader.take_leave();
    let why = "rank 1 is at saving data, and rank 0 has ended its program";
    assert_eq!(leader.fatal, Some((why.to_string(), 70)));
}

fn dying() -> Word {
    Word::Died { rank: 1 }
}

/// A leader of five that hands out ten pieces, numbered by tens.
fn leader() -> Desk {
    let mut desk = Desk::new(0, 5);
    desk.lead(5, false);
    desk.begin_round(0..10, (0..10).map(|piece| 10 * piece).collect());
    let _ = told(&mut desk);
    desk
}

#[test]
fn a_rank_that_is_lost_ends_the_run_and_is_named_with_what_it_had() {
    let mut desk = leader();
    hear(&mut desk, 2, dying());
    assert!(desk.has_news() && desk.queue.is_empty() && desk.stop.load(Ordering::Relaxed));
    assert!(told(&mut desk).iter().all(|(_, word)| matches!(word, Word::End { at: 0 })));
    let lost = desk.lost.clone().expect("it is");
    assert_eq!(lost.to_string(), "rank 1 has died; it had batch 10 to run");
    assert_eq!(lost.had, Some(Numbered { piece: 1, number: 10 }));
    // Another one that is lost changes nothing.
    hear(&mut desk, 1, Word::Died { rank: 2 });
    assert_eq!(desk.lost.as_ref().map(|lost| lost.rank), Some(1));
    // What comes of it is told to all others by this rank, and saved before the job ends.
    desk.pass_on(&Outcome::of_error("it is lost"), &Frame::default(), 0).unwrap();
    let to: Vec<usize> = told(&mut desk).into_iter().map(|(to, _)| to).collect();
    assert_eq!(to, [2, 3, 4]);
    desk.next_occasion();
    assert!(desk.fatal.is_none());
}

#[test]
fn without_a_rank_that_is_lost_nothing_more_is_begun() {
    let fatal = |then: fn(&mut Desk)| {
        let mut desk = leader();
        hear(&mut desk, 2, dying());
        desk.next_occasion();
        then(&mut desk);
        desk.fatal
    };
    let why = Some(("rank 1 has died; it had batch 10 to run".to_string(), LOST));
    assert_eq!(
        fatal(|desk| {
            let mine = Errand::Meet { what: "saving data".to_string() };
            hear(desk, 1, Word::Arrived { at: 1, errand: mine.clone() });
            let _ = desk.next_arrival(1, &mine);
        }),
        why
    );
    assert_eq!(
        fatal(|desk| {
            desk.leave = Leave::Wishes;
            desk.take_leave();
        }),
        why
    );
    assert_eq!(fatal(|_| ()), None);
}

/// What the leader does by itself, as to save the results of a run, is not cut off.
#[test]
fn a_rank_that_is_lost_when_nothing_runs_ends_the_job_at_the_next_call() {
    let mut desk = Desk::new(0, 3);
    hear(&mut desk, 2, dying());
    assert!(desk.fatal.is_none() && told(&mut desk).is_empty());
    assert!(!desk.stop.load(Ordering::Relaxed));
    desk.leave = Leave::Wishes;
    desk.take_leave();
    assert_eq!(desk.fatal, Some(("rank 1 has died".to_string(), LOST)));
    // Without the leader there is nothing to wait for.
    let mut desk = Desk::new(2, 3);
    desk.lose(0, DIED);
    assert_eq!(desk.fatal, Some(("rank 0 has died".to_string(), LOST)));
    // One that has taken leave is not missed.
    let mut desk = Desk::new(0, 3);
    hear(&mut desk, 1, Word::Bye);
    hear(&mut desk, 2, dying());
    assert!(desk.lost.is_none());
}
