//! Pools on NHWC and their gradients (SPEC 7.2). A unit is one image.

mod average;
mod average_backward;
mod max;
mod max_backward;
mod windows;

#[cfg(test)]
mod tests;
