//! SPEC 3.4, average.

use crate::requantize::{requantize, Requantization};
use crate::window::Window;
use std::collections::BTreeSet;

/// Elements that a window counts on one axis.
fn counted(axis: &Window, window: i64, count_include_pad: bool) -> i64 {
    if count_include_pad {
        axis.count_within(window, -axis.before, axis.input + axis.after)
    } else {
        axis.count_within(window, 0, axis.input)
    }
}

/// The distinct divisors, ascending; 0 among them means that a window counts nothing. `None` if there are more than `most`:
/// a file that lists few cannot make us list many.
pub fn divisors(windows: [Window; 2], size: [i64; 2], count_include_pad: bool, most: usize) -> Option<Vec<i64>> {
    let [rows, columns]: [BTreeSet<i64>; 2] = [0, 1].map(|axis| {
        let all = 0..size[axis];
        all.map(|window| counted(&windows[axis], window, count_include_pad)).collect()
    });
    let mut products = BTreeSet::new();
    for row in &rows {
        products.extend(columns.iter().map(|column| row * column));
        if products.len() > most {
            return None;
        }
    }
    Some(products.into_iter().collect())
}

/// Operands and attributes: `x` [C, H, W].
pub struct AveragePool<'a> {
    /// Input codes.
    pub x: &'a [i32],
    /// Zero point of the input.
    pub x_zero_point: i64,
    /// Axes h and w, dilation 1.
    pub windows: [Window; 2],
    /// Whether the divisor counts padding.
    pub count_include_pad: bool,
    /// The divisors that occur, ascending.
    pub divisors: &'a [i64],
}

impl AveragePool<'_> {
    /// Codes [C, OH, OW]; `forms` has one element per divisor.
    pub fn run(&self, size: [usize; 2], forms: &[Requantization], zero_point: i64, clamp: [i64; 2]) -> Vec<i32> {
        let [rows, columns] = self.windows;
        let mut codes = Vec::new();
        for image in self.x.chunks_exact((rows.input * columns.input) as usize) {
            for y in 0..size[0] as i64 {
                for x in 0..size[1] as i64 {
                    let divisor = counted(&rows, y, self.count_include_pad) * counted(&columns, x, self.count_include_pad);
                    let which = self.divisors.iter().position(|&listed| listed == divisor);
                    let form = forms[which.expect("the reader checked the list of divisors")];
                    codes.push(requantize(self.sum(image, [y, x]), form, zero_point, clamp) as i32);
                }
            }
        }
        codes
    }

    /// Σ (a − zp) over the elements inside one window.
    fn sum(&self, image: &[i32], [y, x]: [i64; 2]) -> i64 {
        let [rows, columns] = self.windows;
        let mut sum = 0;
        for iy in (0..rows.kernel).filter_map(|ky| rows.inside(y, ky)) {
            for ix in (0..columns.kernel).filter_map(|kx| columns.inside(x, kx)) {
                sum += image[iy * columns.input as usize + ix] as i64 - self.x_zero_point;
            }
        }
        sum
    }
}
