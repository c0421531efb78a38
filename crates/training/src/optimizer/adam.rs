//! Adam. Buffers: reads gradient, hyper, scale; writes parameter, first moment, second moment. A unit is a run of elements.

use crate::params::Adam;
use core::ops::Range;
use kernels::check::MAX_TOTAL;
use kernels::f32::lanes::{byte_range, elementwise_range, elementwise_units, load_some, store_some, BYTES};
use kernels::f32::sqrt::sqrt;
use kernels::{field, fields_in};
use kernels::{Access, BadParam, Buffers, Kernel, Spans};
use simd::{mem, Isa};

/// The hyperparameters as vectors.
#[derive(Clone, Copy)]
struct Hyper<I: Isa> {
    /// Learning rate · scale / (1 − β1^t).
    rate: I::F32x4,
    /// β1, β2.
    keep: [I::F32x4; 2],
    /// 1 − β1, 1 − β2.
    fresh: [I::F32x4; 2],
    epsilon: I::F32x4,
    decay: I::F32x4,
    /// √(1 − β2^t).
    correction: I::F32x4,
}

impl<I: Isa> Hyper<I> {
    fn read(isa: I, hyper: &[u8], scale: &[u8]) -> Self {
        let at = |index: usize| mem::read_f32(hyper, index * BYTES);
        let scale = if scale.is_empty() { 1.0 } else { mem::read_f32(scale, 0) };
        Self {
            rate: isa.f32x4_splat(at(0) * scale / at(5)),
            keep: [1, 2].map(|index| isa.f32x4_splat(at(index))),
            fresh: [1, 2].map(|index| isa.f32x4_splat(1.0 - at(index))),
            epsilon: isa.f32x4_splat(at(3)),
            decay: isa.f32x4_splat(at(4)),
            correction: isa.f32x4_splat(sqrt(at(6))),
        }
    }

    /// The new parameter and moments.
    #[inline(always)]
    fn step(&self, isa: I, gradient: I::F32x4, [parameter, first, second]: [I::F32x4; 3]) -> [I::F32x4; 3] {
        let gradient = isa.f32x4_add(gradient, isa.f32x4_mul(self.decay, parameter));
        let first = isa.f32x4_add(isa.f32x4_mul(self.keep[0], first), isa.f32x4_mul(self.fresh[0], gradient));
        let square = isa.f32x4_mul(gradient, gradient);
        let second = isa.f32x4_add(isa.f32x4_mul(self.keep[1], second), isa.f32x4_mul(self.fresh[1], square));
        let divisor = isa.f32x4_add(isa.f32x4_div(isa.f32x4_sqrt(second), self.correction), self.epsilon);
        let parameter = isa.f32x4_sub(parameter, isa.f32x4_div(isa.f32x4_mul(self.rate, first), divisor));
        [parameter, first, second]
    }
}

#[inline(never)]
fn update<I: Isa>(isa: I, hyper: Hyper<I>, gradient: &[u8], state: [&mut [u8]; 3]) {
    let [parameter, first, second] = state;
    let vectors = mem::arrays::<16>(gradient);
    let done = vectors.len() * 16;
    let moments = mem::arrays_mut::<16>(first).iter_mut().zip(mem::arrays_mut::<16>(second));
    for ((g, p), (m, v)) in vectors.iter().zip(mem::arrays_mut::<16>(parameter)).zip(moments) {
        let next = hyper.step(isa, isa.f32x4_load(g), [isa.f32x4_load(p), isa.f32x4_load(m), isa.f32x4_load(v)]);
        for (to, value) in [p, m, v].into_iter().zip(next) {
            isa.f32x4_store(value, to);
        }
    }
    if done < gradient.len() {
        let rest = [&parameter[done..], &first[done..], &second[done..]].map(|bytes| load_some(isa, bytes));
        let next = hyper.step(isa, load_some(isa, &gradient[done..]), rest);
        for (to, value) in [parameter, first, second].into_iter().zip(next) {
            store_some(isa, value, &mut to[done..]);
        }
    }
}

impl Kernel for Adam {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 0..=(MAX_TOTAL / BYTES as i64) as i32; count);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let bytes = self.count as usize * BYTES;
        Spans::new()
            .with(field!(gradient_offset), self.gradient_offset, bytes, Access::Read)
            .with(field!(hyper_offset), self.hyper_offset, 8 * BYTES, Access::Read)
            .with(field!(scale_offset), self.scale_offset, if self.scale_offset == 0 { 0 } else { BYTES }, Access::Read)
            .with(field!(parameter_offset), self.parameter_offset, bytes, Access::Write)
            .with(field!(first_moment_offset), self.first_moment_offset, bytes, Access::Write)
            .with(field!(second_moment_offset), self.second_moment_offset, bytes, Access::Write)
    }

    fn units(&self) -> usize {
        elementwise_units(self.count)
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        let [gradient, hyper, scale, ..] = buffers.reads;
        let [parameter, first, second, ..] = &mut buffers.writes;
        let bytes = byte_range(elementwise_range(units, self.count));
        let state = [parameter, first, second].map(|state| &mut state[bytes.clone()]);
        update(isa, Hyper::read(isa, hyper, scale), &gradient[bytes.clone()], state);
    }
}
