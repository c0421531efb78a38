//! The law: SPEC.md as code. One short scalar function per operation on whole numbers, row-major in ONNX axes, without packing,
//! layouts or cleverness, and an interpreter of `.dyad` made of them. It shares nothing with the runtime, so that an error
//! would have to be made twice to stay unseen.
//!
//! Integer codes are held as `i32` and computed on as `i64`. Functions of single operations expect arguments that
//! [`dyad::read`] has accepted; the reader itself accepts any bytes and answers with an [`Error`].
#![forbid(unsafe_code)]

pub mod accumulator;
pub mod add;
pub mod average_pool;
pub mod batch_norm;
pub mod codes;
pub mod concat;
pub mod conv2d;
pub mod conv_weight_gradient;
pub mod dense;
pub mod dyad;
pub mod error;
pub mod exp;
pub mod f32_sums;
pub mod hawq_simulated;
pub mod interpreter;
pub mod max_pool;
pub mod packing;
pub mod pad;
pub mod preprocess;
pub mod quantize;
pub mod quantizers;
pub mod requantize;
pub mod resize;
pub mod shape;
pub mod slice;
pub mod softmax;
pub mod training;
pub mod transpose;
pub mod window;

pub use error::{Error, Result};
