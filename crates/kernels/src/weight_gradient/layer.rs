//! What the weight gradients have in common: the same fields, the same checks.

use crate::check::{field_holds, fields_in, is_total, MAX_DIMENSION, MAX_TOTAL};
use crate::kernel::{Access, BadParam, Spans};
use crate::params::{container, ConvWeightGradient, ConvWeightGradientRelaxed, WinogradWeightGradient};
use crate::window::Axis;
use core::ops::Range;

/// The fields of any of them, as those of [`ConvWeightGradient`].
pub trait Layer {
    /// The same layer.
    fn layer(&self) -> ConvWeightGradient;
}

macro_rules! same_fields {
    ($type:ident: $($field:ident),*) => {
        impl Layer for $type {
            fn layer(&self) -> ConvWeightGradient {
                ConvWeightGradient { $( $field: self.$field ),* }
            }
        }
    };
    ($($type:ident),*) => {
        $( same_fields! { $type:
            input_offset, gradient_offset, output_offset, batch, slabs, in_container, in_h, in_w, in_c, in_stride, out_h, out_w, out_c, out_stride,
            kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w, groups
        } )*
    };
}

same_fields!(ConvWeightGradient, ConvWeightGradientRelaxed, WinogradWeightGradient);

impl ConvWeightGradient {
    /// The checks that hold for every one of them.
    pub(super) fn check_layer(&self) -> Result<(), BadParam> {
        fields_in!(self, 1..=MAX_DIMENSION; batch, in_h, in_w, in_c, out_h, out_w, out_c, kernel_h, kernel_w);
        fields_in!(self, 1..=MAX_DIMENSION; stride_h, stride_w, dilation_h, dilation_w, groups);
        fields_in!(self, 0..=MAX_DIMENSION; pad_top, pad_left);
        fields_in!(self, 1..=self.batch; slabs);
        fields_in!(self, container::U8..=container::I8; in_container);
        fields_in!(self, self.in_c..=MAX_DIMENSION; in_stride);
        fields_in!(self, self.out_c..=MAX_DIMENSION; out_stride);
        field_holds!(self.in_c % self.groups == 0 && self.out_c % self.groups == 0; groups);
        field_holds!(is_total(&[self.batch, self.in_h, self.in_w, self.in_stride]); in_stride);
        field_holds!(is_total(&[self.batch, self.out_h, self.out_w, self.out_stride]); out_stride);
        field_holds!(is_total(&[self.slabs, self.kernel_h, self.kernel_w, self.in_c / self.groups, self.out_c, 4]); slabs);
        // The sums and the packed operands of a block of rows, each an eighth of what can be addressed: 16 covers the rounding of channels, 64 that of a block.
        field_holds!(is_total(&[self.kernel_h, self.kernel_w, self.in_c + 15, self.out_c + 15, 32]); out_c);
        field_holds!(is_total(&[self.kernel_h, self.kernel_w, self.out_w + 64, self.in_c + 15, 32]); in_c);
        field_holds!(is_total(&[self.out_w + 64, self.out_c + 15, 32]); out_w);
        field_holds!(self.vertical().fits(self.out_h); stride_h);
        field_holds!(self.horizontal().fits(self.out_w); stride_w);
        // The furthest columns, whether left or right of the input, have addresses too.
        let furthest =
            i64::from(self.out_w) * i64::from(self.stride_w) + i64::from(self.kernel_w) * i64::from(self.dilation_w) + i64::from(self.pad_left);
        field_holds!(furthest * i64::from(self.in_stride) <= MAX_TOTAL; pad_left);
        Ok(())
    }

    /// Activations, gradient and sums.
    pub(super) fn layer_spans(&self) -> Spans {
        let pixels = |height: i32, width: i32| self.batch as usize * height as usize * width as usize;
        let bytes = |pixels: usize, stride: i32, channels: i32| (pixels - 1) * stride as usize + channels as usize;
        Spans::new()
            .with(0, self.input_offset, bytes(pixels(self.in_h, self.in_w), self.in_stride, self.in_c), Access::Read)
            .with(1, self.gradient_offset, bytes(pixels(self.out_h, self.out_w), self.out_stride, self.out_c), Access::Read)
            .with(2, self.output_offset, self.slabs as usize * self.slab_elements() * 4, Access::Write)
    }

    /// Sums of one slab.
    pub(super) fn slab_elements(&self) -> usize {
        self.out_c as usize * self.group_channels().0 * self.taps()
    }

    /// Input and output channels of one group.
    pub(super) fn group_channels(&self) -> (usize, usize) {
        ((self.in_c / self.groups) as usize, (self.out_c / self.groups) as usize)
    }

    /// Positions of the kernel.
    pub(super) fn taps(&self) -> usize {
        self.kernel_h as usize * self.kernel_w as usize
    }

    /// The images of a slab.
    pub(super) fn images(&self, slab: usize) -> Range<usize> {
        let bound = |slab: usize| (slab as u64 * self.batch as u64 / self.slabs as u64) as usize;
        bound(slab)..bound(slab + 1)
    }

    /// The most images of a slab.
    pub(super) fn most_images(&self) -> usize {
        (self.batch as usize).div_ceil(self.slabs as usize)
    }

    /// The vertical axis of the activations.
    pub(super) fn vertical(&self) -> Axis {
        Axis { size: self.in_h, kernel: self.kernel_h, stride: self.stride_h, dilation: self.dilation_h, pad: self.pad_top }
    }

    /// The horizontal axis of the activations.
    pub(super) fn horizontal(&self) -> Axis {
        Axis { size: self.in_w, kernel: self.kernel_w, stride: self.stride_w, dilation: self.dilation_w, pad: self.pad_left }
    }
}
