//! The quantizers of INT4 training (SPEC 7), generic over the instruction set ([`simd::Isa`]): f32 to codes with learned intervals, gradients to codes
//! with stochastic rounding, and what flows back through them. A kernel is a parameter struct that implements [`kernels::Kernel`].

#![cfg_attr(not(test), no_std)]

#[cfg(all(not(test), not(target_arch = "wasm32")))]
extern crate std;

pub mod params;
