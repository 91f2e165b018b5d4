//! What happens, step by step: load, decide, save, tell.
//!
//! A flow knows the effects it needs only as [`ports`]; the application hands it the real ones.

pub mod ports;
