//! The one error record of the module: which step, which kernel, which field, and why.

use core::sync::atomic::{AtomicI32, Ordering};
use kernels::BadParam;

/// What an exported function answers when all went well.
pub const OK: i32 = 0;
/// What it answers when it refused; the record says why.
pub const REFUSED: i32 = 1;

/// Step, kernel number, field index, reason. Atomics, because a `static` that changes needs no `unsafe` that way.
static RECORD: [AtomicI32; 4] = [const { AtomicI32::new(0) }; 4];

/// Where a refusal happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Row of the step table.
    pub step: i32,
    /// Number of the kernel in that row, 0 if the row itself could not be read.
    pub kernel: i32,
    /// Field and reason.
    pub bad: BadParam,
}

/// Writes the record and gives the status.
pub fn status(result: Result<(), Refusal>) -> i32 {
    let Err(refusal) = result else { return OK };
    let words = [refusal.step, refusal.kernel, refusal.bad.field as i32, refusal.bad.reason as i32];
    for (word, value) in RECORD.iter().zip(words) {
        word.store(value, Ordering::Relaxed);
    }
    REFUSED
}

/// Address of the record, four i32.
pub fn address() -> usize {
    RECORD.as_ptr() as usize
}
