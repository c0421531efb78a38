//! SPEC 2: the vector forms against the reference at the ends of what the accumulator clause allows.

use crate::layout::range;
use crate::seed::Seed;
use crate::Verdict;
use kernels::params::{container, form};
use kernels::requant::{Copied, Exact, Form, Q15Left, Q15Right, Requantization};
use reference::requantize::{requantize, Requantization as Law};
use simd::Isa;

/// A form with its shifts, and the multipliers that suit it.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    pub form: i32,
    pub shift: i32,
    pub left: i32,
    /// Multipliers lie in [1, most].
    pub most: i32,
}

impl Scale {
    /// Form number `seed` that brings sums over K products of bytes to codes up to `hi`, roughly.
    pub fn for_sums(random: &mut Seed, seed: usize, k: i32, hi: i32) -> Self {
        // Products of random bytes and weights: about 74 · 74 · √K.
        let sum = 6000.0 * f64::from(k).sqrt();
        match seed % 4 {
            0 | 1 => {
                let shift = ((sum / 8000.0).log2().ceil() as i32).max(1) + random.within(0, 1);
                let t = sum / f64::from(1 << shift);
                let most = (f64::from(hi) * 32768.0 / t).clamp(2.0, 32767.0) as i32;
                Self { form: form::Q15, shift, left: 0, most }
            }
            2 => {
                let shift = 33 + random.within(0, 8);
                let most = (f64::from(hi) * 2f64.powi(shift) / sum).clamp(2.0, 2147483647.0) as i32;
                Self { form: form::EXACT, shift, left: 0, most }
            }
            _ if hi > 255 => Self { form: form::COPY, shift: 0, left: 0, most: 1 },
            // Sums that small only come from few products: t saturates otherwise, as the reference does.
            _ => Self { form: form::Q15, shift: -random.within(0, 3), left: 0, most: 300 },
        }
    }

    /// The reference's form with multiplier `b`.
    pub fn law(&self, b: i32) -> Law {
        law(self.form, self.shift, self.left, b)
    }
}

pub fn law(form: i32, shift: i32, left: i32, b: i32) -> Law {
    let (shift, left, b) = (i64::from(shift), i64::from(left), i64::from(b));
    match form {
        form::COPY => Law::Copy,
        form::Q15 => Law::Q15 { shift, b },
        _ => Law::Exact { left, shift, b },
    }
}

/// Multipliers of a scale: random ones with an end among them.
pub fn multipliers(scale: &Scale, random: &mut Seed, count: usize) -> Vec<i32> {
    let mut numbers = random.codes(count, (scale.most / 4).max(1), scale.most);
    if count > 3 {
        numbers[2] = 1;
    }
    numbers
}

/// Whether the clamp leaves codes of a container of 8 bits.
fn is_byte(spec: &Requantization) -> bool {
    (spec.lo >= 0 && spec.hi <= 255) || (spec.lo >= -128 && spec.hi <= 127)
}

fn eight<I: Isa, F: Form<I>>(isa: I, spec: &Requantization, form: F, sums: [i32; 8], b: [i32; 8]) -> [i32; 8] {
    let vector = |lanes: &[i32]| {
        let mut bytes = [0; 16];
        for (bytes, lane) in bytes.chunks_exact_mut(4).zip(lanes) {
            bytes.copy_from_slice(&lane.to_le_bytes());
        }
        isa.i32x4_load(&bytes)
    };
    let b = form.multipliers(isa, vector(&b[..4]), vector(&b[4..]));
    let (low, high) = (form.preload(isa, vector(&sums[..4])), form.preload(isa, vector(&sums[4..])));
    let mut bytes = [0; 16];
    isa.i16x8_store(form.finish(isa, low, high, b), &mut bytes);
    let codes: [i32; 8] = std::array::from_fn(|i| i32::from(i16::from_le_bytes([bytes[2 * i], bytes[2 * i + 1]])));
    // The same as bytes: once in the low half, and once in the high one after others.
    if is_byte(spec) {
        let zero = isa.i32x4_splat(0);
        for (sums, half) in [([[low, high], [zero; 2]], 0), ([[zero; 2], [low, high]], 8)] {
            isa.i8x16_store(form.finish_bytes(isa, sums, b), &mut bytes);
            let found: [u8; 8] = std::array::from_fn(|i| bytes[half + i]);
            if found != codes.map(|code| code as u8) {
                return codes.map(|_| i32::MIN);
            }
        }
    }
    codes
}

