//! Where the accounts' addresses are looked up.
//!
//! [`LoginDirectory`] takes the login itself for the address; [`FileDirectory`] reads a CSV or TOML
//! file and follows its changes. Both leave out mailboxes that lie behind the gate ([`OwnDomains`]):
//! a code sent there could only be read by somebody who is in already.

mod accounts;
mod csv_file;
mod file;
mod lines;
mod login;
mod mistake;
mod own_domains;
mod toml_file;

pub use accounts::CreationNetworks;
pub use file::{FileDirectory, RELOAD_EVERY, Reload, Settings};
pub use login::LoginDirectory;
pub use mistake::{AccountMistake, InvalidAccountsFile, Mistake};
pub use own_domains::{InvalidDomain, OwnDomains};
