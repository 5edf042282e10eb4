//! Data: what came out.

use fascicle_core::{Data, Level, OutputSpec};

use super::summary::{runs, summary, title};
use super::table::Table;
use super::{Show, html};
use crate::chart::{Chart, ChartError, in_few_digits};

/// The most warnings and failures that are written out.
const MOST: usize = 8;

impl Show for Data {
    fn text(&self) -> String {
        summary(self)
    }

    fn html(&self) -> String {
        let mut inside = String::new();
        runs(self).iter().for_each(|run| inside.push_str(&html::line(run)));
        inside.push_str(&notices(self));
        if let Some(chart) = first_chart(self) {
            let notice = |error: ChartError| html::notice(&[error.to_string()]);
            inside.push_str(&chart.inline_svg().unwrap_or_else(notice));
        }
        inside.push_str(&outputs(self).html());
        inside.push_str(&html::folded("provenance", &provenance(self).html()));
        html::section(&title(self), &inside)
    }
}

/// Warnings and failures, if there are any.
fn notices(data: &Data) -> String {
    let warnings = data.log().iter().filter(|line| line.level == Level::Warning);
    let failures = data.failures().iter().map(ToString::to_string);
    let all: Vec<String> = warnings.map(|line| line.text.clone()).chain(failures).collect();
    if all.is_empty() {
        return String::new();
    }
    let mut shown: Vec<String> = all.iter().take(MOST).cloned().collect();
    if all.len() > MOST {
        shown.push(format!("and {} more", all.len() - MOST));
    }
    html::notice(&shown)
}

fn outputs(data: &Data) -> Table {
    let mut table = Table::new(&["output", "shape", "kind", "largest standard error"]);
    for output in data.outputs() {
        let spec = output.spec();
        let error = output.largest_error();
        let error = if error.is_finite() { in_few_digits(error) } else { "unknown".to_string() };
        let kind = if spec.complex { "complex" } else { "real" };
        table.add([spec.name.clone(), shape(spec, data.times().len()), kind.to_string(), error]);
    }
    table
}

/// Times first.
fn shape(spec: &OutputSpec, times: usize) -> String {
    let all = std::iter::once(times).chain(spec.shape.iter().copied());
    all.map(|n| n.to_string()).collect::<Vec<_>>().join(" × ")
}

fn provenance(data: &Data) -> Table {
    let mut table = Table::new(&["what", "value"]);
    let mut add = |name: &str, value: String| table.add([name.to_string(), value]);
    add("version", data.provenance().version.clone());
    add("digest", data.digest());
    add("arithmetic", data.description().arithmetic.to_string());
    add("seeding", data.description().seeding.to_string());
    for (name, value) in &data.description().settings {
        add(name, value.clone());
    }
    table
}

/// The populations, or the first real output that can be drawn.
pub(crate) fn first_chart(data: &Data) -> Option<Chart> {
    let real = || {
        let names = data.outputs().iter().filter(|output| !output.spec().complex);
        names.map(|output| output.name()).find_map(|name| Chart::output(data, name).ok())
    };
    let chart = Chart::populations(data, "dm_db").ok().or_else(real)?;
    Some(chart.with_size(720, 400))
}
