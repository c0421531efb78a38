//! Form `q15` by each of its shifts at the end of a convolution.

use crate::conv::{Case, Shape};
use crate::layout::range;
use crate::requantization::Scale;
use crate::Verdict;
use kernels::params::form;
use simd::Isa;

impl Case {
    /// The same case with another shift of `q15`, whose codes mostly stay inside their range.
    pub fn by_q15(mut self, shift: i32) -> Self {
        let [_, hi] = range(self.shape.out_container);
        // The sums of nine products of bytes and a bias are some 20,000.
        let t = if shift >= 0 { 20_000 >> shift } else { 32767 };
        self.scale = Scale { form: form::Q15, shift, left: 0, most: (hi * 32768 / t.max(1)).min(32767) };
        (self.shape.form, self.shape.shift, self.shape.left) = (form::Q15, shift, 0);
        self
    }

    /// The same case with biases next to which some products are nothing.
    pub fn far_from_zero(mut self) -> Self {
        (self.bias, self.most_bias) = (true, i32::MAX - (1 << 24));
        self
    }
}

/// Every shift of `q15`, some of which kernels know at compile time, into every container: four pixels at a time, and the rest of them.
pub fn shifts<I: Isa>(isa: I) -> Verdict {
    for shift in -15..=22 {
        // Pixels that do not fill tiles; those that do, of few channels and of more.
        for shape in [Shape::new([9, 3, 3], 8, [1, 1]), Shape::new([12, 4, 3], 24, [1, 1]), Shape::new([40, 4, 3], 8, [1, 1])] {
            for seed in 0..6 {
                Case::new(shape, seed).by_q15(shift).run_dense(isa)?;
                Case::new(shape, seed).by_q15(shift).far_from_zero().run_dense(isa)?;
            }
        }
    }
    Ok(())
}
