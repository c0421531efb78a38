//! How tiles of 2×2 outputs lie.

use core::array::from_fn;
use core::ops::Range;

/// How tiles lie on the output. Those at an odd end have fewer than four pixels, and do without the last column of positions, or the last row, or both: so
/// there are four classes of positions, each with tiles of its own.
#[derive(Clone, Copy)]
pub struct Grid {
    /// Rows of the output.
    pub out_h: usize,
    /// Pixels of one.
    pub out_w: usize,
    /// Tiles of a row.
    pub columns: usize,
}

/// Of the four classes: all positions but the last ones, those in the last column, in the last row, in both.
pub type PerClass = [usize; 4];

/// The class of a position.
pub fn class(position: usize) -> usize {
    usize::from(position % 4 == 3) + 2 * usize::from(position / 4 == 3)
}

/// Where a tile lies: row and column of its first output pixel, its image, and the number of that pixel.
#[derive(Clone, Copy)]
pub struct Corner {
    pub y: usize,
    pub x: usize,
    pub image: usize,
    pub pixel: usize,
}

impl Grid {
    /// Of an output.
    pub fn new(out_h: usize, out_w: usize) -> Self {
        Self { out_h, out_w, columns: out_w.div_ceil(2) }
    }

    /// Where tile number `tile` lies, counted over all images.
    pub fn corner(&self, tile: usize) -> Corner {
        let (row, rows) = (tile / self.columns, self.out_h.div_ceil(2));
        let (y, x, image) = (row % rows * 2, tile % self.columns * 2, row / rows);
        Corner { y, x, image, pixel: (image * self.out_h + y) * self.out_w + x }
    }

    /// Where the tile after one at `corner` lies. Divisions would take as long as half of a tile.
    pub fn next(&self, Corner { y, x, image, pixel }: Corner) -> Corner {
        match (x + 2 < self.out_w, y + 2 < self.out_h) {
            (true, _) => Corner { y, x: x + 2, image, pixel: pixel + 2 },
            (_, true) => Corner { y: y + 2, x: 0, image, pixel: pixel - x + 2 * self.out_w },
            _ => Corner { y: 0, x: 0, image: image + 1, pixel: (image + 1) * self.out_h * self.out_w },
        }
    }

    /// Whether a tile has pixels on the right, and below.
    pub fn is_whole(&self, corner: Corner) -> [bool; 2] {
        [corner.x + 1 < self.out_w, corner.y + 1 < self.out_h]
    }

    /// How many tiles of each class come before `tile`.
    pub fn before(&self, tile: usize) -> PerClass {
        let Corner { y, x, image, .. } = self.corner(tile);
        let (wide, high) = (self.out_w / 2, self.out_h / 2);
        let (row, whole_rows) = (tile / self.columns, image * high + (y / 2).min(high));
        let column = if y / 2 < high { x / 2 } else { 0 };
        [tile, row * wide + x / 2, whole_rows * self.columns + column, whole_rows * wide + column]
    }

    /// How many tiles of each class `tiles` are.
    pub fn count(&self, tiles: Range<usize>) -> PerClass {
        difference(self.before(tiles.end), self.before(tiles.start))
    }
}

fn difference(a: PerClass, b: PerClass) -> PerClass {
    from_fn(|class| a[class] - b[class])
}
