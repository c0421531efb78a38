//! The f32 kernels of training (SPEC 7.2), generic over the instruction set ([`simd::Isa`]): convolutions forward and backward, batch norm, pools, losses
//! and optimizers, on pixels by channels (NHWC). A kernel is a parameter struct that implements [`kernels::Kernel`].

#![cfg_attr(not(test), no_std)]

#[cfg(all(not(test), not(target_arch = "wasm32")))]
extern crate std;

mod batch_norm;
mod conv;
mod elementwise;
mod loss;
mod optimizer;
mod panels;
pub mod params;
mod pool;
mod rows;
#[cfg(test)]
mod testing;

pub use conv::packed_weights;
