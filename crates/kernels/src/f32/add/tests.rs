use crate::f32::testing::{check_all_units, floats, Arena};
use crate::kernel::Kernel;
use crate::params::AddF32;

fn params(dims: [i32; 6], a: [i32; 6], b: [i32; 6]) -> AddF32 {
    let [dim0, dim1, dim2, dim3, dim4, dim5] = dims;
    let [a_stride0, a_stride1, a_stride2, a_stride3, a_stride4, a_stride5] = a;
    let [b_stride0, b_stride1, b_stride2, b_stride3, b_stride4, b_stride5] = b;
    AddF32 {
        dim0,
        dim1,
        dim2,
        dim3,
        dim4,
        dim5,
        a_stride0,
        a_stride1,
        a_stride2,
        a_stride3,
        a_stride4,
        a_stride5,
        b_stride0,
        b_stride1,
        b_stride2,
        b_stride3,
        b_stride4,
        b_stride5,
        lo_bits: (-0.5f32).to_bits() as i32,
        hi_bits: 0.75f32.to_bits() as i32,
        ..AddF32::default()
    }
}

fn offset(dims: [i32; 6], strides: [i32; 6], index: usize) -> usize {
    let mut rest = index;
    (0..6).rev().fold(0, |offset, axis| {
        let at = rest % dims[axis] as usize;
        rest /= dims[axis] as usize;
        offset + at * strides[axis] as usize
    })
}

fn check(dims: [i32; 6], a: [i32; 6], b: [i32; 6]) {
    let count = dims.iter().product::<i32>() as usize;
    let [a_values, b_values] = [1, 2].map(|seed| floats(count.max(1) * 3, seed));
    let mut arena = Arena::new();
    let (a_offset, b_offset, output_offset) = (arena.floats(&a_values), arena.floats(&b_values), arena.output(count));
    let y = check_all_units(AddF32 { a_offset, b_offset, output_offset, ..params(dims, a, b) }, &arena, count);
    for (index, y) in y.iter().enumerate() {
        let sum = a_values[offset(dims, a, index)] + b_values[offset(dims, b, index)];
        assert_eq!(sum.clamp(-0.5, 0.75).to_bits(), y.to_bits(), "element {index}");
    }
}

#[test]
fn equals_the_plain_loop() {
    for last in [0, 1, 3, 4, 5, 9] {
        let whole = [6 * last, 6 * last, 6 * last, 2 * last, last, 1];
        let dims = [1, 1, 1, 3, 2, last];
        check(dims, whole, whole);
        // A scalar, a row, a column and a transposed operand.
        check(dims, whole, [0; 6]);
        check(dims, [0; 6], whole);
        check(dims, [0, 0, 0, 0, 0, 1], whole);
        check(dims, [0, 0, 0, 2, 1, 0], whole);
        check(dims, whole, [0, 0, 0, 1, 3, 6]);
        check(dims, [0, 0, 0, 2, 1, 0], [0, 0, 0, 0, 0, 0]);
    }
    check([2, 2, 2, 2, 2, 2], [32, 16, 8, 4, 2, 1], [1, 2, 4, 8, 16, 32]);
}

#[test]
fn refuses_what_does_not_fit_in_memory() {
    let good = params([1, 2, 3, 4, 5, 6], [720, 360, 120, 30, 6, 1], [0; 6]);
    assert!(good.check().is_ok());
    for params in [
        AddF32 { dim0: -1, ..good },
        AddF32 { dim0: 1 << 20, dim1: 1 << 20, ..good },
        AddF32 { a_stride5: -1, ..good },
        AddF32 { b_stride4: i32::MAX, ..good },
    ] {
        assert!(params.check().is_err(), "{params:?}");
    }
}
