use fascicle_core::{Data, Event, OnFailure};
use std::ops::ControlFlow;

use super::*;
use crate::prelude::*;

fn simulation() -> Simulation<SpinBoson, MeanField> {
    let mut sim = Simulation::new(SpinBoson { A: 5, ..Default::default() }, MeanField::default());
    sim.settings.tmax = 1.0;
    sim.settings.dt_update = 0.05;
    sim.settings.num_trajs = 40;
    sim.settings.batch_size = 16;
    sim.settings.progress_bar = false;
    sim.initial_state.wf_db = vec![c64(0.6, 0.0), c64(0.0, -0.8)];
    sim
}

/// The words of HTML, those of cells of tables between bars.
fn cells(html: &str) -> String {
    let html = html.replace("<td", "|<td").replace("</tr>", "|");
    html.split('<').filter_map(|part| part.split_once('>')).map(|(_, words)| words).collect()
}

#[test]
fn nothing_in_a_text_is_markup() {
    assert_eq!(
        escape("<a href='x'>&\"\u{1b}[1m"),
        "&lt;a href=&#39;x&#39;&gt;&amp;&quot;\u{fffd}[1m"
    );
    let mut named = ClosureModel::new("<script>alert(1)</script>", 2, 1);
    named = named.with_init_classical(|_, z| z[0] = c64(0.0, 0.0));
    let mut sim = Simulation::new(named, MeanField::default());
    sim.settings = simulation().settings;
    sim.initial_state = simulation().initial_state;
    let data = serial_driver(&sim).unwrap();
    for html in [sim.html(), data.html()] {
        assert!(html.contains("&lt;script&gt;") && !html.contains("<script"), "{html}");
    }
}

#[test]
fn a_simulation_tells_constants_units_and_settings() {
    let sim = simulation();
    let html = sim.html();
    for part in
        ["SpinBoson, MeanField", "|A|5||", "|V|0.5|kT|", "|tmax|1|ħ/kT|", "|wf_db|0.6, 0-0.8i|"]
    {
        assert!(cells(&html).contains(part), "{part} in {html}");
    }
    assert!(sim.text().starts_with("SpinBoson, MeanField\n  constant "), "{}", sim.text());
    let unfinished = Simulation::new(SpinBoson::default(), MeanField::default());
    assert!(unfinished.text().contains("yet to be given"));
}

