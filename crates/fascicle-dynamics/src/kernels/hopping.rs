//! The adiabatic side of surface hopping.

use crate::sys::Kernel;
use crate::{Basis, Lane, States, Vector};

/// The propagator of a time step with H constant: c ← V exp(−i E dt) V† c.
#[derive(Debug)]
pub struct Propagate<'a> {
    /// E.
    pub eigvals: &'a [Lane],
    /// V.
    pub eigvecs: &'a Basis,
    /// c.
    pub wf: &'a mut States,
    /// Room for V† c.
    pub scratch: &'a mut States,
    /// The time step of each trajectory.
    pub dt: Lane,
}

impl Kernel for Propagate<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { eigvals, eigvecs, wf, scratch, dt } = self;
        eigvecs.adjoint_times(wf, scratch);
        for (k, &energy) in eigvals.iter().enumerate() {
            let (sin, cos) = (energy * dt).sin_cos();
            // (x + i y)(cos − i sin)
            let (x, y) = (scratch.re[k], scratch.im[k]);
            scratch.re[k] = x * cos + y * sin;
            scratch.im[k] = y * cos - x * sin;
        }
        eigvecs.times(scratch, wf);
    }
}

/// b = V† c.
#[derive(Debug)]
pub struct ToAdiabatic<'a> {
    /// V.
    pub eigvecs: &'a Basis,
    /// c.
    pub wf_db: &'a States,
    /// b.
    pub wf_adb: &'a mut States,
}

impl Kernel for ToAdiabatic<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.eigvecs.adjoint_times(self.wf_db, self.wf_adb);
    }
}

/// c = V b.
#[derive(Debug)]
pub struct FromAdiabatic<'a> {
    /// V.
    pub eigvecs: &'a Basis,
    /// b.
    pub wf_adb: &'a States,
    /// c.
    pub wf_db: &'a mut States,
}

impl Kernel for FromAdiabatic<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.eigvecs.times(self.wf_adb, self.wf_db);
    }
}

/// How the free phase of eigenvectors is fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gauge {
    /// By the sign of Re⟨V(t − dt)|V(t)⟩. Where that vanishes, as in a crossing without coupling, the
    /// vector stays as it is; in QC Lab it becomes zero, and with it the norm.
    Sign,
    /// By the phase of ⟨V(t − dt)|V(t)⟩.
    Phase,
}

/// Turns eigenvectors to overlap with those of the time step before.
#[derive(Debug)]
pub struct FixGauge<'a> {
    /// How.
    pub gauge: Gauge,
    /// V(t − dt).
    pub previous: &'a Basis,
    /// V(t).
    pub eigvecs: &'a mut Basis,
}

impl Kernel for FixGauge<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { gauge, previous, eigvecs } = self;
        let one = Lane::splat(1.0);
        for k in 0..eigvecs.n() {
            let (re, im) = overlap(previous, k, eigvecs, k);
            let (px, py) = match gauge {
                Gauge::Sign => (re.select_nonnegative(one, -one), Lane::ZERO),
                Gauge::Phase => {
                    let size = (re * re + im * im).sqrt();
                    let turn = |x: Lane, zero| size.select_equal(0.0, zero, x / size);
                    (turn(re, one), turn(-im, Lane::ZERO))
                }
            };
            for i in 0..eigvecs.n() {
                let (x, y) = eigvecs.at(i, k);
                match gauge {
                    Gauge::Sign => eigvecs.set(i, k, x * px, y * px),
                    Gauge::Phase => eigvecs.set(i, k, x * px - y * py, x * py + y * px),
                }
            }
        }
    }
}

/// ⟨a_k|b_l⟩.
#[inline(always)]
fn overlap(a: &Basis, k: usize, b: &Basis, l: usize) -> (Lane, Lane) {
    let (mut re, mut im) = (Lane::ZERO, Lane::ZERO);
    for i in 0..a.n() {
        let ((ax, ay), (bx, by)) = (a.at(i, k), b.at(i, l));
        re += ax * bx + ay * by;
        im += ax * by - ay * bx;
    }
    (re, im)
}

/// Of each trajectory, the eigenvector with its own number.
#[derive(Debug)]
pub struct Pick<'a> {
    /// V.
    pub eigvecs: &'a Basis,
    /// The numbers.
    pub which: Lane,
    /// The vectors.
    pub out: &'a mut States,
}

impl Kernel for Pick<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.eigvecs.pick(self.which, self.out);
    }
}

/// The first k with Σ_{j ≤ k} P_j > ξ, where negative and undefined P count as 0; −1 for none.
#[derive(Debug)]
pub struct HopDestination<'a> {
    /// P.
    pub hop_prob: &'a [Lane],
    /// ξ.
    pub numbers: Lane,
}

