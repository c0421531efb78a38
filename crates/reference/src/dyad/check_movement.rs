//! SPEC 3.7: what slice, pad, transpose and reshape demand.

use super::check::require;
use super::check_operation::{require_same_meaning, require_shape, LARGEST};
use super::graph::{Operation, Value};
use super::network::within;
use crate::error::Result;

/// SPEC 3.7.
pub(super) fn check_movement(operation: &Operation, x: &Value, y: &Value) -> Result<()> {
    require_same_meaning(x, y)?;
    require(x.range == y.range, || format!("expected range {:?}, got {:?}", x.range, y.range))?;
    let rank = x.shape.len();
    let per_axis = |length: usize| require(length == rank, || format!("expected {rank} numbers, got {length}"));
    match operation {
        Operation::Slice { starts, steps, .. } => {
            per_axis(starts.len())?;
            per_axis(steps.len())?;
            per_axis(y.shape.len())?;
            (0..rank).try_for_each(|d| check_slice_axis(x.shape[d] as i64, starts[d], steps[d], y.shape[d] as i64))
        }
        Operation::Pad { before, after, value, .. } => {
            per_axis(before.len())?;
            per_axis(after.len())?;
            let small = before.iter().chain(after).all(|&size| size <= 1 << 24);
            require(small, || "expected padding up to 2^24, got more".into())?;
            within("value", *value, x.range)?;
            let shape: Vec<i64> = (0..rank).map(|d| (before[d] + x.shape[d] + after[d]) as i64).collect();
            require_shape(y, &shape)
        }
        Operation::Transpose { perm, .. } => {
            let mut sorted = perm.clone();
            sorted.sort_unstable();
            require(sorted.into_iter().eq(0..rank), || format!("perm: expected a permutation of {rank} axes, got {perm:?}"))?;
            let shape: Vec<i64> = perm.iter().map(|&axis| x.shape[axis] as i64).collect();
            require_shape(y, &shape)
        }
        _ => {
            let counts: [usize; 2] = [x.shape.iter().product(), y.shape.iter().product()];
            require(counts[0] == counts[1], || format!("expected {} elements, got {}", counts[0], counts[1]))
        }
    }
}

fn check_slice_axis(size: i64, start: i64, step: i64, count: i64) -> Result<()> {
    within("starts", start, [0, size - 1])?;
    within("steps", step, [-LARGEST, LARGEST])?;
    require(step != 0, || "steps: expected a number other than 0, got 0".into())?;
    within("starts", start + (count - 1) * step, [0, size - 1])
}
