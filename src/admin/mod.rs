//! The operators' metrics and health, on an address of their own.
//!
//! `/metrics` for Prometheus, `/healthz` (the process answers) and `/readyz` (it can do its work).
//! They never stand on the address that users reach, and say nothing about any account.

pub(crate) mod http1;
pub mod metrics;
pub mod readiness;
mod server;

pub use metrics::{AlreadyInstalled, Metrics};
pub use readiness::{MailState, Readiness, StoreState};
pub use server::serve;
