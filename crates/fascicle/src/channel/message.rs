//! Messages to a kernel: a record separator, an object in JSON, a newline, as RFC 7464 has it.

use serde_json::{Map, Value, json};

use super::Forms;

/// The version of the protocol that is spoken.
const VERSION: u32 = 1;

/// What a kernel is told. docs/display.md says what it does about it.
#[derive(Debug)]
pub enum Message<'a> {
    /// Shows something, under a name if it will change.
    Display { id: Option<&'a str>, data: &'a Forms },
    /// Shows something else in its place.
    Update { id: &'a str, data: &'a Forms },
    /// Takes it away, or without a name all that the cell has shown; then only when something new comes.
    Clear { id: Option<&'a str> },
    /// How far something is.
    Progress { id: &'a str, step: Step<'a>, data: &'a Forms },
    /// Text, whole lines, for one of the outputs; of a worker or of the run itself.
    Stream { name: &'a str, worker: Option<usize>, text: &'a str },
}

/// How far something is, in numbers.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// So many are done.
    pub position: u64,
    /// Of so many.
    pub length: u64,
    /// What is counted, in the plural.
    pub unit: &'a str,
    /// How many a second.
    pub rate: f64,
    /// Seconds that are left.
    pub left: f64,
    /// Nothing more will come.
    pub done: bool,
}

impl Message<'_> {
    /// As it is sent. JSON has escapes for both ends, so that neither is inside.
    pub fn line(&self) -> String {
        let (kind, mut fields) = match self {
            Self::Display { id, data } => ("display", object(&[("id", json!(id)), bundle(data)])),
            Self::Update { id, data } => ("update", object(&[("id", json!(id)), bundle(data)])),
            Self::Clear { id } => {
                ("clear", object(&[("id", json!(id)), ("wait", json!(id.is_none()))]))
            }
            Self::Progress { id, step, data } => {
                let mut fields = step.fields();
                fields.extend(object(&[("id", json!(id)), bundle(data)]));
                ("progress", fields)
            }
            Self::Stream { name, worker, text } => {
                let all = [("name", json!(name)), ("worker", json!(worker)), ("text", json!(text))];
                ("stream", object(&all))
            }
        };
        // What is not known is left out.
        fields.retain(|_, value| !value.is_null());
        fields.extend(object(&[("fascicle", json!(VERSION)), ("message", json!(kind))]));
        format!("\u{1e}{}\n", Value::Object(fields))
    }
}

impl Step<'_> {
    fn fields(&self) -> Map<String, Value> {
        let Self { position, length, unit, rate, left, done } = *self;
        object(&[
            ("position", json!(position)),
            ("length", json!(length)),
            ("unit", json!(unit)),
            // JSON knows neither infinity nor NaN: such numbers are null here.
            ("rate", json!(rate)),
            ("left", json!(left)),
            ("done", json!(done)),
        ])
    }
}

fn object(fields: &[(&str, Value)]) -> Map<String, Value> {
    fields.iter().map(|(name, value)| (name.to_string(), value.clone())).collect()
}

/// The forms of a value, by MIME type.
fn bundle(forms: &Forms) -> (&'static str, Value) {
    ("data", forms.iter().map(|(kind, content)| (kind.to_string(), json!(content))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The messages that docs/display.md has as examples.
    fn examples() -> Vec<String> {
        let data: &Forms =
            &[("text/plain", "2 < 3\n".to_string()), ("text/html", "2 &lt; 3".to_string())];
        let half: &Forms = &[("text/plain", "50 %".to_string())];
        let (unit, done) = ("trajectories", false);
        let step = Step { position: 100, length: 200, unit, rate: 50.0, left: 2.0, done };
        let text = "worker 1 | hello\n";
        let all = [
            Message::Display { id: None, data },
            Message::Display { id: Some("a"), data },
            Message::Update { id: "a", data },
            Message::Clear { id: Some("a") },
            Message::Clear { id: None },
            Message::Progress { id: "b", step, data: half },
            Message::Stream { name: "stdout", worker: Some(1), text },
        ];
        all.iter().map(Message::line).collect()
    }

    #[test]
    fn messages_are_as_documented() {
        let page = include_str!("../../../../docs/display.md");
        for line in examples() {
            let json = line.strip_prefix('\u{1e}').and_then(|line| line.strip_suffix('\n'));
            let json = json.expect("a message has its ends");
            assert!(page.lines().any(|line| line == json), "docs/display.md lacks\n{json}");
        }
    }

    #[test]
    fn nothing_inside_looks_like_an_end() {
        let text = "a\nb\u{1e}c\r";
        let line = Message::Stream { name: "stderr", worker: None, text }.line();
        let inside = &line[1..line.len() - 1];
        assert!(!inside.contains(['\n', '\r', '\u{1e}']), "{line:?}");
        let read: Value = serde_json::from_str(inside).expect("JSON");
        assert_eq!((&read["text"], &read["worker"]), (&json!(text), &Value::Null));
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let (unit, left, done) = ("points", f64::INFINITY, true);
        let step = Step { position: 0, length: 9, unit, rate: f64::NAN, left, done };
        let line = Message::Progress { id: "b", step, data: &[] }.line();
        assert!(!line.contains("rate") && !line.contains("left"), "{line}");
    }
}
