//! Quotas, lockouts, blocks. (DESIGN §4)

pub mod block;
pub mod quota;

pub use block::{Block, BlockReason};
pub use quota::Quota;
