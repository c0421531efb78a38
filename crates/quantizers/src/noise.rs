//! Philox4x32-7 (SPEC 7.4; Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), four blocks at a time.

use simd::Isa;

/// The fewest rounds that the authors found to pass BigCrush; ten, their default, take 13 ms more of a ResNet-20 step of 22 million gradients.
const ROUNDS: usize = 7;

/// The round keys of a seed, and what all blocks of a tensor have in common.
#[derive(Clone, Copy)]
pub struct Noise {
    keys: [[i32; 2]; ROUNDS],
    layer: i32,
    step: i32,
}

/// The two halves of 32-bit products, all unsigned.
#[inline(always)]
fn product<I: Isa>(isa: I, a: I::I32x4, factor: I::I32x4) -> [I::I32x4; 2] {
    let (low, high) = (isa.i64x2_extmul_low_i32x4_u(a, factor), isa.i64x2_extmul_high_i32x4_u(a, factor));
    [isa.i32x4_high_words(low, high), isa.i32x4_low_words(low, high)]
}

impl Noise {
    /// Of this seed, layer and step.
    pub fn new(seed: [i32; 2], layer: i32, step: i32) -> Self {
        let mut keys = [seed; ROUNDS];
        let mut key = seed;
        for round in &mut keys {
            *round = key;
            key = [key[0].wrapping_add(0x9E37_79B9u32 as i32), key[1].wrapping_add(0xBB67_AE85u32 as i32)];
        }
        Self { keys, layer, step }
    }

    /// The words of four blocks: lane l of word w belongs to the block that lane l of `blocks` names.
    #[inline(always)]
    pub fn words<I: Isa>(&self, isa: I, blocks: I::I32x4) -> [I::I32x4; 4] {
        let factors = [0xD251_1F53u32, 0xCD9E_8D57].map(|factor| isa.i32x4_splat(factor as i32));
        let mut words = [blocks, isa.i32x4_splat(self.layer), isa.i32x4_splat(self.step), isa.i32x4_splat(0)];
        for key in &self.keys {
            let [a_high, a_low] = product(isa, words[0], factors[0]);
            let [b_high, b_low] = product(isa, words[2], factors[1]);
            let mix = |high: I::I32x4, word: I::I32x4, key: i32| isa.i32x4_xor(isa.i32x4_xor(high, word), isa.i32x4_splat(key));
            words = [mix(b_high, words[1], key[0]), b_low, mix(a_high, words[3], key[1]), a_low];
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::Noise;
    use reference::quantizers::noise::{philox4x32, ROUNDS};
    use simd::Portable;

    #[test]
    fn equals_the_reference() {
        for (seed, layer, step) in [([0, 0], 0, 0), ([-1, -1], -1, -1), ([0x1234_5678, -5], 7, 100_000)] {
            let blocks = [0, -1, 1, 123_456_789];
            let words = Noise::new(seed, layer, step).words(Portable, blocks);
            for (lane, block) in blocks.into_iter().enumerate() {
                let expected = philox4x32(ROUNDS, [block, layer, step, 0].map(|word| word as u32), seed.map(|word| word as u32));
                assert_eq!(words.map(|word| word[lane] as u32), expected);
            }
        }
    }
}
