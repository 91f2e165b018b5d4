//! Quotas, lockouts, blocks. (DESIGN §4)

pub mod block;
mod history;
pub mod quota;
mod session;

pub use block::{Block, BlockReason};
pub use history::History;
pub use quota::Quota;
pub use session::SessionLimits;
