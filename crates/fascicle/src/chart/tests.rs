//! Charts of small data.

use fascicle_core::{
    Context, Description, Ensemble, Failure, Lanes, Recorder, RunOptions, Scale, Seed, Serial,
    ignore_events, run_ensemble,
};

use super::*;
use crate::prelude::*;

/// Units whose populations spread with time.
struct Spread {
    times: usize,
    units: u64,
}

impl Ensemble for Spread {
    fn describe(&self) -> Description {
        Description { simulation: "a spread".into(), ..Description::default() }
    }

    fn times(&self) -> Vec<f64> {
        (0..self.times).map(|t| t as f64).collect()
    }

    fn num_trajs(&self) -> u64 {
        self.units
    }

    fn batch_size(&self) -> usize {
        10
    }

    fn run(
        &self,
        seeds: &[Seed],
        _: &mut Context<'_>,
        out: &mut Recorder<'_>,
    ) -> Result<(), Failure> {
        for &seed in seeds {
            out.begin(&[seed]);
            for t in 0..self.times {
                let p = 0.5 + 0.5 * (t as f64 / 10.0).cos() * (seed.0 as f64 * 0.1).cos();
                let dm = [p, 0.0, 0.0, 1.0 - p];
                let (dm, zero) = (Lanes::one(&dm), Lanes::one(&[0.0; 4]));
                out.complex(t, "dm_db", &[2, 2], Scale::Exact, dm, zero)?;
                out.real(t, "energy", &[], Scale::Exact, Lanes::one(&[p * p]))?;
            }
            out.end()?;
        }
        Ok(())
    }
}

fn data(times: usize, units: u64) -> Data {
    let ensemble = Spread { times, units };
    run_ensemble(&ensemble, &Serial, &RunOptions::new(), &mut ignore_events).expect("it runs")
}

#[test]
fn an_svg_has_curves_bands_and_words() {
    let svg = Chart::populations(&data(40, 25), "dm_db").unwrap().svg().unwrap();
    assert_eq!(svg.matches("<polygon").count(), 2, "a band for each state");
    for words in ["a spread", "time", "population, band: ± standard error", "state 0", "state 1"] {
        assert!(svg.contains(words), "{words}");
    }
    assert!(svg.contains("#0072B2") && svg.contains("#D55E00"));
}

#[test]
fn a_png_has_the_size_asked_for_and_the_curves_colours() {
    let chart = Chart::populations(&data(40, 25), "dm_db").unwrap().with_size(640, 400);
    let png = chart.png().unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.width, info.height), (640, 400));
    let count =
        |colour: [u8; 3]| pixels.as_chunks::<3>().0.iter().filter(|p| **p == colour).count();
    assert!(count([0, 114, 178]) > 100, "the first curve");
    assert!(count([213, 94, 0]) > 100, "the second curve");
    // Words: dark pixels above the plot, where the title is.
    let title = &pixels[..640 * 3 * 40];
    let dark = title.as_chunks::<3>().0.iter().filter(|p| p.iter().all(|&c| c < 90)).count();
    assert!(dark > 50, "{dark} dark pixels");
}

#[test]
fn single_times_and_single_units_are_drawn() {
    for (times, units) in [(1, 25), (40, 1), (1, 1)] {
        let data = data(times, units);
        let populations = Chart::populations(&data, "dm_db").unwrap();
        assert!(populations.svg().unwrap().contains("state 1"));
        assert!(!populations.png().unwrap().is_empty());
        Chart::output(&data, "energy").unwrap().png().unwrap();
    }
}

#[test]
fn what_cannot_be_drawn_says_why() {
    let data = data(3, 2);
    let message = |chart: Result<Chart, ChartError>| chart.unwrap_err().to_string();
    assert!(message(Chart::populations(&data, "dm")).starts_with("there is no output `dm`"));
    assert_eq!(
        message(Chart::populations(&data, "energy")),
        "output `energy` is real, expected complex"
    );
    let chart = Chart::output(&data, "energy").unwrap();
    let error = chart.save("no such folder/chart.png").unwrap_err().to_string();
    assert!(error.starts_with("could not write no such folder/chart.png: "), "{error}");
}

/// The words of a chart.
fn words(chart: &Chart) -> Vec<String> {
    let svg = chart.svg().unwrap();
    let texts = svg.split("<text ").skip(1);
    texts.map(|text| text.lines().nth(1).unwrap_or_default().to_string()).collect()
}

fn has(chart: &Chart, wanted: &[&str]) {
    let words = words(chart);
    for word in wanted {
        assert!(words.iter().any(|found| found == word), "{word} in {words:?}");
    }
}

