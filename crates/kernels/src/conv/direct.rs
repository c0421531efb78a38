//! Direct convolution by any dot product: tiles of 4 pixels against panels of 8 output channels, without an im2col of the image.

use super::epilogue::{Epilogue, Raw, Requantized, Sums};
use super::gemm_4x8::{gemm_4x8, PanelStep, TileStep, COLUMNS, ROWS};
use super::output::Columns;
use super::paired;
use super::stem;
use crate::check::element_bytes;
use crate::codes::padded;
use crate::kernel::{Access, Buffers, Spans};
use crate::pack::packed_channels;
use crate::params::{form, Conv2d};
use crate::requant::{with_form, Q15Right};
use core::marker::PhantomData;
use core::ops::Range;
use simd::{mem, Dot, Isa};

/// How much of a layer is multiplied by a panel of weights before the next one comes.
#[derive(Clone, Copy)]
struct BlockLimits {
    /// Packed tiles stay below this, so that they live in the second-level cache while the weights stream past.
    bytes: usize,
    /// More tiles than this gain nothing: a panel of weights is then read rarely enough.
    tiles: usize,
}

/// What a block may hold. A panel that is widened for every block wants large ones.
const fn block_limits<D: Dot>() -> BlockLimits {
    if D::WIDENS {
        BlockLimits { bytes: 512 * 1024, tiles: 32 }
    } else {
        BlockLimits { bytes: 192 * 1024, tiles: 16 }
    }
}

/// Steps of K that one kernel position takes.
pub fn steps_per_tap<D: Dot>(in_c: usize) -> usize {
    in_c.div_ceil(D::STEP)
}

/// Bytes of the panels `[out_c/channels][K/step][channels][step]`, K = kernel positions · (in_c rounded up to whole steps).
pub fn panel_bytes<D: Dot>(in_c: usize, out_c: usize, kernel_h: usize, kernel_w: usize) -> usize {
    out_c.next_multiple_of(D::CHANNELS) * kernel_h * kernel_w * steps_per_tap::<D>(in_c) * D::STEP
}

/// How the codes under 4 output pixels become a tile of a dot product.
pub trait Tiles: Dot {
    /// Channels of a pixel that are read.
    fn channels_read(layer: &Conv2d) -> usize {
        if layer.reads_rows() {
            stem::PIXEL
        } else {
            layer.in_c as usize
        }
    }

    /// Bytes that stand for what lies in the padding.
    fn border_bytes(layer: &Conv2d) -> usize {
        if layer.reads_rows() {
            stem::border_bytes(layer.kernel_w as usize)
        } else {
            layer.in_c as usize
        }
    }

    /// Packs the tile that starts at output pixel `first`. Past the last pixel the last one is repeated; the caller stores less. `border`
    /// is [`Tiles::border_bytes`] of zero points: what a tap in the padding reads.
    fn pack_tile<I: Isa>(isa: I, layer: &Conv2d, input: &[u8], border: &mut [u8], first: usize, tile: &mut [TileStep]);
}

/// Packed tiles and the output pixel that the first of them begins with.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    pub(super) tiles: &'a [TileStep],
    pub(super) first: usize,
}

/// The weights of eight output channels, and room for them where the dot product widens them.
struct Panel<'a> {
    packed: &'a [u8],
    widened: &'a mut [PanelStep],
}

/// A layer that is multiplied by the dot product `D`.
#[derive(Clone, Copy)]
pub struct Direct<D: Tiles> {
    layer: Conv2d,
    dot: PhantomData<D>,
}

impl<D: Tiles> Direct<D> {
    /// `layer` passed its check.
    pub fn new(layer: Conv2d) -> Self {
        Self { layer, dot: PhantomData }
    }

    fn steps(&self) -> usize {
        self.layer.taps() * steps_per_tap::<D>(self.layer.in_c as usize)
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
        let limits = block_limits::<D>();
        let most = (limits.bytes / (self.tile_steps() * size_of::<TileStep>())).clamp(1, limits.tiles);
        // Blocks of one size: a small last one would read, or widen, every panel for little.
        self.tiles().div_ceil(self.tiles().div_ceil(most))
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
            .with(0, layer.input_offset, layer.input_bytes(D::channels_read(layer)), Access::Read)
            .with(1, layer.weights_offset, weights, Access::Read)
            .with(2, layer.bias_offset, channels * 4, Access::Read)
            .with(3, layer.multiplier_offset, layer.multiplier_bytes(channels), Access::Read)
            .with(4, layer.output_offset, output, Access::Write)
    }

