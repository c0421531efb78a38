//! Element-wise kernels: [`Requantize`] (SPEC 3.5) and, in a room of its own, the residual [`Add`](crate::params::Add) (SPEC 3.3).

mod add;

use crate::check::{container_range, element_bytes, field_holds, fields_in, is_form, is_multiplier, MAX_TOTAL};
use crate::codes::{load_sixteen, read_code, store_sixteen, write_code};
use crate::kernel::{Access, BadParam, Buffers, Kernel, Spans};
use crate::params::{container, form, Requantize};
use crate::requant::{with_scale, AnyForm, Form, Requantization, Scale, WordsEnd};
use core::ops::Range;
use simd::{mem, Isa};

/// Elements of one unit of work: its intermediate carriers stay in the first-level cache.
const BLOCK: usize = 1024;
/// Elements that become a vector of bytes.
const SIXTEEN: usize = 16;

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
    /// Whether an element without its zero point fits 16 bits, and the form wants no more.
    fn fits_words(&self) -> bool {
        self.spec.form != form::EXACT && (self.in_container != container::I16 || self.in_zero_point == 0)
    }

    /// Whether elements are accumulators as they are, which a copy or one product requantizes.
    fn is_product(&self) -> bool {
        self.fits_words() && self.in_container == container::I16 && self.spec.shift == 0
    }

    /// Requantizes `count` elements from the start of `input` to the start of `output`.
    #[inline(never)]
    fn run<I: Isa>(&self, isa: I, input: &[u8], output: &mut [u8], count: usize) {
        let spec = self.spec;
        let whole = count / SIXTEEN * SIXTEEN;
        if self.fits_words() {
            with_scale!(isa, spec, self.multiplier, scale => sixteens_of(isa, *self, scale, input, output, whole), else ());
        } else {
            self.sixteens_of_any(isa, input, output, whole);
        }
        for at in whole..count {
            let code = spec.apply(read_code(self.in_container, input, at) - self.in_zero_point, self.multiplier);
            write_code(self.out_container, output, at, code);
        }
    }

    /// The first `count` elements in 32 bits, by any form.
    fn sixteens_of_any<I: Isa>(&self, isa: I, input: &[u8], output: &mut [u8], count: usize) {
        let form = AnyForm(self.spec);
        let start = isa.i32x4_splat(-self.in_zero_point);
        let b = [isa.i32x4_splat(self.multiplier); 2];
        for at in (0..count).step_by(SIXTEEN) {
            let codes = load_sixteen(isa, self.in_container, input, at).map(|codes| {
                let [low, high] = [isa.i32x4_extend_low_i16x8_s(codes), isa.i32x4_extend_high_i16x8_s(codes)].map(|four| isa.i32x4_add(four, start));
                form.finish(isa, low, high, b)
            });
            store_sixteen(isa, self.out_container, codes, output, at);
        }
    }
}

/// The first `count` elements of a [`Step`] that fits words. A function of its own, as each of the kind: the engine keeps its vectors in registers.
#[inline(never)]
fn sixteens_of<I: Isa, S: Scale<I>>(isa: I, step: Step, scale: S, input: &[u8], output: &mut [u8], count: usize) {
    let end = WordsEnd::new(isa, &step.spec);
    let zero_point = isa.i16x8_splat(step.in_zero_point as i16);
    for at in (0..count).step_by(SIXTEEN) {
        let scaled = load_sixteen(isa, step.in_container, input, at).map(|codes| scale.scaled(isa, isa.i16x8_sub(codes, zero_point)));
        if step.out_container == container::I16 {
            store_sixteen(isa, container::I16, scaled.map(|scaled| end.words(isa, scaled)), output, at);
        } else {
            isa.i8x16_store(end.bytes(isa, scaled), mem::array_mut(output, at));
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
