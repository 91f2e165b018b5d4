//! The challenges: how a one-time code is sent, typed and used up. (DESIGN §4)

pub mod code;
pub mod policy;

pub use policy::ChallengePolicy;
