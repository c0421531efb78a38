//! The parameter structs of the kernels: one struct of i32 per kernel, as it lies in wasm memory (DESIGN §3.8).
//!
//! `bindings/params` writes `ts/wasm/params.ts` from [`KERNELS`]. Every `*_offset` is a byte address in linear memory; every
//! `*_stride`, size and count is in elements. Containers: see [`container`].

/// How a code lies in memory.
pub mod container {
    /// Unsigned byte: u8, n8 and u4 codes.
    pub const U8: i32 = 0;
    /// Signed byte.
    pub const I8: i32 = 1;
    /// Two bytes, signed: residual carriers.
    pub const I16: i32 = 2;
    /// Four bytes, signed: exact sums ([`super::form::RAW`]).
    pub const I32: i32 = 3;
}

/// Requantization forms of SPEC 2.
pub mod form {
    /// SPEC 2.1.
    pub const COPY: i32 = 0;
    /// SPEC 2.2.
    pub const Q15: i32 = 1;
    /// SPEC 2.3.
    pub const EXACT: i32 = 2;
    /// None (SPEC 7.1): the exact sum of a convolution, bias included, into the container I32. In modules with the feature `train` only.
    pub const RAW: i32 = 3;
}

/// How [`Conv2dRelaxed`] and [`ConvWeightGradientRelaxed`] multiply: `simd::dot`. The engine decides which of them are right (ARCHITECTURE.md).
pub mod dot {
    /// Relaxed dot of any i8 weights and activation codes in 0..127.
    pub const I7: i32 = 0;
    /// Relaxed dot of weights in −8..7 and any activation codes.
    pub const W4: i32 = 1;
    /// Any i8 weights and any activation codes, where the relaxed instruction is `vpdpbusd`.
    pub const USDOT: i32 = 2;
    /// Any i8 weights and any activation codes, where the relaxed instruction is `sdot`.
    pub const SDOT: i32 = 3;
}

/// The name, number and fields of one kernel's parameters, for the generator of the TypeScript writer.
pub struct KernelSchema {
    /// snake_case name.
    pub name: &'static str,
    /// The number a Program's step table holds.
    pub id: i32,
    /// `true` if the kernel may use floating point, so that only `run_float` runs it.
    pub float: bool,
    /// Field names in memory order, each one i32.
    pub fields: &'static [&'static str],
}

