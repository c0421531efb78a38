//! The integer kernels against `reference`, on every instruction set that a suite is made for, and broken ones that must be noticed.

mod broken;
mod bytes;
mod checks;
mod conv;
mod copies;
mod elementwise;
mod layout;
mod mutants;
mod packing;
mod pools;
mod requantization;
mod seed;

/// What a suite found: the first difference from the reference in words.
type Verdict = Result<(), String>;

/// Every suite on one instruction set. A new `Isa` inherits them by one line.
macro_rules! suite {
    ($name:ident, $isa:expr; $($test:ident = $suite:path),* $(,)?) => {
        mod $name {
            $(
                #[test]
                fn $test() {
                    if let Err(difference) = $suite($isa) {
                        panic!("{difference}");
                    }
                }
            )*
        }
    };
    ($name:ident, $isa:expr) => {
        suite! { $name, $isa;
            convolution = crate::conv::convolution,
            dense = crate::conv::dense,
            depthwise = crate::conv::depthwise,
            grouped = crate::conv::grouped,
            convolution_extremes = crate::conv::extremes,
            pack_conv2d = crate::packing::conv2d,
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

suite!(portable, simd::Portable);
