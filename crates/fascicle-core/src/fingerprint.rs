//! A fingerprint of what two runs must agree on.

use crate::sha256::Sha256;

/// Collects facts, in order, into a SHA-256 digest. Each fact is tagged and carries its length, so
/// that no two lists of facts run into each other.
#[derive(Clone, Debug, Default)]
pub struct Fingerprint(Sha256);

impl Fingerprint {
    /// An empty fingerprint.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text.
    pub fn text(&mut self, text: &str) {
        self.fact(b't', text.as_bytes());
    }

    /// Adds an integer.
    pub fn integer(&mut self, value: u64) {
        self.fact(b'i', &value.to_le_bytes());
    }

    /// Adds numbers by their bits; every NaN counts as the same one.
    pub fn reals(&mut self, values: &[f64]) {
        self.0.update(b"r");
        self.0.update(&(values.len() as u64).to_le_bytes());
        for &value in values {
            let value = if value.is_nan() { f64::NAN } else { value };
            self.0.update(&value.to_bits().to_le_bytes());
        }
    }

    fn fact(&mut self, tag: u8, bytes: &[u8]) {
        self.0.update(&[tag]);
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// The digest.
    pub fn bytes(self) -> [u8; 32] {
        self.0.finish()
    }

    /// The digest as 64 hexadecimal digits.
    pub fn hex(self) -> String {
        self.bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(facts: &[&str]) -> String {
        let mut to = Fingerprint::new();
        facts.iter().for_each(|fact| to.text(fact));
        to.hex()
    }

    #[test]
    fn facts_do_not_run_into_each_other() {
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_eq!(of(&["ab", "c"]), of(&["ab", "c"]));
        assert_eq!(of(&[]).len(), 64);
    }
}
