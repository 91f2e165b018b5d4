//! From the engine's errors to the one that the flows know.

use crate::flow::ports::StoreFailed;

impl From<sqlx::Error> for StoreFailed {
    /// Bound values are never part of the engine's messages, so nothing secret gets into the text.
    fn from(error: sqlx::Error) -> Self {
        Self(error.to_string())
    }
}

/// A row that this program can't have written: the file was changed by other hands, or is damaged.
pub(super) fn unreadable(what: &'static str) -> StoreFailed {
    StoreFailed(format!("the store holds a {what} that can't be read; it may be damaged"))
}
