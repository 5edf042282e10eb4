//! The digest of results.

use super::Data;
use crate::Fingerprint;

pub(super) fn digest(data: &Data) -> String {
    let mut to = Fingerprint::new();
    to.text("fascicle data 1");
    to.reals(&data.times);
    to.integer(data.seeds.len() as u64);
    data.seeds.iter().for_each(|seed| to.integer(seed.0));
    for output in data.outputs() {
        let spec = output.spec();
        to.text(&spec.name);
        to.text(if spec.complex { "complex" } else { "real" });
        to.integer(spec.shape.len() as u64);
        spec.shape.iter().for_each(|&n| to.integer(n as u64));
        to.reals(&output.mean_bits());
        to.reals(&output.standard_error().iter().copied().collect::<Vec<_>>());
        if let Ok(error) = output.standard_error_im() {
            to.reals(&error.iter().copied().collect::<Vec<_>>());
        }
    }
    to.hex()
}
