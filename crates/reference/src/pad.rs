//! SPEC 3.7, pad.

use crate::shape::{for_each_index, strides};

/// The input with `before` elements of `value` in front of it on every axis; `output` is the whole size.
pub fn pad(x: &[i32], shape: &[usize], before: &[usize], output: &[usize], value: i32) -> Vec<i32> {
    let strides = strides(shape);
    let mut out = Vec::with_capacity(output.iter().product());
    for_each_index(output, |index| {
        let mut place = Some(0);
        for axis in 0..shape.len() {
            let inside = index[axis].checked_sub(before[axis]).filter(|&i| i < shape[axis]);
            place = place.zip(inside).map(|(place, i)| place + i * strides[axis]);
        }
        out.push(place.map_or(value, |place| x[place]));
    });
    out
}
