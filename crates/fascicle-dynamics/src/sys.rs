//! The one place that is `unsafe`: calling a kernel with the vector instructions of the machine.

/// A computation that is worth the widest vectors the machine has. Its `run` must be
/// `#[inline(always)]`, and so must all that matters for speed inside.
///
/// Kernels use + − × ÷ √ in one order per lane and no fused multiply-add, and rustc contracts
/// nothing, so all paths give the same bits.
pub trait Kernel {
    /// What it gives.
    type Output;

    /// Does it.
    fn run(self) -> Self::Output;
}

/// Runs a kernel, compiled for the widest vectors that this machine has.
#[inline]
pub fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    {
        if std::is_x86_feature_detected!("avx512f") {
            // SAFETY: the machine has the instructions that the function is compiled for.
            return unsafe { avx512(kernel) };
        }
        if std::is_x86_feature_detected!("avx2") {
            // SAFETY: the machine has the instructions that the function is compiled for.
            return unsafe { avx2(kernel) };
        }
    }
    kernel.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}

/// A kernel on every path that this machine has, for tests that compare their bits.
#[cfg(test)]
pub fn all_paths<K: Kernel + Clone>(kernel: &K) -> Vec<K::Output> {
    let mut outputs = vec![kernel.clone().run()];
    #[cfg(target_arch = "x86_64")]
    {
        if std::is_x86_feature_detected!("avx2") {
            // SAFETY: the machine has the instructions that the function is compiled for.
            outputs.push(unsafe { avx2(kernel.clone()) });
        }
        if std::is_x86_feature_detected!("avx512f") {
            // SAFETY: the machine has the instructions that the function is compiled for.
            outputs.push(unsafe { avx512(kernel.clone()) });
        }
    }
    outputs
}
