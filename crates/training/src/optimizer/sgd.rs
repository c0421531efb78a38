//! SGD with momentum. Buffers: reads gradient, hyper, scale; writes parameter, velocity. A unit is a run of elements.

use crate::params::Sgd;
use core::ops::Range;
use kernels::check::MAX_TOTAL;
use kernels::f32::lanes::{byte_range, elementwise_range, elementwise_units, load_some, store_some, BYTES};
use kernels::{field, fields_in};
use kernels::{Access, BadParam, Buffers, Kernel, Spans};
use simd::{mem, Isa};

/// The hyperparameters as vectors.
#[derive(Clone, Copy)]
struct Hyper<I: Isa> {
    rate: I::F32x4,
    momentum: I::F32x4,
    /// 1 − dampening.
    fresh: I::F32x4,
    decay: I::F32x4,
    is_nesterov: bool,
    is_first: bool,
    has_momentum: bool,
}

impl<I: Isa> Hyper<I> {
    fn read(isa: I, hyper: &[u8], scale: &[u8], has_velocity: bool) -> Self {
        let at = |index: usize| mem::read_f32(hyper, index * BYTES);
        let scale = if scale.is_empty() { 1.0 } else { mem::read_f32(scale, 0) };
        Self {
            rate: isa.f32x4_splat(at(0) * scale),
            momentum: isa.f32x4_splat(at(1)),
            fresh: isa.f32x4_splat(1.0 - at(2)),
            decay: isa.f32x4_splat(at(3)),
            is_nesterov: at(4) != 0.0,
            is_first: at(5) != 0.0,
            has_momentum: has_velocity && at(1) != 0.0,
        }
    }

    /// The new parameter and velocity.
    #[inline(always)]
    fn step(&self, isa: I, gradient: I::F32x4, parameter: I::F32x4, velocity: I::F32x4) -> [I::F32x4; 2] {
        let gradient = isa.f32x4_add(gradient, isa.f32x4_mul(self.decay, parameter));
        let (direction, velocity) = if self.has_momentum {
            let kept = isa.f32x4_add(isa.f32x4_mul(self.momentum, velocity), isa.f32x4_mul(self.fresh, gradient));
            let velocity = if self.is_first { gradient } else { kept };
            let ahead = isa.f32x4_add(gradient, isa.f32x4_mul(self.momentum, velocity));
            (if self.is_nesterov { ahead } else { velocity }, velocity)
        } else {
            (gradient, velocity)
        };
        [isa.f32x4_sub(parameter, isa.f32x4_mul(self.rate, direction)), velocity]
    }
}

#[inline(never)]
fn update<I: Isa>(isa: I, hyper: Hyper<I>, gradient: &[u8], parameter: &mut [u8], velocity: &mut [u8]) {
    let vectors = mem::arrays::<16>(gradient);
    let done = vectors.len() * 16;
    for ((g, p), v) in vectors.iter().zip(mem::arrays_mut::<16>(parameter)).zip(mem::arrays_mut::<16>(velocity)) {
        let [parameter, velocity] = hyper.step(isa, isa.f32x4_load(g), isa.f32x4_load(p), isa.f32x4_load(v));
        isa.f32x4_store(parameter, p);
        isa.f32x4_store(velocity, v);
    }
    if done < gradient.len() {
        let [g, p, v] = [gradient, parameter, velocity].map(|bytes| load_some(isa, &bytes[done..]));
        let [p, v] = hyper.step(isa, g, p, v);
        store_some(isa, p, &mut parameter[done..]);
        store_some(isa, v, &mut velocity[done..]);
    }
}

/// [`update`] without a velocity.
#[inline(never)]
fn update_plain<I: Isa>(isa: I, hyper: Hyper<I>, gradient: &[u8], parameter: &mut [u8]) {
    let vectors = mem::arrays::<16>(gradient);
    let done = vectors.len() * 16;
    let nothing = isa.f32x4_splat(0.0);
    for (g, p) in vectors.iter().zip(mem::arrays_mut::<16>(parameter)) {
        isa.f32x4_store(hyper.step(isa, isa.f32x4_load(g), isa.f32x4_load(p), nothing)[0], p);
    }
    if done < gradient.len() {
        let [g, p] = [gradient, parameter].map(|bytes| load_some(isa, &bytes[done..]));
        store_some(isa, hyper.step(isa, g, p, nothing)[0], &mut parameter[done..]);
    }
}

impl Kernel for Sgd {
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
            .with(field!(velocity_offset), self.velocity_offset, if self.velocity_offset == 0 { 0 } else { bytes }, Access::Write)
    }

    fn units(&self) -> usize {
        elementwise_units(self.count)
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        let [gradient, hyper, scale, ..] = buffers.reads;
        let [parameter, velocity, ..] = &mut buffers.writes;
        let bytes = byte_range(elementwise_range(units, self.count));
        let hyper = Hyper::read(isa, hyper, scale, !velocity.is_empty());
        if velocity.is_empty() {
            update_plain(isa, hyper, &gradient[bytes.clone()], &mut parameter[bytes]);
        } else {
            update(isa, hyper, &gradient[bytes.clone()], &mut parameter[bytes.clone()], &mut velocity[bytes]);
        }
    }
}
