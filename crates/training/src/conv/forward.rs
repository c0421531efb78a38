//! Convolution: tiles of 4 output pixels by 8 channels. Buffers: reads input, packed weights, bias; writes output.
//!
//! With zeros between the input's pixels (a strided layer's backward pass), outputs fall into phases that read the same taps: a tile holds pixels of one
//! phase, and the taps between pixels are left out. A unit is one group, one phase and a run of tiles, whose inputs it packs once for all channels.

use super::depthwise;
use super::geometry::{check_geometry, geometry, Geometry, Pixel};
use super::pack::packed_weights;
use super::pack_pixels::{pack_tile, zero_bytes, Inputs};
use crate::params::ConvF32Nhwc;
use core::ops::Range;
use kernels::check::{is_total, MAX_DIMENSION};
use kernels::f32::lanes::{load_some, store_some, BYTES};
use kernels::f32::tile::{self, COLUMNS, PANEL_STEP, ROWS};
use kernels::{field, field_holds, fields_in};
use kernels::{Access, BadParam, Buffers, Kernel, Spans};
use simd::{mem, Isa};

/// Zeros between pixels: at most this many phases an axis.
const MAX_PHASES: i32 = 64;
/// Packed inputs of a unit stay in the second-level cache.
const PACKED_BYTES: usize = 128 * 1024;
const MAX_TILES: usize = 16;

impl ConvF32Nhwc {
    fn geometry(&self) -> Geometry {
        geometry!(self, self.input_dilation_h, self.input_dilation_w)
    }

    /// Products in one sum, taps between pixels included.
    fn depth(&self) -> usize {
        let geometry = self.geometry();
        geometry.window() * geometry.group_inputs()
    }

    fn tiles_per_unit(&self) -> usize {
        (PACKED_BYTES / (self.depth() * ROWS * BYTES).max(1)).clamp(1, MAX_TILES)
    }

    /// Units of a phase; phase (0, 0) has the most pixels.
    fn units_per_phase(&self) -> usize {
        let geometry = self.geometry();
        let pixels = geometry.batch * geometry.rows.outputs(0) * geometry.columns.outputs(0);
        pixels.div_ceil(ROWS * self.tiles_per_unit())
    }

    /// Bytes of scratch: zeros, the panel of a phase, packed tiles.
    fn scratch(&self) -> [usize; 3] {
        let depth = self.depth();
        [zero_bytes(&self.geometry()), depth * PANEL_STEP, self.tiles_per_unit() * depth * ROWS * BYTES]
    }
}

/// What a unit works on.
struct Unit<'a> {
    geometry: Geometry,
    group: usize,
    phase: [i32; 2],
    /// Products in one sum.
    depth: usize,
    /// How many of the pixels are stored.
    length: usize,
    /// The pixels, and the last once more to the end of the last tile.
    pixels: [Pixel; MAX_TILES * ROWS],
    bias: &'a [u8],
}

/// `length` pixels of a phase from the `first` on; then the last again.
fn pixels_of_phase(geometry: &Geometry, phase: [i32; 2], first: usize, length: usize) -> [Pixel; MAX_TILES * ROWS] {
    let [rows, columns] = [geometry.rows, geometry.columns];
    let (height, width) = (rows.outputs(phase[0]), columns.outputs(phase[1]));
    let mut pixel = Pixel {
        image: first / width / height,
        y: phase[0] + (first / width % height) as i32 * rows.input_dilation,
        x: phase[1] + (first % width) as i32 * columns.input_dilation,
    };
    let mut pixels = [pixel; MAX_TILES * ROWS];
    for (index, place) in pixels.iter_mut().enumerate() {
        *place = pixel;
        if index + 1 >= length {
            continue;
        }
        pixel.x += columns.input_dilation;
        if pixel.x >= columns.output {
            pixel.x = phase[1];
            pixel.y += rows.input_dilation;
        }
        if pixel.y >= rows.output {
            pixel.y = phase[0];
            pixel.image += 1;
        }
    }
    pixels
}

