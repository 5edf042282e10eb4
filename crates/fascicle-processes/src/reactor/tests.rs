//! The reactor without processes: every order of events in small worlds, and single cases.

mod cases;
mod orders;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

const LIMITS: Limits = Limits {
    attempts: 2,
    timeout: Some(SECOND.saturating_mul(10)),
    hello: &[SECOND, SECOND],
    forks: &[Duration::from_millis(100), SECOND],
    ahead: Ahead { pieces: 3, time: Duration::from_millis(1), share: 1 },
};

/// Lets time pass for a driver that looks whenever it is to.
fn watch(reactor: &mut Reactor, until: Duration) {
    while let Some(now) = reactor.next_look().filter(|&now| now <= until) {
        reactor.look(now);
        reactor.tick(now);
    }
    reactor.look(until);
    reactor.tick(until);
}

fn done(piece: u64) -> News {
    News::Finished { piece, took: SECOND, log: Vec::new(), result: Ok(Frame::default()) }
}

fn refused() -> News {
    News::NotForked(io::Error::other("no"))
}
