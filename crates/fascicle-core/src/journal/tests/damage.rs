//! What becomes of damaged and foreign files.

use super::*;
use crate::wire;

/// The pieces of the journal below, in the order in which they were finished.
const PIECES: [u64; 6] = [3, 0, 14, 1, 4, 2];

/// Opens a damaged journal of [`PIECES`], checks that these of them are lost, runs them again, and
/// checks that all is well then.
fn heals(bytes: &[u8], lost: &[u64], what: &str) {
    let (mut journal, contents) = open(Disk::of(bytes)).expect(what);
    let there = || PIECES.into_iter().filter(|piece| !lost.contains(piece));
    assert_eq!(records(&mut journal, &contents), expected(there()), "{what}");
    for &piece in lost {
        journal.append(piece, &log(piece), &frame(piece)).unwrap();
    }
    let (mut journal, contents) = open(journal.into_medium()).expect(what);
    assert_eq!(records(&mut journal, &contents), expected(PIECES), "{what}");
}

#[test]
fn what_is_written_is_read() {
    let (bytes, ends) = journal(PIECES);
    assert_eq!(ends.last(), Some(&bytes.len()));
    heals(&bytes, &[], "whole");
    let (_, contents) = open(Disk::of(&bytes)).unwrap();
    assert_eq!((contents.damaged, contents.unfit), (0, 0));
}

#[test]
fn a_journal_cut_at_any_byte_loses_at_most_its_last_record() {
    let (bytes, ends) = journal(PIECES);
    for cut in 0..bytes.len() {
        let whole = ends[1..].iter().filter(|&&end| end <= cut).count();
        heals(&bytes[..cut], &PIECES[whole..], &format!("cut at {cut}"));
    }
}

#[test]
fn a_byte_flipped_anywhere_loses_at_most_its_record() {
    let (bytes, ends) = journal(PIECES);
    for at in 0..bytes.len() {
        // None in the header, whose end is the first.
        let record = ends.iter().filter(|&&end| end <= at).count().checked_sub(1);
        let lost: Vec<u64> = record.map(|record| PIECES[record]).into_iter().collect();
        for flip in [0x01, 0x80, 0xff] {
            let mut bytes = bytes.clone();
            bytes[at] ^= flip;
            heals(&bytes, &lost, &format!("byte {at} flipped by {flip:#x}"));
        }
    }
}

#[test]
fn a_journal_of_nothing_survives_a_flip_as_well() {
    let (bytes, _) = journal([]);
    for at in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[at] ^= 0x10;
        heals(&bytes, &PIECES, &format!("byte {at}"));
    }
    heals(&vec![0; 700], &PIECES, "reserved and never written");
}

/// Bytes with something done to them.
fn mutated(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=dice.below(3) {
        let at = dice.below(bytes.len());
        let end = (at + dice.below(200)).min(bytes.len());
        match dice.below(7) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => bytes[at..end].fill(0),
            3 => bytes[at..end].iter_mut().for_each(|byte| *byte = dice.below(256) as u8),
            4 => {
                let part = bytes[at..end].to_vec();
                let to = dice.below(bytes.len());
                bytes.splice(to..to, part);
            }
            _ if bytes.is_empty() => {}
            _ => bytes[at] ^= 1 << dice.below(8),
        }
    }
    bytes
}

#[test]
fn mutated_journals_give_no_wrong_record() {
    let (bytes, _) = journal(PIECES);
    let (all, mut dice, mut kept) = (expected(PIECES), Dice(1), 0);
    for round in 0..40_000 {
        let bytes = mutated(&bytes, &mut dice);
        // Files of which nothing proves that they are journals are refused.
        let Ok((mut journal, contents)) = open(Disk::of(&bytes)) else { continue };
        let found = records(&mut journal, &contents);
        assert!(found.iter().all(|(piece, record)| all[piece] == *record), "round {round}");
        kept += found.len();
        let (_, again) = open(journal.into_medium()).unwrap();
        assert_eq!(again.records, contents.records, "round {round}");
    }
    assert!(kept > 80_000, "{kept}");
}

#[test]
fn records_that_lie_under_good_checksums_are_left_out() {
    let (bytes, ends) = journal(PIECES);
    let mut dice = Dice(2);
    let start = ends[2] + format::HEAD;
    let end = ends[3] - format::TAIL;
    for round in 0..20_000 {
        let mut bytes = bytes.clone();
        for _ in 0..=dice.below(2) {
            bytes[start + dice.below(end - start)] =
                [0, 1, 255, dice.below(256) as u8][dice.below(4)];
        }
        // The sum of the packet, and, for every other, that of the packet's own head.
        if round % 2 == 0 {
            let length = u64::from_le_bytes(bytes[start + 8..start + 16].try_into().unwrap());
            if let Some(head) = bytes.get(start + 20..start + 20 + (length as usize % 1000)) {
                let sum = crc32fast::hash(head).to_le_bytes();
                bytes[start + 16..start + 20].copy_from_slice(&sum);
            }
        }
        let sum = crc32fast::hash(&bytes[start..end]).to_le_bytes();
        bytes[end..end + 4].copy_from_slice(&sum);
        let (mut journal, contents) = open(Disk::of(&bytes)).unwrap();
        let found = records(&mut journal, &contents);
        assert!(found.len() >= PIECES.len() - 1, "round {round}");
    }
}

#[test]
fn nothing_is_reserved_for_more_than_a_record_has() {
    let mut long = Frame::default();
    long.put_f64s("x", vec![0.5; 1000]);
    let bytes = wire::encode(&0_u8, &long).unwrap();
    let mut decoder = wire::Decoder::with_most(7999);
    decoder.push(&bytes);
    let error = decoder.next_packet::<u8>().unwrap_err();
    assert!(matches!(error, wire::WireError::Length { found: 8000, limit: 7999 }), "{error}");
}

#[test]
fn a_journal_of_another_run_is_refused_with_the_difference() {
    let (mut bytes, _) = journal(PIECES);
    let other = |bytes: &[u8], identity: &Identity| {
        let disk = Disk::of(bytes);
        let error = Journal::open(disk, Path::new("x.journal"), identity, &mut |_, _| true);
        error.map(|_| ()).unwrap_err().to_string()
    };
    assert_eq!(
        other(&bytes, &identity("blue")),
        "x.journal is the journal of another run: colour is red in the journal and blue here"
    );
    let error = other(&bytes, &Identity::new(&Named("changed", "red")));
    assert!(error.contains("another run: fingerprint is "), "{error}");
    // Without its header its records prove what it is of.
    bytes[25] ^= 1;
    let error = other(&bytes, &identity("blue"));
    assert!(error.contains("another run: the digest of what is run is "), "{error}");
}

#[test]
fn a_file_of_another_kind_or_format_is_refused() {
    let text = b"Dear reader, this is no journal, and it was a lot of work.";
    assert_eq!(
        open(Disk::of(text)).map(|_| ()).unwrap_err().to_string(),
        "x.journal is no journal: expected its magic number, found \"Dear rea\""
    );
    let mut bytes = identity("red").header();
    bytes[8] = 7;
    let sum = crc32fast::hash(&[&bytes[8..16], &bytes[20..]].concat());
    bytes[16..20].copy_from_slice(&sum.to_le_bytes());
    let error = open(Disk::of(&bytes)).map(|_| ()).unwrap_err().to_string();
    assert_eq!(error, "the journal x.journal has format 7, expected 1");
}
