//! Convolution and dense of u4 or signed codes by i4, two weights in a lane.

use crate::bytes::{compare, from_i32, from_i8, run};
use crate::conv::{shapes, Case, Shape};
use crate::packing::{length, place};
use crate::requantization::Scale;
use crate::seed::Seed;
use crate::shifts::large;
use crate::Verdict;
use kernels::params::{container, form, Conv2dPaired, PackConv2dPaired};
use simd::Isa;

/// Channels of a panel.
const PANEL: i32 = 16;

impl Case {
    /// The same case with codes, weights and a layout that the kernel takes.
    pub fn for_pairs(mut self, seed: u64) -> Self {
        let mut random = Seed::new(seed + 999);
        // What 4-bit layers have: few bits of sums, to the left or to the right. A third keeps what it had.
        if !seed.is_multiple_of(3) {
            self.scale = Scale { form: form::Q15, shift: seed as i32 % 13 - 6, left: 0, most: 2000 };
        }
        let p = &mut self.shape;
        (p.form, p.shift, p.left) = (self.scale.form, self.scale.shift, self.scale.left);
        let is_signed = seed.is_multiple_of(4);
        p.in_container = if is_signed { container::I8 } else { container::U8 };
        p.in_zero_point = if is_signed { [0, -15, -3] } else { [0, 15, 3] }[seed as usize % 3];
        p.out_stride = (p.out_c + PANEL - 1) / PANEL * PANEL;
        self.x = random.codes(self.x.len(), if is_signed { -15 } else { 0 }, 15);
        self.w = random.codes(self.w.len(), -7, 7);
        self
    }

    fn pair_packing(&self) -> PackConv2dPaired {
        PackConv2dPaired::from_words(&self.packing().to_array()).expect("the same fields")
    }

    /// The layer by [`Conv2dPaired`].
    pub fn run_paired<I: Isa>(&self, isa: I) -> Verdict {
        let packed = run(isa, &self.pair_packing(), &[&from_i8(&self.w), &from_i32(&self.bias()), &from_i32(&self.multipliers())]);
        let kernel = Conv2dPaired::from_words(&self.shape.to_array()).expect("the same fields");
        let output = run(isa, &kernel, &[&self.input(), &packed[0], &packed[1], &packed[2]]);
        self.compare(&output[0])
    }
}

/// Every window, tile and panel; steps of K around the count after which lanes are made apart.
pub fn convolution<I: Isa>(isa: I) -> Verdict {
    for (shape, seed) in shapes().into_iter().zip(0..) {
        Case::new(shape, seed).for_pairs(seed).run_paired(isa)?;
    }
    for (in_c, out_c) in [(16, 7), (17, 8), (18, 9), (19, 15), (20, 16), (35, 17), (36, 24), (37, 25), (54, 32), (55, 33)] {
        for pixels in [1, 3, 4, 5, 130] {
            let seed = (in_c * pixels) as u64;
            let mut case = Case::new(Shape::new([in_c, pixels, 1], out_c, [1, 1]), seed).for_pairs(seed);
            case.run_paired(isa)?;
            // Rows of K codes with nothing between them.
            case.shape.in_stride = in_c;
            case.run_paired(isa)?;
        }
    }
    large(|case, seed| case.for_pairs(seed).run_paired(isa))
}

/// The largest sums of both signs, and neighbours that differ most: 9 steps fill the low part of a lane, and K = 4993 all products of 105 that the
/// high part holds.
pub fn extremes<I: Isa>(isa: I) -> Verdict {
    let mut seed = 0;
    for in_c in [18, 256, 4993] {
        for (x, w) in [
            ([15, 15], [7, 7]),
            ([15, 15], [-7, -7]),
            ([15, 15], [7, -7]),
            ([15, 0], [-7, 7]),
            ([0, 15], [7, -7]),
            ([0, 0], [-7, -7]),
            ([-15, -15], [7, 7]),
            ([-15, 15], [7, -7]),
        ] {
            for channels_alike in [true, false] {
                let mut case = Case::new(Shape::new([in_c, 5, 1], 16, [1, 1]), seed).for_pairs(seed);
                case.shape.in_zero_point = 0;
                case.shape.in_container = if x[0] < 0 { container::I8 } else { container::U8 };
                case.x.iter_mut().enumerate().for_each(|(i, code)| *code = x[i / 5 % 2]);
                // Odd channels, or the upper half of a panel, have the other sign: then low and high of a lane differ.
                case.w.iter_mut().enumerate().for_each(|(i, weight)| {
                    let sign = if channels_alike || i / (in_c as usize) < 8 { 1 } else { -1 };
                    *weight = sign * w[i % in_c as usize % 2];
                });
                case.batch(1, true).run_paired(isa)?;
                seed += 1;
            }
        }
    }
    Ok(())
}

/// Several images, as codes and as exact sums.
pub fn batches<I: Isa>(isa: I) -> Verdict {
    for (seed, (images, raw)) in [(1, true), (3, true), (2, false), (5, true)].into_iter().enumerate() {
        for (shape, seed) in [Shape::new([20, 5, 3], 16, [3, 3]).pads([1, 1, 1, 1]), Shape::new([9, 3, 3], 16, [1, 1])].into_iter().zip(seed as u64..)
        {
            Case::new(shape, seed).for_pairs(seed).batch(images, raw).run_paired(isa)?;
        }
    }
    Ok(())
}

/// [out_c/16][tap][pair][8][2] of low + 4096·high, the high channel 8 after the low.
pub fn packing<I: Isa>(isa: I) -> Verdict {
    for (seed, (in_c, out_c, kernel)) in [(1, 1, [1, 1]), (3, 9, [2, 3]), (4, 16, [3, 3]), (5, 33, [1, 2])].into_iter().enumerate() {
        let (seed, taps) = (seed as u64, (kernel[0] * kernel[1]) as usize);
        let case = Case::new(Shape::new([in_c, 3, 3], out_c, kernel), seed).for_pairs(seed);
        let packed = run(isa, &case.pair_packing(), &[&from_i8(&case.w), &from_i32(&case.bias()), &from_i32(&case.multipliers())]);
        let mut panels = vec![0; (out_c as usize).next_multiple_of(16) / 2 * length(in_c as usize, taps, 2)];
        for (at, &weight) in case.w.iter().enumerate() {
            // Channels 8 apart share a lane.
            let (channel, rest) = (at / (in_c as usize * taps), at % (in_c as usize * taps));
            let alone = (channel / 16 * 8 + channel % 8) * in_c as usize * taps + rest;
            panels[place(alone, in_c as usize, taps, 2)] += weight * if channel % 16 < 8 { 1 } else { 4096 };
        }
        let lanes: Vec<i32> = packed[0].chunks_exact(2).map(|two| i32::from(i16::from_le_bytes([two[0], two[1]]))).collect();
        compare("panels", &lanes, &panels)?;
        compare("bytes of bias", &[packed[1].len() as i32], &[4 * (out_c as usize).next_multiple_of(8) as i32])?;
    }
    Ok(())
}
