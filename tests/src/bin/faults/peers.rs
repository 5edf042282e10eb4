//! The same faults on the pools of Python.

use std::error::Error;

use fascicle_tests::peers;

use super::Length;

/// A table of what loky and concurrent.futures do, where they have the notion.
pub fn table(length: Length) -> Result<String, Box<dyn Error>> {
    Ok(peers::run("faults_pools.py", &[length.of("1000", "10000")])?)
}
