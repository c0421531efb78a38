//! (lookup)