    /// Blocks of tiles.
    pub fn units(&self) -> usize {
        self.tiles().div_ceil(self.block_tiles())
    }

    /// A block of packed tiles, a row of zero points, sums, and a widened panel.
    pub fn scratch_bytes(&self) -> usize {
        self.block_tiles() * self.tile_steps() * size_of::<TileStep>()
            + padded(D::border_bytes(&self.layer))
            + self.sums_bytes()
            + self.widened_bytes()
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

    /// [`Kernel::run`](crate::Kernel::run).
    pub fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        let layer = &self.layer;
        let (sums, scratch) = scratch.split_at_mut(self.sums_bytes());
        let (widened, scratch) = scratch.split_at_mut(self.widened_bytes());
        let widened = mem::panels_mut::<16, 2>(widened);
        let (border, scratch) = scratch.split_at_mut(D::border_bytes(layer));
        border.fill(layer.in_zero_point as u8);
        let tiles = &mut mem::panels_mut::<4, ROWS>(scratch)[..self.block_tiles() * self.tile_steps()];
        for unit in units {
            let first = unit * self.block_tiles();
            let count = self.block_tiles().min(self.tiles() - first);
            for (i, tile) in tiles.chunks_exact_mut(self.tile_steps()).take(count).enumerate() {
                let (steps, sums) = tile.split_at_mut(self.steps());
                D::pack_tile(isa, layer, buffers.reads[0], border, (first + i) * ROWS, steps);
                if let [sums] = sums {
                    *sums = pixel_sums(isa, steps);
                }
            }
            let block = Block { tiles: &tiles[..count * self.tile_steps()], first: first * ROWS };
            let spec = layer.requantization();
            if cfg!(feature = "train") && spec.form == form::RAW {
                self.multiply(isa, Sums, buffers, block, widened);
            } else if spec.form == form::Q15 && spec.shift >= 1 {
                self.multiply(isa, Requantized(Q15Right::new(isa, &spec)), buffers, block, widened);
            } else {
                self.multiply_apart(isa, buffers, block, sums, widened);
            }
        }
    }

    /// [`Direct::multiply`] for the forms that few layers have: by way of the sums, so that they need no microkernels of their own. Sums of these forms
    /// start from the bias alone.
    #[inline(never)]
    fn multiply_apart<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, block: Block<'_>, sums: &mut [u8], widened: &mut [PanelStep]) {
        if D::CHANNELS > COLUMNS {
            return paired::multiply_apart(isa, &self.layer, buffers, block, self.steps(), sums);
        }
        let [_, weights, bias, ..] = buffers.reads;
        let pixels = block.first..self.layer.out_pixels().min(block.first + block.tiles.len() / self.tile_steps() * ROWS);
        let raw = Conv2d { out_stride: COLUMNS as i32, ..self.layer };
        let panels = weights.chunks_exact(self.panel_bytes());
        for (index, (packed, bias)) in panels.zip(bias.chunks_exact(COLUMNS * 4)).enumerate() {
            let columns = Columns::new(isa, &raw, Raw, 0, bias, &[]);
            let panel = Panel { packed, widened: &mut *widened };
            self.multiply_panel(isa, &columns, panel, Block { first: 0, ..block }, pixels.len(), sums);
            finish(isa, &self.layer, index, buffers, sums, pixels.clone());
        }
    }

    /// One panel of weights against every tile of a block, for pixels before `end`.
    fn multiply_panel<I: Isa, F: Epilogue<I>>(
        &self,
        isa: I,
        columns: &Columns<'_, I, F>,
        panel: Panel<'_>,
        block: Block<'_>,
        end: usize,
        output: &mut [u8],
    ) {
        let whole = if columns.is_whole() { (end - block.first) / ROWS * self.tile_steps() } else { 0 };
        let (whole, rest) = block.tiles.split_at(whole.min(block.tiles.len()));
        if !whole.is_empty() {
            let panel = D::panel(isa, panel.packed, panel.widened);
            whole_tiles::<I, D, F>(isa, columns, Block { tiles: whole, ..block }, self.tile_steps(), panel, output);
        }
        let first = block.first + whole.len() / self.tile_steps() * ROWS;
        for (i, tile) in rest.chunks_exact(self.tile_steps()).enumerate() {
            let pixel = first + i * ROWS;
            partial_tile::<I, D, F>(isa, columns, tile, panel.packed, pixel..end.min(pixel + ROWS), output);
        }
    }

    /// Every panel of weights against every tile of a block: the panel is the outer loop, so that it is read from far once per block.
    #[inline(never)]
    fn multiply<I: Isa, F: Epilogue<I>>(&self, isa: I, form: F, buffers: &mut Buffers<'_>, block: Block<'_>, widened: &mut [PanelStep]) {
        if D::CHANNELS > COLUMNS {
            return paired::multiply(isa, &self.layer, form, buffers, block, self.steps());
        }
        let [_, weights, bias, multipliers, ..] = buffers.reads;
        let output = &mut *buffers.writes[0];
        for (index, packed) in weights.chunks_exact(self.panel_bytes()).enumerate() {
            let columns = Columns::new(isa, &self.layer, form, index, bias, multipliers);
            let panel = Panel { packed, widened: &mut *widened };
            self.multiply_panel(isa, &columns, panel, block, self.layer.out_pixels(), output);
        }
    }
}

