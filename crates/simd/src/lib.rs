//! The only crate that names vector instructions.
//!
//! [`Isa`] is a set of lane operations named after the WebAssembly mnemonics; [`Portable`] does them on arrays with exactly the
//! meaning of the WebAssembly specification, `Simd128` with the instructions themselves, `Relaxed` with relaxed dot products on top. Kernels are generic over [`Isa`], so that
//! one text is every flavour. [`Dot`] is a dot product and the layout it wants. [`mem`] turns byte slices into numbers and vectors. No standard library: see `kernels`.

#![cfg_attr(not(test), no_std)]

pub mod dot;
pub mod isa;
pub mod mem;
pub mod portable;
#[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
pub mod relaxed;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub mod simd128;
pub mod sqrt;

pub use dot::Dot;
pub use isa::Isa;
pub use portable::Portable;
#[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
pub use relaxed::Relaxed;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub use simd128::Simd128;

/// The best instruction set this build can name.
#[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
pub type Native = Relaxed;
/// The best instruction set this build can name.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128", not(target_feature = "relaxed-simd")))]
pub type Native = Simd128;
/// The best instruction set this build can name.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub type Native = Portable;
