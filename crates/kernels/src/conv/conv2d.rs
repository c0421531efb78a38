//! [`Conv2d`]: direct convolution by dot products of i16.

use super::direct::Direct;
use super::windows::Windows;
use crate::check::field_holds;
use crate::kernel::{BadParam, Buffers, Kernel, Spans};
use crate::params::Conv2d;
use core::ops::Range;
use simd::dot::I16Dot;
use simd::Isa;

impl Kernel for Conv2d {
    fn check(&self) -> Result<(), BadParam> {
        self.check_layer()?;
        field_holds!(self.groups == 1; groups);
        field_holds!(Windows::is_sound(self); out_w);
        Ok(())
    }

    fn spans(&self) -> Spans {
        Direct::<I16Dot>::new(*self).spans()
    }

    fn units(&self) -> usize {
        Direct::<I16Dot>::new(*self).units()
    }

    fn scratch_bytes(&self) -> usize {
        Direct::<I16Dot>::new(*self).scratch_bytes()
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        Direct::<I16Dot>::new(*self).run(isa, buffers, units, scratch);
    }
}
