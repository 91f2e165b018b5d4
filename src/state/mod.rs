//! The hot maps: what every request asks, in memory; the store is behind them.
//!
//! On one node they are the whole truth: they start from the store, and what is written to the
//! store is written here too.

mod claims;
mod sessions;

pub use claims::Claims;
pub use sessions::{Session, Sessions};
