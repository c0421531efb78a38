//! Every form in one function.

use super::{Copied, Exact, Form, Q15Left, Q15Right, Requantization};
use crate::params::form;
use simd::Isa;

/// Any form, asked at every vector: for kernels that spend little of their time here, and beside [`Q15Right`] for the forms that few layers have, so
/// that every microkernel need not be in the module four times.
#[derive(Clone, Copy)]
pub struct AnyForm(pub Requantization);

impl<I: Isa> Form<I> for AnyForm {
    type Multipliers = [I::I32x4; 2];

    /// Nothing yet: [`Form::preload`] of the form itself is an addition, which may as well come last.
    #[inline(always)]
    fn preload(self, _isa: I, bias: I::I32x4) -> I::I32x4 {
        bias
    }

    #[inline(always)]
    fn multipliers(self, _isa: I, low: I::I32x4, high: I::I32x4) -> [I::I32x4; 2] {
        [low, high]
    }

    #[inline(always)]
    fn finish(self, isa: I, low: I::I32x4, high: I::I32x4, b: [I::I32x4; 2]) -> I::I16x8 {
        finish_eight(isa, &self.0, [low, high], b)
    }
}

/// [`Form::preload`] and [`Form::finish`] of the form that `spec` names.
#[inline(never)]
fn finish_eight<I: Isa>(isa: I, spec: &Requantization, sums: [I::I32x4; 2], b: [I::I32x4; 2]) -> I::I16x8 {
    match spec.form {
        form::COPY => finish_by(isa, Copied::new(isa, spec), sums, b),
        form::Q15 if spec.shift >= 1 => finish_by(isa, Q15Right::<I, 0>::new(isa, spec), sums, b),
        form::Q15 => finish_by(isa, Q15Left::new(isa, spec), sums, b),
        _ => finish_by(isa, Exact::new(isa, spec), sums, b),
    }
}

#[inline(always)]
#[allow(clippy::unit_arg, reason = "one form has no multipliers")]
fn finish_by<I: Isa, F: Form<I>>(isa: I, form: F, [low, high]: [I::I32x4; 2], [b_low, b_high]: [I::I32x4; 2]) -> I::I16x8 {
    form.finish(isa, form.preload(isa, low), form.preload(isa, high), form.multipliers(isa, b_low, b_high))
}
