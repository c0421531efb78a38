//! Element-wise kernels: [`Requantize`] (SPEC 3.5) and the residual [`Add`] (SPEC 3.3).

use crate::check::{container_range, element_bytes, field_holds, fields_in, is_form, is_multiplier, MAX_TOTAL};
use crate::codes::{store_first, with_container, Container, I16, LANES};
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::params::{container, form, Add, Requantize};
use crate::requant::{with_form, Copied, Form, Requantization};
use core::ops::Range;
use simd::Isa;

/// Elements of one unit of work: its intermediate carriers stay in the first-level cache.
const BLOCK: usize = 1024;

/// One requantization of stored elements.
#[derive(Clone, Copy)]
struct Step {
    in_container: i32,
    in_zero_point: i32,
    out_container: i32,
    multiplier: i32,
    spec: Requantization,
}

impl Step {
    /// Requantizes `count` elements from the start of `input` to the start of `output`.
    fn run<I: Isa>(&self, isa: I, input: &[u8], output: &mut [u8], count: usize) {
        let spec = self.spec;
        let whole = count / LANES * LANES;
        with_container!(self.in_container, C => {
            // One operand of most residual additions is a carrier already.
            if spec.form == form::COPY {
                self.vectors::<I, C, _>(isa, Copied::new(isa, &spec), input, output, whole);
            } else {
                with_form!(isa, spec, form => self.vectors::<I, C, _>(isa, form, input, output, whole));
            }
            for at in whole..count {
                let code = spec.apply(C::read(input, at) - self.in_zero_point, self.multiplier);
                with_container!(self.out_container, O => O::write(output, at, code));
            }
        });
    }

    fn vectors<I: Isa, C: Container, F: Form<I>>(&self, isa: I, form: F, input: &[u8], output: &mut [u8], count: usize) {
        let start = form.preload(isa, isa.i32x4_splat(-self.in_zero_point));
        let b = isa.i32x4_splat(self.multiplier);
        let b = form.multipliers(isa, b, b);
        for at in (0..count).step_by(LANES) {
            let codes = C::load(isa, input, at);
            let low = isa.i32x4_add(isa.i32x4_extend_low_i16x8_s(codes), start);
            let high = isa.i32x4_add(isa.i32x4_extend_high_i16x8_s(codes), start);
            store_first(isa, self.out_container, form.finish(isa, low, high, b), LANES, output, at);
        }
    }
}

/// The elements of one block of a buffer; nothing of an absent one.
fn block_of(bytes: &[u8], container: i32, block: &Range<usize>) -> Range<usize> {
    if bytes.is_empty() {
        return 0..0;
    }
    block.start * element_bytes(container)..block.end * element_bytes(container)
}

impl Requantize {
    fn step(&self) -> Step {
        Step {
            in_container: self.in_container,
            in_zero_point: self.in_zero_point,
            out_container: self.out_container,
            multiplier: self.multiplier,
            spec: Requantization { form: self.form, shift: self.shift, left: self.left, zero_point: self.out_zero_point, lo: self.lo, hi: self.hi },
        }
    }
}

impl Kernel for Requantize {
    fn check(&self) -> Result<(), BadParam> {
        fields_in!(self, 0..=(MAX_TOTAL / 2) as i32; count);
        fields_in!(self, container_range(self.in_container); in_zero_point);
        fields_in!(self, container_range(self.out_container); out_zero_point, lo);
        fields_in!(self, self.lo..=*container_range(self.out_container).end(); hi);
        field_holds!((form::COPY..=form::EXACT).contains(&self.form); form);
        field_holds!(is_form(self.form, self.shift, 0); shift);
        field_holds!(is_form(self.form, self.shift, self.left); left);
        field_holds!(is_multiplier(self.form, self.multiplier); multiplier);
        Ok(())
    }

    fn spans(&self) -> Spans {
        let count = self.count as usize;
        Spans::new().with(0, self.input_offset, count * element_bytes(self.in_container), Access::Read).with(
            1,
            self.output_offset,
            count * element_bytes(self.out_container),
            Access::Write,
        )
    }

    fn units(&self) -> usize {
        (self.count as usize).div_ceil(BLOCK)
    }

    fn scratch_bytes(&self) -> usize {
        0
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, _scratch: &mut [u8]) {
        let block = units.start * BLOCK..(units.end * BLOCK).min(self.count as usize);
        if block.is_empty() {
            return;
        }
        let input = &buffers.reads[0][block_of(buffers.reads[0], self.in_container, &block)];
        let output = block_of(buffers.writes[0], self.out_container, &block);
        self.step().run(isa, input, &mut buffers.writes[0][output], block.len());
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

    /// clamp(a + b, lo, hi) of carriers, into `a`. The sum saturates, which the clamp to a part of [−32767, 32767] hides.
    fn sum<I: Isa>(&self, isa: I, a: &mut [u8], b: &[u8], count: usize) {
        let (lo, hi) = (isa.i16x8_splat(self.lo as i16), isa.i16x8_splat(self.hi as i16));
        let whole = count / LANES * LANES;
        for at in (0..whole).step_by(LANES) {
            let sum = isa.i16x8_add_sat_s(I16::load(isa, a, at), I16::load(isa, b, at));
            I16::store(isa, isa.i16x8_min_s(isa.i16x8_max_s(sum, lo), hi), a, at);
        }
        for at in whole..count {
            let sum = I16::read(a, at) + I16::read(b, at);
            I16::write(a, at, sum.clamp(self.lo, self.hi));
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

    /// Two blocks of carriers.
    fn scratch_bytes(&self) -> usize {
        2 * BLOCK * 2
    }

    fn run<I: Isa>(&self, isa: I, buffers: &mut Buffers<'_>, units: Range<usize>, scratch: &mut [u8]) {
        let (a, b) = scratch.split_at_mut(BLOCK * 2);
        let [a_step, b_step] = self.operands();
        for unit in units {
            let block = unit * BLOCK..((unit + 1) * BLOCK).min(self.count as usize);
            let count = block.len();
            let [a_codes, b_codes, ..] = buffers.reads;
            a_step.run(isa, &a_codes[block_of(a_codes, self.a_container, &block)], a, count);
            b_step.run(isa, &b_codes[block_of(b_codes, self.b_container, &block)], b, count);
            self.sum(isa, a, b, count);
            let [carrier, code, ..] = &mut buffers.writes;
            if !carrier.is_empty() {
                let range = block_of(carrier, container::I16, &block);
                carrier[range].copy_from_slice(&a[..count * 2]);
            }
            if !code.is_empty() {
                let range = block_of(code, self.code_container, &block);
                self.code().run(isa, a, &mut code[range], count);
            }
        }
    }
}
