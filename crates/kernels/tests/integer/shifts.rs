//! Form `q15` by each of its shifts at the end of a convolution.

use crate::conv::{Case, Shape};
use crate::layout::range;
use crate::requantization::Scale;
use crate::Verdict;
use kernels::params::{container, dot, form};
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

    /// The same case with the farthest code from a zero point of 0, and `weight` everywhere: products as large as their number allows.
    fn at_the_ends(mut self, weight: i32) -> Self {
        let code = if self.shape.in_container == container::U8 { 255 } else { -128 };
        (self.shape.in_zero_point, self.bias) = (0, true);
        self.x.fill(code);
        self.w.fill(weight);
        self
    }
}

/// 1×1 layers of several blocks of tiles, none of which is cut short: those of few channels, which end in the loop that multiplies, and of more.
pub fn large(run: impl Fn(Case, u64) -> Verdict) -> Verdict {
    let shapes = [12, 32, 64, 120].map(|in_c| Shape::new([in_c, 20, 17], 16, [1, 1]));
    shapes.into_iter().zip(0..4).try_for_each(|(shape, seed)| run(Case::new(shape, seed), seed))
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
    large(|case, _| case.by_q15(2).run_dense(isa))
}

/// Shifts to the left of sums whose biases may stop at a bound: products that pull against them must not bring a code back from the end of its range, and
/// with them no shifted sum may leave 32 bits. So many channels that for each shift some sums are just inside and others are not.
fn saturated_by(run: impl Fn(&Case) -> Verdict, shapes: &[Shape]) -> Verdict {
    for shift in -15..=0 {
        for (seed, weight) in [(0, -128), (2, 127), (4, -128), (1, 127), (3, -128), (0, 127)] {
            for &shape in shapes {
                run(&Case::new(shape, seed).by_q15(shift).far_from_zero().at_the_ends(weight))?;
            }
        }
    }
    Ok(())
}

fn dense_shapes() -> Vec<Shape> {
    let points = [1, 2, 3, 5, 9, 17, 33, 65].map(|in_c| Shape::new([in_c, 4, 3], 8, [1, 1]));
    let windows = [1, 2, 9].map(|in_c| Shape::new([in_c, 4, 4], 8, [3, 3]).pads([1, 1, 1, 1]));
    points.into_iter().chain(windows).collect()
}

fn depthwise_shapes() -> [Shape; 2] {
    [[3, 3], [2, 2]].map(|kernel| Shape::new([9, 5, 4], 9, kernel).pads([1, 1, 1, 1]).depthwise())
}

/// By products of i16.
pub fn saturated<I: Isa>(isa: I) -> Verdict {
    saturated_by(|case| case.run_dense(isa), &dense_shapes())?;
    saturated_by(|case| case.run_depthwise(isa), &depthwise_shapes())
}

/// By products of bytes that take every code: the relaxed instruction as `vpdpbusd`.
pub fn saturated_usdot<I: Isa>(isa: I) -> Verdict {
    saturated_by(|case| case.run_relaxed(isa, dot::USDOT), &dense_shapes())?;
    saturated_by(|case| case.run_depthwise_relaxed(isa, dot::USDOT), &depthwise_shapes()[..1])
}
