//! (requant)
