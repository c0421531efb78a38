//! Weights [out_c][in_c/groups][kernel_h][kernel_w] to the panels of `ConvF32Nhwc`: [group][panel of 8 outputs][ky][kx][input][8], +0 beyond the last output;
//! depthwise [ky][kx][channel]. One unit.

use crate::params::PackConvF32;
use core::ops::Range;
use kernels::check::{is_total, product, MAX_DIMENSION};
use kernels::f32::lanes::BYTES;
use kernels::f32::tile::{COLUMNS, PANEL_STEP};
use kernels::{field, field_holds, fields_in};
use kernels::{Access, BadParam, Buffers, Kernel, Spans};
use simd::{mem, Isa};

/// How many f32 packed weights take, for a convolution from `in_c` to `out_c` channels.
pub fn packed_weights(in_c: usize, out_c: usize, window: usize, groups: usize) -> usize {
    if in_c == groups && out_c == groups {
        return groups * window;
    }
    groups * (out_c / groups).div_ceil(COLUMNS) * COLUMNS * window * (in_c / groups)
}

impl PackConvF32 {
    fn is_depthwise(&self) -> bool {
        self.in_c == self.groups && self.out_c == self.groups
    }

    /// Channels in and out of the convolution that reads the panels.
    fn channels(&self) -> [usize; 2] {
        let forward = [self.in_c as usize, self.out_c as usize];
        if self.is_transposed == 1 {
            [forward[1], forward[0]]
        } else {
            forward
        }
    }

    /// The index of the weight of output `output` and input `input` (within `group`) of the packed convolution at (`tap` of `window`).
    fn source(&self, group: usize, output: usize, input: usize, tap: usize) -> usize {
        let window = (self.kernel_h * self.kernel_w) as usize;
        let (inputs, outputs) = ((self.in_c / self.groups) as usize, (self.out_c / self.groups) as usize);
        if self.is_transposed == 1 {
            return ((group * outputs + input) * inputs + output) * window + window - 1 - tap;
        }
        ((group * outputs + output) * inputs + input) * window + tap
    }

    fn pack_depthwise(&self, weights: &[u8], packed: &mut [u8]) {
        let channels = self.groups as usize;
        for (at, element) in mem::arrays_mut::<BYTES>(packed).iter_mut().enumerate() {
            *element = *mem::array(weights, self.source(at % channels, 0, 0, at / channels) * BYTES);
        }
    }

    fn pack_panels(&self, weights: &[u8], packed: &mut [u8]) {
        let groups = self.groups as usize;
        let [inputs, outputs] = self.channels().map(|channels| channels / groups);
        let window = (self.kernel_h * self.kernel_w) as usize;
        let panels = outputs.div_ceil(COLUMNS);
        // From one input to the next, the same for every output and tap.
        let step = self.source(0, 0, 1, 0) - self.source(0, 0, 0, 0);
        for (index, panel) in packed.chunks_exact_mut(window * inputs * PANEL_STEP).enumerate() {
            let (group, first) = (index / panels, index % panels * COLUMNS);
            for (tap, steps) in panel.chunks_exact_mut(inputs * PANEL_STEP).enumerate() {
                let steps = mem::panels_mut::<BYTES, COLUMNS>(steps);
                for column in 0..COLUMNS {
                    let elements = steps.iter_mut().map(|step| &mut step[column]);
                    if first + column < outputs {
                        let weights = &mem::arrays::<BYTES>(weights)[self.source(group, first + column, 0, tap)..];
                        elements.zip(weights.iter().step_by(step)).for_each(|(element, weight)| *element = *weight);
                    } else {
                        elements.for_each(|element| *element = [0; BYTES]);
                    }
                }
            }
        }
    }
}

impl Kernel for PackConvF32 {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 1..=MAX_DIMENSION; in_c, out_c, kernel_h, kernel_w, groups);
        fields_in!(self, 0..=1; is_transposed);
        field_holds!(self.in_c % self.groups == 0 && self.out_c % self.groups == 0; groups);
        // Panels are at most 8 times the weights, each 4 bytes.
        let weights = product(&[self.in_c / self.groups, self.out_c, self.kernel_h, self.kernel_w]);
        field_holds!(weights <= i64::from(i32::MAX / 32); kernel_h);
        field_holds!(is_total(&[self.in_c, self.kernel_h, self.kernel_w, 32]); kernel_w);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let window = (self.kernel_h * self.kernel_w) as usize;
        let weights = (self.in_c / self.groups) as usize * self.out_c as usize * window * BYTES;
        let [inputs, outputs] = self.channels();
        let packed = packed_weights(inputs, outputs, window, self.groups as usize) * BYTES;
        Spans::new().with(field!(weights_offset), self.weights_offset, weights, Access::Read).with(
            field!(packed_weights_offset),
            self.packed_weights_offset,
            packed,
            Access::Write,
        )
    }

    fn units(&self) -> usize {
        1
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, _isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        for _ in units {
            if self.is_depthwise() {
                self.pack_depthwise(buffers.reads[0], buffers.writes[0]);
            } else {
                self.pack_panels(buffers.reads[0], buffers.writes[0]);
            }
        }
    }
}
