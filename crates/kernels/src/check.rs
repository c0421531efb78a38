//! Checks of parameters that kernels share.

use crate::kernel::{BadParam, Reason};
use crate::params::{container, form};

/// No dimension, stride or count of pixels may exceed this.
pub const MAX_DIMENSION: i32 = 1 << 24;
/// No tensor may have more elements or bytes than this.
pub const MAX_TOTAL: i64 = i32::MAX as i64;

/// Index of the field called `name`; used in const context, where an unknown name does not compile. So no name of a field is in a module.
pub const fn field_index(fields: &[&str], name: &str) -> usize {
    let mut index = 0;
    while index < fields.len() {
        if same(fields[index].as_bytes(), name.as_bytes()) {
            return index;
        }
        index += 1;
    }
    panic!("no such field")
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}

/// The index of a field of `Self`, for a span or a refusal.
#[macro_export]
macro_rules! field {
    ($name:ident) => {
        const { $crate::check::field_index(Self::FIELDS, stringify!($name)) }
    };
}
pub(crate) use field;

/// The refusal of a field, by its index.
#[cold]
pub fn out_of_range(field: usize) -> BadParam {
    BadParam { field, reason: Reason::OutOfRange }
}

/// Refuses the named fields of `$params` that do not lie in `$range`.
#[macro_export]
macro_rules! fields_in {
    ($params:expr, $range:expr; $($field:ident),+ $(,)?) => {
        $(
            if !($range).contains(&$params.$field) {
                return Err($crate::check::out_of_range($crate::field!($field)));
            }
        )+
    };
}
pub(crate) use fields_in;

/// Refuses a field unless `$condition` holds.
#[macro_export]
macro_rules! field_holds {
    ($condition:expr; $field:ident) => {
        if !$condition {
            return Err($crate::check::out_of_range($crate::field!($field)));
        }
    };
}
pub(crate) use field_holds;

/// The product of the factors, saturated, so that a comparison with [`MAX_TOTAL`] is right for any i32 factors ≥ 0.
pub fn product(factors: &[i32]) -> i64 {
    factors.iter().fold(1i64, |total, &factor| total.saturating_mul(i64::from(factor)))
}

/// Whether the factors, each ≥ 0, multiply to at most [`MAX_TOTAL`]. A function of its own: WebAssembly has no product of i64 that tells of overflow, and
/// what stands for it would be in every check several times.
#[inline(never)]
pub fn is_total(factors: &[i32]) -> bool {
    product(factors) <= MAX_TOTAL
}

/// Bytes of one element of a container that passed its check.
pub fn element_bytes(container: i32) -> usize {
    match container {
        container::I32 => 4,
        container::I16 => 2,
        _ => 1,
    }
}

/// The codes a container holds, SPEC 1.1; none for a number that is no container.
pub fn container_range(container: i32) -> core::ops::RangeInclusive<i32> {
    match container {
        container::U8 => 0..=255,
        container::I8 => -128..=127,
        container::I16 => -32767..=32767,
        // An empty range on purpose: every zero point and clamp of an unknown container is refused.
        #[allow(clippy::reversed_empty_ranges)]
        _ => 1..=0,
    }
}

/// Whether `shift` and `left` suit the requantization form (SPEC 2.1–2.3).
pub fn is_form(form: i32, shift: i32, left: i32) -> bool {
    match form {
        form::COPY => true,
        form::Q15 => (-15..=22).contains(&shift),
        form::EXACT => (33..=62).contains(&shift) && (0..=24).contains(&left),
        _ => false,
    }
}

/// Whether `multiplier` suits the requantization form.
pub fn is_multiplier(form: i32, multiplier: i32) -> bool {
    match form {
        form::COPY => true,
        form::Q15 => (1..=32767).contains(&multiplier),
        _ => multiplier >= 0,
    }
}
