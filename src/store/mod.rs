//! What must last: SQLite embedded, one writer that groups commits.
//!
//! [`SqliteStore`] is the store of one node. A decision is one job of the `writer`, in one
//! transaction: it loads what the decision needs, lets the pure rules decide, and writes; reads for
//! pages go past it over connections of their own. The SQL keeps to what other engines understand
//! too (upserts, `RETURNING`, unique constraints as arbiter); `tests/store_suite.rs` is the contract
//! that every engine has to pass.
//!
//! The first start makes the [`key_file`]; the store keeps the key's identity, and opens with no other.

mod account;
mod alarms;
mod claims;
mod codes;
mod confirmations;
mod events;
mod factors;
mod failure;
pub mod key_file;
mod known;
mod lock;
mod logins;
pub mod lookup;
mod measure;
mod migrate;
mod notices;
mod open;
mod passwords;
mod purge;
mod refusals;
pub mod rotation;
mod rules;
mod security;
mod sessions;
mod sqlite;
mod standing;
mod step_up;
pub mod support;
mod writer;

pub use open::{OpenFailed, Settings};
pub use sqlite::SqliteStore;
