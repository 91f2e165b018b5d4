//! What `poterne demo` starts beside the gate: a small legacy panel and a mailbox that can be read
//! in the browser. Both listen on loopback only.
//!
//! The panel is also what many tests stand in front of: it reads requests as generously as PHP
//! does, keeps its session id at login, and lets tests hold requests at chosen points.

pub mod mailbox;
pub mod panel;
mod run;
pub mod settings;
mod words;

pub use mailbox::Mailbox;
pub use panel::{DemoPanel, PanelOptions};
pub use run::{DemoOptions, run};
