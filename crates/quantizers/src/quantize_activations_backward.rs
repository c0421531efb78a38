//! Back through [`crate::params::QuantizeActivations`] (SPEC 7.3). Buffers: reads input, gradient, state, scale a, scale b, others; writes output,
//! interval gradient. One unit.

use crate::blocks::Rows;
use crate::params::{container, QuantizeActivationsBackward};
use crate::state::{QUANTIZER_BYTES, WIDTHS};
use crate::straight_through::{block_sum, Bounds, Slices, Source, StraightThrough, NARROW, WIDE};
use core::ops::Range;
use kernels::check::{is_total, MAX_DIMENSION, MAX_TOTAL};
use kernels::f32::lanes::BYTES;
use kernels::{field, field_holds, fields_in, Access, BadParam, Buffers, Kernel, Spans};
use simd::{mem, Isa};

impl QuantizeActivationsBackward {
    fn rows(&self) -> Rows {
        Rows { count: self.rows as usize, length: self.channels as usize }
    }

    /// Bytes of an element of the gradient.
    fn element_bytes(&self) -> usize {
        if self.in_container == container::I16 {
            2
        } else {
            BYTES
        }
    }

    /// Bytes of the rows of one block, and of their gradients; and both of what can be done at once: the block, if its rows lie as one.
    fn pieces(&self) -> [[usize; 2]; 2] {
        let row = [self.channels as usize * BYTES, self.in_stride as usize * self.element_bytes()];
        let block = row.map(|bytes| bytes * self.rows().in_block());
        let is_dense = self.channels == self.in_stride && self.channels % 4 == 0;
        [block, if is_dense { block } else { row }]
    }

    #[inline(always)]
    fn backward<I: Isa, const SIGNED: bool, const OTHERS: bool, const FOUR: usize>(&self, isa: I, buffers: &mut Buffers<'_>, source: Source<I>) {
        let [x, gradient, state, _, _, others, ..] = buffers.reads;
        let [output, interval_gradient, ..] = &mut buffers.writes;
        let backward = StraightThrough::<I, SIGNED>::new(isa, state, self.bits, Bounds::from_bits(isa, [self.lo_bits, self.hi_bits]));
        let [[block, gradient_block], [piece, gradient_piece]] = self.pieces();
        let mut total = 0.0;
        let blocks = x.chunks(block).zip(gradient.chunks(gradient_block)).zip(output.chunks_mut(block));
        for (index, ((x, gradient), output)) in blocks.enumerate() {
            let others = if OTHERS { &others[index * block..] } else { others };
            let mut sum = isa.f32x4_splat(0.0);
            let pieces = x.chunks(piece).zip(gradient.chunks(gradient_piece)).zip(output.chunks_mut(piece));
            for (index, ((x, gradient), output)) in pieces.enumerate() {
                let others = if OTHERS { &others[index * piece..][..x.len()] } else { others };
                sum = backward.run::<OTHERS, FOUR>(isa, source, Slices { x, gradient, others, output }, sum);
            }
            total += block_sum(isa, sum);
        }
        mem::write_f32(interval_gradient, 0, backward.interval_gradient(total));
    }

    #[inline(never)]
    fn from<I: Isa, const OTHERS: bool, const FOUR: usize>(&self, isa: I, buffers: &mut Buffers<'_>, source: Source<I>) {
        if self.is_signed == 1 {
            self.backward::<I, true, OTHERS, FOUR>(isa, buffers, source);
        } else {
            self.backward::<I, false, OTHERS, FOUR>(isa, buffers, source);
        }
    }
}

