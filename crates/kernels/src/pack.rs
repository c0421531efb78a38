//! (pack)
