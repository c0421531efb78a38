//! Small dot products with both requantizations: what an engine must compute right before it is trusted with a network.
//!
//! It uses the lane operations of the integer microkernels on numbers that follow from a seed, so that nothing can be computed at compile time.
//! The committed answer is the portable form's, which the tests below derive a second time without lanes.

use simd::{Isa, Native};

const ROUNDS: usize = 16;
/// SPEC 2.2 with this shift and multiplier.
const SHIFT: u32 = 7;
const MULTIPLIER: i16 = 23_170;

/// The next number of a xorshift generator; `state` is never 0.
fn next(state: &mut u32) -> u32 {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    *state
}

fn next_bytes(state: &mut u32) -> [u8; 8] {
    let [a, b] = [next(state), next(state)].map(u32::to_le_bytes);
    [a[0], a[1], a[2], a[3], b[0], b[1], b[2], b[3]]
}

/// Folds bytes into a checksum (FNV-1a).
fn fold(sum: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(sum, |sum, &byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// Four bytes for one operand of the relaxed dot product: in the first rounds `extremes`, then whatever comes.
fn quad(codes: [u8; 8], round: usize, extremes: [u8; 2]) -> [u8; 4] {
    extremes.get(round).map_or([codes[0], codes[1], codes[2], codes[3]], |&extreme| [extreme; 4])
}

/// The checksum of the codes, the accumulators and the 64-bit products that `seed` leads to.
pub fn known_answer(seed: i32) -> i32 {
    lanes(Native::default(), seed)
}

fn lanes<I: Isa>(isa: I, seed: i32) -> i32 {
    let mut state = seed as u32 | 1;
    let mut sum = 0x811C_9DC5;
    let mut acc = [isa.i32x4_splat(1 << (SHIFT - 1)); 2];
    let mut byte_sums = isa.i32x4_splat(seed);
    for round in 0..ROUNDS {
        let activations = isa.i16x8_load_extend_u8x8(&next_bytes(&mut state));
        for acc in &mut acc {
            let weights = isa.i16x8_load_extend_i8x8(&next_bytes(&mut state));
            *acc = isa.i32x4_add(*acc, isa.i32x4_dot_i16x8_s(activations, weights));
        }
        let shifted = acc.map(|acc| isa.i32x4_shr_s(acc, SHIFT));
        let narrow = isa.i16x8_narrow_i32x4_s(shifted[0], shifted[1]);
        let scaled = isa.i16x8_relaxed_q15mulr_s(narrow, isa.i16x8_splat(MULTIPLIER));
        let products = [isa.i64x2_extmul_low_i32x4_s(acc[0], acc[1]), isa.i64x2_extmul_high_i32x4_s(acc[0], acc[1])];
        let mut bytes = [0; 16];
        isa.i8x16_store(isa.i8x16_narrow_i16x8_u(scaled, narrow), &mut bytes);
        sum = fold(sum, &bytes);
        isa.i32x4_store(isa.i32x4_high_words(products[0], products[1]), &mut bytes);
        sum = fold(sum, &bytes);
        // Sums on top of sums: there is an engine that drops what was there before.
        let first = quad(next_bytes(&mut state), round, [0x7F, 0x80]);
        let second = quad(next_bytes(&mut state), round, [127, 127]).map(|code| code & 127);
        byte_sums = isa.i32x4_relaxed_dot_i8x16_i7x16_add_s(isa.i8x16_load32_splat(&first), isa.i8x16_load32_splat(&second), byte_sums);
        isa.i32x4_store(byte_sums, &mut bytes);
        sum = fold(sum, &bytes);
    }
    sum as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seed and answer in ts/wasm/flavour.ts.
    const SEED: i32 = 0x5EED;
    const ANSWER: i32 = 1_093_230_426;

    /// The same by the text of SPEC 2.2, one number at a time.
    fn scalars(seed: i32) -> i32 {
        let mut state = seed as u32 | 1;
        let mut sum = 0x811C_9DC5;
        let mut acc = [1i64 << (SHIFT - 1); 8];
        let mut byte_sum = seed;
        for round in 0..ROUNDS {
            let activations = next_bytes(&mut state);
            let weights = [next_bytes(&mut state), next_bytes(&mut state)].concat();
            for (index, acc) in acc.iter_mut().enumerate() {
                let term = |at: usize| i64::from(activations[at % 8]) * i64::from(weights[at] as i8);
                *acc += term(2 * index) + term(2 * index + 1);
            }
            let narrow = acc.map(|acc| (acc >> SHIFT).clamp(-32768, 32767));
            let scaled = narrow.map(|narrow| (narrow * i64::from(MULTIPLIER) + (1 << 14)) >> 15);
            let codes: Vec<u8> = scaled.iter().chain(&narrow).map(|&code| code.clamp(0, 255) as u8).collect();
            sum = fold(sum, &codes);
            let high = |index: usize| ((acc[index] * acc[index + 4]) >> 32) as i32;
            let words: Vec<u8> = (0..4).flat_map(|index| high(index).to_le_bytes()).collect();
            sum = fold(sum, &words);
            let first = quad(next_bytes(&mut state), round, [0x7F, 0x80]).map(|code| i32::from(code as i8));
            let second = quad(next_bytes(&mut state), round, [127, 127]).map(|code| i32::from(code & 127));
            byte_sum = first.iter().zip(second).fold(byte_sum, |sum, (first, second)| sum.wrapping_add(first * second));
            sum = fold(sum, &[byte_sum; 4].map(i32::to_le_bytes).concat());
        }
        sum as i32
    }

    #[test]
    fn lanes_agree_with_the_specification() {
        for seed in [SEED, 0, 1, -1, i32::MIN, 12345] {
            assert_eq!(lanes(simd::Portable, seed), scalars(seed), "seed {seed}");
        }
    }

    #[test]
    fn the_committed_answer_is_right() {
        assert_eq!(scalars(SEED), ANSWER);
    }
}
