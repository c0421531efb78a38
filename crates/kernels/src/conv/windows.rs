//! Layers of up to 4 channels: the codes under an output pixel are laid side by side, (row, column, channel) without gaps. A step of a dot product then
//! holds codes of several taps, and channels that a pixel does not have take none. Where there are so few steps that tiles would take half
//! as long to pack as to multiply, windows are multiplied as they lie, four at a time.
//!
//! Rows of the input are copied first, without gaps too, with their padding and as the codes that the products read, so that a row of a window is one run
//! of bytes wherever it lies.

use super::gemm_4x8::{TileStep, ROWS};
use super::tile::transpose;
use crate::check::is_total;
use crate::params::{container, Conv2d};
use core::ops::Range;
use core::slice::ChunksExactMut;
use simd::{mem, Dot, Isa};

/// Layers of more channels are gathered tap by tap.
const MOST_CHANNELS: usize = 4;
/// Bytes from one pixel of the input to the next where rows are copied by whole vectors.
const PIXEL: usize = 4;
/// Bytes of a load. Runs are copied by whole vectors in the order of their addresses: what is too much of one is overwritten by the next.
const VECTOR: usize = 16;
/// Rows of a window of 3×3.
const THREE: usize = 3;

/// Whether dot products of i16 are a last resort: modules of inference with those of bytes need not be fast twice, and are the largest.
pub const FEW_WORDS: bool = cfg!(all(target_arch = "wasm32", target_feature = "relaxed-simd", not(feature = "train")));

/// Whether K of a layer with `taps` kernel positions runs over whole windows.
pub const fn is_windowed(in_c: usize, taps: usize) -> bool {
    in_c <= MOST_CHANNELS && taps > 1
}

/// A layer, how many of its output pixels have their windows laid out at once, and how a dot product reads codes.
#[derive(Clone, Copy)]
pub struct Windows {
    layer: Conv2d,
    pixels: usize,
    /// Bytes of a code.
    code: usize,
    /// What is added to a code of one byte, modulo 256.
    offset: u8,
}

/// The image, by its first pixel, and the output row whose input rows the lines hold.
pub type Held = Option<(usize, usize)>;

impl Windows {
    /// None for a layer that is gathered tap by tap.
    pub fn new<D: Dot>(layer: Conv2d, pixels: usize, offset: u8) -> Option<Self> {
        is_windowed(layer.in_c as usize, layer.taps()).then_some(Self { layer, pixels, code: 4 / D::STEP, offset })
    }

    /// Whether lines, where a layer has them, are together below a tensor's size.
    #[inline(never)]
    pub fn is_sound(layer: &Conv2d) -> bool {
        let pixels = (layer.out_w - 1) * layer.stride_w + (layer.kernel_w - 1) * layer.dilation_w + 1;
        !is_windowed(layer.in_c as usize, layer.taps()) || is_total(&[pixels.saturating_add(2 * VECTOR as i32), layer.in_c, 2, layer.kernel_h])
    }

    /// Bytes of an input pixel that are read.
    pub fn channels_read(layer: &Conv2d) -> usize {
        if layer.in_stride as usize == PIXEL {
            PIXEL
        } else {
            layer.in_c as usize
        }
    }

    /// Bytes of the codes of a pixel.
    fn pixel_bytes(&self) -> usize {
        self.layer.in_c as usize * self.code
    }

    /// Pixels under a row of the output.
    fn line_pixels(&self) -> usize {
        let layer = &self.layer;
        (layer.out_w as usize - 1) * layer.stride_w as usize + (layer.kernel_w as usize - 1) * layer.dilation_w as usize + 1
    }

    /// Bytes of a copied row, and room for the rest of four pixels.
    fn line_bytes(&self) -> usize {
        self.line_pixels() * self.pixel_bytes() + 2 * VECTOR
    }

    fn lines_bytes(&self) -> usize {
        self.layer.kernel_h as usize * self.line_bytes()
    }

    /// Bytes from one window to the next: whole vectors.
    pub fn window_bytes(&self) -> usize {
        (self.layer.taps() * self.pixel_bytes()).next_multiple_of(VECTOR)
    }

    /// Bytes of scratch: a line for each row of the kernel, the windows, and room for the rest of a vector.
    pub fn scratch_bytes(&self) -> usize {
        self.lines_bytes() + self.pixels * self.window_bytes() + VECTOR
    }

