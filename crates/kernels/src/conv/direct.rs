//! Direct convolution by any dot product: tiles of 4 pixels against panels of 8 output channels, without an im2col of the image.

use super::block::{block_limits, Block};
use super::few_steps::{self, FEW_STEPS};
use super::finish::{finish, initial, Eight};
use super::gemm_4x8::{gemm_4x8, gemm_6x8, PanelStep, TileStep, COLUMNS, ROWS};
use super::gemm_windows;
use super::paired;
use super::pointwise;
use super::reach::{panel_bytes, Reach};
use super::tile::Tiles;
use super::windows::{is_windowed, pack_tiles, Windows, FEW_WORDS};
use crate::check::element_bytes;
use crate::kernel::{Access, Buffers, Spans};
use crate::pack::packed_channels;
use crate::params::Conv2d;
use core::marker::PhantomData;
use core::ops::Range;
use core::slice::ChunksExactMut;
use simd::{mem, Dot, Isa};

/// Tiles that the wide microkernel takes at once, as two groups of six pixels.
const TRIPLE: usize = 3;

/// A layer that is multiplied by the dot product `D`.
#[derive(Clone, Copy)]
pub struct Direct<D: Tiles> {
    layer: Conv2d,
    offset: u8,
    dot: PhantomData<D>,
}

impl<D: Tiles> Direct<D> {
    /// `layer` passed its check.
    pub fn new(layer: Conv2d) -> Self {
        Self { layer, offset: D::offset(&layer), dot: PhantomData }
    }

    fn steps(&self) -> usize {
        Reach::new::<D>(self.layer.in_c as usize, self.layer.taps()).steps
    }

    /// Bytes of the packed weights of a panel.
    fn panel_bytes(&self) -> usize {
        self.steps() * D::STEP * D::CHANNELS
    }

    /// Elements of a packed tile: its steps and, where the dot product wants it, the sum of each pixel's codes.
    fn tile_steps(&self) -> usize {
        self.steps() + usize::from(D::SUMS)
    }

    /// Tiles of one unit of work. Unused ones cost nothing but scratch, so never more than there are.
    fn block_tiles(&self) -> usize {
        let limits = block_limits::<D>(is_windowed(self.layer.in_c as usize, self.layer.taps()));
        let most = (limits.bytes / (self.steps() * size_of::<TileStep>())).clamp(1, limits.tiles);
        // Blocks of one size: a small last one would read, or widen, every panel for little. Whole triples, where there are some.
        let even = self.tiles().div_ceil(self.tiles().div_ceil(most));
        let whole = even.next_multiple_of(TRIPLE);
        if D::ADDS && whole <= most {
            whole
        } else {
            even
        }
    }

    fn tiles(&self) -> usize {
        self.layer.out_pixels().div_ceil(ROWS)
    }

    /// [`Kernel::spans`](crate::Kernel::spans).
    pub fn spans(&self) -> Spans {
        let layer = &self.layer;
        let (in_c, out_c) = (layer.in_c as usize, layer.out_c as usize);
        let weights = panel_bytes::<D>(in_c, out_c, layer.kernel_h as usize, layer.kernel_w as usize);
        let channels = packed_channels(out_c);
        let output = layer.output_elements(out_c.next_multiple_of(D::CHANNELS)) * element_bytes(layer.out_container);
        Spans::new()
            .with(0, layer.input_offset, layer.input_bytes(self.channels_read()), Access::Read)
            .with(1, layer.weights_offset, weights, Access::Read)
            .with(2, layer.bias_offset, channels * 4, Access::Read)
            .with(3, layer.multiplier_offset, layer.multiplier_bytes(channels), Access::Read)
            .with(4, layer.output_offset, output, Access::Write)
    }

    /// Blocks of tiles.
    pub fn units(&self) -> usize {
        self.tiles().div_ceil(self.block_tiles())
    }

    /// A block of packed tiles with the sums of their codes, windows or a pixel of zero points, sums, and a widened panel.
    pub fn scratch_bytes(&self) -> usize {
        self.block_tiles() * (self.steps() + 1) * size_of::<TileStep>() + self.border_bytes() + self.sums_bytes() + self.widened_bytes()
    }

    fn windows(&self) -> Option<Windows> {
        Windows::new::<D>(self.layer, self.block_tiles() * ROWS, self.offset)
    }

    fn channels_read(&self) -> usize {
        if is_windowed(self.layer.in_c as usize, self.layer.taps()) {
            Windows::channels_read(&self.layer)
        } else {
            D::channels_read(&self.layer)
        }
    }

    /// The windows of a block, or a pixel in the padding.
    fn border_bytes(&self) -> usize {
        self.windows().map_or_else(|| D::channels_read(&self.layer), |windows| windows.scratch_bytes())
    }

