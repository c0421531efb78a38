//! How rows are cut into units, and sums into blocks (SPEC 7.3).

use core::ops::Range;

/// Elements of a block, unless a single row has more.
const BLOCK_ELEMENTS: usize = 4096;

/// Rows of `length` elements.
#[derive(Clone, Copy)]
pub struct Rows {
    /// How many.
    pub count: usize,
    /// Elements of one.
    pub length: usize,
}

impl Rows {
    /// Elements that lie one after another, as rows of one block each; the last may be shorter.
    pub const FLAT: usize = BLOCK_ELEMENTS;

    /// Rows in a block.
    pub fn in_block(self) -> usize {
        (BLOCK_ELEMENTS / self.length.max(1)).max(1)
    }

    /// Blocks.
    pub fn blocks(self) -> usize {
        if self.length == 0 {
            0
        } else {
            self.count.div_ceil(self.in_block())
        }
    }

    /// The rows of blocks.
    pub fn of(self, blocks: Range<usize>) -> Range<usize> {
        (blocks.start * self.in_block()).min(self.count)..(blocks.end * self.in_block()).min(self.count)
    }
}
