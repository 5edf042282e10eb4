//! The wave function of mean-field dynamics.

use crate::sys::Kernel;
use crate::{Hermitian, Lane, States, Vector};

/// One step of i dc/dt = H c by fourth-order Runge–Kutta, H constant during the step. The increments
/// are added as k1/6, k2/3, k3/3, k4/6, as in QC Lab.
#[derive(Debug)]
pub struct WaveFunctionRk4<'a> {
    /// H.
    pub h: &'a Hermitian,
    /// c.
    pub wf: &'a mut States,
    /// Room for H c, the stage, and c at the start.
    pub scratch: &'a mut [States; 3],
    /// The time step.
    pub dt: f64,
}

impl Kernel for WaveFunctionRk4<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let [h_wf, stage, start] = self.scratch;
        let (wf, dt) = (self.wf, self.dt);
        start.copy_from(wf);
        stage.copy_from(wf);
        let weights = [dt / 6.0, dt / 3.0, dt / 3.0, dt / 6.0];
        let nodes = [0.5 * dt, 0.5 * dt, dt];
        for (k, weight) in weights.into_iter().enumerate() {
            self.h.times(stage, h_wf);
            // −i (x + i y) = y − i x
            for n in 0..wf.len() {
                wf.re[n] += h_wf.im[n] * weight;
                wf.im[n] -= h_wf.re[n] * weight;
            }
            if let Some(&node) = nodes.get(k) {
                for n in 0..wf.len() {
                    stage.re[n] = start.re[n] + h_wf.im[n] * node;
                    stage.im[n] = start.im[n] - h_wf.re[n] * node;
                }
            }
        }
    }
}

/// The density matrix of a pure state, ρ_ij = c_i c_j*.
#[derive(Debug)]
pub struct Projector<'a> {
    /// c.
    pub wf: &'a States,
    /// ρ, `[row × N + column]`.
    pub dm: &'a mut Vector,
}

impl Kernel for Projector<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (wf, n) = (self.wf, self.wf.len());
        for i in 0..n {
            for j in 0..n {
                self.dm.re[i * n + j] = wf.re[i] * wf.re[j] + wf.im[i] * wf.im[j];
                self.dm.im[i * n + j] = wf.im[i] * wf.re[j] - wf.re[i] * wf.im[j];
            }
        }
    }
}

/// ⟨c|H|c⟩.
#[derive(Debug)]
pub struct Expectation<'a> {
    /// H.
    pub h: &'a Hermitian,
    /// c.
    pub wf: &'a States,
}

impl Kernel for Expectation<'_> {
    type Output = Lane;

    #[inline(always)]
    fn run(self) -> Lane {
        self.h.expectation(self.wf)
    }
}
