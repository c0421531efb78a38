//! Pools (SPEC 3.4) on NHWC, eight channels at a time.

use crate::check::{container_range, element_bytes, field_holds, fields_in, is_form, is_total, MAX_DIMENSION};
use crate::codes::{padded, read_code, store_first, with_container, write_code, Container, LANES};
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::params::{form, AveragePool, MaxPool};
use crate::requant::{AnyForm, Form, Requantization};
use crate::window::Axis;
use core::ops::Range;
use simd::{mem, Isa};

/// The pixels of the input under one window, row by row.
#[derive(Clone)]
struct Window {
    rows: Range<usize>,
    columns: Range<usize>,
    row_step: usize,
    column_step: usize,
    in_w: usize,
}

impl Window {
    fn new(rows: Axis, columns: Axis, y: usize, x: usize) -> Self {
        let elements = |axis: Axis, out: usize| {
            let taps = axis.taps_inside(out);
            let position = |tap: usize| (axis.start(out) + tap as i32 * axis.dilation) as usize;
            if taps.is_empty() {
                0..0
            } else {
                position(taps.start)..position(taps.end - 1) + 1
            }
        };
        Self {
            rows: elements(rows, y),
            columns: elements(columns, x),
            row_step: rows.dilation as usize,
            column_step: columns.dilation as usize,
            in_w: columns.size as usize,
        }
    }

    /// Folds the indices of the pixels. Nested loops, because a flattened iterator keeps its state in memory.
    #[inline(always)]
    fn fold<T>(&self, start: T, mut next: impl FnMut(T, usize) -> T) -> T {
        let mut value = start;
        for y in self.rows.clone().step_by(self.row_step) {
            for x in self.columns.clone().step_by(self.column_step) {
                value = next(value, y * self.in_w + x);
            }
        }
        value
    }

    /// How many pixels there are; the pools that ask have no dilation.
    fn len(&self) -> usize {
        self.rows.len() * self.columns.len()
    }
}

impl MaxPool {
    fn rows(&self) -> Axis {
        Axis { size: self.in_h, kernel: self.kernel_h, stride: self.stride_h, dilation: self.dilation_h, pad: self.pad_top }
    }

    fn columns(&self) -> Axis {
        Axis { size: self.in_w, kernel: self.kernel_w, stride: self.stride_w, dilation: self.dilation_w, pad: self.pad_left }
    }

    /// Channels that are read and written: whole vectors where a pixel has room for them.
    fn channels_touched(&self) -> usize {
        let whole = padded(self.channels as usize);
        if self.channel_stride as usize >= whole {
            whole
        } else {
            self.channels as usize
        }
    }

    fn bytes(&self, h: i32, w: i32) -> usize {
        let pixels = h as usize * w as usize;
        ((pixels - 1) * self.channel_stride as usize + self.channels_touched()) * element_bytes(self.container)
    }
}

impl Kernel for MaxPool {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 1..=MAX_DIMENSION; in_h, in_w, channels, out_h, out_w, kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w);
        fields_in!(self, self.channels..=MAX_DIMENSION; channel_stride);
        fields_in!(self, 0..=MAX_DIMENSION; pad_top, pad_left);
        field_holds!(is_total(&[self.in_h, self.in_w, self.channel_stride, 2]); channel_stride);
        field_holds!(is_total(&[self.out_h, self.out_w, self.channel_stride, 2]); channel_stride);
        field_holds!(self.rows().fits(self.out_h); stride_h);
        field_holds!(self.columns().fits(self.out_w); stride_w);
        field_holds!(!container_range(self.container).is_empty(); container);
        fields_in!(self, container_range(self.container); lo);
        fields_in!(self, self.lo..=*container_range(self.container).end(); hi);
        Ok(())
    }

    fn spans(&self) -> Spans {
        Spans::new().with(0, self.input_offset, self.bytes(self.in_h, self.in_w), Access::Read).with(
            1,
            self.output_offset,
            self.bytes(self.out_h, self.out_w),
            Access::Write,
        )
    }

    /// Rows of the output.
    fn units(&self) -> usize {
        self.out_h as usize
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        with_container!(self.container, C => max_rows::<I, C>(isa, self, buffers.reads[0], buffers.writes[0], units));
    }
}

