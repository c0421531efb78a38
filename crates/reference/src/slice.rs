//! SPEC 3.7, slice.

use crate::shape::{gather, strides};

/// `out[i] = in[start_d + i_d·step_d]` on every axis.
pub fn slice(x: &[i32], shape: &[usize], starts: &[i64], steps: &[i64], output: &[usize]) -> Vec<i32> {
    gather(x, &strides(shape), output, |axis, i| (starts[axis] + i as i64 * steps[axis]) as usize)
}
