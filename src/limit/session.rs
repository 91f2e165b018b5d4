use std::time::Duration;

use crate::model::Timestamp;

/// How long a cleared session lives (NIST SP 800-63B-4 §2.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// Without any request.
    pub idle: Duration,
    /// From the accepted login on, whatever happens.
    pub max: Duration,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { idle: Duration::from_secs(3600), max: Duration::from_secs(24 * 3600) }
    }
}

impl SessionLimits {
    /// When a session made at `created_at` and last used at `last_seen_at` ends, if it isn't used
    /// again.
    pub fn ends_at(&self, created_at: Timestamp, last_seen_at: Timestamp) -> Timestamp {
        (created_at + self.max).min(last_seen_at + self.idle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_by_idleness_or_by_age() {
        let limits = SessionLimits { idle: Duration::from_millis(10), max: Duration::from_millis(100) };
        let at = Timestamp::from_millis;
        assert_eq!(limits.ends_at(at(0), at(0)), at(10));
        assert_eq!(limits.ends_at(at(0), at(60)), at(70));
        assert_eq!(limits.ends_at(at(0), at(95)), at(100));
    }
}
