//! Fragments of HTML. They have no colours of their own but the current one, so that they follow the
//! notebook's theme, and no style sheet, which some viewers take out.

use super::table::cut;

/// The most letters of a line of a notice: a panic, or a worker's last words, may have any number.
const NOTICE: usize = 2000;

/// Text as HTML shows it: nothing in it is markup.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Control characters have no place in HTML; evcxr's markers could be made of lines.
            '\n' | '\t' => out.push(letter),
            letter if letter.is_control() => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    out
}

/// A title above something.
pub fn section(title: &str, inside: &str) -> String {
    format!("<div><div><b>{}</b></div>{inside}</div>", escape(title))
}

/// A line of text.
pub fn line(text: &str) -> String {
    format!("<div>{}</div>", escape(text))
}

/// Something that is folded until it is asked for.
pub fn folded(title: &str, inside: &str) -> String {
    format!("<details><summary>{}</summary>{inside}</details>", escape(title))
}

/// Lines that want attention, in a frame with a coloured edge.
pub fn notice(lines: &[String]) -> String {
    const STYLE: &str =
        "border-left:4px solid #d55e00;padding-left:8px;margin:4px 0;white-space:pre-wrap";
    let lines: Vec<String> = lines.iter().map(|line| escape(&cut(line, NOTICE))).collect();
    format!("<div style=\"{STYLE}\">{}</div>", lines.join("<br>"))
}
