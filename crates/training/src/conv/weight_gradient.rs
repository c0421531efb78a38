//! dW: sums over output pixels, in blocks of [`BLOCK`]; tiles of 4 window elements by 8 output channels. Buffers: reads input, gradient; writes output.
//! A unit is a group.

use super::geometry::{check_geometry, geometry, Geometry, Pixel};
use super::gradient_depthwise;
use crate::params::ConvWeightGradientF32;
use core::ops::Range;
use kernels::check::{is_total, MAX_DIMENSION};
use kernels::f32::lanes::BYTES;
use kernels::f32::tile::{self, COLUMNS, PANEL_STEP, ROWS};
use kernels::{field, field_holds, fields_in};
use kernels::{Access, BadParam, Buffers, Kernel, Spans};
use simd::{mem, Isa};

/// Pixels of a block (SPEC 7.2): each block's sum starts from +0, and blocks are added in order.
pub const BLOCK: usize = 256;
/// Tiles of window elements packed at a time: they stay in the second-level cache.
const TILES: usize = 16;
const VECTOR: usize = 16;
/// Bytes of one tile's totals.
const TOTALS: usize = ROWS * COLUMNS * BYTES;

impl ConvWeightGradientF32 {
    fn geometry(&self) -> Geometry {
        geometry!(self, 1, 1)
    }

    /// Elements of a group's window: (ky, kx, input).
    fn depth(&self) -> usize {
        let geometry = self.geometry();
        geometry.window() * geometry.group_inputs()
    }

    /// Bytes of scratch: gradients of a block [panel][pixel][8], inputs [tile][pixel][4], totals [tile][panel][4][8].
    fn scratch(&self) -> [usize; 3] {
        let panels = self.geometry().group_outputs().div_ceil(COLUMNS);
        let tiles = self.depth().div_ceil(ROWS);
        [panels * BLOCK * PANEL_STEP, TILES.min(tiles) * BLOCK * VECTOR, tiles * panels * TOTALS]
    }

    fn run_group<I: Isa>(&self, isa: I, reads: [&[u8]; 2], output: &mut [u8], group: usize, scratch: &mut [u8]) {
        let geometry = self.geometry();
        let [gradients, inputs, _] = self.scratch();
        let (gradients, rest) = scratch.split_at_mut(gradients);
        let (inputs, totals) = rest.split_at_mut(inputs);
        totals.fill(0);
        let tiles = self.depth().div_ceil(ROWS);
        let panels = geometry.group_outputs().div_ceil(COLUMNS);
        for first in (0..geometry.pixels()).step_by(BLOCK) {
            let pixels = first..geometry.pixels().min(first + BLOCK);
            pack_gradients(&geometry, reads[1], group, pixels.clone(), gradients);
            for tile in (0..tiles).step_by(TILES) {
                let packed = tile..tiles.min(tile + TILES);
                pack_inputs(&geometry, reads[0], group, pixels.clone(), packed.clone(), inputs);
                let totals = &mut totals[tile * panels * TOTALS..packed.end * panels * TOTALS];
                add_block(isa, pixels.len(), panels, gradients, inputs, totals);
            }
        }
        store(&geometry, totals, group, output);
    }
}

/// The gradients of a group as [panel][pixel][8], +0 beyond the last channel.
fn pack_gradients(geometry: &Geometry, gradient: &[u8], group: usize, pixels: Range<usize>, packed: &mut [u8]) {
    let outputs = geometry.group_outputs();
    let length = pixels.len() * PANEL_STEP;
    for (panel, packed) in packed.chunks_exact_mut(BLOCK * PANEL_STEP).enumerate() {
        let (first, width) = (group * outputs + panel * COLUMNS, COLUMNS.min(outputs - panel * COLUMNS));
        let rows = gradient.chunks_exact(geometry.out_c * BYTES).skip(pixels.start);
        for (row, to) in rows.zip(mem::arrays_mut::<PANEL_STEP>(&mut packed[..length])) {
            let from = &row[first * BYTES..][..width * BYTES];
            match <&[u8; PANEL_STEP]>::try_from(from) {
                Ok(whole) => *to = *whole,
                Err(_) => {
                    *to = [0; PANEL_STEP];
                    to[..from.len()].copy_from_slice(from);
                }
            }
        }
    }
}

/// Tiles of window elements as [tile][pixel][4], +0 in the padding and beyond the last element.
fn pack_inputs(geometry: &Geometry, input: &[u8], group: usize, pixels: Range<usize>, tiles: Range<usize>, packed: &mut [u8]) {
    let inputs = geometry.group_inputs();
    let depth = geometry.window() * inputs;
    let base = group * inputs;
    let step = geometry.columns.stride as usize * geometry.in_c;
    for (tile, packed) in tiles.zip(packed.chunks_exact_mut(BLOCK * VECTOR)) {
        if inputs.is_multiple_of(ROWS) {
            let (tap, channel) = (tile * ROWS / inputs, base + tile * ROWS % inputs);
            let packed = mem::arrays_mut::<VECTOR>(packed);
            for_each_run(geometry, pixels.clone(), tap, |run, at| copy(input, at.map(|at| at + channel), step, packed[run].iter_mut()));
            continue;
        }
        for m in 0..ROWS {
            let element = tile * ROWS + m;
            let packed = mem::panels_mut::<BYTES, ROWS>(packed);
            if element >= depth {
                packed[..pixels.len()].iter_mut().for_each(|row| row[m] = [0; BYTES]);
                continue;
            }
            let channel = base + element % inputs;
            for_each_run(geometry, pixels.clone(), element / inputs, |run, at| {
                copy(input, at.map(|at| at + channel), step, packed[run].iter_mut().map(|row| &mut row[m]));
            });
        }
    }
}

