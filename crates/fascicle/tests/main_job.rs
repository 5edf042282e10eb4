//! The README's first command, as a user runs it: on a terminal, and into files.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The example, which cargo builds beside the tests.
fn example() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let profile = test.ancestors().nth(2).expect("tests are in a folder of the profile");
    let example = profile.join("examples/spin_boson");
    assert!(example.exists(), "build it with `cargo build -p fascicle --examples`");
    example
}

fn run(arguments: &[&str], folder: &Path) -> Output {
    let output = Command::new(example()).args(arguments).current_dir(folder).output();
    output.expect("the example can be started")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("what is printed is text")
}

fn digest(stdout: &str) -> &str {
    stdout.lines().find_map(|line| line.strip_prefix("digest ")).expect("a digest is printed")
}

#[test]
fn into_files_it_prints_plain_lines_and_makes_the_charts() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(&["3", "40"], folder.path());
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{stderr}");
    for printed in [&stdout, &stderr] {
        let control = printed.chars().find(|c| c.is_control() && *c != '\n');
        assert_eq!(control, None, "{printed:?}");
    }
    assert!(stderr.starts_with("40 trajectories in 2 batches on 3 processes\n"), "{stderr}");
    assert!(stderr.contains("40 of 40 trajectories in "), "{stderr}");
    for column in ["time", "population 0", "population 1", "classical energy", "quantum energy"] {
        assert!(stdout.contains(column), "{stdout}");
    }
    let svg = std::fs::read_to_string(folder.path().join("spin_boson.svg")).unwrap();
    assert_eq!(svg.matches("<polygon").count(), 2, "a band of errors for each population");
    let png = std::fs::read(folder.path().join("spin_boson.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG"));
    let saved = fascicle::Data::load(folder.path().join("spin_boson.h5")).unwrap();
    assert_eq!(saved.digest(), digest(&stdout));
}

#[test]
fn the_numbers_do_not_depend_on_the_workers() {
    let folder = tempfile::tempdir().unwrap();
    let digests = ["1", "2", "5"].map(|workers| {
        let output = run(&[workers, "60"], folder.path());
        digest(&text(&output.stdout)).to_string()
    });
    assert_eq!(digests[0], digests[1]);
    assert_eq!(digests[0], digests[2]);
}

#[test]
fn on_a_terminal_there_is_a_bar_with_rate_workers_and_the_time_left() {
    let folder = tempfile::tempdir().unwrap();
    let command = format!("{} 2 500", example().display());
    let output = Command::new("script")
        .args(["--quiet", "--return", "--command", &command, "typescript"])
        .env("TERM", "xterm")
        .env_remove("NO_COLOR")
        .current_dir(folder.path())
        .output()
        .expect("`script` makes a terminal: install it with `apt-get install bsdutils`");
    let printed = text(&output.stdout);
    assert!(output.status.success(), "{printed}");
    for piece in ["/500 trajectories on 2 processes", " a second", " left", "█", "\x1b["] {
        assert!(printed.contains(piece), "no {piece:?} in {printed}");
    }
}

#[test]
fn bad_arguments_are_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, expected) in
        [(["0", "10"], "num_tasks"), (["2", "0"], "num_trajs"), (["two", "9"], "workers")]
    {
        let output = run(&arguments, folder.path());
        assert!(!output.status.success());
        let stderr = text(&output.stderr);
        assert!(stderr.starts_with("error: ") && stderr.contains(expected), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
