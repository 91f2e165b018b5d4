//! The words everyone uses: accounts, networks, instants, identifiers and secrets.
//!
//! Everything here is pure: no clock, no randomness of its own, no I/O. Types are made by
//! parsing once and cannot be wrong afterwards.

mod account;
mod bearer;
mod email;
mod id;
mod key;
mod language;
mod network;
mod seal;
mod secret;
pub mod text;
mod time;

pub use account::{AccountId, AccountSkeleton, InvalidAccount};
pub use bearer::{AlarmHash, AlarmToken, BrowserHash, BrowserToken, Password};
pub use email::{EmailAddress, InvalidEmail};
pub use id::{AttemptId, ChallengeId, ClaimKey, DeviceId, InvalidReference, Reference, SessionId};
pub use key::{Keys, MasterKey};
pub use language::Language;
pub use network::{ClientAddr, Network, NetworkPrefix, PeerAddr};
pub use seal::Unsealable;
pub use secret::{InvalidToken, OneTimeCode, SessionToken, TokenHash, TypedCode};
pub use time::Timestamp;
