//! What a worker has said to its standard error.

use std::collections::VecDeque;

/// How many of its last lines are told of a worker that is lost.
const TOLD: usize = 5;

/// What Rust says before it aborts for want of memory.
const NO_MEMORY: &str = "memory allocation of ";

/// The last lines of one worker.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    last: VecDeque<String>,
    /// The last one that complains of memory. More may follow it, such as a backtrace.
    no_memory: Option<String>,
}

impl Words {
    /// Keeps a line, and few before it.
    pub(crate) fn hear(&mut self, line: String) {
        if line.contains(NO_MEMORY) {
            self.no_memory = Some(line.clone());
        }
        if self.last.len() == TOLD {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }

    /// The last lines, in their order.
    pub(crate) fn last(&self) -> impl Iterator<Item = &str> {
        self.last.iter().map(String::as_str)
    }

    /// Its complaint of memory, if there was one.
    pub(crate) fn no_memory(&self) -> Option<&str> {
        self.no_memory.as_deref()
    }
}
