//! Data as a table for human eyes.

use fascicle_core::{Data, Output, OutputSpec, RunRecord};

use super::table::widths;

/// The most rows of times.
const ROWS: usize = 11;

/// The most diagonal elements of a matrix that get a column each.
const DIAGONAL: usize = 4;

/// Data as a table: what was run and how, then means ± standard errors at up to eleven times, with
/// populations for small density matrices. Outputs of other shapes are named below it.
pub fn summary(data: &Data) -> String {
    let mut text = heading(data);
    let columns = columns(data);
    if data.seeds().is_empty() {
        text.push_str("no results\n");
        return text;
    }
    let names = columns.iter().map(|column| column.name.clone());
    let mut lines = vec![std::iter::once("time".to_string()).chain(names).collect()];
    for time in rows(data.times().len()) {
        let cells = columns.iter().map(|column| with_error(column.at(time)));
        lines.push(std::iter::once(short(data.times()[time])).chain(cells).collect());
    }
    text.push_str(&drawn(&lines));
    let is_shown = |name: &str| columns.iter().any(|column| column.output.spec().name == name);
    let specs = data.outputs().iter().map(|output| output.spec());
    let left_out: Vec<_> = specs.filter(|spec| !is_shown(&spec.name)).map(named).collect();
    if !left_out.is_empty() {
        text.push_str(&format!("not shown: {}\n", left_out.join(", ")));
    }
    text
}

/// Lines of cells, the first being the head, right-aligned between rules.
fn drawn(lines: &[Vec<String>]) -> String {
    let widths = widths(lines);
    let all = widths.iter().map(|width| width + 2).sum();
    let (thin, thick) = ("─".repeat(all), "═".repeat(all));
    let mut text = format!("{thin}\n");
    for (at, line) in lines.iter().enumerate() {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!(" {cell:>width$} "));
        text.push_str(cells.collect::<String>().trim_end());
        text.push('\n');
        if at == 0 {
            text.push_str(&format!("{thick}\n"));
        }
    }
    text + &thin + "\n"
}

/// An output's name and shape.
fn named(spec: &OutputSpec) -> String {
    let shape: Vec<_> = spec.shape.iter().map(usize::to_string).collect();
    format!("{} ({})", spec.name, if shape.is_empty() { "1".into() } else { shape.join(" × ") })
}

/// "SpinBoson, MeanField: 200 trajectories, seeds 0 to 199"
pub fn title(data: &Data) -> String {
    let mut text =
        format!("{}: {} trajectories", data.description().simulation, data.seeds().len());
    if let (Some(first), Some(last)) = (data.seeds().first(), data.seeds().last()) {
        text.push_str(&format!(", seeds {first} to {last}"));
    }
    if !data.is_complete() {
        text.push_str(&format!(", incomplete: {} are missing", data.missing().len()));
    }
    text
}

/// "200 trajectories on processes (4 workers) in 0.52 s, 385 a second, …"
fn told(run: &RunRecord) -> String {
    let mut text = format!("{} trajectories on {}", run.trajectories, run.driver);
    if run.tasks > 1 {
        text.push_str(&format!(" ({} workers)", run.tasks));
    }
    if let (Some(seconds), Some(speed)) = (run.seconds, run.speed()) {
        text.push_str(&format!(" in {seconds:.2} s, {speed:.0} a second"));
    }
    if run.rounds > 1 {
        text.push_str(&format!(", {} rounds", run.rounds));
    }
    if run.resumed > 0 {
        text.push_str(&format!(", {} of them from a checkpoint", run.resumed));
    }
    if run.workers_lost > 0 {
        text.push_str(&format!(", workers lost and replaced: {}", run.workers_lost));
    }
    if run.interrupted {
        text.push_str(", interrupted");
    }
    text
}

/// The most runs that are told of, the last ones.
const RUNS: usize = 8;

/// What is told of the runs that data came about by.
pub fn runs(data: &Data) -> Vec<String> {
    let runs = &data.provenance().runs;
    let left_out = runs.len().saturating_sub(RUNS);
    let before = (left_out > 0).then(|| format!("{left_out} runs before these"));
    before.into_iter().chain(runs[left_out..].iter().map(told)).collect()
}

