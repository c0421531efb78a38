//! The tiles of one unit of work: where they lie, their sums and what becomes of those.

use super::multiply::{multiply, Target};
use super::output::{Codes, Place, Quartered, Sums};
use super::products::Products;
use super::weights::{panel_bytes, weight_bytes, CORNERS, HEAD_BYTES};
use super::{TileSums, CENTRE, POSITIONS};
use crate::conv::gemm_4x8::{COLUMNS, ROWS};
use crate::pack::packed_channels;
use crate::params::{form, Conv2d};
use crate::requant::{AnyForm, Form, Q15Left, Q15Right, Requantization};
use core::marker::PhantomData;
use core::ops::Range;
use simd::{mem, Isa};

/// The tiles of one unit of work.
pub struct Block<'a, I: Isa, D: Products> {
    pub isa: I,
    pub layer: &'a Conv2d,
    /// Number of the first tile.
    first: usize,
    /// Tiles of this block.
    pub count: usize,
    products: PhantomData<D>,
}

/// Where a tile lies: row and column of its first output pixel, and its image.
#[derive(Clone, Copy)]
pub struct Corner {
    pub y: usize,
    pub x: usize,
    pub image: usize,
}

impl<'a, I: Isa, D: Products> Block<'a, I, D> {
    /// The tiles numbered `tiles`.
    pub fn new(isa: I, layer: &'a Conv2d, tiles: Range<usize>) -> Self {
        Self { isa, layer, first: tiles.start, count: tiles.len(), products: PhantomData }
    }

    /// The corners of the tiles, in order. Divisions would take as long as half of a tile.
    pub fn corners(&self) -> impl Iterator<Item = Corner> {
        let (out_h, out_w) = (self.layer.out_h as usize, self.layer.out_w as usize);
        let (rows, columns) = (out_h.div_ceil(2), out_w.div_ceil(2));
        let (row, column) = (self.first / columns, self.first % columns);
        let first = Corner { y: row % rows * 2, x: column * 2, image: row / rows };
        let following = move |&Corner { y, x, image }: &Corner| {
            Some(match (x + 2 < out_w, y + 2 < out_h) {
                (true, _) => Corner { y, x: x + 2, image },
                (_, true) => Corner { y: y + 2, x: 0, image },
                _ => Corner { y: 0, x: 0, image: image + 1 },
            })
        };
        core::iter::successors(Some(first), following).take(self.count)
    }

    /// The form of requantization that has microkernels of its own, with the division by 4.
    fn q15(&self) -> Option<Q15Right<I>> {
        let spec = self.layer.requantization();
        let is_q15 = spec.form == form::Q15 && spec.shift >= 1;
        is_q15.then(|| Q15Right::new(self.isa, &Requantization { shift: spec.shift + 2, ..spec }))
    }

    /// Four times bias and rounding of eight channels: what the sums of [`CENTRE`] start from.
    fn initial(&self, panel: usize, bias: &[u8]) -> [I::I32x4; 2] {
        let (isa, form) = (self.isa, self.q15());
        let bias = mem::panels::<16, 2>(bias).get(panel).unwrap_or(&[[0; 16]; 2]);
        bias.map(|four| {
            let bias = isa.i32x4_shl(isa.i32x4_load(&four), 2);
            form.map_or(bias, |form| form.preload(isa, bias))
        })
    }

    /// The products of every position with one or two `panels`, pair `index` of them, whose transformed weights are `weights`. The codes of the first tile begin at byte
    /// `at` of each position.
    #[allow(clippy::too_many_arguments, reason = "one call")]
    pub fn multiply(&self, index: usize, [panels, bias]: [&[u8]; 2], weights: &[u8], codes: &[u8], at: usize, sums: &mut [TileSums]) {
        let (isa, in_c) = (self.isa, self.layer.in_c as usize);
        let sums = &mut sums[..self.count.next_multiple_of(ROWS)];
        let weights = weights.chunks_exact(weights.len() / 2);
        for (half, (panel, weights)) in panels.chunks_exact(panel_bytes(in_c)).zip(weights).enumerate() {
            let heads = mem::panels::<16, 2>(&panel[..HEAD_BYTES]);
            let positions = codes.chunks_exact(codes.len() / POSITIONS).zip(weights.chunks_exact(weights.len() / POSITIONS));
            for (position, (codes, weights)) in positions.enumerate() {
                let corner = CORNERS.iter().position(|&corner| corner == position);
                let initial = match corner.and_then(|corner| heads.get(corner)) {
                    Some(head) => head.map(|four| isa.i32x4_load(&four)),
                    None if position == CENTRE => self.initial(2 * index + half, bias),
                    None => [isa.i32x4_splat(0); 2],
                };
                let weights = &weights[..weight_bytes::<D>(in_c)];
                multiply::<I, D>(isa, &codes[at..], weights, initial, Target { position, half }, sums);
            }
        }
    }

    /// The output of sixteen channels.
    pub fn finish(&self, index: usize, sums: &[TileSums], multipliers: &[u8], output: &mut [u8]) {
        let (layer, first) = (self.layer, 2 * index * COLUMNS);
        let stride = layer.out_stride as usize;
        let channels = packed_channels(layer.out_c as usize).min(stride);
        let place = Place { first, stride, stored: [0, COLUMNS].map(|half| channels.saturating_sub(first + half).min(COLUMNS)) };
        if cfg!(feature = "train") && layer.form == form::RAW {
            self.store(&Sums { container: layer.out_container, place }, sums, output);
        } else if let Some(form) = self.q15() {
            self.store(&self.codes(form, index, multipliers, place), sums, output);
        } else if layer.form == form::Q15 {
            let form = Q15Left::new(self.isa, &layer.requantization());
            self.store(&self.codes(Quartered(form), index, multipliers, place), sums, output);
        } else {
            self.store(&self.codes(Quartered(AnyForm(layer.requantization())), index, multipliers, place), sums, output);
        }
    }

    fn codes<F: Form<I>>(&self, form: F, index: usize, multipliers: &[u8], place: Place) -> Codes<I, F> {
        let four = |i: usize| mem::arrays::<16>(multipliers).get(4 * index + i).map_or(self.isa.i32x4_splat(0), |four| self.isa.i32x4_load(four));
        let multipliers = [0, 2].map(|half| form.multipliers(self.isa, four(half), four(half + 1)));
        Codes { form, multipliers, container: self.layer.out_container, place }
    }
}
