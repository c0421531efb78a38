//! What the convolutions have in common: the same fields, the same checks.

use crate::check::{container_range, field_holds, fields_in, is_form, is_total, MAX_DIMENSION};
use crate::codes::write_code;
use crate::kernel::BadParam;
use crate::params::{
    container, form, Conv2d, Conv2dPaired, Conv2dRelaxed, DepthwiseConv2d, DepthwiseConv2dRelaxed, GroupedConv2d, WinogradF23, WinogradF43,
};
use crate::requant::Requantization;
use crate::window::Axis;
use simd::mem;

/// The fields of any of them, as those of [`Conv2d`].
pub trait Layer {
    /// The same layer.
    fn layer(&self) -> Conv2d;
}

macro_rules! same_fields {
    ($type:ident, $batch:expr; $($field:ident),*) => {
        impl Layer for $type {
            fn layer(&self) -> Conv2d {
                Conv2d { batch: $batch(self), $( $field: self.$field ),* }
            }
        }
    };
    ($($type:ident: $batch:expr),*) => {
        $( same_fields! { $type, $batch;
            input_offset, weights_offset, bias_offset, multiplier_offset, output_offset,
            in_container, in_h, in_w, in_c, in_stride, in_zero_point,
            out_container, out_h, out_w, out_c, out_stride,
            kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w, groups,
            form, shift, left, out_zero_point, lo, hi
        } )*
    };
}

same_fields!(
    Conv2d: |layer: &Conv2d| layer.batch,
    Conv2dRelaxed: |layer: &Conv2dRelaxed| layer.batch,
    Conv2dPaired: |layer: &Conv2dPaired| layer.batch,
    DepthwiseConv2d: |layer: &DepthwiseConv2d| layer.batch,
    DepthwiseConv2dRelaxed: |layer: &DepthwiseConv2dRelaxed| layer.batch,
    GroupedConv2d: |layer: &GroupedConv2d| layer.batch,
    WinogradF23: |layer: &WinogradF23| layer.batch,
    WinogradF43: |_| 1
);

/// Writes what becomes of the sum of one output to element `at`: its code with multiplier `b`, or the sum itself.
#[inline(always)]
pub(crate) fn write_output(layer: &Conv2d, requantization: Requantization, sum: i32, b: i32, output: &mut [u8], at: usize) {
    if cfg!(feature = "train") && layer.form == form::RAW {
        if layer.out_container == container::I16 {
            mem::write_i16(output, at * 2, sum as i16);
        } else {
            mem::write_i32(output, at * 4, sum);
        }
        return;
    }
    let code = requantization.apply(sum, b);
    write_code(layer.out_container, output, at, code);
}

impl Conv2d {
    /// The checks that hold for every convolution; `groups` is up to the kernel.
    pub(crate) fn check_layer(&self) -> Result<(), BadParam> {
        self.check_shape()?;
        fields_in!(self, container::U8..=container::I8; in_container);
        fields_in!(self, container_range(self.in_container); in_zero_point);
        if cfg!(feature = "train") && self.form == form::RAW {
            fields_in!(self, container::I16..=container::I32; out_container);
            return Ok(());
        }
        fields_in!(self, container_range(self.out_container); out_zero_point, lo);
        fields_in!(self, self.lo..=*container_range(self.out_container).end(); hi);
        field_holds!((form::COPY..=form::EXACT).contains(&self.form); form);
        field_holds!(is_form(self.form, self.shift, 0); shift);
        field_holds!(is_form(self.form, self.shift, self.left); left);
        Ok(())
    }

