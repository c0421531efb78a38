//! The quantizers of INT4 training (SPEC 7.3, 7.4), generic over the instruction set ([`simd::Isa`]): f32 to codes with learned intervals, gradients to codes
//! with stochastic rounding, and what flows back through them. A kernel is a parameter struct that implements [`kernels::Kernel`].

#![cfg_attr(not(test), no_std)]

#[cfg(all(not(test), not(target_arch = "wasm32")))]
extern crate std;

mod blocks;
mod codes;
mod gradient_channels;
mod gradient_error;
mod gradient_histogram;
mod gradient_maximum;
mod init_quantizer;
mod noise;
pub mod params;
mod quantize_activations;
mod quantize_activations_backward;
mod quantize_gradient;
mod quantize_weights;
mod quantize_weights_backward;
mod state;
mod straight_through;
#[cfg(test)]
mod testing;
