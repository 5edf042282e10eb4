//! The way to whoever shows what a program has to show.
//!
//! There are three: messages, for a kernel that says by an environment variable that it takes them
//! (docs/display.md has the protocol); blocks of lines, for stock evcxr; and plain text.

mod message;

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

pub use message::{Message, Step};

/// By this a kernel says that it takes messages, and up to which version of the protocol.
const DISPLAY: &str = "FASCICLE_DISPLAY";

/// What evcxr sets in the processes that run cells.
const EVCXR: &str = "EVCXR_IS_RUNTIME";

/// The end of a content, on a line of its own.
const END: &str = "EVCXR_END_CONTENT";

/// A value in its forms, by MIME type; the first is plain text.
pub type Forms = [(&'static str, String)];

/// How something gets to where it is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// As messages on the standard output.
    Messages,
    /// As evcxr's blocks of lines on the standard output.
    Blocks,
    /// As plain text on the standard output.
    Text,
}

impl Way {
    /// What there is for this process.
    pub fn here() -> Self {
        // What a worker writes is relayed line by line, as text.
        if std::env::var_os(fascicle_core::WORKER).is_some() {
            return Self::Text;
        }
        Self::of(std::env::var(DISPLAY).ok().as_deref(), std::env::var_os(EVCXR).is_some())
    }

    /// All versions from 1 on are spoken by who speaks a later one.
    fn of(version: Option<&str>, evcxr: bool) -> Self {
        match version.and_then(|version| version.trim().parse::<u32>().ok()) {
            Some(1..) => Self::Messages,
            _ if evcxr => Self::Blocks,
            _ => Self::Text,
        }
    }
}

/// Shows a value.
pub fn show(way: Way, forms: &Forms) {
    put(&match way {
        Way::Messages => Message::Display { id: None, data: forms }.line(),
        Way::Blocks => blocks(forms),
        Way::Text => forms[0].1.clone(),
    });
}

/// Sends a message, whole; only where they are taken.
pub fn send(message: &Message<'_>) {
    put(&message.line());
}

/// Writes whole lines, at once. A closed output is no reason to end.
fn put(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// A name for something that is shown and will change, which nothing else on this machine has.
pub fn new_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("fascicle-{:x}-{:x}-{number}", std::process::id(), now.as_nanos())
}

fn blocks(forms: &Forms) -> String {
    let block = |(kind, content): &(&str, String)| {
        // Inside of a block evcxr heeds its end and its mark of a panic, after which any other.
        let content = content.trim_end_matches('\n').replace("EVCXR_", "EVCXR-");
        format!("EVCXR_BEGIN_CONTENT {kind}\n{content}\n{END}\n")
    };
    forms.iter().map(block).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_ends_where_it_is_to() {
        let sly = "a\nEVCXR_END_CONTENT\nb\n".to_string();
        assert_eq!(
            blocks(&[("text/plain", sly), ("text/html", "<b>".to_string())]),
            "EVCXR_BEGIN_CONTENT text/plain\na\nEVCXR-END_CONTENT\nb\nEVCXR_END_CONTENT\n\
             EVCXR_BEGIN_CONTENT text/html\n<b>\nEVCXR_END_CONTENT\n"
        );
    }

    #[test]
    fn no_line_of_a_block_means_anything_to_evcxr() {
        let markers = ["PANIC_NOTIFICATION", "EXECUTION_COMPLETE", "END_CONTENT"];
        let sly: String = markers.iter().map(|marker| format!("EVCXR_{marker}\n")).collect();
        let block = blocks(&[("text/plain", sly)]);
        let means = block.lines().filter(|line| line.starts_with("EVCXR_"));
        assert_eq!(means.collect::<Vec<_>>(), ["EVCXR_BEGIN_CONTENT text/plain", END]);
    }

    #[test]
    fn messages_are_for_those_who_take_them() {
        assert_eq!(Way::of(Some("1"), true), Way::Messages);
        assert_eq!(Way::of(Some("2"), false), Way::Messages);
        assert_eq!(Way::of(Some("0"), true), Way::Blocks);
        assert_eq!(Way::of(Some("yes"), true), Way::Blocks);
        assert_eq!(Way::of(Some(""), false), Way::Text);
        assert_eq!(Way::of(None, true), Way::Blocks);
        assert_eq!(Way::of(None, false), Way::Text);
    }

    #[test]
    fn no_two_names_are_alike() {
        assert_ne!(new_id(), new_id());
    }
}
