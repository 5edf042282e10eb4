//! Chooses the vector instructions that kernels are compiled for.
//!
//! A release build has all paths of x86-64, for it may run anywhere. A development build, which a
//! notebook's is, mostly runs where it is made: it has the widest path of this machine and the plain one,
//! which is right everywhere, and takes a tenth less time to compile. Results have the same bits on all.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(avx2_path, avx512_path)");
    let variable = |name| std::env::var(name).unwrap_or_default();
    if variable("CARGO_CFG_TARGET_ARCH") != "x86_64" {
        return;
    }
    let here = variable("PROFILE") == "debug" && variable("HOST") == variable("TARGET");
    let (avx2, avx512) = if here { widest() } else { (true, true) };
    if avx2 {
        println!("cargo::rustc-cfg=avx2_path");
    }
    if avx512 {
        println!("cargo::rustc-cfg=avx512_path");
    }
}

/// Whether the widest path that this machine has is that of AVX2, or that of AVX-512.
#[cfg(target_arch = "x86_64")]
fn widest() -> (bool, bool) {
    let avx512 = std::is_x86_feature_detected!("avx512f");
    (!avx512 && std::is_x86_feature_detected!("avx2"), avx512)
}

/// Elsewhere what is built here does not run here, and has all paths.
#[cfg(not(target_arch = "x86_64"))]
fn widest() -> (bool, bool) {
    (true, true)
}
