//! Requests that the gate makes itself: login relay, probe, logout.
