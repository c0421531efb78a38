//! SPEC 1: floats to codes at ties, and packing.
use reference::packing::{pack_nibbles, unpack_i4, unpack_u4};
use reference::quantize::{dequantize, quantize};

fn codes(x: &[f32], scale: f32, zero_point: i64, range: [i64; 2]) -> Vec<i64> {
    x.iter().map(|&x| quantize(x, scale, zero_point, range)).collect()
}

#[test]
fn ties_go_to_even() {
    assert_eq!(codes(&[0.25, 0.75, 1.25, 1.75], 0.5, 0, [0, 255]), [0, 2, 2, 4]);
    // The zero point comes after the rounding: an odd one does not turn a tie.
    assert_eq!(codes(&[1.0, 3.0, 5.0, -1.0, -3.0], 2.0, 1, [-128, 127]), [1, 3, 3, 1, -1]);
}

#[test]
fn the_reciprocal_is_taken_first() {
    let (scale, x) = (0.002_148_548_6_f32, 0.273_939_94_f32);
    assert!((x / scale).round_ties_even() == 127.0);
    assert_eq!(quantize(x, scale, 0, [0, 255]), 128);
}

#[test]
fn what_is_no_number_or_too_large() {
    assert_eq!(quantize(f32::NAN, 0.5, 7, [0, 255]), 7);
    assert_eq!(quantize(f32::NAN, 0.5, 200, [0, 127]), 127);
    assert_eq!(codes(&[f32::INFINITY, f32::NEG_INFINITY, 3e38, -3e38], 1e-3, 5, [-128, 127]), [127, -128, 127, -128]);
    assert_eq!(codes(&[f32::INFINITY, f32::NEG_INFINITY], 1e-3, -32767, [-32767, 32767]), [32767, -32767]);
}

#[test]
fn floats_of_codes() {
    assert_eq!(dequantize(255, 0.1, 128), 127.0 * 0.1f32);
    assert_eq!(dequantize(-32767, 0.5, 0), -16383.5);
}

#[test]
fn every_pair_of_nibbles_survives() {
    for byte in 0..=255u8 {
        assert_eq!(pack_nibbles(&unpack_i4(&[byte], 2)), [byte]);
        assert_eq!(pack_nibbles(&unpack_u4(&[byte], 2)), [byte]);
    }
    assert_eq!(pack_nibbles(&[-7, 3, 5]), [0x39, 0x05]);
    assert_eq!(unpack_i4(&[0x39, 0x05], 3), [-7, 3, 5]);
    assert_eq!(unpack_u4(&[0x39, 0x05], 3), [9, 3, 5]);
}
