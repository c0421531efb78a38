//! [`ConvWeightGradient`]: by dot products of i16, in every flavour.

use super::depthwise;
use super::direct::Direct;
use crate::kernel::{BadParam, Buffers, Kernel, Spans};
use crate::params::ConvWeightGradient;
use core::ops::Range;
use simd::dot::I16Dot;
use simd::Isa;

impl ConvWeightGradient {
    fn is_depthwise(&self) -> bool {
        self.groups == self.in_c && self.out_c == self.in_c && self.groups > 1
    }
}

impl Kernel for ConvWeightGradient {
    fn check(&self) -> Result<(), BadParam> {
        self.check_layer()
    }

    fn spans(&self) -> Spans {
        self.layer_spans()
    }

    fn units(&self) -> usize {
        if self.is_depthwise() {
            self.slabs as usize
        } else {
            Direct::<I16Dot>::new(*self, 0).units()
        }
    }

    fn scratch_bytes(&self) -> usize {
        if self.is_depthwise() {
            depthwise::Depthwise::new(*self).scratch_bytes()
        } else {
            Direct::<I16Dot>::new(*self, 0).scratch_bytes()
        }
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        if self.is_depthwise() {
            depthwise::Depthwise::new(*self).run(isa, buffers, units, scratch);
        } else {
            Direct::<I16Dot>::new(*self, 0).run(isa, buffers, units, scratch);
        }
    }
}
