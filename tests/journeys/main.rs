//! Journeys through real panels, and the attacks that the design names, each against the panel it was measured on.
//!
//! `scripts/with-panels` starts the panels once for all of them.

#[cfg(test)]
mod bare_panels;
#[cfg(test)]
#[path = "../support/mod.rs"]
mod support;
