//! Exact integer Winograd F(4,3) for 3×3 convolutions: 4×4 outputs from 6×6 codes with 36 products instead of 144.
//!
//! The matrices of the points 0, ±1, ±2, ∞ have fractions in G only. Each row of G is multiplied by 24, −6, −6, 24, 24, 6; the columns of Aᵀ are
//! multiplied by 24 over that, 1, −4, −4, 1, 1, 4, and what comes out of both axes is 576·Y. Everything before is in the ring modulo
//! 2^32, where overflow on the way is harmless; 576 = 9·64, 9 has an inverse there, and 64·Y has the right sign while Y fits 26 bits.
//!
//! | what | bound | why |
//! |---|---|---|
//! | inputs of `u8` | [−8160, 17340], i16 | rows of Bᵀ have sums +p and −n of (5,5), (2,8), (5,5), (3,3), (3,3), (5,5); twice (2,8): 68·255 |
//! | inputs of `i8` | ±12800, i16 | the absolute sum of a row is at most 10: 100·128. Any zero point is such a code, and padding reads it |
//! | weights | ±6223 for ±127, i16 | a row of G is at most 1 + 2 + 4 = 7: 49·127 (−128, which SPEC 1.1 does not have: 6272) |
//! | Y, raw codes, no bias | [−2^25, 2^25 − 1] | 64·Y fits an i32; the Program proves it from the weights (`ts/session/winograd-bound.ts`) |

mod blocks;
mod input;
mod multiply;
mod output;
mod pack;
mod weights;

/// Outputs of a tile along one axis.
pub const TILE: usize = 4;
/// Weights of one filter and channel.
pub const TAPS: usize = 9;
/// Codes under a tile along one axis.
pub const PATCH: usize = 6;
/// Products of a tile per channel.
pub const POSITIONS: usize = PATCH * PATCH;
/// Tiles that are transformed and multiplied at once: the four rows of the microkernel.
pub const QUAD: usize = 4;
