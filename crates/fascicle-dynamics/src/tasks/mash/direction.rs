//! The direction of a hop in multi-state MASH: Σ_k Re(d_kn b_k* b_n) − Σ_k Re(d_km b_k* b_m), with n the
//! surface that is left, m the one that is reached, and d_kl = ⟨V_k|∂H/∂z*|V_l⟩ / (E_l − E_k) (Runeson
//! and Manolopoulos, J. Chem. Phys. 159, 094115 (2023), doi:10.1063/5.0158147, eq. E2).

use super::super::gauge::column;
use super::crossings::Point;
use crate::block::Scratch;
use crate::kernels::Pick;
use crate::sys::dispatch;
use crate::{Coords, LANES, Lane, Step, c64};

/// By derivative couplings, for all lanes.
///
/// As in QC Lab it is the real part in z, which is a change of momenta where H depends on positions
/// alone. `covariant`, it is the real part in positions and momenta, whatever H depends on: of
/// d w + (d w)†, w = b_k* b_l, half.
pub(super) fn of_couplings(
    step: &Step<'_>,
    at: &Point,
    (from, to): (Lane, Lane),
    covariant: bool,
    scratch: &mut Scratch,
) -> Coords {
    let mut direction = Coords::zeros(at.z.len());
    for k in 0..step.num_quantum_states() {
        for (surface, sign) in [(from, 1.0), (to, -1.0)] {
            let (wx, wy) = weight(at, k, surface, sign);
            let [left, right, _] = &mut scratch.states;
            column(&at.states.eigvecs, k, left);
            dispatch(Pick { eigvecs: &at.states.eigvecs, which: &surface, out: right });
            let [there, back, ..] = &mut scratch.slopes;
            there.clear();
            step.dh_qc_dzc(&at.z, left, right, there);
            if covariant {
                back.clear();
                step.dh_qc_dzc(&at.z, right, left, back);
            }
            for j in 0..at.z.len() {
                let (x, y) = (there.re[j], there.im[j]);
                if !covariant {
                    direction.re[j] += x * wx - y * wy;
                    continue;
                }
                let (u, v) = (back.re[j], back.im[j]);
                direction.re[j] += ((x + u) * wx - (y - v) * wy) * 0.5;
                direction.im[j] += ((y + v) * wx + (x - u) * wy) * 0.5;
            }
        }
    }
    direction
}

/// ± b_k* b_l / (E_l − E_k), 0 for k = l and for degenerate states, which no direction couples.
fn weight(at: &Point, k: usize, surface: Lane, sign: f64) -> (Lane, Lane) {
    let (mut x, mut y) = (Lane::ZERO, Lane::ZERO);
    for lane in 0..LANES {
        let l = surface[lane] as usize;
        let gap = at.states.eigvals[l][lane] - at.states.eigvals[k][lane];
        if gap != 0.0 {
            let product = at.wf_adb.get(k, lane).conj() * at.wf_adb.get(l, lane);
            (x[lane], y[lane]) = (sign * product.re / gap, sign * product.im / gap);
        }
    }
    (x, y)
}

/// By the model's own directions, for one lane; none if it has none. It is asked for k < l alone, and
/// d_lk is −d_kl*: a model may well give the same direction for both ways, and the sum would vanish.
pub(super) fn of_model(
    step: &Step<'_>,
    at: &Point,
    lane: usize,
    (from, to): (usize, usize),
) -> Option<Vec<c64>> {
    let z = at.z.trajectory(lane);
    step.model().rescaling_direction_fssh(&z, from.min(to), from.max(to))?;
    let mut direction = vec![c64(0.0, 0.0); z.len()];
    for k in 0..step.num_quantum_states() {
        for (l, sign) in [(from, 1.0), (to, -1.0)] {
            if k == l {
                continue;
            }
            let pair = step.model().rescaling_direction_fssh(&z, k.min(l), k.max(l))?;
            let product = at.wf_adb.get(k, lane).conj() * at.wf_adb.get(l, lane);
            for (direction, d) in direction.iter_mut().zip(pair) {
                let d = if k < l { d } else { -d.conj() };
                *direction += sign * (d * product).re;
            }
        }
    }
    Some(direction)
}
