//! The integer kernels against `reference`, on every instruction set that a suite is made for, and broken ones that must be noticed.

mod batches;
mod broken;
mod bytes;
mod checks;
mod conv;
mod copies;
mod depthwise;
mod elementwise;
mod layout;
mod mutants;
mod packing;
mod paired;
mod pools;
mod relaxed;
mod requantization;
mod seed;
mod shifts;
mod stems;
mod suites;
mod weight_gradient;
mod weight_gradient_checks;
mod winograd;
mod winograd_f23;

use suites::{every_suite, Verdict};

/// Every suite on one instruction set as a test. A new `Isa` inherits them by one line.
macro_rules! tests_on {
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
}

every_suite!(tests_on!(portable, simd::Portable));
