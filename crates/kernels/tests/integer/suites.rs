//! The list of suites, for whoever runs them: `cargo test` on this machine, `tests/kernels` in WebAssembly.

/// What a suite found: the first difference from the reference in words.
pub type Verdict = Result<(), String>;

/// Calls `$then! { $arguments; name = suite, … }` with every suite, each a function of an `Isa`.
macro_rules! every_suite {
    ($then:ident!($($arguments:tt)*)) => {
        $then! { $($arguments)*;
            convolution = crate::conv::convolution,
            convolution_shifts = crate::shifts::shifts,
            convolution_saturated = crate::shifts::saturated,
            dense = crate::conv::dense,
            depthwise = crate::depthwise::suite,
            grouped = crate::conv::grouped,
            convolution_extremes = crate::conv::extremes,
            relaxed_i7 = crate::relaxed::i7,
            relaxed_w4 = crate::relaxed::w4,
            relaxed_usdot = crate::relaxed::usdot,
            saturated_usdot = crate::shifts::saturated_usdot,
            relaxed_sdot = crate::relaxed::sdot,
            paired = crate::paired::convolution,
            paired_extremes = crate::paired::extremes,
            paired_batches = crate::paired::batches,
            pack_conv2d_paired = crate::paired::packing,
            winograd_f23 = crate::winograd_f23::suite,
            winograd_f43 = crate::winograd::convolution,
            winograd_f43_extremes = crate::winograd::extremes,
            winograd_f43_bound = crate::winograd::bound,
            pack_winograd_f43 = crate::winograd::packing,
            batches_of_convolution = crate::batches::convolution,
            batches_of_relaxed = crate::batches::relaxed,
            batches_of_usdot = crate::batches::usdot,
            batches_of_sdot = crate::batches::sdot,
            batches_of_depthwise = crate::batches::depthwise,
            batches_of_grouped = crate::batches::grouped,
            batches_of_winograd_f23 = crate::batches::winograd_f23,
            weight_gradient = crate::weight_gradient::conv,
            weight_gradient_extremes = crate::weight_gradient::conv_extremes,
            weight_gradient_depthwise = crate::weight_gradient::depthwise,
            weight_gradient_i7 = crate::weight_gradient::i7,
            weight_gradient_w4 = crate::weight_gradient::w4,
            weight_gradient_usdot = crate::weight_gradient::usdot,
            weight_gradient_sdot = crate::weight_gradient::sdot,
            weight_gradient_winograd = crate::weight_gradient::winograd,
            pack_conv2d = crate::packing::conv2d,
            pack_conv2d_relaxed = crate::packing::conv2d_relaxed,
            pack_depthwise = crate::packing::depthwise,
            nibbles = crate::packing::nibbles,
            requantization_forms = crate::requantization::every_form,
            requantize = crate::elementwise::requantize,
            add = crate::elementwise::add,
            max_pool = crate::pools::max,
            average_pool = crate::pools::average,
            strided_copy = crate::copies::strided,
            fill = crate::copies::fill,
            gather = crate::copies::gather,
            lookup_pixels = crate::copies::lookup,
        }
    };
}
pub(crate) use every_suite;
