//! What journeys are made of: real panels, the gate's own binary, clients that behave as browsers, a browser, a mail
//! server.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::string_slice, clippy::print_stderr, reason = "a test's support fails loudly")]

pub mod browser;
pub mod chrome;
pub mod gate;
pub mod jar;
pub mod page;
pub mod panel;
pub mod ports;
pub mod raw;
pub mod smtp;
pub mod steps;
pub mod walk;
