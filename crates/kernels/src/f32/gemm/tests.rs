use crate::f32::testing::{check_all_units, floats, Arena};
use crate::kernel::Kernel;
use crate::params::GemmF32;

const FREE: [f32; 2] = [f32::NEG_INFINITY, f32::INFINITY];

/// [batch, m, n, k] with the strides of A and B given as (batch, row, column).
fn check([batch, m, n, k]: [usize; 4], a: [usize; 3], b: [usize; 3], bias: Option<[usize; 3]>, [alpha, beta]: [f32; 2], bounds: [f32; 2]) {
    let length = batch.max(1) * (m.max(1) * n.max(1)).max(k.max(1) * m.max(n).max(1)) * 2;
    let [a_values, b_values, bias_values] = [1, 2, 3].map(|seed| floats(length, seed));
    let mut arena = Arena::new();
    let bias_strides = bias.unwrap_or_default().map(|stride| stride as i32);
    let params = GemmF32 {
        a_offset: arena.floats(&a_values),
        b_offset: arena.floats(&b_values),
        bias_offset: if bias.is_some() { arena.floats(&bias_values) } else { 0 },
        output_offset: arena.output(batch * m * n),
        batch: batch as i32,
        m: m as i32,
        n: n as i32,
        k: k as i32,
        a_batch: a[0] as i32,
        a_row: a[1] as i32,
        a_column: a[2] as i32,
        b_batch: b[0] as i32,
        b_row: b[1] as i32,
        b_column: b[2] as i32,
        bias_batch: bias_strides[0],
        bias_row: bias_strides[1],
        bias_column: bias_strides[2],
        alpha_bits: alpha.to_bits() as i32,
        beta_bits: beta.to_bits() as i32,
        lo_bits: bounds[0].to_bits() as i32,
        hi_bits: bounds[1].to_bits() as i32,
    };
    let y = check_all_units(params, &arena, batch * m * n);
    for (index, y) in y.iter().enumerate() {
        let (matrix, i, j) = (index / n / m, index / n % m, index % n);
        let mut sum = 0.0f32;
        for l in 0..k {
            sum += a_values[matrix * a[0] + i * a[1] + l * a[2]] * b_values[matrix * b[0] + l * b[1] + j * b[2]];
        }
        let mut expected = alpha * sum;
        if let Some([per_matrix, row, column]) = bias {
            expected += beta * bias_values[matrix * per_matrix + i * row + j * column];
        }
        assert_eq!(expected.clamp(bounds[0], bounds[1]).to_bits(), y.to_bits(), "matrix {matrix}, row {i}, column {j}");
    }
}

#[test]
fn equals_the_plain_loop_at_the_edges_of_tiles() {
    for m in [1, 2, 3, 4, 5, 9] {
        for n in [1, 2, 7, 8, 9, 17] {
            for k in [0, 1, 2, 33] {
                check([1, m, n, k], [0, k, 1], [0, n, 1], None, [1.0, 1.0], FREE);
                check([1, m, n, k], [0, 1, m], [0, 1, k], Some([0, 0, 1]), [0.5, 3.0], FREE);
            }
        }
    }
    for empty in [[0, 3, 3, 3], [1, 0, 3, 3], [1, 3, 0, 3]] {
        check(empty, [9, 3, 1], [9, 3, 1], None, [1.0, 1.0], FREE);
    }
}

#[test]
fn equals_the_plain_loop_for_batches_bias_and_bounds() {
    check([3, 5, 11, 7], [35, 7, 1], [77, 11, 1], Some([55, 11, 1]), [1.0, 1.0], [-0.25, 0.5]);
    check([2, 4, 8, 3], [0, 3, 1], [24, 8, 1], Some([0, 1, 0]), [-1.5, 0.25], FREE);
    // Deep enough for several units.
    check([1, 6, 150, 400], [0, 400, 1], [0, 150, 1], Some([0, 0, 0]), [1.0, 1.0], FREE);
}

#[test]
fn refuses_what_does_not_fit_in_memory() {
    let good = GemmF32 { batch: 2, m: 3, n: 4, k: 5, a_batch: 15, a_row: 5, a_column: 1, b_row: 4, b_column: 1, ..GemmF32::default() };
    assert!(good.check().is_ok());
    for params in [
        GemmF32 { a_row: -1, ..good },
        GemmF32 { a_row: i32::MAX, ..good },
        GemmF32 { b_column: i32::MAX, ..good },
        GemmF32 { m: 1 << 20, n: 1 << 20, ..good },
        GemmF32 { bias_offset: 4, bias_column: i32::MAX, ..good },
        GemmF32 { k: -1, ..good },
    ] {
        assert!(params.check().is_err(), "{params:?}");
    }
}
