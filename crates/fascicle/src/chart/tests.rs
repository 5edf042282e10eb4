//! Charts of small data.

use fascicle_core::{
    Context, Description, Ensemble, Failure, Lanes, Recorder, RunOptions, Scale, Seed, Serial,
    ignore_events, run_ensemble,
};

use super::*;

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
    for words in ["a spread", "time", "population (band: ± standard error)", "state 0", "state 1"]
    {
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
    let error = chart.save_png("no such folder/chart.png").unwrap_err().to_string();
    assert!(error.starts_with("could not write no such folder/chart.png: "), "{error}");
}