    /// Lays out the windows of `pixels`, at most as many as [`Windows::new`] was told of, and returns them: whole tiles, the last one filled with anything.
    /// `held` says what `scratch` holds of calls before: None at first.
    #[inline(never)]
    pub fn gather<'a, I: Isa>(&self, isa: I, input: &[u8], pixels: Range<usize>, scratch: &'a mut [u8], held: &mut Held) -> &'a [u8] {
        let layer = &self.layer;
        let (lines, windows) = scratch.split_at_mut(self.lines_bytes());
        if held.is_none() {
            // What no run reaches is multiplied by weights of 0.
            windows.fill(0);
        }
        let mut pixel = pixels.start;
        while pixel < pixels.end {
            let (y, x, image) = layer.place(pixel);
            let count = (layer.out_w as usize - x).min(pixels.end - pixel);
            self.load_lines(isa, input, (image, y), lines, held);
            let windows = &mut windows[(pixel - pixels.start) * self.window_bytes()..];
            match (layer.kernel_h as usize == THREE && self.runs() == 1, self.run_bytes()) {
                (true, ..=VECTOR) => self.lay_three::<I, 1>(isa, lines, x..x + count, windows),
                (true, ..=32) if !FEW_WORDS => self.lay_three::<I, 2>(isa, lines, x..x + count, windows),
                _ => self.lay(isa, lines, x..x + count, windows),
            }
            pixel += count;
        }
        &windows[..pixels.len().next_multiple_of(ROWS) * self.window_bytes()]
    }

    /// Runs of a row of the kernel.
    fn runs(&self) -> usize {
        if self.layer.dilation_w == 1 {
            1
        } else {
            self.layer.kernel_w as usize
        }
    }

    /// Bytes of a window that lie side by side in a line: those of a row of the kernel or, where taps lie apart, of a tap.
    fn run_bytes(&self) -> usize {
        self.pixel_bytes() * self.layer.kernel_w as usize / self.runs()
    }

    /// Makes sure that `lines` are those under output row `y` of an image. Strides are mostly shorter than windows: what both rows read moves up.
    fn load_lines<I: Isa>(&self, isa: I, input: &[u8], row: (usize, usize), lines: &mut [u8], held: &mut Held) {
        if *held == Some(row) {
            return;
        }
        let (layer, bytes, (image, y)) = (&self.layer, self.line_bytes(), row);
        let (kernel_h, dilation) = (layer.kernel_h as usize, layer.dilation_h as usize);
        let kept = match *held {
            Some((of, above)) if of == image && above < y => {
                let moved = (y - above) * layer.stride_h as usize;
                if moved.is_multiple_of(dilation) {
                    kernel_h.saturating_sub(moved / dilation)
                } else {
                    0
                }
            }
            _ => 0,
        };
        if kept > 0 {
            lines.copy_within((kernel_h - kept) * bytes.., 0);
        }
        for (ky, line) in lines.chunks_exact_mut(bytes).enumerate().skip(kept) {
            let source = layer.rows().element(y, ky).map(|row| (image + row * layer.in_w as usize) * layer.in_stride as usize);
            self.load_line(isa, source.map(|at| &input[at..]), line);
        }
        *held = Some(row);
    }

    /// Copies the row that `source` begins with between the padding of `line`; without one, all is padding.
    fn load_line<I: Isa>(&self, isa: I, source: Option<&[u8]>, line: &mut [u8]) {
        let (layer, bytes) = (&self.layer, self.pixel_bytes());
        let left = (layer.pad_left as usize).min(self.line_pixels());
        let pixels = (layer.in_w as usize).min(self.line_pixels() - left);
        let outside = if self.code == 1 {
            isa.i8x16_splat((layer.in_zero_point as u8).wrapping_add(self.offset) as i8)
        } else {
            isa.i8x16_from_i32x4(isa.i32x4_from_i16x8(isa.i16x8_splat(layer.in_zero_point as i16)))
        };
        let Some(source) = source else {
            store_all(isa, outside, line);
            return;
        };
        store_all(isa, outside, &mut line[..left * bytes + VECTOR]);
        let (_, line) = line.split_at_mut(left * bytes);
        let whole = if layer.in_stride as usize == PIXEL { pixels / PIXEL * PIXEL } else { 0 };
        self.copy_fours(isa, &source[..whole * PIXEL], line);
        let rest = source[whole * layer.in_stride as usize..].chunks(layer.in_stride as usize);
        for (to, from) in line.chunks_exact_mut(bytes).skip(whole).zip(rest.take(pixels - whole)) {
            self.copy_pixel(from, to);
        }
        store_all(isa, outside, &mut line[pixels * bytes..]);
    }

    /// Four pixels at a time, a vector.
    fn copy_fours<I: Isa>(&self, isa: I, source: &[u8], line: &mut [u8]) {
        let in_c = self.layer.in_c as usize;
        let mut lanes = [0; VECTOR];
        for (i, lane) in lanes.iter_mut().enumerate() {
            *lane = (i / in_c * PIXEL + i % in_c).min(VECTOR - 1) as u8;
        }
        let (lanes, offsets) = (isa.i8x16_load(&lanes), isa.i8x16_splat(self.offset as i8));
        for (i, four) in mem::arrays::<VECTOR>(source).iter().enumerate() {
            let codes = isa.i8x16_swizzle(isa.i8x16_load(four), lanes);
            let at = i * PIXEL * self.pixel_bytes();
            if self.code == 1 {
                isa.i8x16_store(isa.i8x16_add(codes, offsets), mem::array_mut(line, at));
                continue;
            }
            let (low, high) = if self.layer.in_container == container::I8 {
                (isa.i16x8_extend_low_i8x16_s(codes), isa.i16x8_extend_high_i8x16_s(codes))
            } else {
                (isa.i16x8_extend_low_i8x16_u(codes), isa.i16x8_extend_high_i8x16_u(codes))
            };
            let two: &mut [u8; 2 * VECTOR] = mem::array_mut(line, at);
            isa.i16x8_store(low, mem::array_mut(two, 0));
            isa.i16x8_store(high, mem::array_mut(two, VECTOR));
        }
    }

    fn copy_pixel(&self, from: &[u8], to: &mut [u8]) {
        for (to, &code) in to.chunks_exact_mut(self.code).zip(from) {
            if let [code_to] = to {
                *code_to = code.wrapping_add(self.offset);
            } else {
                let wide = if self.layer.in_container == container::I8 { i16::from(code as i8) } else { i16::from(code) };
                mem::write_i16(to, 0, wide);
            }
        }
    }

    /// Windows of output columns `xs`, run by run.
    fn lay<I: Isa>(&self, isa: I, lines: &[u8], xs: Range<usize>, windows: &mut [u8]) {
        let (layer, run, pixel) = (&self.layer, self.run_bytes(), self.pixel_bytes());
        for (i, x) in xs.enumerate() {
            let mut to = i * self.window_bytes();
            for ky in 0..layer.kernel_h as usize {
                for column in 0..self.runs() {
                    let from = ky * self.line_bytes() + (x * layer.stride_w as usize + column * layer.dilation_w as usize) * pixel;
                    for part in (0..run).step_by(VECTOR) {
                        isa.i8x16_store(isa.i8x16_load(mem::array(lines, from + part)), mem::array_mut(windows, to + part));
                    }
                    to += run;
                }
            }
        }
    }

    /// The same for three rows of at most PARTS vectors.
    fn lay_three<I: Isa, const PARTS: usize>(&self, isa: I, lines: &[u8], xs: Range<usize>, windows: &mut [u8]) {
        let (line, window, run) = (self.line_bytes(), self.window_bytes(), self.run_bytes());
        let step = self.layer.stride_w as usize * self.pixel_bytes();
        for (i, x) in xs.enumerate() {
            let window = &mut windows[i * window..][..2 * run + PARTS * VECTOR];
            let parts: [_; PARTS] = core::array::from_fn(|part| mem::rows::<VECTOR, THREE>(lines, x * step + part * VECTOR, line));
            for ky in 0..THREE {
                for (part, rows) in parts.iter().enumerate() {
                    isa.i8x16_store(isa.i8x16_load(rows[ky]), mem::array_mut(window, ky * run + part * VECTOR));
                }
            }
        }
    }
}

/// Fills `bytes` but for less than a vector. By stores: a call takes longer than a padding is wide.
#[inline(always)]
fn store_all<I: Isa>(isa: I, vector: I::I8x16, bytes: &mut [u8]) {
    for bytes in mem::arrays_mut::<VECTOR>(bytes) {
        isa.i8x16_store(vector, bytes);
    }
}

/// Windows, `window` bytes each, as the first `steps` of tiles.
#[inline(never)]
pub fn pack_tiles<I: Isa>(isa: I, windows: &[u8], window: usize, tiles: ChunksExactMut<'_, TileStep>, steps: usize) {
    for (windows, tile) in windows.chunks_exact(ROWS * window).zip(tiles) {
        for (at, steps) in (0..).step_by(VECTOR).zip(tile[..steps].chunks_mut(ROWS)) {
            let rows = mem::rows::<VECTOR, ROWS>(windows, at, window).map(|row| isa.i32x4_load(row));
            for (step, codes) in steps.iter_mut().zip(transpose(isa, rows)) {
                isa.i32x4_store(codes, mem::array_mut(step.as_flattened_mut(), 0));
            }
        }
    }
}
