//! The state machine of a one-time code.