impl Unit<'_> {
    /// The pixels of the tiles.
    fn tiles(&self) -> &[[Pixel; ROWS]] {
        &self.pixels.as_chunks::<ROWS>().0[..self.length.div_ceil(ROWS)]
    }

    fn is_whole(&self) -> bool {
        self.depth == self.geometry.window() * self.geometry.group_inputs()
    }

    /// The rows of a panel that belong to the phase's taps.
    fn select(&self, panel: &[u8], selected: &mut [u8]) {
        let run = self.geometry.group_inputs() * PANEL_STEP;
        let width = self.geometry.columns.kernel;
        let taps = panel.chunks_exact(run).enumerate().filter(|&(tap, _)| {
            let (ky, kx) = (tap as i32 / width, tap as i32 % width);
            self.geometry.rows.is_tap(self.phase[0], ky) && self.geometry.columns.is_tap(self.phase[1], kx)
        });
        for ((_, from), to) in taps.zip(selected.chunks_exact_mut(run)) {
            to.copy_from_slice(from);
        }
    }

    /// All tiles times one panel, whose first channel (within the group) is `channel`.
    fn multiply<I: Isa>(&self, isa: I, tiles: &[u8], panel: &[u8], channel: usize, output: &mut [u8]) {
        let width = COLUMNS.min(self.geometry.group_outputs() - channel);
        let channel = self.group * self.geometry.group_outputs() + channel;
        let bias = if self.bias.is_empty() { &[] } else { &self.bias[channel * BYTES..][..width * BYTES] };
        let stride = self.depth * ROWS * BYTES;
        let mut left = self.length;
        // A phase without taps has tiles without bytes.
        for (index, pixels) in self.tiles().iter().enumerate() {
            let mut sums = sum_tile(isa, &tiles[index * stride..][..stride], panel);
            if !bias.is_empty() {
                add_bias(isa, &mut sums, bias);
            }
            for (row, &pixel) in sums.into_iter().zip(pixels).take(left) {
                let at = self.geometry.output_at(pixel) + channel;
                store_row(isa, row, &mut output[at * BYTES..][..width * BYTES]);
            }
            left = left.saturating_sub(ROWS);
        }
    }
}

#[inline(never)]
fn sum_tile<I: Isa>(isa: I, rows: &[u8], panel: &[u8]) -> tile::Sums<I, ROWS> {
    tile::sums::<I, ROWS>(isa, rows, panel)
}

fn add_bias<I: Isa>(isa: I, sums: &mut tile::Sums<I, ROWS>, bias: &[u8]) {
    let (low, high) = bias.split_at(bias.len().min(16));
    let bias = [load_some(isa, low), load_some(isa, high)];
    for row in sums {
        *row = [isa.f32x4_add(row[0], bias[0]), isa.f32x4_add(row[1], bias[1])];
    }
}

#[inline(always)]
fn store_row<I: Isa>(isa: I, row: [I::F32x4; 2], output: &mut [u8]) {
    if let Ok(whole) = <&mut [u8; PANEL_STEP]>::try_from(&mut *output) {
        let halves = mem::arrays_mut::<16>(whole);
        isa.f32x4_store(row[0], &mut halves[0]);
        isa.f32x4_store(row[1], &mut halves[1]);
        return;
    }
    let (low, high) = output.split_at_mut(output.len().min(16));
    store_some(isa, row[0], low);
    store_some(isa, row[1], high);
}

