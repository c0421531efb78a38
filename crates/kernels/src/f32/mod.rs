//! Floating-point kernels (SPEC 4 and 1.3): calibration, comparison with the float network, and the two ends of an integer one.
//!
//! Every output's sum runs sequentially in the order of SPEC 4.1; vectors run over different outputs. So all flavours give the same
//! bits.

mod add;
mod batch_norm;
mod clamp;
mod conv;
mod dequantize;
pub mod exp;
mod gemm;
pub mod lanes;
mod mean;
pub mod non_finite;
mod pool;
mod quantize;
mod softmax;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod tile;

pub use simd::sqrt;
