//! The display channel, read by a small kernel as docs/display.md has it.

use std::process::Command;

use serde_json::Value;

/// Something that a program has shown.
#[derive(Debug)]
struct Shown {
    id: Option<String>,
    /// Its contents by MIME type, the first and all that came in its place.
    contents: Vec<Value>,
}

/// What a notebook's reader would have before them.
#[derive(Debug, Default)]
struct Kernel {
    stdout: String,
    stderr: String,
    of_workers: Vec<(u64, String)>,
    shown: Vec<Shown>,
    gone: Vec<Shown>,
    progress: Vec<Value>,
    clear_next: bool,
}

impl Kernel {
    /// Reads all that came on a standard output.
    fn read(output: &str) -> Self {
        let mut kernel = Self::default();
        let mut rest = output;
        while let Some(at) = rest.find('\u{1e}') {
            kernel.stdout += &rest[..at];
            let line = rest[at + 1..].split('\n').next().unwrap();
            let message = serde_json::from_str(line).ok();
            if let Some(message) = message.filter(|message: &Value| message["fascicle"] == 1) {
                kernel.take(&message);
                rest = &rest[at + 1 + line.len() + 1..];
            } else {
                kernel.stdout.push('\u{1e}');
                rest = &rest[at + 1..];
            }
        }
        kernel.stdout += rest;
        kernel
    }

    fn take(&mut self, message: &Value) {
        let id = message["id"].as_str().map(String::from);
        let place = self.shown.iter().position(|shown| shown.id.is_some() && shown.id == id);
        match (message["message"].as_str().unwrap(), place) {
            ("display", None) => self.show(id, message),
            ("update", Some(place)) => {
                self.shown[place].contents.push(message["data"].clone());
            }
            ("clear", Some(place)) => self.gone.push(self.shown.remove(place)),
            ("clear", None) if id.is_none() => {
                assert_eq!(message["wait"], true);
                self.clear_next = true;
            }
            ("progress", place) => {
                let mut numbers = message.clone();
                numbers.as_object_mut().unwrap().remove("data");
                self.progress.push(numbers);
                match place {
                    Some(place) => self.shown[place].contents.push(message["data"].clone()),
                    None => self.show(id, message),
                }
            }
            ("stream", None) => self.hear(message),
            _ => panic!("{message} is out of place"),
        }
    }

    fn show(&mut self, id: Option<String>, message: &Value) {
        if std::mem::take(&mut self.clear_next) {
            self.gone.append(&mut self.shown);
        }
        self.shown.push(Shown { id, contents: vec![message["data"].clone()] });
    }

    fn hear(&mut self, message: &Value) {
        let text = message["text"].as_str().unwrap();
        assert!(text.ends_with('\n'));
        match message["worker"].as_u64() {
            Some(worker) => self.of_workers.push((worker, text.to_string())),
            None if message["name"] == "stderr" => self.stderr += text,
            None => self.stdout += text,
        }
    }
}

fn output(announced: Option<&str>) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shows"));
    match announced {
        Some(version) => command.env("FASCICLE_DISPLAY", version),
        None => command.env_remove("FASCICLE_DISPLAY"),
    };
    let output = command.env_remove("EVCXR_IS_RUNTIME").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// The forms of one content.
fn forms(content: &Value) -> (&str, &str) {
    (content["text/plain"].as_str().unwrap(), content["text/html"].as_str().unwrap())
}

#[test]
fn a_kernel_that_asks_is_told_all() {
    let (stdout, stderr) = output(Some("1"));
    assert_eq!(stderr, "");
    let kernel = Kernel::read(&stdout);
    // Text is text, in its order, also around a message and where it looks like one.
    let lines: Vec<&str> = kernel.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_eq!(lines[0], "a line that ends after a table");
    assert_eq!(lines[1].len(), 64, "a digest, found {lines:?}");
    assert_eq!(lines[2], "\u{1e}{\"no\": \"message\"}");
    let [(_, of_worker)] = &kernel.of_workers[..] else { panic!("{:?}", kernel.of_workers) };
    assert!(of_worker.ends_with(" | EVCXR_BEGIN_CONTENT text/html \u{1e}\n"), "{of_worker:?}");

    // What was cleared: the chart of the run, the place, then all else, for the data's sake.
    let [chart, place, table, bar] = &kernel.gone[..] else { panic!("{:?}", kernel.gone) };
    assert!(forms(&chart.contents[0]).1.contains("<svg"));
    assert!(!chart.contents.is_empty() && chart.contents.len() <= 20, "{}", chart.contents.len());
    let place: Vec<_> = place.contents.iter().map(|content| forms(content).1).collect();
    assert!(place.len() == 2 && place[0] != place[1] && place[1].contains("energy"));
    assert!(forms(&table.contents[0]).1.contains(">kBT</td>"));
    assert!(bar.contents.len() == kernel.progress.len());
    let [data] = &kernel.shown[..] else { panic!("{:?}", kernel.shown) };
    assert!(forms(&data.contents[0]).0.contains(" trajectories on processes (2 workers) in "));
}

#[test]
fn progress_comes_in_numbers() {
    let kernel = Kernel::read(&output(Some("1")).0);
    let numbers = |name: &str| -> Vec<u64> {
        kernel.progress.iter().map(|step| step[name].as_u64().unwrap()).collect()
    };
    let positions = numbers("position");
    // Of 200 batches in two seconds, or more on a busy machine: ten a second at most.
    assert!(positions.len() > 3 && positions.len() < 100, "{positions:?}");
    assert!(positions.is_sorted() && positions[0] == 0, "{positions:?}");
    assert_eq!(positions.last(), numbers("length").last());
    assert!(kernel.progress.iter().all(|step| step["unit"] == "trajectories"));
    // Nothing is known of the rate at first.
    assert_eq!(
        (&kernel.progress[0]["rate"], &kernel.progress[0]["left"]),
        (&0.0.into(), &Value::Null)
    );
    let (last, before) = kernel.progress.split_last().unwrap();
    assert!(last["done"] == true && before.iter().all(|step| step["done"] == false));
}

#[test]
fn without_a_word_of_the_kernel_there_are_no_messages() {
    for announced in [None, Some("no")] {
        let (stdout, stderr) = output(announced);
        assert!(!stdout.contains("\"fascicle\"") && !stdout.contains("<svg"), "{stdout}");
        // The last of what was shown in one place was taken away again.
        assert_eq!(
            stdout.matches("SpinBoson, FewestSwitchesSurfaceHopping: ").count(),
            1,
            "{stdout}"
        );
        assert!(stderr.contains(" trajectories in 200 batches on 2 processes\n"), "{stderr}");
    }
}
