//! Losses and their gradients (SPEC 7.2).

mod log;
mod mean_squared_error;
mod softmax_cross_entropy;

#[cfg(test)]
mod tests;
