//! SPEC 1.4: two 4-bit codes in a byte, the first one low.

/// Codes −8..15 → ceil(n/2) bytes.
pub fn pack_nibbles(codes: &[i32]) -> Vec<u8> {
    codes
        .chunks(2)
        .map(|pair| {
            let low = pair[0] & 15;
            let high = pair.get(1).map_or(0, |code| code & 15);
            (low | high << 4) as u8
        })
        .collect()
}

/// The first `count` codes, two's complement in [−8, 7].
pub fn unpack_i4(bytes: &[u8], count: usize) -> Vec<i32> {
    unpack_u4(bytes, count).into_iter().map(|code| if code > 7 { code - 16 } else { code }).collect()
}

/// The first `count` codes, in [0, 15].
pub fn unpack_u4(bytes: &[u8], count: usize) -> Vec<i32> {
    bytes.iter().flat_map(|byte| [i32::from(byte & 15), i32::from(byte >> 4)]).take(count).collect()
}