    /// The sums of a block and the channels of a panel.
    fn sums_bytes(&self) -> usize {
        self.block_tiles() * ROWS * D::CHANNELS * 4
    }

    /// The panel that a dot product widens.
    fn widened_bytes(&self) -> usize {
        if D::WIDENS {
            self.steps() * size_of::<PanelStep>()
        } else {
            0
        }
    }

    /// [`Kernel::run`](crate::Kernel::run). A function of its own: by which dot product of bytes is mostly the same code in WebAssembly, and there but once.
    #[inline(never)]
    pub fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        let (layer, windows) = (&self.layer, self.windows());
        let (sums, scratch) = scratch.split_at_mut(self.sums_bytes());
        let (widened, scratch) = scratch.split_at_mut(self.widened_bytes());
        let widened = mem::panels_mut::<16, 2>(widened);
        let (border, scratch) = scratch.split_at_mut(self.border_bytes());
        let mut held = None;
        if windows.is_none() {
            border.fill(layer.in_zero_point as u8);
        }
        let tiles = &mut mem::panels_mut::<4, ROWS>(scratch)[..self.block_tiles() * self.tile_steps()];
        let sums = mem::panels_mut::<16, 2>(sums);
        for unit in units {
            let first = unit * self.block_tiles();
            let count = self.block_tiles().min(self.tiles() - first);
            let tiles = &mut tiles[..count * self.tile_steps()];
            if let Some(windows) = windows {
                let pixels = first * ROWS..layer.out_pixels().min((first + count) * ROWS);
                let codes = windows.gather(isa, buffers.reads[0], pixels.clone(), border, &mut held);
                if self.multiplies_windows() {
                    gemm_windows::multiply::<I, D>(isa, layer, buffers, (codes, pixels), self.steps(), (sums, widened));
                    continue;
                }
                pack_tiles(isa, codes, windows.window_bytes(), tiles.chunks_exact_mut(self.tile_steps()), self.steps());
            } else {
                self.pack(isa, buffers.reads[0], border, first, tiles);
            }
            if D::SUMS {
                add_up(isa, tiles.chunks_exact_mut(self.tile_steps()));
            }
            self.multiply(isa, buffers, Block { tiles, first: first * ROWS }, sums, widened);
        }
    }

    /// Whether windows are multiplied as they lie: not by dot products whose microkernels want tiles.
    fn multiplies_windows(&self) -> bool {
        let has_microkernel = D::CHANNELS == COLUMNS && !D::SUMS && (D::ADDS || !FEW_WORDS);
        has_microkernel && !(D::ADDS && self.steps() > FEW_STEPS)
    }

    /// Packs the tiles from number `first` on.
    fn pack<I: Isa>(&self, isa: I, input: &[u8], outside: &[u8], first: usize, tiles: &mut [TileStep]) {
        let length = self.tile_steps();
        let packed = D::pack_pointwise(isa, &self.layer, input, pointwise::Tiles { first: first * ROWS, length, tiles: &mut *tiles }, self.offset);
        for (tile, i) in tiles.chunks_exact_mut(length).zip(first..).skip(packed) {
            D::pack_tile(isa, &self.layer, input, outside, i * ROWS, &mut tile[..self.steps()], self.offset);
        }
    }

    /// Every panel of weights against every tile of a block: the panel is the outer loop, so that it is read from far once per block.
    fn multiply<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, block: Block<'_>, sums: &mut [Eight], widened: &mut [PanelStep]) {
        if D::CHANNELS > COLUMNS {
            return paired::multiply(isa, &self.layer, buffers, block, self.steps(), sums);
        }
        if few_steps::multiply::<I, D>(isa, &self.layer, buffers, block, self.steps(), widened) {
            return;
        }
        let [_, weights, bias, ..] = buffers.reads;
        let tiles = block.tiles.len() / self.tile_steps();
        let pixels = block.first..self.layer.out_pixels().min(block.first + tiles * ROWS);
        for (index, packed) in weights.chunks_exact(self.panel_bytes()).enumerate() {
            let initial = initial(isa, &self.layer, index, bias);
            if pixels.len() < ROWS {
                multiply_pixels::<I, D>(isa, initial, block.tiles, packed, &mut sums[..pixels.len()]);
            } else {
                self.multiply_tiles(isa, initial, block.tiles, D::panel(isa, packed, widened), sums);
            }
            finish(isa, &self.layer, index, buffers, sums, pixels.clone());
        }
    }

    /// A panel against every tile of a block: triples by the wide microkernel where the dot product has one, what is left by the other.
    fn multiply_tiles<I: Isa>(&self, isa: I, initial: [I::I32x4; 2], tiles: &[TileStep], panel: &[PanelStep], sums: &mut [Eight]) {
        let steps = self.tile_steps();
        let triples = if D::ADDS && self.steps() > FEW_STEPS { tiles.len() / steps / TRIPLE * TRIPLE } else { 0 };
        let (wide, tiles) = tiles.split_at(triples * steps);
        let (wide_sums, sums) = sums.split_at_mut(triples * ROWS);
        if D::ADDS {
            multiply_triples::<I, D>(isa, initial, wide, steps, panel, wide_sums);
        }
        multiply_panel::<I, D>(isa, initial, tiles, steps, panel, sums);
    }
}

