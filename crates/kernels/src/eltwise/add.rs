//! The residual [`Add`] (SPEC 3.3).

use super::{block_of, Step, BLOCK};
use crate::check::{container_range, element_bytes, field_holds, fields_in, is_form, is_multiplier, MAX_TOTAL};
use crate::codes::{Container, I16, LANES};
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::params::{container, form, Add};
use crate::requant::{CopiedWords, Q15Words, Requantization, Scale};
use core::ops::Range;
use simd::{mem, Isa};

/// Carriers of a block, and what they become before they are added: a copy or one product.
#[derive(Clone, Copy)]
struct Operand<'a> {
    step: Step,
    carriers: &'a [u8],
}

impl<'a> Operand<'a> {
    /// What `step` makes of `count` elements of `input`; in `scratch`, unless the addition may as well do it.
    fn new<I: Isa>(isa: I, step: Step, input: &'a [u8], scratch: &'a mut [u8], count: usize) -> Self {
        if step.is_product() {
            return Self { step, carriers: input };
        }
        step.run(isa, input, scratch, count);
        let copy = Requantization { form: form::COPY, shift: 0, left: 0, ..step.spec };
        Self { step: Step { in_container: container::I16, in_zero_point: 0, spec: copy, ..step }, carriers: scratch }
    }

    fn is_copy(&self) -> bool {
        self.step.spec.form == form::COPY
    }

    fn product<I: Isa>(&self, isa: I) -> Q15Words<I> {
        Q15Words::new(isa, self.step.multiplier)
    }

    fn read(&self, at: usize) -> i32 {
        self.step.spec.apply(I16::read(self.carriers, at), self.step.multiplier)
    }
}

/// clamp(a + b, lo, hi) of what two scales make of whole vectors of carriers. Both are in [−32767, 32767]: no carrier is −32768
/// (SPEC 1.1). Sums saturate, which the clamp hides.
#[inline(never)]
fn sums_of<I: Isa, A: Scale<I>, B: Scale<I>>(isa: I, (scale_a, a): (A, &[u8]), (scale_b, b): (B, &[u8]), bounds: [i32; 2], sums: &mut [u8]) {
    let [lo, hi] = bounds.map(|bound| isa.i16x8_splat(bound as i16));
    for ((sum, a), b) in mem::arrays_mut::<16>(sums).iter_mut().zip(mem::arrays::<16>(a)).zip(mem::arrays::<16>(b)) {
        let a = scale_a.scaled(isa, isa.i16x8_load(a));
        let b = scale_b.scaled(isa, isa.i16x8_load(b));
        isa.i16x8_store(isa.i16x8_min_s(isa.i16x8_max_s(isa.i16x8_add_sat_s(a, b), lo), hi), sum);
    }
}

impl Add {
    /// The requantizations of the two operands: to carriers without zero point, clamped to what a carrier holds.
    fn operands(&self) -> [Step; 2] {
        let step = |in_container, in_zero_point, form, shift, left, multiplier| Step {
            in_container,
            in_zero_point,
            out_container: container::I16,
            multiplier,
            spec: Requantization { form, shift, left, zero_point: 0, lo: -32767, hi: 32767 },
        };
        [
            step(self.a_container, self.a_zero_point, self.a_form, self.a_shift, self.a_left, self.a_multiplier),
            step(self.b_container, self.b_zero_point, self.b_form, self.b_shift, self.b_left, self.b_multiplier),
        ]
    }

    /// The requantization of the carrier.
    fn code(&self) -> Step {
        Step {
            in_container: container::I16,
            in_zero_point: 0,
            out_container: self.code_container,
            multiplier: self.code_multiplier,
            spec: Requantization {
                form: self.code_form,
                shift: self.code_shift,
                left: self.code_left,
                zero_point: self.code_zero_point,
                lo: self.code_lo,
                hi: self.code_hi,
            },
        }
    }

    fn check_code(&self) -> Result<(), BadParam> {
        fields_in!(self, container_range(self.code_container); code_zero_point, code_lo);
        fields_in!(self, self.code_lo..=*container_range(self.code_container).end(); code_hi);
        field_holds!((form::COPY..=form::EXACT).contains(&self.code_form); code_form);
        field_holds!(is_form(self.code_form, self.code_shift, self.code_left); code_shift);
        field_holds!(is_multiplier(self.code_form, self.code_multiplier); code_multiplier);
        Ok(())
    }

