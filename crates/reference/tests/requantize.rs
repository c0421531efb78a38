//! SPEC 2: ties, ends of the domain, and the published conformance table of single rounding half up.
use reference::requantize::{requantize, Requantization};

const WIDE: [i64; 2] = [i64::MIN / 2, i64::MAX / 2];

/// x and the result.
type Rows = &'static [(i64, i64)];

/// M = b·2^(shift − 31), as TFLite writes multipliers, in the `exact` form.
fn exact(b: i64, shift: i64) -> Requantization {
    let c = 31 - shift;
    let left = (33 - c).max(0);
    Requantization::Exact { left, shift: c + left, b }
}

/// The "single-round half up" and "TVM UPWARD" columns of research/seeds-inference §2.1 (they are equal).
#[test]
fn exact_is_single_rounding_half_up() {
    let table: [(i64, i64, Rows); 8] = [
        (1073741824, 0, &[(1, 1), (-1, 0), (3, 2), (-3, -1), (5, 3), (-5, -2), (585, 293), (12345, 6173), (-12345, -6172)]),
        (1073741824, -1, &[(1, 0), (2, 1), (-2, 0), (5, 1), (-5, -1), (6, 2), (-6, -1), (585, 146), (12345, 3086), (-12345, -3086)]),
        (1610612736, 0, &[(-2, -1), (6, 5), (-6, -4), (585, 439)]),
        (1610612736, 1, &[(-1, -1), (3, 5), (-3, -4), (5, 8), (-5, -7), (-12345, -18517)]),
        (1583594044, -9, &[(7984, 11), (-7984, -11), (585, 1), (12345, 18), (-12345, -18)]),
        (1527099593, -6, &[(585, 7), (12345, 137), (-12345, -137), (1000000, 11111), (-1000000, -11111)]),
        (1717986918, -3, &[(5, 0), (-5, 0), (585, 58), (12345, 1234), (1000000, 100000)]),
        (1771674010, 2, &[(1, 3), (-1, -3), (2, 7)]),
    ];
    for (b, shift, rows) in table {
        for &(x, result) in rows {
            assert_eq!(requantize(x, exact(b, shift), 0, WIDE), result, "{x} · {b}·2^({shift} − 31)");
        }
    }
}

#[test]
fn ties_go_up() {
    let half = Requantization::Q15 { shift: 0, b: 16384 };
    let results: Vec<i64> = (-5..=5).map(|acc| requantize(acc, half, 0, WIDE)).collect();
    assert_eq!(results, [-2, -2, -1, -1, 0, 0, 1, 1, 2, 2, 3]);
    let shifted = Requantization::Q15 { shift: 3, b: 32767 };
    assert_eq!(requantize(4, shifted, 0, WIDE), 1);
    assert_eq!(requantize(-4, shifted, 0, WIDE), 0);
    assert_eq!(requantize(-5, shifted, 0, WIDE), -1);
}

#[test]
fn q15_at_the_ends() {
    let most = i64::from(i32::MAX);
    let right = Requantization::Q15 { shift: 22, b: 32767 };
    // (2^31 − 1 − 2^21 + 2^21) >> 22 = 511; 511·32767 + 2^14 >> 15 = 511
    assert_eq!(requantize(most - (1 << 21), right, 0, WIDE), 511);
    let left = Requantization::Q15 { shift: -15, b: 32767 };
    assert_eq!(requantize(1, left, 0, WIDE), 32766);
    assert_eq!(requantize(-1, left, 0, WIDE), -32767);
    assert_eq!(requantize(-most, left, 0, WIDE), -32767);
    let smallest = Requantization::Q15 { shift: 0, b: 1 };
    assert_eq!(requantize(32767, smallest, 0, WIDE), 1);
    assert_eq!(requantize(-32768, smallest, 0, WIDE), -1);
    assert_eq!(requantize(16383, smallest, 0, WIDE), 0);
    assert_eq!(requantize(16384, smallest, 0, WIDE), 1);
}

#[test]
fn exact_at_the_ends() {
    let most = i64::from(i32::MAX);
    let largest = Requantization::Exact { left: 0, shift: 33, b: most };
    // (2^31 − 1)² = 2^62 − 2^32 + 1: just above a tie, and just below one when negated.
    assert_eq!(requantize(most, largest, 0, WIDE), 1 << 29);
    assert_eq!(requantize(-most, largest, 0, WIDE), -(1 << 29));
    let left = Requantization::Exact { left: 24, shift: 62, b: most };
    assert_eq!(requantize(127, left, 0, WIDE), 1);
    assert_eq!(requantize(63, left, 0, WIDE), 0);
    let zero = Requantization::Exact { left: 24, shift: 33, b: 0 };
    assert_eq!(requantize(127, zero, 5, WIDE), 5);
}

#[test]
fn zero_point_comes_after_the_shift_and_before_the_clamp() {
    let half = Requantization::Q15 { shift: 0, b: 16384 };
    assert_eq!(requantize(3, half, 1, [0, 255]), 3);
    assert_eq!(requantize(-30, half, 10, [0, 255]), 0);
    assert_eq!(requantize(300, Requantization::Copy, -50, [0, 255]), 250);
    assert_eq!(requantize(i64::from(i32::MIN) + 1, Requantization::Copy, -50, [-128, 127]), -128);
}
