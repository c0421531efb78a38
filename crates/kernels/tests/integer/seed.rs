//! Numbers that look random and are the same on every run.

/// A xorshift generator.
pub struct Seed(u64);

impl Seed {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number in [lo, hi].
    pub fn within(&mut self, lo: i32, hi: i32) -> i32 {
        let span = (i64::from(hi) - i64::from(lo) + 1) as u64;
        (i64::from(lo) + (self.next() >> 11).rem_euclid(span) as i64) as i32
    }

    /// `count` numbers in [lo, hi].
    pub fn codes(&mut self, count: usize, lo: i32, hi: i32) -> Vec<i32> {
        (0..count).map(|_| self.within(lo, hi)).collect()
    }
}
