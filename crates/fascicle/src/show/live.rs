//! What is shown and changes.

use super::Show;
use crate::channel::{self, Forms, Message, Way};

/// A place in a cell's output where one value after another is shown, each in place of the one before:
/// a chart of a run that goes on, for example.
///
/// A kernel that takes messages shows each at once. Stock evcxr shows the last, when the cell is over;
/// outside of a notebook the last is printed when the place is dropped. A listener that draws costs the run
/// the time that it takes: it chooses how often.
///
/// ```
/// use std::ops::ControlFlow;
///
/// use fascicle::core::Event;
/// use fascicle::prelude::*;
///
/// let mut sim = Simulation::new(SpinBoson { A: 5, ..Default::default() }, MeanField::default());
/// sim.settings.dt_update = 0.05;
/// sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
/// let rounds = RunOptions::new().until_standard_error("quantum_energy", 0.01, 10_000);
///
/// let mut place = Live::new();
/// let data = Driver::Threads(2).run_with(&sim, rounds, &mut |event| {
///     if let Event::Round { partial, .. } = event
///         && let Some(data) = partial()
///     {
///         place.show(&data.plot_convergence());
///     }
///     ControlFlow::Continue(())
/// })?;
/// # assert!(data.convergence().len() > 1);
/// # Ok::<(), fascicle::Error>(())
/// ```
#[derive(Debug)]
pub struct Live {
    way: Way,
    id: String,
    /// The kernel has a place for it.
    is_there: bool,
    /// What is still to be printed.
    last: Option<String>,
}

impl Live {
    /// A place, with nothing in it yet.
    pub fn new() -> Self {
        Self { way: Way::here(), id: channel::new_id(), is_there: false, last: None }
    }

    /// Shows a value in it.
    pub fn show(&mut self, value: &dyn Show) {
        if self.way == Way::Text {
            self.last = Some(value.text());
            return;
        }
        let (id, data): (_, &Forms) =
            (&self.id, &[("text/plain", value.text()), ("text/html", value.html())]);
        match (self.way, self.is_there) {
            (Way::Messages, true) => channel::send(&Message::Update { id, data }),
            (Way::Messages, false) => channel::send(&Message::Display { id: Some(id), data }),
            _ => channel::show(self.way, data),
        }
        self.is_there = true;
    }

    /// Takes away what is shown in it, where the kernel can do that; a later value is shown anew.
    pub fn clear(&mut self) {
        self.last = None;
        if self.way == Way::Messages && std::mem::take(&mut self.is_there) {
            channel::send(&Message::Clear { id: Some(&self.id) });
        }
    }
}

impl Default for Live {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if let Some(text) = self.last.take() {
            channel::show(Way::Text, &[("text/plain", text)]);
        }
    }
}

/// Takes away all that the cell has shown so far, as soon as there is something new, where the kernel can
/// do that.
pub fn clear() {
    if Way::here() == Way::Messages {
        channel::send(&Message::Clear { id: None });
    }
}
