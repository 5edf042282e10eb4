//! The file of counts.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What counts hang on beside the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surroundings {
    rustc: String,
    target: String,
    vectors: String,
}

/// Counts, and where they were made.
pub struct Baseline {
    pub surroundings: Surroundings,
    pub counts: BTreeMap<String, u64>,
}

/// Where the file is.
pub fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("instructions.txt")
}

impl Surroundings {
    /// Those of this machine, on which valgrind has these vectors.
    pub fn here(vectors: String) -> Result<Self, Box<dyn Error>> {
        let output = Command::new("rustc").arg("-vV").output()?;
        let text = String::from_utf8(output.stdout)?;
        let value = |key: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(key));
            line.map(|value| value.trim().to_string()).ok_or(format!("rustc does not tell {key}"))
        };
        let rustc = text.lines().next().unwrap_or_default().to_string();
        Ok(Self { rustc, target: value("host:")?, vectors })
    }
}

impl fmt::Display for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}, {}", self.rustc, self.target, self.vectors)
    }
}

impl Baseline {
    pub fn read() -> Result<Self, Box<dyn Error>> {
        let path = path();
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        let mut values = BTreeMap::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (key, value) = line.split_once(": ").ok_or(format!("no value in `{line}`"))?;
            values.insert(key.to_string(), value.to_string());
        }
        let mut word = |key: &str| values.remove(key).ok_or(format!("the file has no {key}"));
        let surroundings = Surroundings {
            rustc: word("rustc")?,
            target: word("target")?,
            vectors: word("vectors")?,
        };
        let count = |(name, value): (String, String)| Ok((name, value.parse()?));
        let counts = values.into_iter().map(count).collect::<Result<_, Box<dyn Error>>>()?;
        Ok(Self { surroundings, counts })
    }

    pub fn write(&self) -> std::io::Result<()> {
        let Surroundings { rustc, target, vectors } = &self.surroundings;
        let mut text = format!(
            "# Instructions of short runs, from `./task instructions write`.\n\
             rustc: {rustc}\ntarget: {target}\nvectors: {vectors}\n"
        );
        for (name, count) in &self.counts {
            text += &format!("{name}: {count}\n");
        }
        std::fs::write(path(), text)
    }
}
