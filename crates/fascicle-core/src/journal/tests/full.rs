//! What disks do: they are full, or interrupt, or take little at a time, or lose what is not synced.

use super::super::write::MOST_RECORDS;
use super::*;

#[test]
fn interrupted_and_short_calls_are_gone_on_with() {
    let nervous = Disk { nervous: true, ..Disk::default() };
    let (mut journal, _) = open(nervous).unwrap();
    for piece in 0..10 {
        journal.append(piece, &log(piece), &frame(piece)).unwrap();
    }
    let disk = journal.into_medium();
    assert!(disk.calls > 100);
    let (mut journal, contents) = open(disk.clone()).unwrap();
    assert_eq!(records(&mut journal, &contents), expected(0..10));
    let (mut calm, _) = open(Disk::default()).unwrap();
    for piece in 0..10 {
        calm.append(piece, &log(piece), &frame(piece)).unwrap();
    }
    assert!(calm.into_medium().bytes == disk.bytes);
}

#[test]
fn a_disk_full_at_any_byte_leaves_whole_records() {
    let (bytes, ends) = journal(0..6);
    for room in ends[0]..bytes.len() {
        let disk = Disk { room: Some(room), ..Disk::default() };
        let (mut journal, _) = open(disk).unwrap();
        let fits = ends[1..].iter().filter(|&&end| end <= room).count() as u64;
        for piece in 0..fits {
            journal.append(piece, &log(piece), &frame(piece)).unwrap();
        }
        let error = journal.append(fits, &log(fits), &frame(fits)).unwrap_err().to_string();
        assert!(error.starts_with("could not write to the journal x.journal: "), "{error}");
        let mut disk = journal.into_medium();
        assert_eq!(disk.bytes.len(), ends[fits as usize], "room for {room}");
        // There is room again.
        disk.room = None;
        let (mut journal, contents) = open(disk).unwrap();
        assert_eq!((contents.damaged, contents.records.len() as u64), (0, fits));
        (fits..6).for_each(|piece| journal.append(piece, &log(piece), &frame(piece)).unwrap());
        let (mut journal, contents) = open(journal.into_medium()).unwrap();
        assert_eq!(records(&mut journal, &contents), expected(0..6));
    }
}

#[test]
fn a_disk_without_room_for_a_header_is_an_error() {
    let disk = Disk { room: Some(30), ..Disk::default() };
    let error = open(disk).map(|_| ()).unwrap_err().to_string();
    assert!(error.starts_with("could not begin the journal x.journal: "), "{error}");
}

#[test]
fn few_records_and_few_bytes_are_not_on_the_disk() {
    let (mut journal, _) = open(Disk::default()).unwrap();
    for piece in 0..200 {
        journal.append(piece, &[], &frame(3)).unwrap();
        journal.sync_if(false).unwrap();
    }
    let disk = journal.into_medium();
    let record = (disk.bytes.len() - identity("red").header().len()) / 200;
    assert_eq!(disk.most_unsynced, MOST_RECORDS as usize * record);
    let (mut journal, _) = open(Disk::default()).unwrap();
    let mut large = Frame::default();
    large.put_bytes("x", vec![1; 3 << 20]);
    for piece in 0..20 {
        journal.append(piece, &[], &large).unwrap();
        journal.sync_if(false).unwrap();
    }
    assert!(journal.into_medium().most_unsynced < 20 << 20);
    let (mut journal, _) = open(Disk::default()).unwrap();
    journal.append(0, &[], &large).unwrap();
    journal.sync_if(true).unwrap();
    let disk = journal.into_medium();
    assert_eq!((disk.unsynced, disk.syncs), (0, 2));
}

#[test]
fn a_journal_that_was_deleted_is_missed_when_it_is_brought_to_the_disk() {
    let (mut journal, _) = open(Disk { deleted: true, ..Disk::default() }).unwrap();
    journal.append(0, &[], &frame(3)).unwrap();
    let error = journal.sync().unwrap_err().to_string();
    assert_eq!(error, "the journal x.journal was deleted, moved or replaced during the run");
}
