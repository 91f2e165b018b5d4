//! pingora’s phases: target, client address, cookies in and out, login tap, forwarding, own endpoints.

pub mod client;
pub mod front;
pub mod headers;
pub mod websocket;