impl Kernel for HopDestination<'_> {
    type Output = Lane;

    #[inline(always)]
    fn run(self) -> Lane {
        let (mut sum, mut dest) = (Lane::ZERO, Lane::splat(-1.0));
        for (k, &p) in self.hop_prob.iter().enumerate() {
            for l in 0..crate::LANES {
                sum[l] += if p[l] > 0.0 { p[l].min(1e102) } else { 0.0 };
                let chosen = dest[l] < 0.0 && sum[l] > self.numbers[l];
                dest[l] = if chosen { k as f64 } else { dest[l] };
            }
        }
        dest
    }
}

/// P_k = −2 Re[⟨V_a(t)|V_k(t − dt)⟩ b_k / b_a], P_a = 0, a the active surface.
#[derive(Debug)]
pub struct HopProbability<'a> {
    /// V(t − dt).
    pub previous: &'a Basis,
    /// b.
    pub wf_adb: &'a States,
    /// a.
    pub active: Lane,
    /// V(t).
    pub eigvecs: &'a Basis,
    /// Room for V_a(t).
    pub active_wf: &'a mut States,
    /// P.
    pub hop_prob: &'a mut [Lane],
}

impl Kernel for HopProbability<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { previous, wf_adb, active, eigvecs, active_wf, hop_prob } = self;
        eigvecs.pick(active, active_wf);
        let n = wf_adb.len();
        let (mut ar, mut ai) = (Lane::ZERO, Lane::ZERO);
        for k in 0..n {
            ar = active.select_equal(k as f64, wf_adb.re[k], ar);
            ai = active.select_equal(k as f64, wf_adb.im[k], ai);
        }
        // b_k / b_a, scaled such that no square underflows.
        let scale = (ar.abs() - ai.abs()).select_nonnegative(ar.abs(), ai.abs());
        let (ar, ai) = (ar / scale, ai / scale);
        let size = ar * ar + ai * ai;
        for k in 0..n {
            let (mut ox, mut oy) = (Lane::ZERO, Lane::ZERO);
            for i in 0..n {
                let ((px, py), (vx, vy)) = (previous.at(i, k), (active_wf.re[i], active_wf.im[i]));
                ox += vx * px + vy * py;
                oy += vx * py - vy * px;
            }
            let (br, bi) = (wf_adb.re[k] / scale, wf_adb.im[k] / scale);
            let qx = (br * ar + bi * ai) / size;
            let qy = (bi * ar - br * ai) / size;
            let p = (ox * qx - oy * qy) * -2.0;
            hop_prob[k] = active.select_equal(k as f64, Lane::ZERO, p);
        }
    }
}

/// The density matrix of surface hopping: b b†, its diagonal replaced by the active surface, in the
/// diabatic basis, times the weight of the branch.
#[derive(Debug)]
pub struct DensityMatrix<'a> {
    /// V.
    pub eigvecs: &'a Basis,
    /// b.
    pub wf_adb: &'a States,
    /// The active surface.
    pub active: Lane,
    /// The weight.
    pub weight: Lane,
    /// ρ, `[row × N + column]`.
    pub dm: &'a mut Vector,
}

impl Kernel for DensityMatrix<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { eigvecs, wf_adb: b, active, weight, dm } = self;
        let n = b.len();
        for i in 0..n {
            for j in 0..n {
                let (mut re, mut im) = (Lane::ZERO, Lane::ZERO);
                for k in 0..n {
                    let (tx, ty) = row(eigvecs, b, active, j, k);
                    let (vx, vy) = eigvecs.at(i, k);
                    re += vx * tx - vy * ty;
                    im += vx * ty + vy * tx;
                }
                dm.re[i * n + j] = re * weight;
                dm.im[i * n + j] = im * weight;
            }
        }
    }
}

/// Σ_l ρ_kl V_jl*, with ρ in the adiabatic basis.
#[inline(always)]
fn row(eigvecs: &Basis, b: &States, active: Lane, j: usize, k: usize) -> (Lane, Lane) {
    let (mut re, mut im) = (Lane::ZERO, Lane::ZERO);
    for l in 0..b.len() {
        let (x, y) = if k == l {
            (active.select_equal(k as f64, Lane::splat(1.0), Lane::ZERO), Lane::ZERO)
        } else {
            (b.re[k] * b.re[l] + b.im[k] * b.im[l], b.im[k] * b.re[l] - b.re[k] * b.im[l])
        };
        let (vx, vy) = eigvecs.at(j, l);
        re += x * vx + y * vy;
        im += y * vx - x * vy;
    }
    (re, im)
}