    fn check_shape(&self) -> Result<(), BadParam> {
        fields_in!(self, 1..=MAX_DIMENSION; in_h, in_w, in_c, out_h, out_w, out_c, kernel_h, kernel_w);
        fields_in!(self, 1..=MAX_DIMENSION; stride_h, stride_w, dilation_h, dilation_w, groups, batch);
        fields_in!(self, 0..=MAX_DIMENSION; pad_top, pad_left);
        fields_in!(self, self.in_c..=MAX_DIMENSION; in_stride);
        fields_in!(self, self.out_c..=MAX_DIMENSION; out_stride);
        field_holds!(is_total(&[self.batch, self.in_h, self.in_w, self.in_stride]); in_stride);
        let out_bytes = if self.form == form::RAW { 4 } else { 2 };
        field_holds!(is_total(&[self.batch, self.out_h, self.out_w, self.out_stride, out_bytes]); out_stride);
        // Whole panels of weights, two bytes each once they are widened, and a tile of packed activations: 16 covers the rounding of both.
        field_holds!(is_total(&[self.kernel_h, self.kernel_w, self.in_c + 1, 16]); in_c);
        field_holds!(is_total(&[self.kernel_h, self.kernel_w, self.in_c + 1, self.out_c + 7, 2]); out_c);
        field_holds!(self.rows().fits(self.out_h); stride_h);
        field_holds!(self.columns().fits(self.out_w); stride_w);
        Ok(())
    }

    /// The vertical axis.
    pub(crate) fn rows(&self) -> Axis {
        Axis { size: self.in_h, kernel: self.kernel_h, stride: self.stride_h, dilation: self.dilation_h, pad: self.pad_top }
    }

    /// The horizontal axis.
    pub(crate) fn columns(&self) -> Axis {
        Axis { size: self.in_w, kernel: self.kernel_w, stride: self.stride_w, dilation: self.dilation_w, pad: self.pad_left }
    }

    /// Positions of the kernel.
    pub(crate) fn taps(&self) -> usize {
        self.kernel_h as usize * self.kernel_w as usize
    }

    /// Pixels of one image of the input.
    pub(crate) fn in_pixels(&self) -> usize {
        self.in_h as usize * self.in_w as usize
    }

    /// Pixels of the output, those of all images.
    pub(crate) fn out_pixels(&self) -> usize {
        self.batch as usize * self.out_h as usize * self.out_w as usize
    }

    /// Row of output pixel `pixel` (counted over all images), its column, and how many input pixels lie before its image.
    #[inline(always)]
    pub(crate) fn place(&self, pixel: usize) -> (usize, usize, usize) {
        let (line, x) = (pixel / self.out_w as usize, pixel % self.out_w as usize);
        if self.batch == 1 {
            return (line, x, 0);
        }
        (line % self.out_h as usize, x, line / self.out_h as usize * self.in_pixels())
    }

    /// Bytes of the input up to the last of `channels` channels of the last pixel.
    pub(crate) fn input_bytes(&self, channels: usize) -> usize {
        (self.batch as usize * self.in_pixels() - 1) * self.in_stride as usize + channels
    }

    /// Elements of the output up to the last of `channels` channels of the last pixel.
    pub(crate) fn output_elements(&self, channels: usize) -> usize {
        (self.out_pixels() - 1) * self.out_stride as usize + channels.min(self.out_stride as usize)
    }

    /// `count` multipliers of 4 bytes, or nothing where the form has none.
    pub(crate) fn multiplier_bytes(&self, count: usize) -> usize {
        if self.form == form::COPY || self.form == form::RAW {
            0
        } else {
            count * 4
        }
    }

    /// The requantization of the output.
    pub(crate) fn requantization(&self) -> Requantization {
        Requantization { form: self.form, shift: self.shift, left: self.left, zero_point: self.out_zero_point, lo: self.lo, hi: self.hi }
    }

    /// Where form Q15 shifts to the left: how far from 0 a bias matters. Beyond it `t` of SPEC 2.2 saturates whatever the products add up to, so that a bias may
    /// stop there; then sums shifted to the left stay inside 32 bits. `None` for another form, and where there are too many products for that.
    #[inline(never)]
    pub(crate) fn bias_bound(&self) -> Option<i32> {
        if self.form != form::Q15 || self.shift > 0 {
            return None;
        }
        let products = (self.taps() * self.in_c as usize / self.groups as usize) as i64 * 255 * 128;
        let bound = products + (32768 >> -self.shift);
        ((bound + products) << -self.shift <= i64::from(i32::MAX)).then_some(bound as i32)
    }
}
