//! SPEC 3.7, transpose.

use crate::shape::{gather, strides};

/// Axis d of the output is axis `perm[d]` of the input.
pub fn transpose(x: &[i32], shape: &[usize], perm: &[usize]) -> Vec<i32> {
    let strides = strides(shape);
    let permuted: Vec<usize> = perm.iter().map(|&axis| strides[axis]).collect();
    let output: Vec<usize> = perm.iter().map(|&axis| shape[axis]).collect();
    gather(x, &permuted, &output, |_, i| i)
}
