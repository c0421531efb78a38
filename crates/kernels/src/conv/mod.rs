//! Convolutions (SPEC 3.1) and dense layers (SPEC 3.2).

mod block;
mod conv2d;
pub mod conv2d_relaxed;
mod depthwise;
mod depthwise_3x3;
mod depthwise_columns;
mod depthwise_relaxed;
pub mod direct;
mod epilogue;
mod few_steps;
mod finish;
mod gemm_4x16;
pub mod gemm_4x8;
mod gemm_windows;
mod grouped;
mod layer;
mod output;
mod paired;
mod pointwise;
pub mod reach;
mod tile;
mod windows;
pub mod winograd_f23;
pub mod winograd_f43;
