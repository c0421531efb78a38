//! (eltwise)
