//! The suites as a WebAssembly module, on the instruction set it is built for: `tests/kernels` calls them one by one.

mod batches;
mod bytes;
mod conv;
mod copies;
mod depthwise;
mod elementwise;
mod layout;
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
mod winograd;
mod winograd_f23;

use std::sync::Mutex;
use suites::{every_suite, Verdict};

/// The text that [`text_address`] shows: a suite's name, or what it found.
static TEXT: Mutex<String> = Mutex::new(String::new());

fn show(text: String) -> usize {
    let mut shown = TEXT.lock().expect("one thread");
    *shown = text;
    shown.len()
}

macro_rules! list {
    ($isa:expr; $($name:ident = $suite:path),* $(,)?) => {
        /// Names and suites.
        const SUITES: &[(&str, fn() -> Verdict)] = &[$((stringify!($name), || $suite($isa))),*];
    };
}

every_suite!(list!(simd::Native::default()));

/// How many suites there are.
#[no_mangle]
pub extern "C" fn suite_count() -> usize {
    SUITES.len()
}

/// Shows the name of a suite; returns its length.
#[no_mangle]
pub extern "C" fn suite_name(suite: usize) -> usize {
    show(SUITES[suite].0.to_owned())
}

/// Runs a suite and shows what it found; returns the length of that, 0 if it found nothing.
#[no_mangle]
pub extern "C" fn run_suite(suite: usize) -> usize {
    show(SUITES[suite].1().err().unwrap_or_default())
}

/// Where the shown text lies.
#[no_mangle]
pub extern "C" fn text_address() -> *const u8 {
    TEXT.lock().expect("one thread").as_ptr()
}

/// What one relaxed dot product gives here (`simd::dot::relaxed_answer`); 0 without the instruction.
#[no_mangle]
pub extern "C" fn relaxed_dot(a: i32, b: i32) -> i32 {
    if cfg!(target_feature = "relaxed-simd") {
        simd::dot::relaxed_answer(simd::Native::default(), a as i8, b as i8)
    } else {
        0
    }
}
