//! [`PackWinogradF23`]: weights into the panels of `conv::winograd_f23`.

use crate::check::{field_holds, fields_in, is_total, MAX_DIMENSION};
use crate::conv::gemm_4x8::COLUMNS;
use crate::conv::winograd_f23::products::Products;
use crate::conv::winograd_f23::weights::{packed_bytes, panel_bytes, transformed_sums, CORNERS, HEAD_BYTES, MOVED, TAPS};
use crate::conv::winograd_f23::{Native, CHANNELS};
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::pack::{check_packing, filter, pack_channel, packed_channels, packing_spans};
use crate::params::PackWinogradF23;
use core::array::from_fn;
use core::marker::PhantomData;
use core::ops::Range;
use simd::{mem, Isa};

/// The kernel for the products `D`. [`PackWinogradF23`] is the one for [`Native`].
#[derive(Clone, Copy, Debug)]
pub struct PackF23<D: Products> {
    params: PackWinogradF23,
    products: PhantomData<D>,
}

impl<D: Products> PackF23<D> {
    /// The same packing.
    pub fn new(params: PackWinogradF23) -> Self {
        Self { params, products: PhantomData }
    }
}

impl PackWinogradF23 {
    fn check_params(&self) -> Result<(), BadParam> {
        check_packing!(self, self.in_c);
        fields_in!(self, 3..=3; kernel_h, kernel_w);
        field_holds!((self.in_c as usize).is_multiple_of(CHANNELS); in_c);
        Ok(())
    }

    fn spans_of_packing(&self) -> Spans {
        let (in_c, out_c) = (self.in_c as usize, self.out_c as usize);
        packing_spans!(self, in_c * out_c * TAPS, packed_bytes(in_c, out_c))
    }
}

impl<D: Products> Kernel for PackF23<D> {
    fn check(&self) -> Result<(), BadParam> {
        self.params.check_params()
    }

    fn spans(&self) -> Spans {
        self.params.spans_of_packing()
    }

    /// Panels.
    fn units(&self) -> usize {
        packed_channels(self.params.out_c as usize) / COLUMNS
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, _isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        let in_c = self.params.in_c as usize;
        for panel in units {
            let packed = &mut buffers.writes[0][panel * panel_bytes(in_c)..][..panel_bytes(in_c)];
            let (head, packed) = packed.split_at_mut(HEAD_BYTES);
            let nibbles = mem::panels_mut::<CHANNELS, TAPS>(packed);
            nibbles.as_flattened_mut().as_flattened_mut().fill(ZERO_NIBBLES);
            for column in 0..COLUMNS {
                let filter = filter(buffers.reads[0], panel * COLUMNS + column, in_c * TAPS).unwrap_or(&[]);
                for (c, weights) in mem::arrays::<TAPS>(filter).iter().enumerate() {
                    // Steps of the dot product, in vectors, in pairs of vectors.
                    let at = (c / D::STEP * COLUMNS + column) * D::STEP + c % D::STEP;
                    let (vector, lane) = (at / CHANNELS, at % CHANNELS);
                    for (tap, weight) in nibbles[vector / 2].iter_mut().zip(weights) {
                        tap[lane] ^= (weight & 0x0F) << (vector % 2 * 4);
                    }
                }
                for (i, start) in corner_starts::<D>(filter).into_iter().enumerate() {
                    mem::write_i32(head, (i * COLUMNS + column) * 4, start);
                }
            }
            for channel in panel * COLUMNS..(panel + 1) * COLUMNS {
                let filter = filter(buffers.reads[0], channel, in_c * TAPS);
                pack_channel(buffers, channel, filter, self.params.in_zero_point);
            }
        }
    }
}

/// Two weights of 0.
const ZERO_NIBBLES: u8 = MOVED as u8 | (MOVED as u8) << 4;

/// What the sums of the corners start from: minus [`Products::OFFSET`] times the sums of U, as the pixels of a tile contain them.
fn corner_starts<D: Products>(filter: &[u8]) -> [i32; CORNERS.len()] {
    let mut taps = [0i32; TAPS];
    for weights in mem::arrays::<TAPS>(filter) {
        taps.iter_mut().zip(weights).for_each(|(sum, &weight)| *sum = sum.wrapping_add(i32::from(weight as i8)));
    }
    let u = transformed_sums(taps);
    let pair = |[a, b, c, d]: [i32; 4]| [a.wrapping_add(b).wrapping_add(c), b.wrapping_sub(c).wrapping_sub(d)];
    let columns: [[i32; 2]; 4] = from_fn(|column| pair(from_fn(|row| u[row * 4 + column])));
    let [above, below] = [0, 1].map(|row| pair(columns.map(|column| column[row])));
    [above[0], above[1].wrapping_neg(), below[0].wrapping_neg(), below[1]].map(|sum| sum.wrapping_mul(-i32::from(D::OFFSET)))
}

impl Kernel for PackWinogradF23 {
    fn check(&self) -> Result<(), BadParam> {
        self.check_params()
    }

    fn spans(&self) -> Spans {
        self.spans_of_packing()
    }

    fn units(&self) -> usize {
        PackF23::<Native>::new(*self).units()
    }

    fn scratch_bytes(&self) -> usize {
        PackF23::<Native>::new(*self).scratch_bytes()
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        PackF23::<Native>::new(*self).run(isa, buffers, units, scratch);
    }
}
