//! The kernels of dyadic, generic over the instruction set ([`simd::Isa`]).
//!
//! A kernel is a parameter struct ([`params`]) that implements [`Kernel`]: it checks itself, says which bytes it reads and writes,
//! how many independent units of work it has and how much scratch it wants, and runs. It allocates nothing and knows no globals.

pub mod conv;
pub mod copy;
pub mod eltwise;
pub mod f32;
pub mod kernel;
pub mod lookup;
pub mod pack;
pub mod params;
pub mod pool;
pub mod requant;

pub use kernel::{Access, BadParam, Buffers, Kernel, Reason, Span, Spans};
