//! The other threads of this process, of which one may hold a lock that a worker has inherited.

use std::fs;
use std::path::Path;

/// How many threads are named.
const NAMED: usize = 8;

/// What the other threads are doing, as a part of a message; nothing where the system does not say.
pub(crate) fn suspects() -> String {
    // "PID/task/TID"
    let Ok(own) = fs::read_link("/proc/thread-self") else {
        return String::new();
    };
    let own = own.file_name().unwrap_or_default().to_owned();
    let Ok(tasks) = fs::read_dir("/proc/self/task") else {
        return String::new();
    };
    let others: Vec<String> = tasks
        .flatten()
        .filter(|task| task.file_name() != own)
        .filter_map(|task| describe(&task.path()))
        .collect();
    if others.is_empty() {
        return "; this process has no other threads that could have held a lock".to_string();
    }
    let named = others.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    let more = if others.len() > NAMED { ", …" } else { "" };
    format!(
        "; {} other thread(s) of this process may have held a lock that it needs: {named}{more}; \
         begin the run when they are at rest",
        others.len()
    )
}

/// "name (state, where)".
fn describe(task: &Path) -> Option<String> {
    let read = |file: &str| fs::read_to_string(task.join(file)).ok();
    let name = read("comm")?;
    let status = read("status")?;
    let state = status.lines().find_map(|line| line.strip_prefix("State:"))?.trim();
    // "0", or nothing at all, where it is hidden or the thread runs.
    let place = read("wchan").filter(|place| place.trim() != "0" && !place.is_empty());
    let place = place.map_or(String::new(), |place| format!(", in {}", place.trim()));
    Some(format!("{} ({state}{place})", name.trim()))
}
