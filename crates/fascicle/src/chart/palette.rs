//! The colours and the font of charts. Public for the charts of the documentation, which are drawn
//! elsewhere in this repository, and no part of the API.

use plotters::prelude::RGBColor;

/// DejaVu Sans: Latin, Greek, and signs that formulas need. Its licence is beside it.
#[cfg(feature = "png")]
static FONT: &[u8] = include_bytes!("../../fonts/DejaVuSans-subset.ttf");

/// Okabe and Ito's colours, which colour-blind readers can tell apart.
pub const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
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
