//! f32 convolutions on NHWC (SPEC 7.2): forward and to the input ([`crate::params::ConvF32Nhwc`]), to the weights
//! ([`crate::params::ConvWeightGradientF32`]), and the packing of weights.

mod depthwise;
mod forward;
pub(crate) mod geometry;
mod gradient_depthwise;
mod pack;
mod pack_pixels;
mod weight_gradient;

pub use pack::packed_weights;

#[cfg(test)]
mod tests;