impl Kernel for QuantizeActivationsBackward {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 0..=MAX_TOTAL as i32; rows);
        fields_in!(self, 1..=MAX_DIMENSION; channels);
        fields_in!(self, container::I16..=container::F32; in_container);
        fields_in!(self, self.channels..=MAX_DIMENSION; in_stride);
        field_holds!(is_total(&[self.rows.max(1), self.in_stride, BYTES as i32]); rows);
        field_holds!(is_total(&[self.rows().in_block() as i32, self.in_stride, BYTES as i32]); in_stride);
        fields_in!(self, WIDTHS; bits);
        fields_in!(self, 0..=1; is_signed);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let (rows, channels) = (self.rows as usize, self.channels as usize);
        let bytes = rows * channels * BYTES;
        let scale_bytes = if self.in_container == container::F32 { 0 } else { BYTES };
        Spans::new()
            .with(field!(input_offset), self.input_offset, bytes, Access::Read)
            .with(field!(gradient_offset), self.gradient_offset, rows * self.in_stride as usize * self.element_bytes(), Access::Read)
            .with(field!(state_offset), self.state_offset, QUANTIZER_BYTES, Access::Read)
            .with(field!(scale_a_offset), self.scale_a_offset, scale_bytes, Access::Read)
            .with(field!(scale_b_offset), self.scale_b_offset, scale_bytes, Access::Read)
            .with(field!(add_offset), self.add_offset, if self.add_offset == 0 { 0 } else { bytes }, Access::Read)
            .with(field!(output_offset), self.output_offset, bytes, Access::Write)
            .with(field!(interval_gradient_offset), self.interval_gradient_offset, BYTES, Access::Write)
    }

    fn units(&self) -> usize {
        1
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        if units.is_empty() {
            return;
        }
        let source = if self.in_container == container::F32 {
            Source::Float
        } else {
            Source::Integer(isa.f32x4_splat(mem::read_f32(buffers.reads[3], 0) * mem::read_f32(buffers.reads[4], 0)))
        };
        match (self.add_offset == 0, self.in_container == container::I16) {
            (true, false) => self.from::<I, false, WIDE>(isa, buffers, source),
            (false, false) => self.from::<I, true, WIDE>(isa, buffers, source),
            (true, true) => self.from::<I, false, NARROW>(isa, buffers, source),
            (false, true) => self.from::<I, true, NARROW>(isa, buffers, source),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::params::{container, QuantizeActivationsBackward};
    use crate::testing::{assert_same, floats, hard_floats, Arena};
    use reference::quantizers::interval::{block_rows, Codes};

    /// rows, channels, stride of the gradient
    const SHAPES: [(usize, usize, usize); 8] =
        [(0, 3, 4), (1, 1, 4), (700, 4, 4), (9, 3, 3), (2050, 16, 16), (300, 24, 32), (11, 10, 16), (2, 5000, 5008)];

    struct Case {
        x: Vec<f32>,
        gradient: Vec<i32>,
        others: Option<Vec<f32>>,
        bounds: Option<[f32; 2]>,
        interval: f32,
        codes: Codes,
    }

    /// dX and the gradient of the interval; the gradient is of integers times 0.5·0.03, or of their bits as floats.
    fn expected(case: &Case, channels: usize, stride: usize, is_float: bool) -> (Vec<f32>, f32) {
        let g = |i: usize| {
            let g = case.gradient[i / channels * stride + i % channels];
            if is_float {
                f32::from_bits(g as u32)
            } else {
                g as f32 * (0.5f32 * 0.03)
            }
        };
        let both: Vec<[f32; 2]> = case.x.iter().enumerate().map(|(i, x)| case.codes.backward(*x, g(i), case.interval)).collect();
        let terms: Vec<f32> = both.iter().map(|both| both[1]).collect();
        let is_inside = |x: f32| case.bounds.is_none_or(|[lo, hi]| lo < x && x < hi);
        let sum = |i: usize| case.others.as_ref().map_or(both[i][0], |others| both[i][0] + others[i]);
        let dx = (0..both.len()).map(|i| if is_inside(case.x[i]) { sum(i) } else { 0.0 }).collect();
        (dx, case.codes.interval_gradient(&terms, channels, block_rows(channels), case.interval))
    }

    #[test]
    fn equals_the_reference() {
        for (index, (rows, channels, stride)) in SHAPES.into_iter().enumerate() {
            for ((bits, is_signed, is_float, with_others, interval), bounds, is_narrow) in [
                (4, false, false, false, 1.1f32),
                (4, false, false, true, 0.3),
                (8, true, false, false, -0.4),
                (2, true, true, true, 0.9),
                (3, false, true, false, 1e-9),
            ]
            .into_iter()
            .flat_map(|case| {
                [(case, None, false), (case, Some([0.0, f32::INFINITY]), false), (case, Some([-0.1, 0.4]), !case.2), (case, None, !case.2)]
            }) {
                let count = rows * channels;
                // Not a number anywhere makes the sum no number: only some cases have them.
                let x = if index % 3 == 0 { hard_floats(count, 5) } else { floats(count, 6) };
                let gradient: Vec<i32> = if is_float {
                    floats(rows * stride, 8).iter().map(|g| g.to_bits() as i32).collect()
                } else {
                    floats(rows * stride, 9).iter().map(|g| if is_narrow { i32::from((g * 3e4) as i16) } else { (g * 3e6) as i32 }).collect()
                };
                let narrow: Vec<u8> = gradient.iter().flat_map(|sum| (*sum as i16).to_le_bytes()).collect();
                let codes = if is_signed { Codes::symmetric(bits) } else { Codes::unsigned(bits) };
                let case = Case { x, gradient, others: with_others.then(|| floats(count, 4)), bounds, interval, codes };
                let bounds = bounds.unwrap_or([f32::NEG_INFINITY, f32::INFINITY]);
                let mut arena = Arena::new();
                let params = QuantizeActivationsBackward {
                    input_offset: arena.floats(&case.x),
                    gradient_offset: if is_narrow { arena.bytes(&narrow) } else { arena.words(&case.gradient) },
                    scale_a_offset: arena.floats(&[0.5]),
                    scale_b_offset: arena.floats(&[0.03]),
                    add_offset: case.others.as_ref().map_or(0, |others| arena.floats(others)),
                    state_offset: arena.floats(&[interval, 0.0, 1.0, 0.0]),
                    output_offset: arena.room(count * 4),
                    interval_gradient_offset: arena.room(4),
                    rows: rows as i32,
                    channels: channels as i32,
                    in_container: if is_float {
                        container::F32
                    } else if is_narrow {
                        container::I16
                    } else {
                        container::I32
                    },
                    in_stride: stride as i32,
                    bits: bits as i32,
                    is_signed: i32::from(is_signed),
                    lo_bits: bounds[0].to_bits() as i32,
                    hi_bits: bounds[1].to_bits() as i32,
                };
                arena.run(params);
                let (dx, interval_gradient) = expected(&case, channels, stride, is_float);
                assert_same(&arena.read_floats(params.output_offset, count), &dx, "dX");
                assert_same(&arena.read_floats(params.interval_gradient_offset, 1), &[interval_gradient], "interval");
            }
        }
    }

    /// The ends of the interval lie inside.
    #[test]
    fn the_ends_count_as_inside() {
        let u = 0.7f32;
        let next = f32::from_bits(u.to_bits() + 1);
        for (is_signed, low) in [(1, -1.0f32), (0, 0.0)] {
            let mut arena = Arena::new();
            let params = QuantizeActivationsBackward {
                input_offset: arena.floats(&[u, next, low * u, if is_signed == 1 { -next } else { -1e-40 }]),
                gradient_offset: arena.floats(&[5.0; 4]),
                scale_a_offset: 0,
                scale_b_offset: 0,
                add_offset: 0,
                state_offset: arena.floats(&[u, 0.0, 1.0, 0.0]),
                output_offset: arena.room(16),
                interval_gradient_offset: arena.room(4),
                rows: 1,
                channels: 4,
                in_container: container::F32,
                in_stride: 4,
                bits: 4,
                is_signed,
                lo_bits: f32::NEG_INFINITY.to_bits() as i32,
                hi_bits: f32::INFINITY.to_bits() as i32,
            };
            arena.run(params);
            assert_same(&arena.read_floats(params.output_offset, 4), &[5.0, 0.0, 5.0, 0.0], "dX");
        }
    }

    /// The derivative of code · step with respect to the interval, the code held fixed and the scaled input differentiated through (straight through):
    /// inside, d(u·(q(x/u) ))/du = q − x/u; outside, the code's share of the interval.
    #[test]
    fn the_interval_gradient_is_the_papers() {
        for is_signed in [false, true] {
            let codes = if is_signed { Codes::symmetric(4) } else { Codes::unsigned(4) };
            let (u, h) = (0.8f64, 1e-4);
            for i in -150..150 {
                let x = f64::from(i) * 0.01 + 0.003;
                // The rounding error of the code is a constant of the straight-through estimator: v(u) = clip(x, u) + error·u.
                let clip = |u: f64| x.clamp(if is_signed { -u } else { 0.0 }, u);
                let levels = f64::from(codes.levels);
                let scaled = clip(u) / u * levels;
                let error = (scaled.round_ties_even() - scaled) / levels;
                let value = |u: f64| clip(u) + error * u;
                let [dx, du] = codes.backward(x as f32, 1.0, u as f32);
                let numeric = (value(u + h) - value(u - h)) / (2.0 * h);
                assert!((f64::from(du) / levels - numeric).abs() < 1e-3, "x {x}: {du} {numeric}");
                let inside = x.abs() < u && (is_signed || x > 0.0);
                assert_eq!(dx, if inside { 1.0 } else { 0.0 });
            }
        }
    }
}
