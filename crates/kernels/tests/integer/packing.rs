//! The packed layouts themselves, and nibbles (SPEC 1.4).

use crate::bytes::{compare, from_i32, from_i8, run};
use crate::seed::Seed;
use crate::Verdict;
use kernels::params::{container, dot, PackConv2d, PackConv2dRelaxed, PackDepthwise, PackI4, UnpackI4};
use reference::packing::{pack_nibbles, unpack_i4};
use simd::Isa;

fn i16s(bytes: &[u8]) -> Vec<i32> {
    bytes.chunks_exact(2).map(|two| i32::from(i16::from_le_bytes([two[0], two[1]]))).collect()
}

fn i32s(bytes: &[u8]) -> Vec<i32> {
    bytes.chunks_exact(4).map(|four| i32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect()
}

/// K of a filter in steps of `step`: channels rounded up to whole steps, or where there are at most 4 the whole window.
pub fn length(in_c: usize, taps: usize, step: usize) -> usize {
    if in_c <= 4 && taps > 1 {
        (taps * in_c).next_multiple_of(step)
    } else {
        taps * in_c.next_multiple_of(step)
    }
}

/// Where weight `at` of `[out_c][in_c][tap]` goes to in `[out_c/8][K/step][8][step]`.
pub fn place(at: usize, in_c: usize, taps: usize, step: usize) -> usize {
    let (channel, c, tap) = (at / (in_c * taps), at / taps % in_c, at % taps);
    let k = if in_c <= 4 && taps > 1 { tap * in_c + c } else { tap * in_c.next_multiple_of(step) + c };
    ((channel / 8 * length(in_c, taps, step) + k) / step * 8 + channel % 8) * step + k % step
}

/// [out_c/8][K/2][8][2], and −zp·Σw in the bias.
pub fn conv2d<I: Isa>(isa: I) -> Verdict {
    let mut random = Seed::new(3);
    for (in_c, out_c, kernel_h, kernel_w) in [(1, 1, 1, 1), (3, 9, 2, 3), (4, 8, 3, 3), (5, 17, 1, 2)] {
        let w = random.codes(in_c * out_c * kernel_h * kernel_w, -127, 127);
        let bias = random.codes(out_c, -1_000_000, 1_000_000);
        let pack = PackConv2d {
            bias_offset: 1,
            multiplier_count: 1,
            in_zero_point: 200,
            in_c: in_c as i32,
            out_c: out_c as i32,
            kernel_h: kernel_h as i32,
            kernel_w: kernel_w as i32,
            ..PackConv2d::default()
        };
        let packed = run(isa, &pack, &[&from_i8(&w), &from_i32(&bias), &from_i32(&[321])]);
        let (taps, channels) = (kernel_h * kernel_w, out_c.next_multiple_of(8));
        let mut panels = vec![0; channels * length(in_c, taps, 2)];
        for (at, &weight) in w.iter().enumerate() {
            panels[place(at, in_c, taps, 2)] = weight;
        }
        let bytes: Vec<i32> = packed[0].iter().map(|&byte| i32::from(byte as i8)).collect();
        compare("panels", &bytes, &panels)?;
        let sums = w.chunks_exact(in_c * taps).map(|filter| filter.iter().sum::<i32>());
        let mut folded: Vec<i32> = bias.iter().zip(sums).map(|(bias, sum)| bias - 200 * sum).collect();
        folded.resize(channels, 0);
        compare("bias", &i32s(&packed[1]), &folded)?;
        let mut multipliers = vec![321; out_c];
        multipliers.resize(channels, 0);
        compare("multipliers", &i32s(&packed[2]), &multipliers)?;
    }
    Ok(())
}

/// [out_c/8][K/4][8][4], code + 8 where the weights come second, and −zp·Σw in the bias, zp that of the codes that are multiplied.
pub fn conv2d_relaxed<I: Isa>(isa: I) -> Verdict {
    let mut random = Seed::new(5);
    let zero_points =
        [(dot::I7, container::U8, 100, 100), (dot::I7, container::I8, 7, 7), (dot::W4, container::U8, 200, 72), (dot::W4, container::I8, -5, -5)];
    let probed = [
        (dot::USDOT, container::U8, 200, 200),
        (dot::USDOT, container::I8, -5, 123),
        (dot::SDOT, container::U8, 3, -125),
        (dot::SDOT, container::I8, 9, 9),
    ];
    for (dot, in_container, in_zero_point, moved) in zero_points.into_iter().chain(probed) {
        for (in_c, out_c, kernel_h, kernel_w) in [(1, 1, 1, 1), (3, 9, 2, 3), (4, 8, 3, 3), (6, 17, 1, 2)] {
            let (lowest, stored) = if dot == dot::W4 { (-8, 8) } else { (-127, 0) };
            let w = random.codes(in_c * out_c * kernel_h * kernel_w, lowest, -lowest - 1);
            let pack = PackConv2dRelaxed {
                multiplier_count: 1,
                in_container,
                in_zero_point,
                in_c: in_c as i32,
                out_c: out_c as i32,
                kernel_h: kernel_h as i32,
                kernel_w: kernel_w as i32,
                dot,
                ..PackConv2dRelaxed::default()
            };
            let packed = run(isa, &pack, &[&from_i8(&w), &[], &from_i32(&[321])]);
            let (taps, channels) = (kernel_h * kernel_w, out_c.next_multiple_of(8));
            let mut panels = vec![stored; channels * length(in_c, taps, 4)];
            for (at, &weight) in w.iter().enumerate() {
                panels[place(at, in_c, taps, 4)] = weight + stored;
            }
            let bytes: Vec<i32> = packed[0].iter().map(|&byte| i32::from(byte as i8)).collect();
            compare("panels", &bytes, &panels)?;
            let mut folded: Vec<i32> = w.chunks_exact(in_c * taps).map(|filter| -moved * filter.iter().sum::<i32>()).collect();
            folded.resize(channels, 0);
            compare("bias", &i32s(&packed[1]), &folded)?;
        }
    }
    Ok(())
}

/// [tap][channels padded to 8].
pub fn depthwise<I: Isa>(isa: I) -> Verdict {
    let mut random = Seed::new(4);
    for (channels, taps) in [(1, 1), (7, 9), (8, 4), (9, 25)] {
        let w = random.codes(channels * taps, -127, 127);
        let multipliers = random.codes(channels, 1, 32767);
        let pack = PackDepthwise {
            multiplier_count: channels as i32,
            in_zero_point: -3,
            in_c: channels as i32,
            out_c: channels as i32,
            kernel_h: 1,
            kernel_w: taps as i32,
            ..PackDepthwise::default()
        };
        let packed = run(isa, &pack, &[&from_i8(&w), &[], &from_i32(&multipliers)]);
        let whole = channels.next_multiple_of(8);
        let expected: Vec<i32> = (0..taps * whole).map(|at| if at % whole < channels { w[at % whole * taps + at / whole] } else { 0 }).collect();
        compare("weights", &i16s(&packed[0]), &expected)?;
        let mut folded: Vec<i32> = w.chunks_exact(taps).map(|filter| 3 * filter.iter().sum::<i32>()).collect();
        folded.resize(whole, 0);
        compare("bias", &i32s(&packed[1]), &folded)?;
        let mut padded = multipliers;
        padded.resize(whole, 0);
        compare("multipliers", &i32s(&packed[2]), &padded)?;
    }
    Ok(())
}

/// Every byte, every odd end, and more than one unit of work.
pub fn nibbles<I: Isa>(isa: I) -> Verdict {
    let all: Vec<u8> = (0..=255).cycle().take(5000).collect();
    for count in [0usize, 1, 2, 3, 511, 512, 8191, 8192, 8193, 10_000] {
        let packed = &all[..count.div_ceil(2)];
        let unpack = UnpackI4 { count: count as i32, ..UnpackI4::default() };
        let codes = &run(isa, &unpack, &[packed])[0];
        let found: Vec<i32> = codes.iter().map(|&code| i32::from(code as i8)).collect();
        compare("unpacked", &found, &unpack_i4(packed, count))?;
        let pack = PackI4 { count: count as i32, ..PackI4::default() };
        let again = &run(isa, &pack, &[codes])[0];
        let as_codes = |bytes: &[u8]| bytes.iter().map(|&byte| i32::from(byte)).collect::<Vec<_>>();
        compare("packed", &as_codes(again), &as_codes(&pack_nibbles(&found)))?;
    }
    Ok(())
}
