//! Against the reference, and what LBT promises of the rounding (research §1.9 a, b, d, e).

use crate::params::QuantizeGradient;
use crate::testing::{assert_same, floats, hard_floats, Arena};
use reference::quantizers::{gradient, noise::noise, symmetric_levels};

const SEED: [i32; 2] = [0x1234_5678, -3];

struct Run {
    codes: Vec<i8>,
    state: Vec<f32>,
    channel_steps: Vec<f32>,
}

fn quantize(g: &[f32], [rows, channels, stride]: [usize; 3], clip: f32, channel_clips: &[f32], bits: u32, step: i32) -> Run {
    let mut arena = Arena::new();
    let has_clips = !channel_clips.is_empty();
    let params = QuantizeGradient {
        gradient_offset: arena.floats(g),
        state_offset: arena.floats(&[5.0, clip, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0]),
        random_offset: arena.words(&[SEED[0], SEED[1], step, 0]),
        channel_clips_offset: if has_clips { arena.floats(channel_clips) } else { 0 },
        codes_offset: arena.room(rows * stride),
        channel_steps_offset: if has_clips { arena.room(channels * 4) } else { 0 },
        rows: rows as i32,
        channels: channels as i32,
        out_stride: stride as i32,
        bits: bits as i32,
        layer: 6,
    };
    arena.run(params);
    Run {
        codes: arena.read(params.codes_offset, rows * stride).iter().map(|code| *code as i8).collect(),
        state: arena.read_floats(params.state_offset, 8),
        channel_steps: arena.read_floats(params.channel_steps_offset, channel_clips.len()),
    }
}

#[test]
fn equals_the_reference() {
    for [rows, channels, stride] in [[0, 3, 4], [1, 1, 4], [70, 4, 4], [9, 3, 3], [33, 16, 16], [30, 24, 32], [11, 10, 16], [7, 96, 96]] {
        for (bits, clip) in [(2, 0.5f32), (3, 1.0), (4, 0.7), (5, 1e-3), (6, 0.3), (7, 2.0), (8, 0.9), (4, 0.0), (8, f32::INFINITY), (4, f32::NAN)] {
            for by_channel in [false, true] {
                if by_channel && stride % 4 != 0 {
                    continue;
                }
                let g = hard_floats(rows * channels, bits + rows as u32);
                let clips: Vec<f32> = if by_channel { floats(channels, 77).iter().map(|c| c.abs()).collect() } else { vec![] };
                let run = quantize(&g, [rows, channels, stride], clip, &clips, bits, 19);
                let levels = symmetric_levels(bits);
                let mut clipped = 0;
                for (position, code) in run.codes.iter().enumerate() {
                    let (row, channel) = (position / stride, position % stride);
                    let expected = if channel < channels {
                        let (g, clip) = (g[row * channels + channel], clips.get(channel).copied().unwrap_or(clip));
                        clipped += i32::from(gradient::is_clipped(g, clip));
                        gradient::quantize(g, clip, levels, noise(position as u32, 6, 19, SEED.map(|word| word as u32)))
                    } else {
                        0
                    };
                    assert_eq!(i32::from(*code), expected, "{rows}×{channels}, {bits} bits, clip {clip}, position {position}");
                }
                let count = (rows * channels) as f32;
                assert_same(&run.state, &[5.0, clip, gradient::step(clip, levels), clipped as f32, count, 1.0, 2.0, 3.0], "state");
                let steps: Vec<f32> = clips.iter().map(|clip| gradient::step(*clip, levels)).collect();
                assert_same(&run.channel_steps, &steps, "steps");
            }
        }
    }
}

/// (a) The mean over draws is the gradient, where it is not clipped; (b) no code beyond the levels.
#[test]
fn unbiased_inside_the_interval() {
    const DRAWS: i32 = 2000;
    for bits in [2, 4, 8] {
        let (clip, levels) = (0.8f32, symmetric_levels(bits));
        let g: Vec<f32> = (-32..32).map(|i| i as f32 * 0.03 + 0.004).collect();
        let mut sums = vec![0i64; g.len()];
        for step in 0..DRAWS {
            for (sum, code) in sums.iter_mut().zip(quantize(&g, [1, 64, 64], clip, &[], bits, step).codes) {
                assert!(i32::from(code).abs() <= levels);
                *sum += i64::from(code);
            }
        }
        for (g, sum) in g.iter().zip(sums) {
            let scaled = f64::from(g.clamp(-clip, clip)) / f64::from(clip) * f64::from(levels);
            let fraction = scaled - scaled.floor();
            // Five deviations of a mean of DRAWS codes, and the granularity of the noise.
            let tolerance = 5.0 * (fraction * (1.0 - fraction) / f64::from(DRAWS)).sqrt() + 1.0 / 32768.0;
            let mean = sum as f64 / f64::from(DRAWS);
            assert!((mean - scaled).abs() <= tolerance, "{bits} bits: {g} is {scaled} steps, mean {mean}");
        }
    }
}

/// (d) With the clip at the maximum nothing is clipped, and the maximum itself is the last code in every draw.
#[test]
fn the_maximum_is_min_max() {
    let g = floats(640, 3);
    let most = reference::quantizers::statistics::maximum(&g);
    for step in 0..20 {
        let run = quantize(&g, [10, 64, 64], most, &[], 8, step);
        assert_eq!(run.state[3], 0.0);
        for (g, code) in g.iter().zip(&run.codes) {
            let scaled = f64::from(*g) / f64::from(most) * 127.0;
            assert!((f64::from(*code) - scaled).abs() < 1.001);
            if g.abs() == most {
                assert_eq!(i32::from(*code).abs(), 127);
            }
        }
    }
}

/// (e) A gradient that is all zero.
#[test]
fn zeros_stay_zeros() {
    for clip in [0.0, 1e-8, 1.0] {
        let run = quantize(&[0.0; 100], [10, 10, 16], clip, &[], 4, 3);
        assert!(run.codes.iter().all(|code| *code == 0));
        assert!(run.state[2] > 0.0 && run.state[2].is_finite());
        assert_eq!(run.state[3], 0.0);
    }
}
