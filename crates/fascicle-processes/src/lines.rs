//! Bytes that a worker writes, cut into lines.

/// The longest line that is relayed whole, 64 KiB. Longer ones come in parts.
const LONGEST: usize = 64 << 10;

/// Puts lines together from bytes that arrive in parts.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    waiting: Vec<u8>,
}

impl Lines {
    /// Takes in bytes, and hands out the lines that are complete, without their ends. What is no
    /// UTF-8 is replaced by U+FFFD.
    pub(crate) fn push(&mut self, mut bytes: &[u8], lines: &mut Vec<String>) {
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            self.append(&bytes[..end], lines);
            lines.push(text(&self.waiting));
            self.waiting.clear();
            bytes = &bytes[end + 1..];
        }
        self.append(bytes, lines);
    }

    /// The last line, if it had no end.
    pub(crate) fn finish(&mut self) -> Option<String> {
        let rest = std::mem::take(&mut self.waiting);
        (!rest.is_empty()).then(|| text(&rest))
    }

    fn append(&mut self, bytes: &[u8], lines: &mut Vec<String>) {
        self.waiting.extend_from_slice(bytes);
        while self.waiting.len() > LONGEST {
            let rest = self.waiting.split_off(boundary(&self.waiting));
            lines.push(text(&self.waiting));
            self.waiting = rest;
        }
    }
}

/// Where to cut a long line: at most `LONGEST`, not inside a character.
fn boundary(bytes: &[u8]) -> usize {
    let continues = |at: usize| bytes[at] & 0xC0 == 0x80;
    (LONGEST - 3..=LONGEST).rev().find(|&at| !continues(at)).unwrap_or(LONGEST)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(bytes: &[u8], part: usize) -> Vec<String> {
        let (mut lines, mut found) = (Lines::default(), Vec::new());
        bytes.chunks(part).for_each(|chunk| lines.push(chunk, &mut found));
        found.extend(lines.finish());
        assert!(lines.waiting.is_empty());
        found
    }

    #[test]
    fn lines_survive_any_cutting() {
        for part in 1..20 {
            assert_eq!(cut("α\n\nβγ\nrest".as_bytes(), part), ["α", "", "βγ", "rest"]);
        }
        assert_eq!(cut(b"whole\n", 99), ["whole"]);
    }

    #[test]
    fn what_is_no_text_is_replaced() {
        assert_eq!(cut(b"a\xffb\n", 1), ["a\u{fffd}b"]);
    }

    #[test]
    fn long_lines_come_in_parts_of_whole_characters() {
        let long = "aβ".repeat(LONGEST);
        for part in [LONGEST - 1, LONGEST, 3 * LONGEST + 1] {
            let parts = cut(long.as_bytes(), part);
            assert!(parts.iter().all(|line| (1..=LONGEST).contains(&line.len())));
            assert_eq!(parts.concat(), long);
        }
    }
}