/// Declares the parameter structs of a crate and its `KERNELS`, the list that bindings/params renders.
#[macro_export]
macro_rules! kernel_params {
    ($( $(#[$doc:meta])* $name:ident = $id:literal, $text:literal, float: $float:literal { $( $(#[$fdoc:meta])* $field:ident ),* $(,)? } )*) => {
        $(
            $(#[$doc])*
            #[allow(missing_docs, reason = "the struct's documentation names its fields")]
            #[repr(C)]
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
            pub struct $name { $( $(#[$fdoc])* pub $field: i32, )* }

            impl $name {
                /// The number a Program's step table holds.
                pub const ID: i32 = $id;
                /// Field names in memory order.
                pub const FIELDS: &'static [&'static str] = &[ $( stringify!($field) ),* ];
                /// How many i32 words the struct takes.
                pub const WORDS: usize = Self::FIELDS.len();

                /// Reads the struct from words of memory; `None` if there are fewer than [`Self::WORDS`].
                pub fn from_words(words: &[i32]) -> Option<Self> {
                    let mut words = words.iter().copied();
                    Some(Self { $( $field: words.next()?, )* })
                }

                /// The struct as words, in memory order, without an allocation.
                pub fn to_array(&self) -> [i32; Self::WORDS] {
                    [ $( self.$field ),* ]
                }

                /// The struct as words, in memory order.
                #[cfg(not(target_arch = "wasm32"))]
                pub fn to_words(&self) -> std::vec::Vec<i32> {
                    std::vec![ $( self.$field ),* ]
                }
            }
        )*
        /// Every kernel, in the order of their numbers.
        pub const KERNELS: &[$crate::params::KernelSchema] = &[
            $( $crate::params::KernelSchema { name: $text, id: $id, float: $float, fields: $name::FIELDS } ),*
        ];
    };
}

kernel_params! {
    /// Convolution (SPEC 3.1), groups = 1, and dense (SPEC 3.2: `in_h` rows of `in_c` elements, `in_w` = 1, a 1×1 kernel), by i16 dot on packed weights.
    /// Also the layout that [`PackConv2d`] packs for. Input NHWC with `in_stride` elements per pixel. `batch` images of in_h·in_w·in_stride input elements and
    /// out_h·out_w·out_stride output elements lie one after another; inference has 1. Form RAW: the sums into the container I32, or I16 if they fit, no multipliers; `shift`, `left`,
    /// `out_zero_point`, `lo` and `hi` are not read.
    Conv2d = 1, "conv2d", float: false {
        input_offset, weights_offset, bias_offset, multiplier_offset, output_offset,
        in_container, in_h, in_w, in_c, in_stride, in_zero_point,
        out_container, out_h, out_w, out_c, out_stride,
        kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w, groups,
        form, shift, left, out_zero_point, lo, hi, batch,
    }
    /// Depthwise convolution (groups = in_c = out_c); weights packed by [`PackDepthwise`]. Fields as [`Conv2d`].
    DepthwiseConv2d = 2, "depthwise_conv2d", float: false {
        input_offset, weights_offset, bias_offset, multiplier_offset, output_offset,
        in_container, in_h, in_w, in_c, in_stride, in_zero_point,
        out_container, out_h, out_w, out_c, out_stride,
        kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w, groups,
        form, shift, left, out_zero_point, lo, hi, batch,
    }
    /// Convolution with any groups; weights are plain i8 [out_c][in_c/groups][kernel_h][kernel_w], bias and multipliers plain i32 [out_c] (scalar path). Fields as [`Conv2d`].
    GroupedConv2d = 3, "grouped_conv2d", float: false {
        input_offset, weights_offset, bias_offset, multiplier_offset, output_offset,
        in_container, in_h, in_w, in_c, in_stride, in_zero_point,
        out_container, out_h, out_w, out_c, out_stride,
        kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w, groups,
        form, shift, left, out_zero_point, lo, hi, batch,
    }
    /// Packs i8 weights [out_c][in_c][kernel_h][kernel_w] into the panels of [`Conv2d`] and folds −zp·Σw into the bias. `bias_offset` 0 = no bias.
    /// `multiplier_count` is 1 or out_c. Writes: panels, i32 bias and i32 multipliers padded to whole panels (sizes: `kernels::pack`).
    PackConv2d = 4, "pack_conv2d", float: false {
        weights_offset, bias_offset, multiplier_offset, multiplier_count, in_zero_point, in_c, out_c, kernel_h, kernel_w,
        packed_weights_offset, packed_bias_offset, packed_multiplier_offset,
    }
    /// Packs i8 weights [c][1][kernel_h][kernel_w] for [`DepthwiseConv2d`]: i16 [tap][channels padded to 8]; bias and multipliers padded alike.
    PackDepthwise = 5, "pack_depthwise", float: false {
        weights_offset, bias_offset, multiplier_offset, multiplier_count, in_zero_point, in_c, out_c, kernel_h, kernel_w,
        packed_weights_offset, packed_bias_offset, packed_multiplier_offset,
    }
    /// i4 nibbles (SPEC 1.4) to i8 codes, `count` elements.
    UnpackI4 = 6, "unpack_i4", float: false { input_offset, output_offset, count }
    /// i8 codes in −8..7 to i4 nibbles (SPEC 1.4), `count` elements.
    PackI4 = 7, "pack_i4", float: false { input_offset, output_offset, count }
    /// Residual add (SPEC 3.3) over `count` stored elements of two values of one layout. `carrier_offset` / `code_offset` 0 = not written.
    Add = 8, "add", float: false {
        a_offset, b_offset, carrier_offset, code_offset, count,
        a_container, a_zero_point, a_form, a_shift, a_left, a_multiplier,
        b_container, b_zero_point, b_form, b_shift, b_left, b_multiplier,
        lo, hi,
        code_container, code_form, code_shift, code_left, code_multiplier, code_zero_point, code_lo, code_hi,
    }
    /// Max pool (SPEC 3.4), NHWC; input and output have one container and one channel stride.
    MaxPool = 9, "max_pool", float: false {
        input_offset, output_offset, container, in_h, in_w, channels, channel_stride, out_h, out_w,
        kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w, lo, hi,
    }
    /// Average pool (SPEC 3.4), NHWC. `divisors_offset` and `multiplier_offset` are i32 [divisor_count]. pad_bottom and pad_right bound the padded input when `count_include_pad`.
    AveragePool = 10, "average_pool", float: false {
        input_offset, divisors_offset, multiplier_offset, output_offset, divisor_count, in_container, in_zero_point, in_h, in_w, channels, in_stride,
        out_container, out_h, out_w, out_stride,
        kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left, pad_bottom, pad_right, count_include_pad,
        form, shift, left, out_zero_point, lo, hi,
    }
    /// Element-wise requantization (SPEC 3.5) of `count` stored elements.
    Requantize = 11, "requantize", float: false {
        input_offset, output_offset, count, in_container, in_zero_point, out_container, form, shift, left, multiplier, out_zero_point, lo, hi,
    }
    /// out[Σ i_d·out_stride_d] = in[Σ i_d·in_stride_d] for i in dims, elements of 1, 2 or 4 bytes; strides may be negative or zero for the input.
    /// Slice, pad (after [`Fill`]), transpose, reshape, concat and layout changes are this kernel. Offsets point at the first element.
    /// `input_begin/end_offset` and `output_begin/end_offset` bound the bytes it may touch.
    StridedCopy = 12, "strided_copy", float: false {
        input_offset, output_offset, input_begin_offset, input_end_offset, output_begin_offset, output_end_offset, element_bytes,
        dim0, dim1, dim2, dim3, dim4, dim5,
        in_stride0, in_stride1, in_stride2, in_stride3, in_stride4, in_stride5,
        out_stride0, out_stride1, out_stride2, out_stride3, out_stride4, out_stride5,
    }
    /// Writes `count` elements of 1, 2 or 4 bytes with the low bytes of `value`.
    Fill = 13, "fill", float: false { output_offset, count, element_bytes, value }
    /// Bytes of a picture to codes (SPEC 5.1): `pixels` pixels of `in_channels` bytes; out channel c reads byte `source0..2[c]` through table c (256 bytes each at `tables_offset`).
    LookupPixels = 14, "lookup_pixels", float: false {
        input_offset, tables_offset, output_offset, pixels, in_channels, out_channels, out_stride, source0, source1, source2, source3,
    }
    /// Copies `count` blocks of `block_bytes`, one per i32 index, for `outer` rows of `axis_length` blocks: gather along an axis. Negative indices count from the end.
    Gather = 15, "gather", float: false { input_offset, indices_offset, output_offset, outer, axis_length, block_bytes, count }
    /// [`Conv2d`] by dot products of bytes, on weights packed by [`PackConv2dRelaxed`]. `dot`: see [`dot`]. In the flavour `relaxed` only.
    Conv2dRelaxed = 16, "conv2d_relaxed", float: false {
        input_offset, weights_offset, bias_offset, multiplier_offset, output_offset,
        in_container, in_h, in_w, in_c, in_stride, in_zero_point,
        out_container, out_h, out_w, out_c, out_stride,
        kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w, groups,
        form, shift, left, out_zero_point, lo, hi, dot, batch,
    }
    /// Packs as [`PackConv2d`], into the panels `[out_c/8][K/4][8][4]` of bytes that [`Conv2dRelaxed`] wants for the same `dot`, `in_container` and
    /// `in_zero_point`. In the flavour `relaxed` only.
    PackConv2dRelaxed = 17, "pack_conv2d_relaxed", float: false {
        weights_offset, bias_offset, multiplier_offset, multiplier_count, in_zero_point, in_c, out_c, kernel_h, kernel_w,
        packed_weights_offset, packed_bias_offset, packed_multiplier_offset, in_container, dot,
    }
    /// [`Conv2d`] with a 3×3 kernel, stride and dilation 1, in_c and in_stride multiples of 16, of codes in 0..15 or (I8) −7..7 and weights in −8..7, by exact Winograd F(2,3) on
    /// weights packed by [`PackWinogradF23`]. Right while the sum that becomes a code, with its bias and rounding, lies within ±2^29. By dot products of bytes in
    /// the flavour `relaxed`, of i16 in `simd128`, in `scalar` not at all.
    WinogradF23 = 18, "winograd_f23", float: false {
        input_offset, weights_offset, bias_offset, multiplier_offset, output_offset,
        in_container, in_h, in_w, in_c, in_stride, in_zero_point,
        out_container, out_h, out_w, out_c, out_stride,
        kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w, groups,
        form, shift, left, out_zero_point, lo, hi, batch,
    }
    /// Packs as [`PackConv2d`], as nibbles for [`WinogradF23`] (`kernels::conv::winograd_f23::weights`) of the same flavour. Weights in −8..7.
    PackWinogradF23 = 19, "pack_winograd_f23", float: false {
        weights_offset, bias_offset, multiplier_offset, multiplier_count, in_zero_point, in_c, out_c, kernel_h, kernel_w,
        packed_weights_offset, packed_bias_offset, packed_multiplier_offset,
    }
    /// Convolution (SPEC 3.1), 3×3, stride 1, dilation 1, groups 1, by exact Winograd F(4,3); weights packed by [`PackWinogradF43`]. Fields as [`Conv2d`].
    /// Exact while the sum of the raw codes' products, before the bias, is at least −2^25 and below 2^25 over each `part_c` input channels, a multiple of 8 or all
    /// of them: whoever makes the step proves it from the weights.
    WinogradF43 = 20, "winograd_f43", float: false {
        input_offset, weights_offset, bias_offset, multiplier_offset, output_offset,
        in_container, in_h, in_w, in_c, in_stride, in_zero_point,
        out_container, out_h, out_w, out_c, out_stride,
        kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w, groups,
        form, shift, left, out_zero_point, lo, hi, part_c,
    }
    /// Packs i8 weights [out_c][in_c][3][3] for [`WinogradF43`]; bias and multipliers as [`PackConv2d`], and its fields.
    PackWinogradF43 = 21, "pack_winograd_f43", float: false {
        weights_offset, bias_offset, multiplier_offset, multiplier_count, in_zero_point, in_c, out_c, kernel_h, kernel_w,
        packed_weights_offset, packed_bias_offset, packed_multiplier_offset,
    }
    /// [`DepthwiseConv2d`] by dot products of bytes: 3×3, dilation 1, stride_w 1 or 2, in_stride ≥ in_c rounded up to 8, `dot` I7, USDOT or SDOT; weights
    /// packed by [`PackDepthwise`] for the raw codes. In the flavour `relaxed` only.
    DepthwiseConv2dRelaxed = 25, "depthwise_conv2d_relaxed", float: false {
        input_offset, weights_offset, bias_offset, multiplier_offset, output_offset,
        in_container, in_h, in_w, in_c, in_stride, in_zero_point,
        out_container, out_h, out_w, out_c, out_stride,
        kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w, groups,
        form, shift, left, out_zero_point, lo, hi, dot, batch,
    }
    /// [`Conv2d`] of input codes in 0..15 in the container U8, or in −15..15 in I8, and weights in −7..7, which lie in pairs: `out_stride` ≥ out_c rounded up to 16.
    /// Right while every channel's sum of the raw codes' products, before the bias, is at least −2^19 and below 2^19: whoever makes the step proves it
    /// from the weights. Writes whole groups of 16 channels. In the flavour `simd128` only.
    Conv2dPaired = 28, "conv2d_paired", float: false {
        input_offset, weights_offset, bias_offset, multiplier_offset, output_offset,
        in_container, in_h, in_w, in_c, in_stride, in_zero_point,
        out_container, out_h, out_w, out_c, out_stride,
        kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w, groups,
        form, shift, left, out_zero_point, lo, hi, batch,
    }
    /// Packs as [`PackConv2d`], two weights −7..7 to a lane (`simd::dot::PairedDot`), for [`Conv2dPaired`]. In the flavour `simd128` only.
    PackConv2dPaired = 29, "pack_conv2d_paired", float: false {
        weights_offset, bias_offset, multiplier_offset, multiplier_count, in_zero_point, in_c, out_c, kernel_h, kernel_w,
        packed_weights_offset, packed_bias_offset, packed_multiplier_offset,
    }

    /// The weight gradient of a convolution (SPEC 7.1): the exact sum over all output pixels of activation code times gradient code, i32
    /// [slabs][out_c][in_c/groups][kernel_h][kernel_w]. `in_*` are the activations' (U8 or I8, zero point 0: the padding is 0), `out_*` the gradient's: i8 codes,
    /// `out_stride` per pixel. `batch` images are cut into `slabs` ≤ batch groups of neighbours, image i·batch/slabs the first of slab i; a slab's sum must fit an i32
    /// (`kernels::weight_gradient::slabs`). Linear layers are 1×1 on in_h = rows.
    ConvWeightGradient = 22, "conv_weight_gradient", float: false {
        input_offset, gradient_offset, output_offset, batch, slabs, in_container, in_h, in_w, in_c, in_stride, out_h, out_w, out_c, out_stride,
        kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w, groups,
    }
    /// [`ConvWeightGradient`] by dot products of bytes. `dot` ([`dot`]), always with the gradient as the first operand: I7 takes activations in 0..127, W4 in −8..7,
    /// USDOT and SDOT any. In the flavour `relaxed` only.
    ConvWeightGradientRelaxed = 23, "conv_weight_gradient_relaxed", float: false {
        input_offset, gradient_offset, output_offset, batch, slabs, in_container, in_h, in_w, in_c, in_stride, out_h, out_w, out_c, out_stride,
        kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w, groups, dot,
    }
    /// [`ConvWeightGradient`] with a 3×3 kernel, stride, dilation and groups 1, channels and `*_stride` of pixels multiples of 16, activations in 0..15, gradients in −7..7, by exact
    /// Winograd F(3×3, 2×2). Right while four times a slab's sum fits an i32. In the flavours with vectors.
    WinogradWeightGradient = 24, "winograd_weight_gradient", float: false {
        input_offset, gradient_offset, output_offset, batch, slabs, in_container, in_h, in_w, in_c, in_stride, out_h, out_w, out_c, out_stride,
        kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w, groups,
    }

    /// f32 to codes (SPEC 1.3). Scale as f32 bits.
    QuantizeF32 = 32, "quantize_f32", float: true { input_offset, output_offset, count, scale_bits, zero_point, out_container, lo, hi }
    /// Codes to f32 (SPEC 1.3). Scale as f32 bits.
    DequantizeF32 = 33, "dequantize_f32", float: true { input_offset, output_offset, count, scale_bits, zero_point, in_container }
    /// f32 convolution, NCHW, one image of `batch`; weights plain [out_c][in_c/groups][kh][kw]; bias_offset 0 = none; result clamped to [lo, hi] (f32 bits).
    ConvF32 = 34, "conv_f32", float: true {
        input_offset, weights_offset, bias_offset, output_offset, batch, in_c, in_h, in_w, out_c, out_h, out_w,
        kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w, groups, lo_bits, hi_bits,
    }
    /// c[m,n] = clamp(alpha·Σ_k a·b + beta·c0): `batch` matrices; element (i,k) of A lies at i·a_row + k·a_column (+ index·a_batch), of B at k·b_row + n·b_column; c0 (bias) at i·bias_row + n·bias_column, bias_offset 0 = none.
    GemmF32 = 35, "gemm_f32", float: true {
        a_offset, b_offset, bias_offset, output_offset, batch, m, n, k,
        a_batch, a_row, a_column, b_batch, b_row, b_column, bias_batch, bias_row, bias_column, alpha_bits, beta_bits, lo_bits, hi_bits,
    }
    /// clamp(a + b) with broadcasting over 6 axes by strides; output row-major.
    AddF32 = 36, "add_f32", float: true {
        a_offset, b_offset, output_offset, dim0, dim1, dim2, dim3, dim4, dim5,
        a_stride0, a_stride1, a_stride2, a_stride3, a_stride4, a_stride5,
        b_stride0, b_stride1, b_stride2, b_stride3, b_stride4, b_stride5, lo_bits, hi_bits,
    }
    /// Element-wise clamp to [lo, hi] (f32 bits): Relu and Clip. NaN stays NaN.
    ClampF32 = 37, "clamp_f32", float: true { input_offset, output_offset, count, lo_bits, hi_bits }
    /// y = x·g + h per channel (SPEC 4.2): `outer` × `channels` × `inner`. γ, β, mean, var f32 [channels].
    BatchNormF32 = 38, "batch_norm_f32", float: true {
        input_offset, gamma_offset, beta_offset, mean_offset, variance_offset, output_offset, outer, channels, inner, epsilon_bits,
    }
    /// Max (mode 0) or average (mode 1) pool, NCHW; planes = batch·channels.
    PoolF32 = 39, "pool_f32", float: true {
        input_offset, output_offset, mode, planes, in_h, in_w, out_h, out_w,
        kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left, pad_bottom, pad_right, dilation_h, dilation_w, count_include_pad,
    }
    /// Softmax (SPEC 4.3) over the middle axis of [outer][length][inner].
    SoftmaxF32 = 40, "softmax_f32", float: true { input_offset, output_offset, outer, length, inner }
    /// Mean over the middle axis of [outer][length][inner], ascending (several axes: repeated, or merged when adjacent).
    MeanF32 = 41, "mean_f32", float: true { input_offset, output_offset, outer, length, inner }
}
