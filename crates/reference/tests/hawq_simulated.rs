//! HAWQ's own fixtures: dyadic numbers, requantization and residual addition with rounding half to even.
use reference::hawq_simulated::{dyadic, multiply, ratio, requantize, residual_add, Dyadic};

#[test]
fn dyadic_numbers() {
    let fixtures = [
        (0.5, 1073741824, 31),
        (0.25, 1073741824, 32),
        (1.0, 1073741824, 30),
        (0.1, 1717986918, 34),
        (0.75, 1610612736, 31),
        (1.0 / 3.0, 1431655765, 32),
        (3.3, 1771674010, 29),
        (0.0014402703931141053, 1583594044, 40),
        (0.9999999999, 2147483648, 31),
    ];
    for (scale, b, c) in fixtures {
        assert_eq!(dyadic(scale), Dyadic { b, c }, "{scale}");
    }
}

fn main_ratio() -> Dyadic {
    let r = ratio(0.02, 0.005, 0.03);
    assert_eq!(r, 0.0033333333236320564);
    dyadic(r)
}

#[test]
fn case_0_requantizes_half_to_even() {
    let r = main_ratio();
    assert_eq!(r, Dyadic { b: 1832519374, c: 39 });
    let fixtures = [(-100000, -333), (-40000, -133), (-450, -1), (-150, 0), (149, 0), (150, 0), (151, 1), (450, 1), (12345, 41), (40000, 133)];
    for (acc, out) in fixtures {
        assert_eq!(multiply(acc, r), out, "{acc}");
    }
    assert_eq!(requantize(-100000, r, [-128, 127]), -128);
    assert_eq!(requantize(40000, r, [-128, 127]), 127);
    assert_eq!(requantize(40000, r, [0, 15]), 15);
    assert_eq!(requantize(-450, r, [0, 15]), 0);
}

#[test]
fn case_1_rounds_each_branch() {
    let main = main_ratio();
    let shortcut = dyadic(ratio(0.01, 1.0, 0.03));
    assert_eq!(shortcut, Dyadic { b: 1431655765, c: 32 });
    let fixtures = [(150, 1, 0), (450, 2, 2), (-450, -2, -2), (12345, -777, -218), (40000, 20000, 6800)];
    for (acc, identity, out) in fixtures {
        assert_eq!(residual_add(acc, main, identity, shortcut), out, "{acc}, {identity}");
    }
}

/// The rhe column of the table of research/seeds-inference §2.1.
#[test]
fn conformance_table_half_to_even() {
    let half = Dyadic { b: 1073741824, c: 31 };
    let fixtures = [(1, 0), (-1, 0), (3, 2), (-3, -2), (5, 2), (-5, -2), (585, 292), (12345, 6172), (-12345, -6172)];
    for (x, out) in fixtures {
        assert_eq!(multiply(x, half), out, "{x}");
    }
    let three_halves = Dyadic { b: 1610612736, c: 30 };
    for (x, out) in [(-1, -2), (3, 4), (-3, -4), (5, 8), (-5, -8), (-12345, -18518)] {
        assert_eq!(multiply(x, three_halves), out, "{x}");
    }
    let huge = Dyadic { b: 1 << 30, c: 2000 };
    assert_eq!(multiply(i64::from(i32::MAX), huge), 0);
}
