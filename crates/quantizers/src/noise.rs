//! Philox4x32-7 (SPEC 7.4; Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), four blocks at a time.

use simd::Isa;

/// The fewest rounds that the authors found to pass BigCrush; ten, their default, take 13 ms more of a ResNet-20 step of 22 million gradients.
const ROUNDS: usize = 7;

/// The factors of a round.
const FACTORS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
/// Rounds whose operands all depend on the block: in the first a product, in the second another one is the same for a whole tensor.
const WHOLE_ROUNDS: usize = ROUNDS - 2;

/// What all blocks of a tensor have in common.
#[derive(Clone, Copy)]
pub struct Noise {
    /// What the first round adds to the high half of its product.
    first: i32,
    /// What the second round adds to the high half of its product, and to the low half of the first one's.
    second: [i32; 2],
    /// What the third round adds to the low half of the second one's product, and to the high half of its own.
    third: [i32; 2],
    /// The keys of the rounds after that.
    keys: [[i32; 2]; WHOLE_ROUNDS - 1],
}

/// The two halves of 32-bit products, all unsigned.
#[inline(always)]
fn product<I: Isa>(isa: I, a: I::I32x4, factor: I::I32x4) -> [I::I32x4; 2] {
    let (low, high) = (isa.i64x2_extmul_low_i32x4_u(a, factor), isa.i64x2_extmul_high_i32x4_u(a, factor));
    [isa.i32x4_high_words(low, high), isa.i32x4_low_words(low, high)]
}

/// The two halves of a 32-bit product.
fn halves(a: i32, factor: u32) -> [i32; 2] {
    let product = u64::from(a as u32) * u64::from(factor);
    [(product >> 32) as i32, product as i32]
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
        let [[_, key_0], [key_1, key_2], [key_3, key_4], rest @ ..] = keys;
        let [step_high, step_low] = halves(step, FACTORS[1]);
        let [high, low] = halves(step_high ^ layer ^ keys[0][0], FACTORS[0]);
        Self { first: key_0, second: [step_low ^ key_1, high ^ key_2], third: [key_3, low ^ key_4], keys: rest }
    }

    /// The words of four blocks: lane l of word w belongs to the block that lane l of `blocks` names.
    #[inline(always)]
    pub fn words<I: Isa>(&self, isa: I, blocks: I::I32x4) -> [I::I32x4; 4] {
        // The compiler must not know them: of products with a constant, or with what it may widen before the loop, it makes products of 64 by 64 bits,
        // which WebAssembly has too and which take three times as long.
        let factors = FACTORS.map(|factor| core::hint::black_box(isa.i32x4_splat(factor as i32)));
        let add = |a: I::I32x4, constant: i32| isa.i32x4_xor(a, isa.i32x4_splat(constant));
        let [high, low] = product(isa, blocks, factors[0]);
        let [b_high, b_low] = product(isa, add(high, self.first), factors[1]);
        let mut words = [add(b_high, self.second[0]), b_low, add(low, self.second[1])];
        let [a_high, a_low] = product(isa, words[0], factors[0]);
        let [b_high, b_low] = product(isa, words[2], factors[1]);
        let mut last = a_low;
        words = [add(isa.i32x4_xor(b_high, words[1]), self.third[0]), b_low, add(a_high, self.third[1])];
        for key in &self.keys {
            let [a_high, a_low] = product(isa, words[0], factors[0]);
            let [b_high, b_low] = product(isa, words[2], factors[1]);
            words = [add(isa.i32x4_xor(b_high, words[1]), key[0]), b_low, add(isa.i32x4_xor(a_high, last), key[1])];
            last = a_low;
        }
        let [a, b, c] = words;
        [a, b, c, last]
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
