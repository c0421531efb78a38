//! The kernels of dyadic, generic over the instruction set ([`simd::Isa`]).
//!
//! A kernel is a parameter struct ([`params`]) that implements [`Kernel`]: it checks itself, says which bytes it reads and writes,
//! how many independent units of work it has and how much scratch it wants, and runs. It allocates nothing and knows no globals.
//!
//! No standard library either (but in tests): the wasm module stays at a few kilobytes, and no formatter of floats can slip into the
//! table that the opcode walk follows. What `core` lacks (`f32::sqrt`, `round_ties_even`) is written out where it is needed.

#![cfg_attr(not(test), no_std)]

#[cfg(all(not(test), not(target_arch = "wasm32")))]
extern crate std;

pub mod check;
pub mod codes;
pub mod conv;
pub mod copy;
pub mod eltwise;
pub mod f32;
pub mod kernel;
pub mod lookup;
pub mod pack;
pub mod pack_i4;
pub mod pack_paired;
pub mod pack_winograd_f23;
pub mod params;
pub mod pool;
pub mod requant;
#[cfg(feature = "train")]
pub mod weight_gradient;
pub mod window;

pub use kernel::{Access, BadParam, Buffers, Kernel, Reason, Span, Spans};
