//! [`WinogradWeightGradient`](crate::params::WinogradWeightGradient): exact integer Winograd F(3×3, 2×2), 3×3 sums from tiles of 2×2 gradient codes and the 4×4
//! activations under them, with 16 products instead of 36.
//!
//! Bᵀ is that of F(2,3): activations 0..15 become V in −30..60, stored as V + 32 for the relaxed dot. With G doubled, gradients −7..7 become U in −28..28. Then
//! Aᵀ (ΣU·V) A is four times the sum: an exact division at the end, right while the product fits an i32; on the way sums may wrap. What the 32 add, 32·ΣU, is a
//! linear function of the sums of the gradient's codes at even and odd rows and columns: `output` takes it back.
//!
//! The dot products run over tiles, their four lanes being the same column of four rows of tiles. So the column of activations that two neighbouring tiles share
//! is interleaved once, and transformed vertically once (`operands`).

mod blocks;
mod operands;
mod output;

/// Products of a tile for one pair of channels.
pub const POSITIONS: usize = 16;
/// Codes under a tile along one axis.
pub const PATCH: usize = 4;
/// Gradient codes of a tile along one axis.
pub const TILE: usize = 2;
/// Rows of tiles that one step takes.
pub const LANES: usize = 4;
/// What makes V a second operand of the relaxed dot.
pub const OFFSET: i8 = 32;
/// Sums of the gradient's codes at even and odd rows and columns, `[row][quad][column]`, of sixteen channels.
pub type GradientSums = [[[[u8; 16]; TILE]; 4]; TILE];
/// Outputs of a tile.
pub const TAPS: usize = 9;
