//! [`ConvWeightGradientRelaxed`]: by dot products of bytes, the gradient always the first operand.

use super::direct::Direct;
use super::layer::Layer;
use crate::check::fields_in;
use crate::kernel::{BadParam, Buffers, Kernel, Spans};
use crate::params::{container, dot, ConvWeightGradientRelaxed};
use core::ops::Range;
use simd::dot::{I7Dot, SDot, UsDot};
use simd::Isa;

/// Runs `$body` with `$direct` standing for the layer with the dot product that `$params` names.
macro_rules! with_dot {
    ($params:expr, $direct:ident => $body:expr) => {
        match $params.dot {
            dot::USDOT => {
                let $direct = Direct::<UsDot>::new($params.layer(), $params.moved());
                $body
            }
            dot::SDOT => {
                let $direct = Direct::<SDot>::new($params.layer(), $params.moved());
                $body
            }
            _ => {
                let $direct = Direct::<I7Dot>::new($params.layer(), $params.moved());
                $body
            }
        }
    };
}

impl ConvWeightGradientRelaxed {
    /// What makes every activation a second operand of the dot product.
    fn moved(&self) -> i32 {
        match (self.dot, self.in_container) {
            (dot::W4, _) => 8,
            (dot::USDOT, container::I8) => 128,
            (dot::SDOT, container::U8) => -128,
            _ => 0,
        }
    }
}

impl Kernel for ConvWeightGradientRelaxed {
    fn check(&self) -> Result<(), BadParam> {
        self.layer().check_layer()?;
        fields_in!(self, dot::I7..=dot::SDOT; dot);
        Ok(())
    }

    fn spans(&self) -> Spans {
        self.layer().layer_spans()
    }

    fn units(&self) -> usize {
        with_dot!(self, direct => direct.units())
    }

    fn scratch_bytes(&self) -> usize {
        with_dot!(self, direct => direct.scratch_bytes())
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        with_dot!(self, direct => direct.run(isa, buffers, units, scratch));
    }
}
