//! SPEC 7.4 against the known answers that Random123 publishes (kat_vectors).

use reference::quantizers::noise::{noise, philox4x32, ROUNDS};

#[test]
fn random123_known_answers() {
    assert_eq!(philox4x32(10, [0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
    assert_eq!(philox4x32(10, [!0; 4], [!0; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
    let pi = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
    assert_eq!(philox4x32(10, pi, [0xa409_3822, 0x299f_31d0]), [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
    assert_eq!(philox4x32(7, [0; 4], [0; 2]), [0x5f6f_b709, 0x0d89_3f64, 0x4f12_1f81, 0x4f73_0a48]);
    assert_eq!(philox4x32(7, [!0; 4], [!0; 2]), [0x5207_ddc2, 0x4516_5e59, 0x4d8e_e751, 0x8c52_f662]);
}

/// Eight positions share a block, and no two share its bits.
#[test]
fn positions_address_halves() {
    let words = philox4x32(ROUNDS, [6, 3, 9, 0], [1, 2]);
    for half in 0..8u32 {
        let word = words[half as usize / 2];
        assert_eq!(noise(32 + 4 * half + 2, 3, 9, [1, 2]), if half % 2 == 0 { word & 0xffff } else { word >> 16 });
    }
}
