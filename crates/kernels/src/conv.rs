//! (conv)
