//! One simulation on every driver, with every batch size.

use fascicle::dynamics::{Algorithm, Model};
use fascicle::prelude::*;

/// Every driver that must agree.
pub const DRIVERS: [Driver; 8] = [
    Driver::Serial,
    Driver::Threads(1),
    Driver::Threads(2),
    Driver::Threads(5),
    Driver::Processes(1),
    Driver::Processes(2),
    Driver::Processes(3),
    Driver::Processes(7),
];

/// Every batch size that must agree.
pub const BATCH_SIZES: [usize; 4] = [1, 7, 25, 200];

/// A cell of the matrix: the driver, the batch size, and whether its data equal those of the serial
/// driver with the simulation's own batch size, bit for bit.
pub type Cell = (Driver, usize, bool);

/// Runs a simulation in every way, and compares the data bit for bit.
///
/// # Panics
/// When a run fails.
pub fn compare<M: Model, A: Algorithm>(sim: &mut Simulation<M, A>) -> Vec<Cell> {
    let expected = serial_driver(&*sim).expect("the serial run succeeds");
    let mut cells = Vec::new();
    for batch_size in BATCH_SIZES {
        sim.settings.batch_size = batch_size;
        for driver in DRIVERS {
            let data = driver.run(&*sim, RunOptions::new()).expect("the run succeeds");
            let equal = data == expected && data.digest() == expected.digest();
            cells.push((driver, batch_size, equal));
        }
    }
    cells
}
