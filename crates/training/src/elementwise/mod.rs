//! Element by element, and sums over rows (SPEC 7.2).

mod add_elements;
mod clamp_backward;
mod count_non_finite;
mod dequantize_sums;
mod dequantize_weight_gradient;
mod sum_rows;

#[cfg(test)]
mod tests;
