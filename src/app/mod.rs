//! Wiring: the only place that knows every concrete part.

pub mod clock;
pub mod demo;
pub mod logging;