impl ConvF32Nhwc {
    /// The work of a unit; `None` if its phase has fewer pixels than others.
    fn unit<'a>(&self, unit: usize, bias: &'a [u8]) -> Option<Unit<'a>> {
        let geometry = self.geometry();
        let (per_phase, phases) = (self.units_per_phase(), (self.input_dilation_h * self.input_dilation_w) as usize);
        let (group, phase, block) = (unit / per_phase / phases, (unit / per_phase % phases) as i32, unit % per_phase);
        let phase = [phase / self.input_dilation_w, phase % self.input_dilation_w];
        let taps = geometry.rows.taps(phase[0]) * geometry.columns.taps(phase[1]);
        let pixels = geometry.batch * geometry.rows.outputs(phase[0]) * geometry.columns.outputs(phase[1]);
        let first = block * ROWS * self.tiles_per_unit();
        if first >= pixels {
            return None;
        }
        let depth = taps * geometry.group_inputs();
        let length = (pixels - first).min(ROWS * self.tiles_per_unit());
        Some(Unit { geometry, group, phase, depth, length, pixels: pixels_of_phase(&geometry, phase, first, length), bias })
    }

    fn run_unit<I: Isa>(&self, isa: I, unit: &Unit<'_>, reads: [&[u8]; 2], output: &mut [u8], scratch: &mut [u8]) {
        let [input, weights] = reads;
        let [zeros, selected, _] = self.scratch();
        let (zeros, rest) = scratch.split_at_mut(zeros);
        let (selected, tiles) = rest.split_at_mut(selected);
        zeros.fill(0);
        let inputs = Inputs { bytes: input, zeros, group: unit.group };
        let stride = unit.depth * ROWS * BYTES;
        for (index, pixels) in unit.tiles().iter().enumerate() {
            pack_tile(isa, &unit.geometry, inputs, unit.phase, pixels, &mut tiles[index * stride..][..stride]);
        }
        let bytes = self.depth() * PANEL_STEP;
        let outputs = unit.geometry.group_outputs();
        let panels = weights[unit.group * outputs.div_ceil(COLUMNS) * bytes..].chunks_exact(bytes);
        for (channel, panel) in (0..outputs).step_by(COLUMNS).zip(panels) {
            if unit.is_whole() {
                unit.multiply(isa, tiles, panel, channel, output);
            } else {
                unit.select(panel, selected);
                unit.multiply(isa, tiles, &selected[..unit.depth * PANEL_STEP], channel, output);
            }
        }
    }
}

impl Kernel for ConvF32Nhwc {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 1..=MAX_PHASES; input_dilation_h, input_dilation_w);
        check_geometry!(self);
        let phases = &[self.groups, self.input_dilation_h, self.input_dilation_w, self.batch, self.out_h, self.out_w];
        field_holds!(is_total(phases); input_dilation_h);
        let inputs = self.in_c / self.groups;
        field_holds!(is_total(&[self.out_c, inputs, self.kernel_h, self.kernel_w, PANEL_STEP as i32]); kernel_h);
        // Scratch: zeros, a panel and a tile.
        field_holds!(is_total(&[inputs, self.kernel_h, self.kernel_w, (PANEL_STEP + 2 * ROWS * BYTES) as i32]); kernel_w);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let geometry = self.geometry();
        let input = geometry.batch * (self.in_h * self.in_w) as usize * geometry.in_c;
        let weights = packed_weights(geometry.in_c, geometry.out_c, geometry.window(), geometry.groups);
        let bias = if self.bias_offset == 0 { 0 } else { geometry.out_c };
        Spans::new()
            .with(field!(input_offset), self.input_offset, input * BYTES, Access::Read)
            .with(field!(packed_weights_offset), self.packed_weights_offset, weights * BYTES, Access::Read)
            .with(field!(bias_offset), self.bias_offset, bias * BYTES, Access::Read)
            .with(field!(output_offset), self.output_offset, geometry.pixels() * geometry.out_c * BYTES, Access::Write)
    }

    fn units(&self) -> usize {
        let geometry = self.geometry();
        if geometry.is_depthwise() {
            return depthwise::units(&geometry);
        }
        geometry.groups * (self.input_dilation_h * self.input_dilation_w) as usize * self.units_per_phase()
    }

    fn scratch_bytes(&self) -> usize {
        if self.geometry().is_depthwise() {
            return 0;
        }
        self.scratch().iter().sum()
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        let [input, weights, bias, ..] = buffers.reads;
        let geometry = self.geometry();
        for index in units {
            if geometry.is_depthwise() {
                depthwise::run_unit(isa, &geometry, [input, weights, bias], buffers.writes[0], index);
            } else if let Some(unit) = self.unit(index, bias) {
                self.run_unit(isa, &unit, [input, weights], buffers.writes[0], scratch);
            }
        }
    }
}
