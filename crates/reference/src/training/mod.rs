//! SPEC 7.2: the f32 operations of training, on pixels by channels.
//!
//! Functions that are generic over [`Real`] are the law on f32; on f64 they are what gradients are tested against.

pub mod batch_norm;
pub mod conv;
pub mod loss;
pub mod optimizer;
pub mod pool;

use core::ops::{Add, Div, Mul, Sub};

/// f32, the law, or f64, for tests.
pub trait Real: Copy + PartialOrd + From<f32> + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> {
    /// The whole number.
    fn whole(value: usize) -> Self;
    /// The square root.
    fn root(self) -> Self;
}

impl Real for f32 {
    fn whole(value: usize) -> Self {
        value as f32
    }

    fn root(self) -> Self {
        self.sqrt()
    }
}

impl Real for f64 {
    fn whole(value: usize) -> Self {
        value as f64
    }

    fn root(self) -> Self {
        self.sqrt()
    }
}
