//! Wiring: the only place that knows every concrete part.

pub mod clock;
mod commands;
mod courier;
pub mod demo;
pub mod logging;
mod parts;
mod run;
pub mod told;

pub use commands::{reference, rotate_key, show, totp_off, unblock};
pub use run::{Gate, RunFailed, rehearse, run};