fn heading(data: &Data) -> String {
    let mut text = title(data);
    if !data.failures().is_empty() {
        text.push_str(&format!(", failures: {}", data.failures().len()));
    }
    text.push('\n');
    runs(data).iter().for_each(|run| text.push_str(&format!("{run}\n")));
    text
}

/// One column of numbers with errors: an output, or an element on its diagonal.
struct Column<'a> {
    name: String,
    output: &'a Output,
    element: Option<usize>,
}

impl Column<'_> {
    fn at(&self, time: usize) -> (f64, f64) {
        let error = self.output.standard_error();
        let value = match self.element {
            None => self.output.real().map(|mean| (mean[[time]], error[[time]])),
            Some(k) => {
                self.output.complex().map(|mean| (mean[[time, k, k]].re, error[[time, k, k]]))
            }
        };
        value.unwrap_or((f64::NAN, f64::NAN))
    }
}

fn columns(data: &Data) -> Vec<Column<'_>> {
    let mut columns = Vec::new();
    for output in data.outputs() {
        let spec = output.spec();
        match (spec.complex, spec.shape.as_slice()) {
            (false, []) => {
                columns.push(Column { name: spec.name.replace('_', " "), output, element: None });
            }
            (true, &[n, m]) if n == m && n <= DIAGONAL => columns.extend((0..n).map(|k| Column {
                name: format!(
                    "{} {k}",
                    if spec.name == "dm_db" { "population" } else { &spec.name }
                ),
                output,
                element: Some(k),
            })),
            _ => {}
        }
    }
    columns
}

/// Evenly spaced times, the first and the last among them.
fn rows(times: usize) -> Vec<usize> {
    if times <= ROWS {
        return (0..times).collect();
    }
    (0..ROWS).map(|row| row * (times - 1) / (ROWS - 1)).collect()
}

/// Six significant digits at the most.
pub fn short(value: f64) -> String {
    if value == 0.0 {
        return "0".to_string();
    }
    let digits = (5 - value.abs().log10().floor() as i32).clamp(0, 20) as usize;
    let text = format!("{value:.digits$}");
    if digits == 0 {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// A mean with as many digits as its error has, which is given two.
fn with_error((mean, error): (f64, f64)) -> String {
    if !(error.is_finite() && error > 0.0) {
        return format!("{mean:.6}");
    }
    let digits = (1 - error.log10().floor() as i32).clamp(0, 12) as usize;
    format!("{mean:.digits$} ± {error:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_two_digits() {
        assert_eq!(with_error((0.123_456, 0.012_3)), "0.123 ± 0.012");
        assert_eq!(with_error((1234.5, 67.8)), "1234 ± 68");
        assert_eq!(with_error((-1.0, 0.000_45)), "-1.00000 ± 0.00045");
        assert_eq!(with_error((0.5, f64::NAN)), "0.500000");
        assert_eq!(with_error((1.0, 0.0)), "1.000000");
    }

    #[test]
    fn cells_are_right_aligned_between_rules() {
        let lines = [["time", "±"], ["0.5", "1 ± 2"]].map(|line| line.map(String::from).to_vec());
        assert_eq!(
            drawn(&lines),
            "─────────────\n time      ±\n═════════════\n  0.5  1 ± 2\n─────────────\n"
        );
    }

    #[test]
    fn rows_begin_and_end_with_the_data() {
        assert_eq!(rows(3), [0, 1, 2]);
        assert_eq!(rows(101), [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
        assert_eq!((rows(57)[0], rows(57)[10]), (0, 56));
    }

    #[test]
    fn times_are_short() {
        assert_eq!([0.0, 0.1 + 0.2, 10.0, 2.5].map(short), ["0", "0.3", "10", "2.5"]);
        assert_eq!([1e-9, 41_341.37, 1e6].map(short), ["0.000000001", "41341.4", "1000000"]);
    }
}
