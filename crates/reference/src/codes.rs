//! SPEC 1.1: the types of codes.

use serde::{Deserialize, Serialize};

/// Type of an activation's codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CodeDtype {
    /// 0..255
    U8,
    /// −128..127
    I8,
    /// 0..15
    U4,
    /// −32767..32767, a residual carrier.
    I16,
}

impl CodeDtype {
    /// Smallest and largest code.
    pub fn limits(self) -> [i64; 2] {
        match self {
            CodeDtype::U8 => [0, 255],
            CodeDtype::I8 => [-128, 127],
            CodeDtype::U4 => [0, 15],
            CodeDtype::I16 => CARRIER,
        }
    }
}

/// Type of a constant tensor's codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TensorDtype {
    /// Weights −127..127.
    I8,
    /// Weights −7..7, two in a byte (SPEC 1.4).
    I4,
    /// Biases and multipliers.
    I32,
}

impl TensorDtype {
    /// Smallest and largest code.
    pub fn limits(self) -> [i64; 2] {
        match self {
            TensorDtype::I8 => [-127, 127],
            TensorDtype::I4 => [-7, 7],
            TensorDtype::I32 => [i32::MIN as i64, i32::MAX as i64],
        }
    }
}

/// Range of a residual carrier.
pub const CARRIER: [i64; 2] = [-32767, 32767];

/// SPEC: x clamped to [−32768, 32767].
pub fn sat16(x: i64) -> i64 {
    x.clamp(-32768, 32767)
}
