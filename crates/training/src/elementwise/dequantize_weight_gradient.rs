//! Sums of integer weight gradients to f32. Buffers: reads input, scales; writes output. A unit is an output channel.
//!
//! The sum of the slabs may need more than 32 bits. Its high and low 16-bit halves are summed apart; both sums are exact in f32 while there are at most
//! [`MAX_SLABS`] slabs, so that high·2^16 + low rounds once, like the sum itself.

use crate::params::DequantizeWeightGradient;
use crate::rows::{load, store};
use core::ops::Range;
use kernels::check::{is_total, MAX_TOTAL};
use kernels::f32::lanes::BYTES;
use kernels::{field, field_holds, fields_in};
use kernels::{Access, BadParam, Buffers, Kernel, Spans};
use simd::{mem, Isa};

/// Sums of more halves may need more than 24 bits.
const MAX_SLABS: i32 = 256;

impl DequantizeWeightGradient {
    fn slab_bytes(&self) -> usize {
        self.out_c as usize * self.per_channel as usize * BYTES
    }

    /// Up to four elements from byte `at` of each slab on.
    #[inline(always)]
    fn sum<I: Isa>(&self, isa: I, input: &[u8], at: usize, bytes: usize) -> I::F32x4 {
        let mask = isa.i32x4_splat(0xffff);
        let (mut high, mut low) = (isa.i32x4_splat(0), isa.i32x4_splat(0));
        for slab in input.chunks_exact(self.slab_bytes()) {
            let [x] = load::<I, 1>(isa, &slab[at..at + bytes]);
            let x = isa.i32x4_from_f32x4(x);
            high = isa.i32x4_add(high, isa.i32x4_shr_s(x, 16));
            low = isa.i32x4_add(low, isa.i32x4_and(x, mask));
        }
        let [high, low] = [high, low].map(|half| isa.f32x4_convert_i32x4_s(half));
        isa.f32x4_add(isa.f32x4_mul(high, isa.f32x4_splat(65_536.0)), low)
    }
}

impl Kernel for DequantizeWeightGradient {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 1..=(MAX_TOTAL / BYTES as i64) as i32; out_c, per_channel);
        fields_in!(self, 1..=MAX_SLABS; slabs);
        fields_in!(self, 0..=1; is_per_channel);
        field_holds!(is_total(&[self.slabs, self.out_c, self.per_channel, BYTES as i32]); slabs);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let scales = if self.is_per_channel == 1 { self.out_c as usize } else { 1 };
        Spans::new()
            .with(field!(input_offset), self.input_offset, self.slabs as usize * self.slab_bytes(), Access::Read)
            .with(field!(scale_a_offset), self.scale_a_offset, BYTES, Access::Read)
            .with(field!(scale_b_offset), self.scale_b_offset, scales * BYTES, Access::Read)
            .with(field!(output_offset), self.output_offset, self.slab_bytes(), Access::Write)
    }

    fn units(&self) -> usize {
        self.out_c as usize
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        let [input, a, b, ..] = buffers.reads;
        let bytes = self.per_channel as usize * BYTES;
        for channel in units {
            let scale_b = mem::read_f32(b, if self.is_per_channel == 1 { channel * BYTES } else { 0 });
            let scale = isa.f32x4_splat(mem::read_f32(a, 0) * scale_b);
            let output = &mut buffers.writes[0][channel * bytes..][..bytes];
            for (vector, output) in output.chunks_mut(16).enumerate() {
                let sum = self.sum(isa, input, channel * bytes + vector * 16, output.len());
                store(isa, [isa.f32x4_mul(sum, scale)], output);
            }
        }
    }
}
