//! Charts of small data.

use fascicle_core::{
    Context, Description, Ensemble, Failure, Lanes, Recorder, RunOptions, Scale, Seed, Serial,
    ignore_events, run_ensemble,
};

use super::curves::Kind;
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
    has(&chart, &["dm_db", "energy", "as 1/√n", "trajectories", "largest standard error", "100"]);
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
    let label = |value: f64| axis::label(value, false);
    assert_eq!([0.0, 0.5, -0.25, 100.0, 2500.0].map(label), ["0", "0.5", "-0.25", "100", "2500"]);
    assert_eq!([1e-5, 2e7, 1.5e-4].map(label), ["1e-5", "2e7", "1.5e-4"]);
    assert_eq!([2.0, -3.0, -4.0].map(|power| axis::label(power, true)), ["100", "0.001", "1e-4"]);
}

#[test]
fn logarithmic_axes_have_ticks_at_decades() {
    let ticks = |low: f64, high: f64| -> Vec<String> {
        let ticks = axis::decades(&(low.log10()..high.log10()), 11);
        ticks.iter().map(|&tick| axis::label(tick, true)).collect()
    };
    assert_eq!(ticks(0.012, 0.7), ["0.02", "0.05", "0.1", "0.2", "0.5"]);
    assert_eq!(ticks(100.0, 1e4), ["100", "200", "500", "1000", "2000", "5000", "10000"]);
    assert_eq!(ticks(3e-3, 2e4), ["0.01", "0.1", "1", "10", "100", "1000", "10000"]);
    let many = ticks(1e-12, 1e12);
    assert!((4..=11).contains(&many.len()) && many.contains(&"1".to_string()), "{many:?}");
    // Less than a decade, with too little of 1, 2 and 5 in it.
    assert_eq!(ticks(200.0, 800.0)[..3], ["200", "300", "400"]);
    assert!(ticks(110.0, 130.0).len() > 2);
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

/// A chart of these curves.
fn chart_of(curves: impl IntoIterator<Item = (Kind, Vec<f64>)>) -> Chart {
    let curve = |(number, (kind, values)): (usize, (Kind, Vec<f64>))| Curve {
        label: format!("curve {number}"),
        x: (0..values.len() + usize::from(kind == Kind::Steps)).map(|x| x as f64).collect(),
        errors: vec![f64::NAN; values.len()],
        values,
        kind,
    };
    let mut chart = data(1, 2).plot_populations().unwrap();
    chart.curves = curves.into_iter().enumerate().map(curve).collect();
    chart
}

/// Where a word is, in pixels.
fn place(svg: &str, word: &str) -> (i32, i32) {
    let texts = svg.split("<text ").skip(1);
    let text =
        texts.into_iter().find(|text| text.lines().nth(1) == Some(word)).expect("it is there");
    let number = |name: &str| {
        let (_, rest) = text.split_once(&format!("{name}=\"")).expect("it is somewhere");
        rest.split('"').next().and_then(|digits| digits.parse().ok()).expect("a number")
    };
    (number("x"), number("y"))
}

#[test]
fn the_legend_covers_no_curve() {
    let line = |values: fn(f64) -> f64| {
        (Kind::Line, (0..100).map(|x| values(f64::from(x) / 99.0)).collect())
    };
    let at = |curves: Vec<(Kind, Vec<f64>)>| {
        let chart = chart_of(curves);
        assert!(!chart.png().unwrap().is_empty());
        place(&chart.svg().unwrap(), "curve 0")
    };
    // The plot is some 790 pixels wide and 440 high.
    let (x, y) = at(vec![line(|x| 0.3 * x), line(|x| 0.2 * x)]);
    assert!(x > 600 && y < 100, "upper right: {x}, {y}");
    let (x, y) = at(vec![line(|x| x), line(|x| x * x)]);
    assert!(x < 300 && y < 100, "upper left: {x}, {y}");
    let (x, y) = at(vec![line(|x| 1.0 - 0.1 * x), line(|x| 0.9 - 0.1 * x)]);
    assert!(x > 600 && y > 350, "lower right: {x}, {y}");
    let everywhere = || line(|x| 0.5 + 0.5 * (100.0 * x).sin());
    let (x, _) = at(vec![everywhere(), line(|x| x)]);
    assert!(x > 800, "beside the plot: {x}");
    let bars = (Kind::Steps, vec![1.0; 10]);
    let (x, _) = at(vec![bars, line(|x| x)]);
    assert!(x > 800, "beside the plot: {x}");
}

#[test]
fn long_words_are_cut_and_many_curves_counted() {
    let mut chart = chart_of((0..60).map(|k| (Kind::Line, vec![0.0, f64::from(k)])));
    chart.title = "HolsteinLatticeReciprocalSpace, with a name that goes on ".repeat(3);
    chart.curves[0].label = "of a very long name that goes on and on ".repeat(2);
    let words = words(&chart);
    assert!(words.iter().any(|word| word.starts_with("Holstein") && word.ends_with('…')));
    assert!(words.iter().any(|word| word.starts_with("of a very long") && word.ends_with('…')));
    assert!(words.iter().any(|word| word.starts_with("… and ")), "{words:?}");
    for (width, height) in [(200, 150), (4000, 4000), (200, 4000)] {
        chart.clone().with_size(width, height).svg().unwrap();
    }
}

#[test]
fn what_is_dense_is_a_picture_in_a_page() {
    let wave = |n: usize| (0..n).map(|x| (x as f64 / 50.0).sin()).collect::<Vec<_>>();
    for (curves, times, dense) in
        [(2, 5000, false), (7, 140, false), (7, 1000, true), (30, 100, true)]
    {
        let chart = chart_of(vec![(Kind::Line, wave(times)); curves]);
        let html = chart.inline_html().unwrap();
        assert_eq!(html.starts_with("<img "), dense, "{curves} curves of {times} points");
        assert!(html.len() < 100_000, "{curves} curves of {times} points: {}", html.len());
        let svg = inline::thinned(&chart).svg().unwrap();
        assert!(svg.len() < 50_000, "{curves} curves of {times} points: {}", svg.len());
    }
    assert_eq!(
        ["", "f", "fo", "foo", "foob"].map(|text| inline::base64(text.as_bytes())),
        ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]
    );
    assert_eq!(inline::base64(&[0xfb, 0xff, 0xbf]), "+/+/");
}

