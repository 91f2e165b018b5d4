//! Requests that the gate makes itself: login relay, probe, logout.
//!
//! Each one has a connection of its own, closed when the answer has been read. That's a choice
//! against hyper's pooling client:
//! - A kept connection may have been closed by the panel at the very moment a login is written to
//!   it. Whether the panel saw that login can't be known then, so it couldn't be sent again (it may
//!   have been counted, or accepted) and would end without a verdict, its claims lasting for days.
//!   On a fresh connection "not connected" and "no answer" are two different things.
//! - A cancelled or oversized answer ends with its connection; no other request reads its rest.
//! - A connection belongs to the runtime that made it; the proxy's services have several.
//!
//! It costs a connect (and for `https://` a handshake, resumed where the panel allows) a login, next
//! to a password hash on the panel's side. nginx does the same to its upstreams by default.

mod address;
mod exchange;
mod headers;
mod panel;

pub use address::Upstream;
pub use panel::{HyperPanel, PanelSetupFailed, Settings};
