//! What becomes of the sums of eight output channels: codes, by a requantization, or with form RAW (SPEC 7.1) nothing else than integers.

use crate::codes::{store_first, LANES};
use crate::params::container;
use crate::requant::{low_bytes, Form};
use simd::{mem, Isa};

/// The end of a convolution, made ready for vectors of eight accumulators.
pub trait Epilogue<I: Isa>: Copy {
    /// Multipliers of eight channels.
    type Multipliers: Copy;

    /// The multipliers of eight channels.
    fn multipliers(self, isa: I, low: I::I32x4, high: I::I32x4) -> Self::Multipliers;
    /// Stores what becomes of the first `count` ≤ 8 of eight accumulators from element `at` of a `container` on, and nothing beyond.
    #[allow(clippy::too_many_arguments, reason = "each is a register of the microkernel")]
    fn store(self, isa: I, container: i32, sums: [I::I32x4; 2], b: Self::Multipliers, count: usize, bytes: &mut [u8], at: usize);
}

/// Codes by a form of requantization.
#[derive(Clone, Copy)]
pub struct Requantized<F>(pub F);

impl<I: Isa, F: Form<I>> Epilogue<I> for Requantized<F> {
    type Multipliers = F::Multipliers;

    #[inline(always)]
    fn multipliers(self, isa: I, low: I::I32x4, high: I::I32x4) -> F::Multipliers {
        self.0.multipliers(isa, low, high)
    }

    #[inline(always)]
    fn store(self, isa: I, container: i32, sums: [I::I32x4; 2], b: F::Multipliers, count: usize, bytes: &mut [u8], at: usize) {
        let codes = self.0.finish(isa, sums[0], sums[1], b);
        if container != container::I16 && count == LANES {
            isa.i8x16_store64_low(low_bytes(isa, [codes; 2]), mem::array_mut(bytes, at));
        } else {
            store_first(isa, container, codes, count, bytes, at);
        }
    }
}

/// The sums themselves in the container I32 or, where the caller has proved that they fit, I16: [`form::RAW`](crate::params::form::RAW).
#[derive(Clone, Copy)]
pub struct Sums;

impl<I: Isa> Epilogue<I> for Sums {
    type Multipliers = ();

    #[inline(always)]
    fn multipliers(self, _isa: I, _low: I::I32x4, _high: I::I32x4) {}

    #[inline(always)]
    fn store(self, isa: I, container: i32, [low, high]: [I::I32x4; 2], _b: (), count: usize, bytes: &mut [u8], at: usize) {
        if container == container::I16 {
            store_first(isa, container, isa.i16x8_narrow_i32x4_s(low, high), count, bytes, at);
        } else if count == LANES {
            let eight: &mut [u8; 32] = mem::array_mut(bytes, at * 4);
            isa.i32x4_store(low, mem::array_mut(eight, 0));
            isa.i32x4_store(high, mem::array_mut(eight, 16));
        } else {
            store_some(isa, [low, high], count, bytes, at);
        }
    }
}

/// Fewer than eight sums: the last columns.
fn store_some<I: Isa>(isa: I, [low, high]: [I::I32x4; 2], count: usize, bytes: &mut [u8], at: usize) {
    let mut whole = [[0; 16]; 2];
    isa.i32x4_store(low, &mut whole[0]);
    isa.i32x4_store(high, &mut whole[1]);
    bytes[at * 4..][..count * 4].copy_from_slice(&whole.as_flattened()[..count * 4]);
}

/// Runs `$body` with `$ready` standing for the [`Epilogue`] of `$spec`, whatever it is. Without the feature `train` there is no RAW, and no code for it.
macro_rules! with_epilogue {
    ($spec:expr, $ready:ident => $body:expr) => {
        if cfg!(feature = "train") && $spec.form == $crate::params::form::RAW {
            let $ready = $crate::conv::epilogue::Sums;
            $body
        } else {
            let $ready = $crate::conv::epilogue::Requantized($crate::requant::AnyForm($spec));
            $body
        }
    };
}
pub(crate) use with_epilogue;
