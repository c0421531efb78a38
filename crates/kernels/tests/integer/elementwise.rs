//! SPEC 3.3 and 3.5.

use crate::bytes::{compare, run};
use crate::layout::{from_row, range, to_row};
use crate::requantization::law;
use crate::seed::Seed;
use crate::Verdict;
use kernels::params::{container, form, Add, Requantize};
use reference::add::add as law_of_add;
use reference::requantize::requantize as law_of_requantize;
use simd::Isa;

const CONTAINERS: [i32; 3] = [container::U8, container::I8, container::I16];

/// (form, shift, left, multiplier): every kind, for codes and carriers.
const FORMS: [(i32, i32, i32, i32); 10] = [
    (form::COPY, 0, 0, 0),
    (form::Q15, 1, 0, 20_000),
    (form::Q15, 7, 0, 32_767),
    (form::Q15, 0, 0, 12_345),
    (form::Q15, -7, 0, 300),
    (form::Q15, -15, 0, 1),
    (form::EXACT, 40, 8, 1 << 30),
    (form::EXACT, 62, 15, i32::MAX),
    (form::Q15, 15, 0, 32_767),
    (form::Q15, 16, 0, 32_767),
];

/// Vector and unit sizes ± 1.
const COUNTS: [usize; 10] = [0, 1, 7, 8, 9, 255, 1023, 1024, 1025, 2051];

/// Codes with every end among them.
fn codes(random: &mut Seed, count: usize, [lo, hi]: [i32; 2]) -> Vec<i32> {
    let mut codes = random.codes(count, lo, hi);
    for (code, end) in codes.iter_mut().zip([lo, hi, 0, lo + 1, hi - 1]) {
        *code = end;
    }
    codes
}

pub fn requantize<I: Isa>(isa: I) -> Verdict {
    let mut random = Seed::new(8);
    for (number, (form, shift, left, multiplier)) in FORMS.into_iter().enumerate() {
        // Carriers without a zero point, as networks have them, and with one.
        let inputs = CONTAINERS.map(|container| (container, true)).into_iter().chain([(container::I16, false)]);
        for ((in_container, is_moved), out_container) in inputs.flat_map(|a| CONTAINERS.map(|b| (a, b))) {
            let ([a_lo, a_hi], [lo, hi]) = (range(in_container), range(out_container));
            // Every byte at once, and a length of its own for every form.
            let count = if in_container == container::I16 { COUNTS[number] } else { 256 + COUNTS[number] };
            let mut x = codes(&mut random, count, [a_lo, a_hi]);
            if in_container != container::I16 {
                x.iter_mut().zip(a_lo..=a_hi).for_each(|(code, every)| *code = every);
            }
            let params = Requantize {
                count: count as i32,
                in_container,
                in_zero_point: if is_moved { random.within(a_lo, a_hi) } else { 0 },
                out_container,
                form,
                shift,
                left,
                multiplier,
                out_zero_point: random.within(lo, hi),
                lo: if number % 2 == 0 { lo } else { lo / 2 + 1 },
                hi: if number % 3 == 0 { hi } else { hi / 2 + 1 },
                ..Requantize::default()
            };
            let found = from_row(&run(isa, &params, &[&to_row(&x, in_container)])[0], out_container);
            let clamp = [i64::from(params.lo), i64::from(params.hi)];
            let one = |&code: &i32| {
                let acc = i64::from(code - params.in_zero_point);
                law_of_requantize(acc, law(form, shift, left, multiplier), i64::from(params.out_zero_point), clamp) as i32
            };
            compare(&format!("{params:?}"), &found, &x.iter().map(one).collect::<Vec<_>>())?;
        }
    }
    Ok(())
}

fn add_params(number: usize, random: &mut Seed) -> Add {
    let (a, b, code) = (FORMS[number % 10], FORMS[number / 3 % 10], FORMS[(number + 5) % 10]);
    let (a_container, b_container) = (CONTAINERS[number % 3], CONTAINERS[number / 3 % 3]);
    let code_container = CONTAINERS[number / 2 % 3];
    let [code_lo, code_hi] = range(code_container);
    let mut zero_point = |container: i32| {
        let [lo, hi] = range(container);
        // Carriers of networks have none.
        let has_none = container == container::I16 && (number / 4).is_multiple_of(2);
        if has_none {
            0
        } else {
            random.within(lo, hi)
        }
    };
    Add {
        carrier_offset: i32::from(number % 4 != 1),
        code_offset: i32::from(number % 4 != 2),
        count: COUNTS[number % 10] as i32,
        a_container,
        a_zero_point: zero_point(a_container),
        a_form: a.0,
        a_shift: a.1,
        a_left: a.2,
        a_multiplier: a.3,
        b_container,
        b_zero_point: zero_point(b_container),
        b_form: b.0,
        b_shift: b.1,
        b_left: b.2,
        b_multiplier: b.3,
        lo: [0, -32767, -100][number % 3],
        hi: [32767, 32767, 5000][number / 2 % 3],
        code_container,
        code_form: code.0,
        code_shift: code.1,
        code_left: code.2,
        code_multiplier: code.3,
        code_zero_point: zero_point(code_container),
        code_lo,
        code_hi,
        ..Add::default()
    }
}

pub fn add<I: Isa>(isa: I) -> Verdict {
    let mut random = Seed::new(9);
    for number in 0..120 {
        let mut p = add_params(number, &mut random);
        if number % 12 == 11 {
            // An operand that leaves the carrier's range below, to be clamped before the sum and not by it.
            (p.a_container, p.a_form, p.a_zero_point) = (container::I16, form::COPY, 32767);
            (p.b_container, p.b_form, p.b_zero_point, p.lo) = (container::I16, form::COPY, 0, -32767);
        }
        let a = codes(&mut random, p.count as usize, range(p.a_container));
        let b = codes(&mut random, p.count as usize, range(p.b_container));
        let written = run(isa, &p, &[&to_row(&a, p.a_container), &to_row(&b, p.b_container)]);
        let forms = [law(p.a_form, p.a_shift, p.a_left, p.a_multiplier), law(p.b_form, p.b_shift, p.b_left, p.b_multiplier)];
        let zero_points = [i64::from(p.a_zero_point), i64::from(p.b_zero_point)];
        let carriers = law_of_add([&a, &b], zero_points, forms, [i64::from(p.lo), i64::from(p.hi)]);
        if p.carrier_offset != 0 {
            compare(&format!("carrier {p:?}"), &from_row(&written[0], container::I16), &carriers)?;
        }
        if p.code_offset != 0 {
            let form = law(p.code_form, p.code_shift, p.code_left, p.code_multiplier);
            let clamp = [i64::from(p.code_lo), i64::from(p.code_hi)];
            let one = |&carrier: &i32| law_of_requantize(i64::from(carrier), form, i64::from(p.code_zero_point), clamp) as i32;
            let expected: Vec<i32> = carriers.iter().map(one).collect();
            compare(&format!("code {p:?}"), &from_row(&written[1], p.code_container), &expected)?;
        }
    }
    Ok(())
}
