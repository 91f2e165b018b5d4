//! Whether the mail server can be used, as far as the last tries tell.

use crate::model::Timestamp;

/// Why mails don't get away, in a few words that logs, metrics and pages can name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum MailTrouble {
    /// No connection, or it broke.
    Connection,
    /// The server was too slow.
    Timeout,
    /// TLS failed: most often a certificate that isn't trusted or is for another name.
    Tls,
    /// STARTTLS was asked for and the server doesn't offer it.
    NoStartTls,
    /// The server doesn't take the user and password.
    Authentication,
    /// The server said no before any mail was offered, or is shutting down.
    Refused,
    /// The server says something that isn't SMTP.
    Protocol,
    /// The folder can't be written to.
    Folder,
}

impl MailTrouble {
    /// The name in logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Timeout => "timeout",
            Self::Tls => "tls",
            Self::NoStartTls => "no-starttls",
            Self::Authentication => "authentication",
            Self::Refused => "refused",
            Self::Protocol => "protocol",
            Self::Folder => "folder",
        }
    }
}

/// Where the mail server stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ServerState {
    /// Nothing was tried yet.
    Untried,
    /// The last try reached it.
    Up {
        /// Since when.
        since: Timestamp,
    },
    /// The last try didn't.
    Down {
        /// Since when.
        since: Timestamp,
    },
}

/// The mail server's state and what was last wrong with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Health {
    /// Where it stands.
    pub state: ServerState,
    /// The last trouble, also when it's over.
    pub last_trouble: Option<MailTrouble>,
}

impl Health {
    pub(super) const UNTRIED: Self = Self { state: ServerState::Untried, last_trouble: None };

    /// Whether the last try didn't reach the server.
    pub fn is_down(&self) -> bool {
        matches!(self.state, ServerState::Down { .. })
    }

    /// Whether nothing is known against it: what "ready" means.
    pub fn is_usable(&self) -> bool {
        !self.is_down()
    }

    /// The server answered; `true` if that's news.
    pub(super) fn reached(&mut self, now: Timestamp) -> bool {
        let news = !matches!(self.state, ServerState::Up { .. });
        if news {
            self.state = ServerState::Up { since: now };
        }
        news
    }

    /// The server couldn't be used; `true` if that, or the kind of trouble, is news.
    pub(super) fn failed(&mut self, trouble: MailTrouble, now: Timestamp) -> bool {
        let news = !self.is_down() || self.last_trouble != Some(trouble);
        if !self.is_down() {
            self.state = ServerState::Down { since: now };
        }
        self.last_trouble = Some(trouble);
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_down_since_the_first_failure_and_the_log_hears_of_it_once() {
        let at = Timestamp::from_millis;
        let mut health = Health::UNTRIED;
        assert!(health.is_usable());
        assert!(health.failed(MailTrouble::Timeout, at(1)));
        assert!(!health.failed(MailTrouble::Timeout, at(2)));
        assert!(health.failed(MailTrouble::Tls, at(3)), "another kind of trouble is news");
        assert_eq!(health.state, ServerState::Down { since: at(1) });
        assert!(health.reached(at(4)));
        assert!(!health.reached(at(5)));
        assert_eq!(health, Health { state: ServerState::Up { since: at(4) }, last_trouble: Some(MailTrouble::Tls) });
    }
}