/// Writes the sum of each pixel's codes, as i32, behind a tile of signed bytes.
fn add_up<I: Isa>(isa: I, tiles: ChunksExactMut<'_, TileStep>) {
    let ones = isa.i8x16_splat(1);
    for tile in tiles {
        if let [steps @ .., last] = tile {
            let sums = steps.iter().fold(isa.i32x4_splat(0), |sums, step| {
                let codes = isa.i8x16_load(mem::array(step.as_flattened(), 0));
                isa.i32x4_relaxed_dot_i8x16_i7x16_add_s(codes, ones, sums)
            });
            isa.i32x4_store(sums, mem::array_mut(last.as_flattened_mut(), 0));
        }
    }
}

/// The sums of a panel's eight channels under every pixel of tiles of `steps` each. A function of its own, so that the engine keeps the accumulators in
/// registers.
#[inline(never)]
fn multiply_panel<I: Isa, D: Dot>(isa: I, initial: [I::I32x4; 2], tiles: &[TileStep], steps: usize, panel: &[PanelStep], sums: &mut [Eight]) {
    for (tile, stored) in tiles.chunks_exact(steps).zip(sums.as_chunks_mut::<ROWS>().0) {
        let sums = gemm_4x8::<I, D, ROWS>(isa, tile, panel, [initial; ROWS]);
        store::<I, D>(isa, &sums, &last_step(tile), stored);
    }
}

/// [`multiply_panel`] of whole triples of tiles, each as two groups of six pixels.
#[inline(never)]
fn multiply_triples<I: Isa, D: Dot>(isa: I, initial: [I::I32x4; 2], tiles: &[TileStep], steps: usize, panel: &[PanelStep], sums: &mut [Eight]) {
    for (triple, stored) in tiles.chunks_exact(TRIPLE * steps).zip(sums.as_chunks_mut::<{ TRIPLE * ROWS }>().0) {
        let (first, others) = triple.split_at(steps);
        let (middle, last) = others.split_at(steps);
        let (stored_first, others) = stored.split_at_mut(ROWS);
        let (stored_middle, stored_last) = others.split_at_mut(ROWS);
        let (middle_sums, half) = (last_step(middle), ROWS / 2);
        let sums = gemm_6x8::<I, D, 0>(isa, first, middle, panel, initial);
        store::<I, D>(isa, &sums[..ROWS], &last_step(first), stored_first);
        store::<I, D>(isa, &sums[ROWS..], &middle_sums[..half], &mut stored_middle[..half]);
        let sums = gemm_6x8::<I, D, 1>(isa, last, middle, panel, initial);
        store::<I, D>(isa, &sums[..ROWS], &last_step(last), stored_last);
        store::<I, D>(isa, &sums[ROWS..], &middle_sums[half..], &mut stored_middle[half..]);
    }
}

/// The sums of the codes, of a tile that has them.
fn last_step(tile: &[TileStep]) -> TileStep {
    tile.last().copied().unwrap_or_default()
}

#[inline(always)]
fn store<I: Isa, D: Dot>(isa: I, sums: &[[I::I32x4; 2]], pixel_sums: &[[u8; 4]], stored: &mut [Eight]) {
    for ((&sums, sum), stored) in sums.iter().zip(pixel_sums).zip(stored) {
        for (acc, stored) in sums.into_iter().zip(stored) {
            isa.i32x4_store(D::flush(isa, acc, sum), stored);
        }
    }
}

/// The same for the only tile of fewer pixels, one after another: a dense layer reads its weights once, and does not widen them for that.
#[inline(never)]
fn multiply_pixels<I: Isa, D: Dot>(isa: I, initial: [I::I32x4; 2], tile: &[TileStep], packed: &[u8], sums: &mut [Eight]) {
    for (row, (stored, sum)) in sums.iter_mut().zip(last_step(tile)).enumerate() {
        let sums = tile.iter().zip(D::packed(isa, packed)).fold(initial, |sums, (codes, [low, high])| {
            let codes = D::activations(isa, &codes[row % ROWS]);
            [D::step(isa, sums[0], codes, low), D::step(isa, sums[1], codes, high)]
        });
        for (acc, stored) in sums.into_iter().zip(stored) {
            isa.i32x4_store(D::flush(isa, acc, &sum), stored);
        }
    }
}
