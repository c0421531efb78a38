//! [`Conv2dRelaxed`]: direct convolution by dot products of bytes.

use super::direct::Direct;
use super::layer::Layer;
use super::windows::Windows;
use crate::check::{field_holds, fields_in};
use crate::kernel::{BadParam, Buffers, Kernel, Spans};
use crate::params::{container, dot, Conv2dRelaxed};
use core::ops::Range;
use simd::dot::{I7Dot, SDot, UsDot, W4Dot};
use simd::Isa;

/// Runs `$body` with `$direct` standing for the layer with the dot product that `$params` names.
macro_rules! with_dot {
    ($params:expr, $direct:ident => $body:expr) => {
        match $params.dot {
            dot::I7 => {
                let $direct = Direct::<I7Dot>::new($params.layer());
                $body
            }
            dot::W4 => {
                let $direct = Direct::<W4Dot>::new($params.layer());
                $body
            }
            dot::USDOT => {
                let $direct = Direct::<UsDot>::new($params.layer());
                $body
            }
            _ => {
                let $direct = Direct::<SDot>::new($params.layer());
                $body
            }
        }
    };
}

/// The container of the codes that a dot product reads: codes of the other one are moved by 128, which keeps their order and swaps the sign bit.
pub fn operand_container(dot: i32, in_container: i32) -> i32 {
    match dot {
        // 0..127 is the same byte in both.
        dot::I7 => in_container,
        dot::USDOT => container::U8,
        _ => container::I8,
    }
}

/// The zero point of the codes that a dot product reads.
pub fn operand_zero_point(dot: i32, in_container: i32, zero_point: i32) -> i32 {
    match (in_container, operand_container(dot, in_container)) {
        (container::U8, container::I8) => zero_point - 128,
        (container::I8, container::U8) => zero_point + 128,
        _ => zero_point,
    }
}

impl Kernel for Conv2dRelaxed {
    fn check(&self) -> Result<(), BadParam> {
        let layer = self.layer();
        layer.check_layer()?;
        field_holds!(self.groups == 1; groups);
        field_holds!(Windows::is_sound(&layer); out_w);
        fields_in!(self, dot::I7..=dot::SDOT; dot);
        field_holds!(self.dot != dot::I7 || (0..=127).contains(&self.in_zero_point); in_zero_point);
        Ok(())
    }

    // Every dot product of bytes takes as much of everything.
    fn spans(&self) -> Spans {
        Direct::<I7Dot>::new(self.layer()).spans()
    }

    fn units(&self) -> usize {
        Direct::<I7Dot>::new(self.layer()).units()
    }

    fn scratch_bytes(&self) -> usize {
        Direct::<I7Dot>::new(self.layer()).scratch_bytes()
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        with_dot!(self, direct => direct.run(isa, buffers, units, scratch));
    }
}