fn max_rows<I: Isa, C: Container>(isa: I, pool: &MaxPool, input: &[u8], output: &mut [u8], units: Range<usize>) {
    let (channels, stride) = (pool.channels_touched(), pool.channel_stride as usize);
    let whole = channels / LANES * LANES;
    let (lo, hi) = (isa.i16x8_splat(pool.lo as i16), isa.i16x8_splat(pool.hi as i16));
    for y in units {
        for x in 0..pool.out_w as usize {
            let window = Window::new(pool.rows(), pool.columns(), y, x);
            let pixel = (y * pool.out_w as usize + x) * stride;
            let wide = whole / (VECTORS * LANES) * (VECTORS * LANES);
            for channel in (0..wide).step_by(VECTORS * LANES) {
                max_vectors::<I, C, VECTORS>(isa, &window, stride, &input[channel * C::BYTES..], [lo, hi], output, pixel + channel);
            }
            for channel in (wide..whole).step_by(LANES) {
                max_vectors::<I, C, 1>(isa, &window, stride, &input[channel * C::BYTES..], [lo, hi], output, pixel + channel);
            }
            for channel in whole..channels {
                let most = window.fold(C::LOWEST, |most, at| most.max(C::read(input, at * stride + channel)));
                C::write(output, pixel + channel, most.clamp(pool.lo, pool.hi));
            }
        }
    }
}

/// Vectors of channels that one walk of a window takes: the walk itself costs as much as two.
const VECTORS: usize = 4;

/// The largest codes of `N` vectors of channels under a window, within `lo` and `hi`, to element `at` of the output. `input` begins with the first of these channels.
#[inline(always)]
fn max_vectors<I: Isa, C: Container, const N: usize>(
    isa: I,
    window: &Window,
    stride: usize,
    input: &[u8],
    [lo, hi]: [I::I16x8; 2],
    output: &mut [u8],
    at: usize,
) {
    let most = window.fold([lo; N], |mut most, pixel| {
        let codes = &input[pixel * stride * C::BYTES..][..N * LANES * C::BYTES];
        for (i, most) in most.iter_mut().enumerate() {
            *most = isa.i16x8_max_s(*most, C::load(isa, codes, i * LANES));
        }
        most
    });
    let output = &mut output[at * C::BYTES..][..N * LANES * C::BYTES];
    for (i, most) in most.into_iter().enumerate() {
        C::store(isa, isa.i16x8_min_s(most, hi), output, i * LANES);
    }
}

impl AveragePool {
    fn rows(&self) -> Axis {
        Axis { size: self.in_h, kernel: self.kernel_h, stride: self.stride_h, dilation: 1, pad: self.pad_top }
    }

    fn columns(&self) -> Axis {
        Axis { size: self.in_w, kernel: self.kernel_w, stride: self.stride_w, dilation: 1, pad: self.pad_left }
    }

    /// Channels that are read: whole vectors where an input pixel has room for them.
    fn channels_read(&self) -> usize {
        let whole = padded(self.channels as usize);
        if self.in_stride as usize >= whole {
            whole
        } else {
            self.channels as usize
        }
    }

    /// Elements of a window that lie in the padded input, along one axis.
    fn padded_length(axis: Axis, pad_end: i32, out: usize) -> i32 {
        let start = i64::from(axis.start(out));
        let end = (start + i64::from(axis.kernel)).min(i64::from(axis.size) + i64::from(pad_end));
        (end - start).max(0) as i32
    }

    /// The divisor of the window at (y, x).
    fn divisor(&self, window: &Window, y: usize, x: usize) -> i32 {
        if self.count_include_pad == 0 {
            return window.len() as i32;
        }
        let height = Self::padded_length(self.rows(), self.pad_bottom, y);
        height.wrapping_mul(Self::padded_length(self.columns(), self.pad_right, x))
    }

    fn requantization(&self) -> Requantization {
        Requantization { form: self.form, shift: self.shift, left: self.left, zero_point: self.out_zero_point, lo: self.lo, hi: self.hi }
    }

    fn check_shape(&self) -> Result<(), BadParam> {
        fields_in!(self, 1..=MAX_DIMENSION; in_h, in_w, channels, out_h, out_w, kernel_h, kernel_w, stride_h, stride_w);
        fields_in!(self, 0..=MAX_DIMENSION; pad_top, pad_left, pad_bottom, pad_right);
        fields_in!(self, self.channels..=MAX_DIMENSION; in_stride, out_stride);
        fields_in!(self, 0..=1; count_include_pad);
        field_holds!(is_total(&[self.in_h, self.in_w, self.in_stride, 2]); in_stride);
        field_holds!(is_total(&[self.out_h, self.out_w, self.out_stride, 2]); out_stride);
        field_holds!(self.rows().fits(self.out_h); stride_h);
        field_holds!(self.columns().fits(self.out_w); stride_w);
        Ok(())
    }
}

