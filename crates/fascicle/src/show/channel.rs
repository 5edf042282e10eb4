//! The way to the notebook.

use std::io::Write;

/// What evcxr sets in the processes that run cells.
const EVCXR: &str = "EVCXR_IS_RUNTIME";

/// The end of a content, on a line of its own.
const END: &str = "EVCXR_END_CONTENT";

/// Shows a value in its forms, by MIME type: all of them in a cell of evcxr, where a block of lines for
/// each is passed on with its type; elsewhere the first, which is plain text.
pub fn show(forms: &[(&str, String)]) {
    let in_cell = std::env::var_os(EVCXR).is_some();
    let text = if in_cell { blocks(forms) } else { forms[0].1.clone() };
    let mut out = std::io::stdout().lock();
    // Whole lines, at once; a closed output is no reason to end.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn blocks(forms: &[(&str, String)]) -> String {
    let block = |(kind, content): &(&str, String)| {
        // A content that has the end in it would end there.
        let content = content.trim_end_matches('\n').replace(END, "EVCXR-END-CONTENT");
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
            "EVCXR_BEGIN_CONTENT text/plain\na\nEVCXR-END-CONTENT\nb\nEVCXR_END_CONTENT\n\
             EVCXR_BEGIN_CONTENT text/html\n<b>\nEVCXR_END_CONTENT\n"
        );
    }
}