/// The largest |acc| of SPEC 2.4.
fn largest(spec: &Requantization) -> i64 {
    match spec.form {
        form::COPY => i64::from(i32::MAX),
        form::Q15 if spec.shift >= 1 => i64::from(i32::MAX) - (1 << (spec.shift - 1)),
        form::Q15 => i64::from(i32::MAX),
        _ => (1i64 << (31 - spec.left)) - 1,
    }
}

/// Accumulators worth asking: the ends, ties and their neighbours, and some random ones.
fn accumulators(spec: &Requantization, random: &mut Seed) -> Vec<i32> {
    let end = largest(spec);
    let tie = 1i64 << spec.shift.clamp(1, 30) >> 1;
    let step = (32768i64 << spec.shift.clamp(0, 22)) >> (-spec.shift).max(0);
    let mut sums = vec![0, 1, -1, end, -end, end - 1, 1 - end];
    for around in [tie, -tie, 3 * tie, -3 * tie, step, -step, step / 2, -step / 2] {
        sums.extend([around - 1, around, around + 1]);
    }
    sums.extend((0..24).map(|i| i64::from(random.within(i32::MIN, i32::MAX)) >> i));
    sums.into_iter().map(|sum| sum.clamp(-end, end) as i32).collect()
}

fn one_form<I: Isa>(isa: I, spec: Requantization, b: i32, random: &mut Seed) -> Verdict {
    for sums in accumulators(&spec, random).chunks(8) {
        let sums: [i32; 8] = std::array::from_fn(|i| sums[i % sums.len()]);
        let found = match spec.form {
            form::COPY => eight(isa, &spec, Copied::new(isa, &spec), sums, [b; 8]),
            form::Q15 if spec.shift >= 1 => eight(isa, &spec, Q15Right::<I, 0>::new(isa, &spec), sums, [b; 8]),
            form::Q15 => eight(isa, &spec, Q15Left::new(isa, &spec), sums, [b; 8]),
            _ => eight(isa, &spec, Exact::new(isa, &spec), sums, [b; 8]),
        };
        for (sum, found) in sums.into_iter().zip(found) {
            let clamp = [i64::from(spec.lo), i64::from(spec.hi)];
            let expected = requantize(i64::from(sum), law(spec.form, spec.shift, spec.left, b), i64::from(spec.zero_point), clamp);
            if i64::from(found) != expected {
                return Err(format!("{spec:?} b {b}: {sum} gives {found} instead of {expected}"));
            }
            if i64::from(spec.apply(sum, b)) != expected {
                return Err(format!("{spec:?} b {b} one by one: {sum} gives {} instead of {expected}", spec.apply(sum, b)));
            }
        }
    }
    Ok(())
}

pub fn every_form<I: Isa>(isa: I) -> Verdict {
    let mut random = Seed::new(5);
    let mut forms = vec![(form::COPY, 0, 0)];
    forms.extend((-15..=22).map(|shift| (form::Q15, shift, 0)));
    forms.extend((33..=62).flat_map(|shift| [0, 1, 7, 24].map(|left| (form::EXACT, shift, left))));
    for kind in [container::U8, container::I8, container::I16] {
        let [lo, hi] = range(kind);
        for (number, &(form, shift, left)) in forms.iter().enumerate() {
            let multipliers: [i32; 5] = if form == form::EXACT { [0, 1, 1 << 30, i32::MAX, 123_456_789] } else { [1, 255, 256, 32767, 20_000] };
            let zero_point = [0, lo, hi, (lo + hi) / 2][number % 4];
            let (lo, hi) = if number % 3 == 0 { (lo / 2, hi / 3) } else { (lo, hi) };
            for b in multipliers {
                one_form(isa, Requantization { form, shift, left, zero_point, lo, hi }, b, &mut random)?;
            }
        }
    }
    ends_of_bytes(isa, &mut random)
}

/// Clamps around 127, beyond which a byte is no longer a signed one.
fn ends_of_bytes<I: Isa>(isa: I, random: &mut Seed) -> Verdict {
    for (shift, hi) in [-2, 0, 3].into_iter().flat_map(|shift| [126, 127, 128, 129].map(|hi| (shift, hi))) {
        one_form(isa, Requantization { form: form::Q15, shift, left: 0, zero_point: 3, lo: 0, hi }, 20_000, random)?;
    }
    Ok(())
}