/// The sum of each pixel's codes, as i32, of a tile of signed bytes.
fn pixel_sums<I: Isa>(isa: I, steps: &[TileStep]) -> TileStep {
    let ones = isa.i8x16_splat(1);
    let sums = steps.iter().fold(isa.i32x4_splat(0), |sums, step| {
        let codes = isa.i8x16_load(mem::array(step.as_flattened(), 0));
        isa.i32x4_relaxed_dot_i8x16_i7x16_add_s(codes, ones, sums)
    });
    let mut bytes = TileStep::default();
    isa.i32x4_store(sums, mem::array_mut(bytes.as_flattened_mut(), 0));
    bytes
}

/// Whole tiles of `steps` and eight channels that are all stored, one after another: few products leave no time for a call per tile. A function of its
/// own, so that the engine keeps the accumulators in registers.
#[inline(never)]
fn whole_tiles<I: Isa, D: Dot, F: Epilogue<I>>(
    isa: I,
    columns: &Columns<'_, I, F>,
    block: Block<'_>,
    steps: usize,
    panel: &[PanelStep],
    output: &mut [u8],
) {
    let columns = *columns;
    for (i, tile) in block.tiles.chunks_exact(steps).enumerate() {
        let mut sums = gemm_4x8::<I, D, ROWS>(isa, tile, panel, [columns.initial; ROWS]);
        if let (true, Some(pixel_sums)) = (D::SUMS, tile.last()) {
            for (sums, sum) in sums.iter_mut().zip(pixel_sums) {
                *sums = sums.map(|acc| D::flush(isa, acc, sum));
            }
        }
        columns.store_four(block.first + i * ROWS, sums, output);
    }
}

/// The codes of `pixels` of one tile, one pixel after another: the last pixels, and channels that are not all stored.
#[inline(never)]
fn partial_tile<I: Isa, D: Dot, F: Epilogue<I>>(
    isa: I,
    columns: &Columns<'_, I, F>,
    tile: &[TileStep],
    packed: &[u8],
    pixels: Range<usize>,
    output: &mut [u8],
) {
    let pixel_sums = tile.last().copied().unwrap_or_default();
    for (row, (pixel, sum)) in pixels.zip(pixel_sums).enumerate() {
        let sums = tile.iter().zip(D::packed(isa, packed)).fold(columns.initial, |sums, (codes, [low, high])| {
            let codes = D::activations(isa, &codes[row % ROWS]);
            [D::step(isa, sums[0], codes, low), D::step(isa, sums[1], codes, high)]
        });
        columns.store(pixel, sums.map(|acc| D::flush(isa, acc, &sum)), output);
    }
}

/// The codes of the sums of `pixels` and of the eight channels number `index`; the bias is in the sums.
pub fn finish<I: Isa>(isa: I, layer: &Conv2d, index: usize, buffers: &mut Buffers<'_>, sums: &[u8], pixels: Range<usize>) {
    finish_strided(isa, layer, index, buffers, mem::arrays(sums), 2, pixels);
}

/// [`finish`] where the sums of a pixel lie `stride` vectors after those of the pixel before.
#[inline(never)]
pub fn finish_strided<I: Isa>(
    isa: I,
    layer: &Conv2d,
    index: usize,
    buffers: &mut Buffers<'_>,
    sums: &[[u8; 16]],
    stride: usize,
    pixels: Range<usize>,
) {
    let spec = layer.requantization();
    with_form!(isa, spec, form => {
        let columns = Columns::new(isa, layer, Requantized(form), index, &[], buffers.reads[3]);
        for (pixel, sums) in pixels.zip(sums.chunks(stride)) {
            if let [low, high, ..] = sums {
                columns.store(pixel, [isa.i32x4_load(low), isa.i32x4_load(high)], buffers.writes[0]);
            }
        }
    });
}