    /// clamp(a + b, lo, hi) of as many elements as `sums` has.
    fn sum<I: Isa>(&self, isa: I, a: Operand<'_>, b: Operand<'_>, sums: &mut [u8]) {
        let bounds = [self.lo, self.hi];
        match (a.is_copy(), b.is_copy()) {
            (true, true) => sums_of(isa, (CopiedWords, a.carriers), (CopiedWords, b.carriers), bounds, sums),
            (true, false) => sums_of(isa, (CopiedWords, a.carriers), (b.product(isa), b.carriers), bounds, sums),
            (false, true) => sums_of(isa, (a.product(isa), a.carriers), (CopiedWords, b.carriers), bounds, sums),
            (false, false) => sums_of(isa, (a.product(isa), a.carriers), (b.product(isa), b.carriers), bounds, sums),
        }
        let count = sums.len() / I16::BYTES;
        for at in count / LANES * LANES..count {
            I16::write(sums, at, (a.read(at) + b.read(at)).clamp(self.lo, self.hi));
        }
    }
}

impl Kernel for Add {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 0..=(MAX_TOTAL / 2) as i32; count);
        fields_in!(self, container_range(self.a_container); a_zero_point);
        fields_in!(self, container_range(self.b_container); b_zero_point);
        field_holds!((form::COPY..=form::EXACT).contains(&self.a_form); a_form);
        field_holds!(is_form(self.a_form, self.a_shift, self.a_left); a_shift);
        field_holds!(is_multiplier(self.a_form, self.a_multiplier); a_multiplier);
        field_holds!((form::COPY..=form::EXACT).contains(&self.b_form); b_form);
        field_holds!(is_form(self.b_form, self.b_shift, self.b_left); b_shift);
        field_holds!(is_multiplier(self.b_form, self.b_multiplier); b_multiplier);
        fields_in!(self, -32767..=32767; lo);
        fields_in!(self, self.lo..=32767; hi);
        if self.code_offset != 0 {
            self.check_code()?;
        }
        Ok(())
    }

    fn spans(&self) -> Spans {
        let count = self.count as usize;
        let carrier = if self.carrier_offset == 0 { 0 } else { count * 2 };
        let code = if self.code_offset == 0 { 0 } else { count * element_bytes(self.code_container) };
        Spans::new()
            .with(0, self.a_offset, count * element_bytes(self.a_container), Access::Read)
            .with(1, self.b_offset, count * element_bytes(self.b_container), Access::Read)
            .with(2, self.carrier_offset, carrier, Access::Write)
            .with(3, self.code_offset, code, Access::Write)
    }

    fn units(&self) -> usize {
        (self.count as usize).div_ceil(BLOCK)
    }

    /// Three blocks of carriers.
    fn scratch_bytes(&self) -> usize {
        3 * BLOCK * I16::BYTES
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        let (a, scratch) = scratch.split_at_mut(BLOCK * I16::BYTES);
        let (b, sums) = scratch.split_at_mut(BLOCK * I16::BYTES);
        let [a_step, b_step] = self.operands();
        for unit in units {
            let block = unit * BLOCK..((unit + 1) * BLOCK).min(self.count as usize);
            let count = block.len();
            let [a_codes, b_codes, ..] = buffers.reads;
            let a = Operand::new(isa, a_step, &a_codes[block_of(a_codes, self.a_container, &block)], a, count);
            let b = Operand::new(isa, b_step, &b_codes[block_of(b_codes, self.b_container, &block)], b, count);
            let [carrier, code, ..] = &mut buffers.writes;
            let range = block_of(carrier, container::I16, &block);
            let sums = if carrier.is_empty() { &mut sums[..count * I16::BYTES] } else { &mut carrier[range] };
            self.sum(isa, a, b, sums);
            if !code.is_empty() {
                let range = block_of(code, self.code_container, &block);
                self.code().run(isa, sums, &mut code[range], count);
            }
        }
    }
}