impl Kernel for AveragePool {
    fn check(&self) -> Result<(), BadParam> {
        self.check_shape()?;
        fields_in!(self, container_range(self.in_container); in_zero_point);
        fields_in!(self, container_range(self.out_container); out_zero_point, lo);
        fields_in!(self, self.lo..=*container_range(self.out_container).end(); hi);
        field_holds!((form::COPY..=form::EXACT).contains(&self.form); form);
        field_holds!(is_form(self.form, self.shift, 0); shift);
        field_holds!(is_form(self.form, self.shift, self.left); left);
        // Without a multiplier there is nothing to choose by the divisor.
        fields_in!(self, i32::from(self.form != form::COPY)..=MAX_DIMENSION; divisor_count);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let bytes = |h: i32, w: i32, stride: i32, channels: usize, container: i32| {
            ((h as usize * w as usize - 1) * stride as usize + channels.min(stride as usize)) * element_bytes(container)
        };
        let divisors = if self.form == form::COPY { 0 } else { self.divisor_count as usize * 4 };
        let input = bytes(self.in_h, self.in_w, self.in_stride, self.channels_read(), self.in_container);
        let output = bytes(self.out_h, self.out_w, self.out_stride, self.channels_read(), self.out_container);
        Spans::new()
            .with(0, self.input_offset, input, Access::Read)
            .with(1, self.divisors_offset, divisors, Access::Read)
            .with(2, self.multiplier_offset, divisors, Access::Read)
            .with(3, self.output_offset, output, Access::Write)
    }

    /// Rows of the output.
    fn units(&self) -> usize {
        self.out_h as usize
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        average_rows(isa, self, buffers, units);
    }
}

fn average_rows<I: Isa>(isa: I, pool: &AveragePool, buffers: &mut Buffers<'_>, units: Range<usize>) {
    let [input, divisors, multipliers, ..] = buffers.reads;
    let output = &mut *buffers.writes[0];
    let (channels, in_stride, out_stride) = (pool.channels_read(), pool.in_stride as usize, pool.out_stride as usize);
    let whole = channels / LANES * LANES;
    let divisors = mem::arrays::<4>(divisors);
    let spec = pool.requantization();
    for y in units {
        for x in 0..pool.out_w as usize {
            let window = Window::new(pool.rows(), pool.columns(), y, x);
            let divisor = pool.divisor(&window, y, x).to_le_bytes();
            // A divisor that is not listed would be a wrong program, not a wrong address: any multiplier is as good.
            let index = divisors.iter().position(|&listed| listed == divisor).unwrap_or(0);
            let b = mem::arrays::<4>(multipliers).get(index).map_or(0, |b| i32::from_le_bytes(*b));
            let start = pool.in_zero_point.wrapping_mul(window.len() as i32).wrapping_neg();
            let pixel = (y * pool.out_w as usize + x) * out_stride;
            let (b_lanes, start_lanes) = (isa.i32x4_splat(b), isa.i32x4_splat(start));
            for channel in (0..whole).step_by(LANES) {
                let add = |(low, high): (I::I32x4, I::I32x4), codes: I::I16x8| {
                    let low = isa.i32x4_add(low, isa.i32x4_extend_low_i16x8_s(codes));
                    (low, isa.i32x4_add(high, isa.i32x4_extend_high_i16x8_s(codes)))
                };
                let (low, high) = with_container!(pool.in_container, C => window.fold((start_lanes, start_lanes), |sums, at| {
                    add(sums, C::load(isa, input, at * in_stride + channel))
                }));
                let codes = AnyForm(spec).finish(isa, low, high, [b_lanes; 2]);
                store_first(isa, pool.out_container, codes, LANES.min(out_stride - channel), output, pixel + channel);
            }
            for channel in whole..channels {
                let sum = window.fold(start, |sum, at| sum.wrapping_add(read_code(pool.in_container, input, at * in_stride + channel)));
                write_code(pool.out_container, output, pixel + channel, spec.apply(sum, b));
            }
        }
    }
}
