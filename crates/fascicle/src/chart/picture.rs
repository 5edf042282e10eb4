//! Charts as PNG.

use plotters::prelude::BitMapBackend;

use super::{Chart, ChartError, draw};

/// The bytes of a PNG file.
pub(super) fn png(chart: &Chart) -> Result<Vec<u8>, ChartError> {
    let (width, height) = chart.size;
    // Drawn at twice the size and averaged, which smooths the lines.
    let mut pixels = vec![0; 12 * width as usize * height as usize];
    let large = BitMapBackend::with_buffer(&mut pixels, (2 * width, 2 * height));
    draw::draw(chart, 2, large)?;
    let pixels = halved(&pixels, width as usize);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::High);
    let written = encoder.write_header().and_then(|mut png| png.write_image_data(&pixels));
    written.map_err(|error| ChartError::Drawing { why: error.to_string() })?;
    Ok(bytes)
}

/// Each pixel the mean of four, to this width.
fn halved(pixels: &[u8], width: usize) -> Vec<u8> {
    let line = 6 * width;
    let mut out = Vec::with_capacity(pixels.len() / 4);
    for lines in pixels.chunks_exact(2 * line) {
        for at in (0..line).filter(|at| at % 6 < 3) {
            let sum: u16 =
                [at, at + 3, line + at, line + at + 3].map(|k| lines[k].into()).iter().sum();
            out.push(((sum + 2) / 4) as u8);
        }
    }
    out
}
