//! What workers print, and what this process has printed.
#![cfg(unix)]

mod common;

use std::io::Write;

use common::{again, integers, run};

#[test]
fn all_lines_come_whole_and_in_order() {
    let work = integers(6, |piece, _| {
        let mut stdout = std::io::stdout();
        for number in 0..500 {
            writeln!(stdout, "{piece} {number}").unwrap();
        }
        piece as i64
    });
    let seen = run(3, &work);
    for piece in 0..6 {
        let prefix = format!("{piece} ");
        let lines = seen.lines.iter().filter_map(|(_, line)| line.strip_prefix(&prefix));
        assert!(lines.eq((0..500).map(|number| number.to_string())), "{piece}");
    }
    assert_eq!(seen.lines.len(), 3000);
}

#[test]
fn a_last_line_without_an_end_comes_too() {
    let work = integers(1, |_, _| {
        write!(std::io::stdout(), "first\nlast").unwrap();
        write!(std::io::stderr(), "error").unwrap();
        0
    });
    let mut lines: Vec<String> = run(1, &work).lines.into_iter().map(|(_, line)| line).collect();
    lines.sort();
    assert_eq!(lines, ["error", "first", "last"]);
}

#[test]
fn the_last_words_of_a_dying_worker_come() {
    let work = integers(1, |_, _| {
        write!(std::io::stderr(), "farewell").unwrap();
        std::process::abort()
    });
    let seen = run(1, &work);
    assert_eq!(seen.lines, vec![(0, "farewell".to_string()); 3]);
    assert_eq!(seen.report.failures.len(), 1);
}

#[test]
fn a_pieces_lines_come_before_its_result() {
    let work = integers(200, |piece, _| {
        // Not `println!`, which the test harness may catch.
        let mut stdout = std::io::stdout();
        writeln!(stdout, "{piece}").unwrap();
        piece as i64
    });
    let (mut printed, mut kept) = (Vec::new(), common::Kept::default());
    let options = fascicle_core::ExecuteOptions::new();
    let listener = &mut |event: fascicle_core::Event<'_>| {
        match event {
            fascicle_core::Event::Output { line, .. } => printed.push(line.parse().unwrap()),
            fascicle_core::Event::Done { piece, .. } => assert!(printed.contains(&piece)),
            _ => {}
        }
        std::ops::ControlFlow::Continue(())
    };
    let driver = common::processes(2);
    fascicle_core::Execute::run(&driver, &work, &mut kept, &options, listener).unwrap();
    assert_eq!(kept.frames.len(), 200);
}

#[test]
fn a_worker_reads_nothing_of_the_drivers_input() {
    let read = |_: u64, _: &mut fascicle_core::Context<'_>| std::io::stdin().lines().count() as i64;
    assert_eq!(run(2, &integers(2, read)).kept.values(), [0, 0]);
}

#[test]
fn text_that_was_not_flushed_is_printed_once() {
    const INSIDE: &str = "FASCICLE_PRINTS";
    if std::env::var_os(INSIDE).is_some() {
        // Not `print!`, which the test harness may catch.
        write!(std::io::stdout(), "half a ").unwrap();
        let seen = run(
            2,
            &integers(4, |piece, _| {
                writeln!(std::io::stdout(), "from {piece}").unwrap();
                piece as i64
            }),
        );
        writeln!(std::io::stdout(), "line").unwrap();
        for (_, line) in seen.lines {
            writeln!(std::io::stdout(), "worker: {line}").unwrap();
        }
        return;
    }
    let output = again("text_that_was_not_flushed_is_printed_once", INSIDE).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.matches("half a").count(), 1, "{text}");
    assert!(text.contains("half a line\n"), "{text}");
    for piece in 0..4 {
        assert_eq!(text.matches(&format!("worker: from {piece}\n")).count(), 1, "{text}");
    }
}
