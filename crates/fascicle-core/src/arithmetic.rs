//! How products are added.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How kernels add products.
///
/// Results of one arithmetic are the same bits on every machine that has it, and those of different
/// ones are never mixed: data that differ in it are not appended, and it is part of the fingerprint that
/// ranks and resumed runs are to agree on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arithmetic {
    /// Each product and each sum is rounded, everywhere the same bits.
    #[default]
    Strict,
    /// Where kernels of fascicle's own add a product to a sum, both are rounded once, by the processor's
    /// fused multiply-add: quicker, and where the processor has no such instructions it is refused.
    /// Results differ from strict ones by rounding. What a model computes of itself is strict always.
    Fused,
}

impl fmt::Display for Arithmetic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Strict => "strict",
            Self::Fused => "fused",
        })
    }
}
