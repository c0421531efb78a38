//! [`PackWinogradF23`]: weights into the transformed panels of `conv::winograd_f23`.

use crate::check::{field_holds, fields_in, is_total, MAX_DIMENSION};
use crate::conv::gemm_4x8::COLUMNS;
use crate::conv::winograd_f23::products::Products;
use crate::conv::winograd_f23::{panel_bytes, position_bytes, Native, CHANNELS, HEAD_BYTES, POSITIONS};
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
        packing_spans!(self, in_c * out_c * 9, panel_bytes(in_c, out_c))
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
        for channel in units.start * COLUMNS..units.end * COLUMNS {
            let (panel, column) = (channel / COLUMNS, channel % COLUMNS);
            let filter = filter(buffers.reads[0], channel, in_c * 9);
            let mut sums = [0i32; POSITIONS];
            let at = |position: usize| (panel * POSITIONS + position) * position_bytes(in_c);
            for c in 0..in_c {
                let u = filter.map_or([0; POSITIONS], |filter| transform(from_fn(|tap| filter[c * 9 + tap] as i8)));
                let weight = HEAD_BYTES + (c / D::STEP * COLUMNS + column) * D::STEP + c % D::STEP;
                for (position, u) in u.into_iter().enumerate() {
                    sums[position] = sums[position].wrapping_add(i32::from(u));
                    buffers.writes[0][at(position) + weight] = u as u8;
                }
            }
            for (position, sum) in sums.into_iter().enumerate() {
                mem::write_i32(buffers.writes[0], at(position) + column * 4, sum.wrapping_mul(-i32::from(D::OFFSET)));
            }
            pack_channel(buffers, channel, filter, self.params.in_zero_point);
        }
    }
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

/// (2G) g (2G)ᵀ, 2G = [2, 0, 0], [1, 1, 1], [1, −1, 1], [0, 0, 2]. Weights beyond −8..7 wrap.
fn transform(g: [i8; 9]) -> [i8; POSITIONS] {
    let four = |[a, b, c]: [i8; 3]| {
        let outer = a.wrapping_add(c);
        [a.wrapping_mul(2), outer.wrapping_add(b), outer.wrapping_sub(b), c.wrapping_mul(2)]
    };
    let columns: [[i8; 4]; 3] = from_fn(|column| four([g[column], g[3 + column], g[6 + column]]));
    let rows: [[i8; 4]; 4] = from_fn(|row| four(columns.map(|column| column[row])));
    from_fn(|position| rows[position / 4][position % 4])
}