#[test]
fn colours_stand_out_from_light_and_dark_pages() {
    // Relative luminance and contrast, as the Web Content Accessibility Guidelines define them.
    let part = |value: u8| {
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    let luminance = |[r, g, b]: [u8; 3]| 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    let contrast = |colour: [u8; 3], page: u8| {
        let (a, b) = (luminance(colour), luminance([page; 3]));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    };
    // The last is in the page's ink, in a page.
    for colour in &palette::COLOURS[..6] {
        let colour = [colour.0, colour.1, colour.2];
        for page in [0xff, 0x11] {
            assert!(contrast(colour, page) >= 3.0, "{colour:?} on {page}");
        }
    }
}

#[test]
fn charts_and_data_are_short_where_they_are_debugged() {
    let data = data(2000, 3);
    let chart = Chart::populations(&data, "dm_db").expect("a chart");
    assert_eq!(format!("{chart:?}"), chart.to_string());
    let text = format!("{data:?}");
    assert!(text.starts_with("Data { simulation: \"a spread\", trajectories: 3, "), "{text}");
    assert!(text.len() < 300, "{text}");
}

#[test]
fn thinning_keeps_how_far_curves_reach() {
    // A wave of ten points that is thinned to a tenth of its points.
    let wave = (0..5000).map(|x| (f64::from(x) * std::f64::consts::TAU / 10.0).sin()).collect();
    let flat = vec![0.0; 5000];
    let chart = inline::thinned(&chart_of([(Kind::Line, wave), (Kind::Line, flat)]));
    let turns = chart.curves[0].values.windows(2).filter(|pair| pair[0] * pair[1] < 0.0).count();
    assert!(turns > 400, "a wave of 500 periods goes through zero {turns} times");
}

#[test]
fn axes_and_titles_have_units_and_short_times() {
    let mut sim = Simulation::new(SpinBoson { A: 5, ..Default::default() }, MeanField::default());
    sim.settings.tmax = 1.0;
    sim.settings.dt_update = 0.05;
    sim.settings.num_trajs = 16;
    sim.settings.progress_bar = false;
    sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
    let options = RunOptions::new().with_keep_all_trajectories();
    let data = Driver::Serial.run(&sim, options).unwrap();
    let chart = data.plot_distribution("quantum_energy", 3).unwrap();
    assert!(chart.title.ends_with(" at time 0.3"), "{}", chart.title);
    assert_eq!(chart.x_label, "quantum energy (kT)");
    assert_eq!(data.plot_output("quantum_energy").unwrap().value_label, "quantum energy (kT)");
}

#[test]
fn a_chart_without_curves_is_an_error_and_no_endless_drawing() {
    let chart = Chart::populations(&data(2, 2), "dm_db").expect("a chart").only(&[7]);
    assert!(matches!(chart.svg(), Err(ChartError::Empty)));
    let nowhere = chart_of([(Kind::Line, vec![f64::NAN; 3]), (Kind::Line, vec![f64::INFINITY; 3])]);
    assert!(nowhere.svg().is_ok_and(|svg| svg.contains("</svg>")));
}
