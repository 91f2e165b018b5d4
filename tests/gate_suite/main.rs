//! The whole gate in front of the demo's panel: journeys, races, the attacks of DESIGN §2, restarts, faults of store
//! and mail. The panel runs in the test, which holds requests in it where an attack wants them; the gate is the binary.

#![cfg(test)]
#![allow(clippy::string_slice, clippy::print_stderr, clippy::type_complexity, reason = "a test fails loudly")]

mod account;
mod account_attacks;
mod account_codes;
mod cookies;
mod doors;
mod endings;
mod factors;
mod failing;
mod front;
mod journey;
mod leaks;
mod notices;
mod opened;
mod phone;
mod races;
mod requests;
mod restarts;
mod sessions;
#[path = "../support/mod.rs"]
mod support;
mod world;
