//! Whether each driver gives the same bits with each batch size.

use fascicle::dynamics::{Algorithm, Model};
use fascicle::prelude::*;
use fascicle_tests::matrix::{BATCH_SIZES, Cell, DRIVERS, compare};
use fascicle_tests::simulations::{mash, of_model, spin_boson, surface_hopping, tully};
use fascicle_tests::variant::MODELS;

use crate::report::{Row, Section};

/// Goal: every run gives the digest of the serial driver's.
pub fn section() -> Section {
    let mut rows = Vec::new();
    rows.extend(of("SpinBoson, mean-field", spin_boson(MeanField::default())));
    rows.extend(of("SpinBoson, FSSH", spin_boson(surface_hopping(false))));
    rows.extend(of("SpinBoson, deterministic FSSH", spin_boson(surface_hopping(true))));
    rows.extend(of("Tully 1, mean-field", tully(MeanField::default())));
    rows.extend(of("Tully 1, FSSH", tully(surface_hopping(false))));
    rows.extend(of("Tully 1, deterministic FSSH", tully(surface_hopping(true))));
    for name in MODELS {
        rows.extend(of(&format!("{name}, MASH"), of_model(name, &[], mash())));
    }
    let title =
        "Runs of 200 (MASH: 50) trajectories whose data are the serial driver's, bit for bit";
    let columns = ["simulation", "driver", "batches of 1", "of 7", "of 25", "of 200"];
    Section::new(title, &columns, rows)
}

fn of<M: Model, A: Algorithm>(name: &str, mut sim: Simulation<M, A>) -> Vec<Row> {
    let cells = compare(&mut sim);
    let row = |&driver: &Driver| {
        let equal = |size: &usize| equal(&cells, driver, *size);
        let mut texts = vec![name.to_string(), format!("{driver:?}")];
        let word = |equal: bool| if equal { "equal" } else { "DIFFERS" }.to_string();
        texts.extend(BATCH_SIZES.iter().map(equal).map(word));
        Row { cells: texts, reached: BATCH_SIZES.iter().all(equal) }
    };
    DRIVERS.iter().map(row).collect()
}

fn equal(cells: &[Cell], driver: Driver, batch_size: usize) -> bool {
    cells.iter().any(|&(d, size, equal)| equal && d == driver && size == batch_size)
}
