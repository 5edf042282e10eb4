//! Simulations and models: what will be run.

use fascicle_dynamics::{Algorithm, Model, Simulation};

use super::table::Table;
use super::{Show, html};

/// The constants of a model, with their units.
pub fn constants(model: &dyn Model) -> Table {
    let mut table = Table::new(&["constant", "value", "unit"]);
    for (name, value) in model.constants() {
        table.add([name.to_string(), value.to_string(), model.unit_of(name).to_string()]);
    }
    let states = model.num_quantum_states().to_string();
    table.add(["quantum states".to_string(), states, String::new()]);
    let coordinates = model.num_classical_coordinates().to_string();
    table.add(["classical coordinates".to_string(), coordinates, String::new()]);
    table
}

/// The settings of a simulation and of its algorithm.
fn settings<M: Model, A: Algorithm>(sim: &Simulation<M, A>) -> Table {
    let settings = &sim.settings;
    let time = sim.model.units().time;
    let mut table = Table::new(&["setting", "value", "unit"]);
    let mut add = |name: &str, value: String, unit: &str| {
        table.add([name.to_string(), value, unit.to_string()]);
    };
    add("num_trajs", settings.num_trajs.to_string(), "");
    add("batch_size", settings.batch_size.to_string(), "");
    add("tmax", settings.tmax.to_string(), time);
    add("dt_update", settings.dt_update.to_string(), time);
    add("dt_collect", settings.dt_collect.to_string(), time);
    add("seeding", settings.seeding.to_string(), "");
    add("arithmetic", settings.arithmetic.to_string(), "");
    add("wf_db", wave_function(&sim.initial_state.wf_db), "");
    for (name, value) in sim.algorithm.describe() {
        add(&name, value, "");
    }
    table
}

/// "1, 0, 0.5+0.1i"
fn wave_function(wf: &[fascicle_core::c64]) -> String {
    if wf.is_empty() {
        return "yet to be given".to_string();
    }
    let part = |c: &fascicle_core::c64| {
        if c.im == 0.0 { c.re.to_string() } else { format!("{}{:+}i", c.re, c.im) }
    };
    wf.iter().map(part).collect::<Vec<_>>().join(", ")
}

fn name<M: Model, A: Algorithm>(sim: &Simulation<M, A>) -> String {
    format!("{}, {}", sim.model.name(), sim.algorithm.name())
}

impl<M: Model, A: Algorithm> Show for Simulation<M, A> {
    fn text(&self) -> String {
        let (model, settings) = (constants(&self.model).text(), settings(self).text());
        format!("{}\n{model}\n{settings}", name(self))
    }

    fn html(&self) -> String {
        let (model, settings) = (constants(&self.model).html(), settings(self).html());
        let side_by_side = format!(
            "<div style=\"display:flex;flex-wrap:wrap;gap:24px;align-items:flex-start\">\
             <div>{model}</div><div>{settings}</div></div>"
        );
        html::section(&name(self), &side_by_side)
    }
}
