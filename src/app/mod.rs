//! Wiring: the only place that knows every concrete part.

pub mod clock;
mod courier;
pub mod demo;
pub mod logging;
mod parts;
mod run;

pub use run::{Gate, RunFailed, reference, rehearse, run, unblock};