/// `N` bytes for each of `outputs`, from element `at` on and every `step` elements; zeros without `at`.
#[inline(always)]
fn copy<'a, const N: usize>(input: &[u8], at: Option<usize>, step: usize, outputs: impl Iterator<Item = &'a mut [u8; N]>) {
    match at {
        Some(at) => outputs.zip(input[at * BYTES..].chunks(step * BYTES)).for_each(|(to, from)| *to = *mem::array(from, 0)),
        None => outputs.for_each(|to| *to = [0; N]),
    }
}

/// Calls with every run of output pixels within a row, counted from the first of `pixels`, and the index of the input pixel under a tap of its first;
/// `None` for a run in the padding.
fn for_each_run(geometry: &Geometry, pixels: Range<usize>, tap: usize, mut visit: impl FnMut(Range<usize>, Option<usize>)) {
    let (ky, kx) = (tap as i32 / geometry.columns.kernel, tap as i32 % geometry.columns.kernel);
    let inside = geometry.columns.inside(kx);
    let mut pixel = geometry.pixel(pixels.start);
    let mut done = 0;
    while done < pixels.len() {
        let begin = pixel.x;
        let end = geometry.columns.output.min(begin + (pixels.len() - done) as i32);
        let (first, last) = match geometry.rows.at(pixel.y, ky) {
            Some(_) => (inside.start.clamp(begin, end), inside.end.clamp(begin, end)),
            None => (end, end),
        };
        let input = geometry.rows.at(pixel.y, ky).zip(geometry.columns.at(first, kx)).map(|(y, x)| geometry.input_at(pixel.image, y, x));
        for (run, at) in [(begin..first, None), (first..last, input), (last.max(first)..end, None)] {
            if !run.is_empty() {
                visit(done + (run.start - begin) as usize..done + (run.end - begin) as usize, at);
            }
        }
        done += (end - begin) as usize;
        pixel = geometry.next(Pixel { x: geometry.columns.output - 1, ..pixel });
    }
}

/// Adds a block's sums of the packed tiles to their totals [tile][panel][4][8].
fn add_block<I: Isa>(isa: I, pixels: usize, panels: usize, gradients: &[u8], inputs: &[u8], totals: &mut [u8]) {
    for (panel, gradients) in gradients.chunks_exact(BLOCK * PANEL_STEP).enumerate() {
        let totals = mem::panels_mut::<VECTOR, 8>(totals)[panel..].iter_mut().step_by(panels);
        for (inputs, total) in inputs.chunks_exact(BLOCK * VECTOR).zip(totals) {
            add_tile(isa, &inputs[..pixels * VECTOR], &gradients[..pixels * PANEL_STEP], total);
        }
    }
}

#[inline(never)]
fn add_tile<I: Isa>(isa: I, inputs: &[u8], gradients: &[u8], total: &mut [[u8; VECTOR]; 8]) {
    let sums = tile::sums::<I, ROWS>(isa, inputs, gradients);
    for (total, sum) in total.iter_mut().zip(sums.as_flattened()) {
        isa.f32x4_store(isa.f32x4_add(isa.f32x4_load(total), *sum), total);
    }
}

/// Totals [tile][panel][4][8] of a group to [out_c][input][ky][kx].
fn store(geometry: &Geometry, totals: &[u8], group: usize, output: &mut [u8]) {
    let (inputs, outputs, window) = (geometry.group_inputs(), geometry.group_outputs(), geometry.window());
    let panels = outputs.div_ceil(COLUMNS);
    let output = &mut output[group * outputs * inputs * window * BYTES..];
    for channel in 0..outputs {
        for element in 0..inputs * window {
            let tile = element / ROWS * panels + channel / COLUMNS;
            let from = tile * ROWS * COLUMNS + element % ROWS * COLUMNS + channel % COLUMNS;
            let to = (channel * inputs + element % inputs) * window + element / inputs;
            *mem::array_mut::<BYTES>(output, to * BYTES) = *mem::array(totals, from * BYTES);
        }
    }
}

impl Kernel for ConvWeightGradientF32 {
    fn check(&self) -> Result<(), BadParam> {
        check_geometry!(self);
        let inputs = self.in_c / self.groups;
        // Totals are padded to whole tiles, at most 32 times one weight.
        field_holds!(is_total(&[self.out_c, inputs, self.kernel_h, self.kernel_w, TOTALS as i32]); kernel_h);
        field_holds!(is_total(&[self.out_c, (2 * BLOCK * PANEL_STEP) as i32]); out_c);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let geometry = self.geometry();
        let input = geometry.batch * (self.in_h * self.in_w) as usize * geometry.in_c;
        Spans::new()
            .with(field!(input_offset), self.input_offset, input * BYTES, Access::Read)
            .with(field!(gradient_offset), self.gradient_offset, geometry.pixels() * geometry.out_c * BYTES, Access::Read)
            .with(field!(output_offset), self.output_offset, geometry.out_c * self.depth() * BYTES, Access::Write)
    }

    fn units(&self) -> usize {
        let geometry = self.geometry();
        if geometry.is_depthwise() {
            1
        } else {
            geometry.groups
        }
    }

    fn scratch_bytes(&self) -> usize {
        let geometry = self.geometry();
        if geometry.is_depthwise() {
            return gradient_depthwise::scratch_bytes(&geometry);
        }
        self.scratch().iter().sum()
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        let [input, gradient, ..] = buffers.reads;
        let geometry = self.geometry();
        for unit in units {
            if geometry.is_depthwise() {
                gradient_depthwise::run(isa, &geometry, [input, gradient], buffers.writes[0], scratch);
            } else {
                self.run_group(isa, [input, gradient], buffers.writes[0], unit, scratch);
            }
        }
    }
}
