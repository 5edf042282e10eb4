//! The density matrix of surface hopping.

use super::element::{Element, by_kind};
use crate::sys::{Complex, Kernel, Pack};
use crate::{Basis, Lane, States, Vector};

/// b b† with its diagonal replaced by the active surface, in the diabatic basis, times the weight of
/// the branch: c c† + Σ_k (δ_ka − |b_k|²) V_k V_k†, c = V b.
#[derive(Debug)]
pub struct DensityMatrix<'a> {
    /// V.
    pub eigvecs: &'a Basis,
    /// b.
    pub wf_adb: &'a States,
    /// The active surface.
    pub active: &'a Lane,
    /// The weight.
    pub weight: &'a Lane,
    /// Room for c, and for the factors of V_k V_k†.
    pub scratch: (&'a mut States, &'a mut States),
    /// ρ, `[row × N + column]`.
    pub dm: &'a mut Vector,
}

impl Kernel for DensityMatrix<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        by_kind!(self.eigvecs.is_real(), P, density_matrix(self));
    }
}

#[inline(always)]
fn density_matrix<P: Pack, E: Element<P>>(of: DensityMatrix<'_>) {
    let DensityMatrix { eigvecs, wf_adb: b, active, weight, scratch: (c, factors), dm } = of;
    let n = b.len();
    for at in 0..P::COUNT {
        let (active, weight) = (P::load(active, at), P::load(weight, at));
        for k in 0..n {
            let population = Complex::<P>::load(b, k, at).norm_sqr();
            let is_active = active.equals(P::splat(k as f64));
            let one = P::select(is_active, P::splat(1.0), P::zero());
            (one - population).store(&mut factors.re[k], at);
            let mut sum = Complex::zero();
            for l in 0..n {
                sum = E::of(eigvecs, k, l, at).times_onto(Complex::load(b, l, at), sum);
            }
            sum.store(c, k, at);
        }
        for i in 0..n {
            for j in 0..=i {
                let mut sum = Complex::<P>::load(c, j, at).conj_times(Complex::load(c, i, at));
                for k in 0..n {
                    let factor = P::load(&factors.re[k], at);
                    let (v_i, v_j) = (E::of(eigvecs, i, k, at), E::of(eigvecs, j, k, at));
                    sum = sum + v_j.conj_times(v_i).scale(factor).complex();
                }
                let element = sum.scale(weight);
                element.store(dm, i * n + j, at);
                if i != j {
                    element.conj().store(dm, j * n + i, at);
                }
            }
        }
    }
}
