//! The front, over real sockets: pingora's proxy behind it and a small panel behind that.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "in a test's helpers a surprise is a failure, as in the tests themselves"
)]

mod harness;
mod limits;
mod refusals;
mod streams;
