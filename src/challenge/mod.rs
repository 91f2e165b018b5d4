//! The challenges: how a one-time code is sent, typed and used up. (DESIGN §4)

pub mod backup;
pub mod code;
pub mod hashing;
pub mod policy;
pub mod totp;

pub use policy::ChallengePolicy;
