//! Batch norm (SPEC 7.2): statistics, forward with residual and clamp, backward. Each kernel passes once over its rows.

mod apply;
mod backward_apply;
mod backward_reduce;
mod running;
mod statistics;

#[cfg(test)]
mod tests;
