//! pingora’s phases: target, client address, cookies in and out, login tap, forwarding, own endpoints.

mod account;
mod after;
mod answers;
mod asker;
mod at_once;
pub mod client;
mod counts;
mod door;
mod endpoints;
pub mod front;
pub mod headers;
mod qr;
mod refusals;
mod release;
mod reply;
mod request;
mod service;
mod told;
pub mod websocket;

pub use refusals::{RefusalLog, RefusalQueue};
pub use service::{GateProxy, ProxySettings};
pub use told::refusal_pages;
