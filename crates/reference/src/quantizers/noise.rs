//! SPEC 7.4: Philox4x32 of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), and how its bits become noise.

/// Rounds that noise is made with.
pub const ROUNDS: u32 = 7;

/// The four words of one block.
pub fn philox4x32(rounds: u32, mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..rounds {
        let [a, b] = [0xD251_1F53u64 * u64::from(counter[0]), 0xCD9E_8D57u64 * u64::from(counter[2])];
        counter = [(b >> 32) as u32 ^ counter[1] ^ key[0], b as u32, (a >> 32) as u32 ^ counter[3] ^ key[1], a as u32];
        key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
    }
    counter
}

/// The 16 bits of the code at `position` (row · stride + channel).
pub fn noise(position: u32, layer: u32, step: u32, seed: [u32; 2]) -> u32 {
    let block = position / 32 * 4 + position % 4;
    let words = philox4x32(ROUNDS, [block, layer, step, 0], seed);
    let half = position / 4 % 8;
    words[(half / 2) as usize] >> (half % 2 * 16) & 0xffff
}
