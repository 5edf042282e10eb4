//! The colours and the font of charts. Public for the charts of the documentation, which are drawn
//! elsewhere in this repository, and no part of the API.

use plotters::prelude::RGBColor;

/// DejaVu Sans: Latin, Greek, and signs that formulas need. Its licence is beside it.
#[cfg(feature = "png")]
static FONT: &[u8] = include_bytes!("../../fonts/DejaVuSans-subset.ttf");

/// Colours that colour-blind readers can tell apart, and that stand out from white and from the nearly black of
/// dark pages (a contrast of three at least, the last aside, which is ink there): Okabe and Ito's but for their
/// orange and sky blue, which are too light for white.
pub const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(150, 90, 255),
    RGBColor(150, 88, 48),
    RGBColor(70, 70, 70),
];

/// Words and axes.
pub const INK: RGBColor = RGBColor(40, 40, 40);

/// The lines of the grid.
pub const GRID: RGBColor = RGBColor(228, 228, 228);

/// Makes the font known to plotters, as `sans-serif`.
#[cfg(feature = "png")]
pub fn register() {
    use std::sync::Once;

    use plotters::style::{FontStyle, register_font};

    // The font is the same in every copy of this static, and registering it again changes nothing.
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        // The bytes are part of the library, and the tests draw with them.
        let _ = register_font("sans-serif", FontStyle::Normal, FONT);
    });
}

/// Without the feature `png` the widths of words are estimates, and whoever shows an SVG has a font.
#[cfg(not(feature = "png"))]
pub fn register() {}
