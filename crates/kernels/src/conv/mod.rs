//! Convolutions (SPEC 3.1) and dense layers (SPEC 3.2).

mod conv2d;
mod depthwise;
mod depthwise_3x3;
pub mod gemm_4x8;
mod grouped;
mod layer;
mod stem;
pub mod tile;
pub mod winograd_f43;
