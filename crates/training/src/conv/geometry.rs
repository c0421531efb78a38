//! Which input pixels an output pixel reads.

use kernels::check::MAX_DIMENSION;

/// One axis of a convolution.
#[derive(Clone, Copy)]
pub struct Axis {
    pub input: i32,
    pub output: i32,
    pub kernel: i32,
    pub stride: i32,
    pub pad: i32,
    pub dilation: i32,
    /// Inputs lie this far apart, zeros between them.
    pub input_dilation: i32,
}

impl Axis {
    /// Whether every place is an i32. The fields passed their own ranges.
    pub fn is_sound(&self) -> bool {
        let reach = i64::from(self.output) * i64::from(self.stride) + i64::from(self.kernel) * i64::from(self.dilation);
        reach + i64::from(self.pad.unsigned_abs()) <= i64::from(i32::MAX)
    }

    /// Where tap `k` of output `o` lies, in input pixels times [`Axis::input_dilation`].
    #[inline(always)]
    fn place(&self, o: i32, k: i32) -> i32 {
        o * self.stride + k * self.dilation - self.pad
    }

    /// The input pixel under tap `k` of output `o`; `None` in the padding and between pixels.
    #[inline(always)]
    pub fn at(&self, o: i32, k: i32) -> Option<i32> {
        let place = self.place(o, k);
        if self.input_dilation == 1 {
            return (0..self.input).contains(&place).then_some(place);
        }
        let pixel = place / self.input_dilation;
        (place >= 0 && pixel * self.input_dilation == place && pixel < self.input).then_some(pixel)
    }

    /// The outputs whose tap `k` lies inside an input without zeros between its pixels.
    pub fn inside(&self, k: i32) -> core::ops::Range<i32> {
        let begin = self.pad - k * self.dilation;
        let first_from = |place: i32| (place.max(0) + self.stride - 1) / self.stride;
        let end = first_from(begin + self.input).min(self.output);
        first_from(begin).min(end)..end
    }

    /// Whether tap `k` falls on pixels (not between them) for the outputs `phase` + i·[`Axis::input_dilation`].
    #[inline(always)]
    pub fn is_tap(&self, phase: i32, k: i32) -> bool {
        self.input_dilation == 1 || self.place(phase, k).rem_euclid(self.input_dilation) == 0
    }

    /// How many taps fall on pixels for outputs of a phase.
    pub fn taps(&self, phase: i32) -> usize {
        (0..self.kernel).filter(|&k| self.is_tap(phase, k)).count()
    }

    /// How many outputs are of a phase.
    pub fn outputs(&self, phase: i32) -> usize {
        if phase >= self.output {
            return 0;
        }
        ((self.output - 1 - phase) / self.input_dilation + 1) as usize
    }
}

/// Pads may be negative: those of a backward pass are dilation·(kernel − 1) − pad.
pub const PADS: core::ops::RangeInclusive<i32> = -MAX_DIMENSION..=MAX_DIMENSION;

/// Both axes and the channels of a convolution.
#[derive(Clone, Copy)]
pub struct Geometry {
    pub rows: Axis,
    pub columns: Axis,
    pub batch: usize,
    pub in_c: usize,
    pub out_c: usize,
    pub groups: usize,
}

/// An output pixel.
#[derive(Clone, Copy, Default, PartialEq)]
pub struct Pixel {
    pub image: usize,
    pub y: i32,
    pub x: i32,
}

impl Geometry {
    /// Input channels of a group.
    pub fn group_inputs(&self) -> usize {
        self.in_c / self.groups
    }

    /// Output channels of a group.
    pub fn group_outputs(&self) -> usize {
        self.out_c / self.groups
    }

    /// Each channel by itself.
    pub fn is_depthwise(&self) -> bool {
        self.groups == self.in_c && self.groups == self.out_c
    }

    /// Taps of the kernel.
    pub fn window(&self) -> usize {
        (self.rows.kernel * self.columns.kernel) as usize
    }

    /// Output pixels of all images.
    pub fn pixels(&self) -> usize {
        self.batch * (self.rows.output * self.columns.output) as usize
    }

    /// The `index`-th output pixel in the order (image, y, x).
    pub fn pixel(&self, index: usize) -> Pixel {
        let (height, width) = (self.rows.output as usize, self.columns.output as usize);
        Pixel { image: index / width / height, y: (index / width % height) as i32, x: (index % width) as i32 }
    }

    /// The output pixel after this one.
    #[inline(always)]
    pub fn next(&self, mut pixel: Pixel) -> Pixel {
        pixel.x += 1;
        if pixel.x == self.columns.output {
            pixel.x = 0;
            pixel.y += 1;
            if pixel.y == self.rows.output {
                pixel.y = 0;
                pixel.image += 1;
            }
        }
        pixel
    }

    /// The index of the first channel of the input pixel (y, x).
    #[inline(always)]
    pub fn input_at(&self, image: usize, y: i32, x: i32) -> usize {
        ((image * self.rows.input as usize + y as usize) * self.columns.input as usize + x as usize) * self.in_c
    }

    /// The index of the first channel of an output pixel.
    #[inline(always)]
    pub fn output_at(&self, pixel: Pixel) -> usize {
        ((pixel.image * self.rows.output as usize + pixel.y as usize) * self.columns.output as usize + pixel.x as usize) * self.out_c
    }
}

/// [`Geometry`] of a parameter struct with the usual field names.
macro_rules! geometry {
    ($params:expr, $input_dilation_h:expr, $input_dilation_w:expr) => {
        $crate::conv::geometry::Geometry {
            rows: $crate::conv::geometry::Axis {
                input: $params.in_h,
                output: $params.out_h,
                kernel: $params.kernel_h,
                stride: $params.stride_h,
                pad: $params.pad_top,
                dilation: $params.dilation_h,
                input_dilation: $input_dilation_h,
            },
            columns: $crate::conv::geometry::Axis {
                input: $params.in_w,
                output: $params.out_w,
                kernel: $params.kernel_w,
                stride: $params.stride_w,
                pad: $params.pad_left,
                dilation: $params.dilation_w,
                input_dilation: $input_dilation_w,
            },
            batch: $params.batch as usize,
            in_c: $params.in_c as usize,
            out_c: $params.out_c as usize,
            groups: $params.groups as usize,
        }
    };
}
pub(crate) use geometry;

/// The checks that the convolutions share.
macro_rules! check_geometry {
    ($params:expr) => {
        fields_in!($params, 1..=MAX_DIMENSION; batch, in_h, in_w, in_c, out_h, out_w, out_c, kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w, groups);
        fields_in!($params, $crate::conv::geometry::PADS; pad_top, pad_left);
        field_holds!($params.in_c % $params.groups == 0 && $params.out_c % $params.groups == 0; groups);
        field_holds!(is_total(&[$params.batch, $params.in_c, $params.in_h, $params.in_w, BYTES as i32]); in_c);
        field_holds!(is_total(&[$params.batch, $params.out_c, $params.out_h, $params.out_w, BYTES as i32]); out_c);
        field_holds!($params.geometry().rows.is_sound(); stride_h);
        field_holds!($params.geometry().columns.is_sound(); stride_w);
    };
}
pub(crate) use check_geometry;
