//! Packets of frames, as they go from a worker to the driver.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use fascicle::core::Frame;
use fascicle::core::wire::{Decoder, encode};

/// Bytes of the reals in a frame.
const SIZES: [usize; 3] = [800, 80_000, 8_000_000];

fn frame(bytes: usize) -> Frame {
    let mut frame = Frame::default();
    frame.put_f64s("reals", (0..bytes / 8).map(|k| k as f64 * 0.1).collect());
    frame.put_i64s("seeds", (0..25).collect());
    frame
}

#[divan::bench(args = SIZES)]
fn to_packet(bencher: Bencher<'_, '_>, bytes: usize) {
    let frame = frame(bytes);
    bencher
        .counter(BytesCount::new(bytes))
        .bench_local(|| encode(&7_u64, black_box(&frame)).expect("it can be encoded"));
}

#[divan::bench(args = SIZES)]
fn from_packet(bencher: Bencher<'_, '_>, bytes: usize) {
    let packet = encode(&7_u64, &frame(bytes)).expect("it can be encoded");
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        let mut decoder = Decoder::default();
        decoder.push(black_box(&packet));
        decoder.next_packet::<u64>().expect("it is whole").expect("it is all there")
    });
}