#[test]
fn data_tell_what_there_is_and_how_it_came_about() {
    let data = serial_driver(simulation()).unwrap();
    let html = data.html();
    let digest = data.digest();
    for part in [
        "SpinBoson, MeanField: 40 trajectories, seeds 0 to 39",
        "40 trajectories on serial in ",
        "<svg",
        "<details><summary>provenance</summary>",
        digest.as_str(),
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert!(cells(&html).contains("|dm_db|11 × 2 × 2|complex|"), "{html}");
    assert!(!html.contains("border-left"), "there is nothing to note");
    assert!(data.text().starts_with("SpinBoson, MeanField: 40 trajectories, seeds 0 to 39\n"));
}

#[test]
fn what_wants_attention_is_noted() {
    let mut sim = simulation();
    sim.algorithm.recipe.update.push(task("trap", |_, block| {
        assert!(!block.seeds().contains(&Seed(20)), "<b>trapped</b>");
        Ok(())
    }));
    let options = RunOptions::new().with_on_failure(OnFailure::Drop);
    let data = Driver::Processes(2).run(&sim, &options).unwrap();
    let html = data.html();
    assert!(html.contains("incomplete: 16 are missing"), "{html}");
    assert!(html.contains("&lt;b&gt;trapped&lt;/b&gt;") && !html.contains("<b>trapped"), "{html}");
    let mut heard = 0;
    let ended = Driver::Serial.run_with(simulation(), RunOptions::new(), &mut |event| {
        heard += i32::from(matches!(event, Event::Done { .. }));
        if heard < 1 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    let html = ended.unwrap().html();
    assert!(html.contains("interrupted"));
    assert!(!html.contains("unknown"), "errors are known all the same: {html}");
}

#[test]
fn numbers_are_to_the_right_and_words_to_the_left() {
    let html = simulation().html();
    for cell in ["left\">V<", "right\">0.5<", "left\">kT<", "left\">tmax<", "left\">independent<"] {
        assert!(html.contains(&format!("<td style=\"text-align:{cell}/td>")), "{cell} in {html}");
    }
    let data = serial_driver(simulation()).unwrap();
    let energies = data.real("quantum_energy").unwrap().html();
    assert!(energies.contains("<th style=\"text-align:right\">0</th>"), "{energies}");
}

#[test]
fn large_data_are_small_to_look_at() {
    let mut sim =
        Simulation::new(HolsteinLattice { N: 30, ..Default::default() }, MeanField::default());
    sim.settings = simulation().settings;
    sim.settings.tmax = 40.0;
    sim.settings.dt_update = 0.02;
    sim.settings.dt_collect = 0.02;
    sim.settings.num_trajs = 4;
    sim.initial_state.wf_db =
        (0..30).map(|site| c64(f64::from(u8::from(site == 0)), 0.0)).collect();
    let data: Data = serial_driver(&sim).unwrap();
    assert_eq!(data.times().len(), 2001);
    let (html, text) = (data.html(), data.text());
    assert!(html.len() < 50_000, "{} bytes", html.len());
    assert!(text.len() < 5_000, "{} bytes", text.len());
}

#[test]
fn results_show_what_they_hold() {
    let well: Result<Data, crate::Error> = serial_driver(simulation());
    assert_eq!(well.html().matches("<svg").count(), 1);
    let mut sim = simulation();
    sim.settings.dt_update = -1.0;
    let ill = serial_driver(&sim);
    assert!(ill.html().starts_with("<div style=\"border-left"), "{}", ill.html());
    assert!(ill.text().starts_with("error: dt_update"), "{}", ill.text());
}

#[test]
fn arrays_show_their_first_rows() {
    let data = serial_driver(simulation()).unwrap();
    let energies = data.real("quantum_energy").unwrap();
    assert!(energies.text().starts_with("array of shape [11]\n"), "{}", energies.text());
    assert!(energies.html().contains(">value</th>"), "{}", energies.html());
    let dm = data.complex("dm_db").unwrap();
    assert!(dm.html().contains("array of shape [11, 2, 2]"));
    assert_eq!(dm.html().matches("<tr>").count(), 12);
    let numbers = [c64(1.0 / 3.0, 0.0), c64(-2e-9, -123.456_789), c64(0.0, f64::NAN)];
    let numbers = fascicle_core::ndarray::arr1(&numbers).text();
    for number in ["0.333333+0i", "-2.00000e-9-123.457i"] {
        assert!(numbers.contains(number), "{number} in {numbers}");
    }
    let counts = fascicle_core::ndarray::arr1(&[123_456_789_u64, 7]).text();
    assert!(counts.contains("123456789"), "{counts}");
    let wide = fascicle_core::ndarray::Array2::from_elem((3, 9), c64(-1.0 / 3.0, -1.0 / 7.0));
    assert!(wide.text().lines().all(|line| line.len() < 130), "{}", wide.text());
    let large = fascicle_core::ndarray::Array2::<f64>::zeros((1000, 1000));
    assert!(large.html().contains("nowrap\">… 1000 in all</th>"), "{}", large.html());
    assert!(large.html().len() < 10_000 && large.text().contains("1000 in all"));
}

#[test]
fn a_chart_in_a_notebook_takes_the_colours_of_its_theme() {
    let data = serial_driver(simulation()).unwrap();
    let chart = Chart::populations(&data, "dm_db").unwrap();
    let (html, file) = (chart.html(), chart.svg().unwrap());
    assert!(html.contains("currentColor") && !html.contains("#FFFFFF\"/>"), "{html}");
    assert!(file.contains("#FFFFFF") && !file.contains("currentColor"));
}

#[test]
fn data_of_many_runs_are_small_to_look_at() {
    let mut sim = simulation();
    sim.settings.num_trajs = 1;
    let mut data = serial_driver(&sim).unwrap();
    for _ in 0..999 {
        data = Driver::Serial.run(&sim, RunOptions::new().with_append(data)).unwrap();
    }
    let (html, text) = (data.html(), data.text());
    assert!(html.len() < 50_000, "{} bytes", html.len());
    assert!(text.len() < 5_000, "{} bytes", text.len());
}

#[test]
fn failures_with_many_words_are_small_to_look_at() {
    let trapped = |from: u64| {
        let mut sim = simulation();
        sim.algorithm.recipe.update.push(task("trap", move |_, block| {
            assert!(block.seeds()[0] < Seed(from), "{}", "trapped ".repeat(10_000));
            Ok(())
        }));
        sim
    };
    // Of all batches, so that no file is left with the others.
    let error = Driver::Serial.run(trapped(0), RunOptions::new());
    assert!(error.html().len() < 50_000, "error: {} bytes", error.html().len());
    let options = RunOptions::new().with_on_failure(OnFailure::Drop);
    let data = Driver::Serial.run(trapped(16), options).unwrap();
    assert!(data.html().len() < 50_000, "data: {} bytes", data.html().len());
}

#[test]
fn large_numbers_have_six_digits_too() {
    let text = fascicle_core::ndarray::arr1(&[1e300, 1e22 / 3.0]).text();
    assert!(text.contains("1.00000e300") && text.contains("3.33333e21"), "{text}");
}