#[test]
fn coherences_are_those_that_become_largest() {
    let mut sim = Simulation::new(
        HolsteinLattice { N: 5, g: 0.1, ..Default::default() },
        MeanField::default(),
    );
    sim.settings.tmax = 1.0;
    sim.settings.dt_update = 0.01;
    sim.settings.num_trajs = 8;
    sim.settings.progress_bar = false;
    sim.initial_state.wf_db = (0..5).map(|site| c64(f64::from(u8::from(site == 0)), 0.0)).collect();
    let data = serial_driver(&sim).unwrap();
    let chart = data.plot_coherences().unwrap();
    assert_eq!(chart.curves.len(), 6);
    // From site 0 to its neighbours in the ring.
    has(&chart, &["Re 01", "Im 01", "Re 04", "Im 04", "coherence, band: ± standard error"]);
    let error = Chart::coherence(&data, "dm_db", 0, 7).unwrap_err().to_string();
    assert!(error.contains("has no element (0, 7)"), "{error}");
    has(
        &data.plot_energies().unwrap(),
        &["quantum energy", "classical energy", "energy (kT), band: ± standard error"],
    );
}

#[test]
fn errors_shrink_in_a_chart_of_rounds() {
    let ensemble = Spread { times: 5, units: 100 };
    let options = RunOptions::new().until_standard_error("energy", 1e-9, 400);
    let data = run_ensemble(&ensemble, &Serial, &options, &mut ignore_events).unwrap();
    assert_eq!(data.convergence().len(), 4);
    let chart = data.plot_convergence().unwrap();
    has(&chart, &["dm db", "energy", "as 1/√n", "trajectories", "largest standard error", "100"]);
    let guide = chart.curves.last().unwrap();
    assert!((guide.values[0] / guide.values[3] - 2.0).abs() < 1e-12);
    let single = data_of_one();
    assert!(single.plot_convergence().unwrap_err().to_string().contains("no standard errors"));
}

fn data_of_one() -> Data {
    data(3, 1)
}

#[test]
fn a_distribution_counts_every_kept_trajectory_once() {
    let ensemble = Spread { times: 3, units: 60 };
    let options = RunOptions::new().with_keep_all_trajectories();
    let data = run_ensemble(&ensemble, &Serial, &options, &mut ignore_events).unwrap();
    let chart = data.plot_distribution("energy", 1).unwrap();
    assert_eq!(chart.curves[0].values.iter().sum::<f64>(), 60.0);
    has(&chart, &["energy", "trajectories", "a spread at time 1"]);
    let message = |chart: Result<Chart, ChartError>| chart.unwrap_err().to_string();
    let error = message(data.plot_distribution("energy", 3));
    assert_eq!(error, "there is no time number 3: expected one from 0 to 2");
    assert!(
        message(self::data(3, 5).plot_distribution("energy", 1)).contains("with_keep_trajectories")
    );
}

#[test]
fn charts_are_compared_curve_by_curve() {
    let (few, many) = (data(10, 20), data(12, 50));
    let upper = |data: &Data| data.plot_populations().unwrap().only(&[0]);
    let chart = Chart::compare([("few", upper(&few)), ("many", upper(&many))]).unwrap();
    has(&chart, &["a spread", "few: state 0", "many: state 0"]);
    assert_eq!((chart.curves.len(), chart.curves[1].x.len()), (2, 12));
    assert!(Chart::compare([]).is_err());
    let title = |first: &str, second: &str| {
        let (first, second) = (upper(&few).with_title(first), upper(&many).with_title(second));
        Chart::compare([("few", first), ("many", second)]).unwrap().title
    };
    assert_eq!(title("SpinBoson, MeanField", "SpinBoson, Hopping"), "SpinBoson");
    assert_eq!(title("SpinBoson, MeanField", "Holstein, MeanField"), "MeanField");
    assert_eq!(title("a run", "another run"), "few, many");
}

#[test]
fn ticks_are_short() {
    let label = |value: f64| draw::label(value, false);
    assert_eq!([0.0, 0.5, -0.25, 100.0, 2500.0].map(label), ["0", "0.5", "-0.25", "100", "2500"]);
    assert_eq!([1e-5, 2e7].map(label), ["1.0e-5", "2.0e7"]);
    assert_eq!(draw::label(2.0, true), "100");
}

#[test]
fn a_file_is_what_its_name_says() {
    let folder = tempfile::tempdir().unwrap();
    let chart = data(5, 5).plot_populations().unwrap();
    for (name, begin) in [("a.svg", &b"<svg"[..]), ("a.png", b"\x89PNG"), ("b.SVG", b"<svg")] {
        let path = folder.path().join(name);
        chart.save(&path).unwrap();
        assert!(std::fs::read(&path).unwrap().starts_with(begin), "{name}");
    }
    for name in ["a.pdf", "a", ".svg"] {
        let error = chart.save(folder.path().join(name)).unwrap_err().to_string();
        assert!(error.starts_with("expected the name of a file that ends in .svg or .png, found "));
        assert!(error.ends_with(name) && !folder.path().join(name).exists(), "{error}");
    }
    let error = ChartError::NoPng.to_string();
    assert!(error.contains("feature `png`") && error.contains("features = [\"png\"]"), "{error}");
}
