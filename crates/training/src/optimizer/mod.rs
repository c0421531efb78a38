//! Optimizers, element by element (SPEC 7.2).

mod adam;
mod sgd;

#[cfg(test)]
mod tests;
