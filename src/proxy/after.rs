//! What has just happened on a page, as its address carries it. It's words only: what is true is read
//! from the store.

use crate::challenge::totp::{DRIFT, STEP_SECONDS};
use crate::flow::verify::NotAFactor;
use crate::gate::target::Target;
use crate::login::form::value_in;
use crate::model::Timestamp;
use crate::page::{CodeNotice, ConfirmNotice, FactorNotice};

/// How the challenge's page is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Shown {
    /// What has just happened.
    pub after: Option<After>,
    /// With the field for a backup code.
    pub backup: bool,
}

impl Shown {
    /// As the page's address says.
    pub fn of(target: &Target<'_>) -> Self {
        Self {
            after: parameter(target, "after").and_then(|text| After::of_str(&text)),
            backup: parameter(target, "with").is_some_and(|with| with == "backup"),
        }
    }

    /// The same as a query, with its question mark.
    pub fn query(self) -> String {
        let mut query = String::new();
        if self.backup {
            query.push_str("?with=backup");
        }
        if let Some(after) = self.after {
            query.push(if query.is_empty() { '?' } else { '&' });
            query.push_str("after=");
            query.push_str(&after.to_text());
        }
        query
    }
}

/// A parameter of the query; unreadable ones count as absent.
pub(super) fn parameter(target: &Target<'_>, name: &str) -> Option<String> {
    value_in(target.query_pairs(), name).ok().flatten().map(std::borrow::Cow::into_owned)
}

/// What has just happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum After {
    Wrong,
    Superseded,
    NotDigits,
    Resent,
    NotYet,
    Expired,
    NotABackupCode,
    Misread,
    /// By so many seconds the phone is ahead.
    ClockOff(i64),
}

/// The prefix of [`After::ClockOff`]; the seconds follow.
const CLOCK: &str = "clock";

impl After {
    const PLAIN: [Self; 8] = [
        Self::Wrong,
        Self::Superseded,
        Self::NotDigits,
        Self::Resent,
        Self::NotYet,
        Self::Expired,
        Self::NotABackupCode,
        Self::Misread,
    ];

    const fn slug(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Superseded => "older",
            Self::NotDigits => "digits",
            Self::Resent => "sent",
            Self::NotYet => "later",
            Self::Expired => "expired",
            Self::NotABackupCode => "no-backup-code",
            Self::Misread => "misread",
            Self::ClockOff(_) => CLOCK,
        }
    }

    /// For a page's address.
    pub fn to_text(self) -> String {
        match self {
            Self::ClockOff(seconds) => format!("{CLOCK}{seconds}"),
            plain => plain.slug().to_owned(),
        }
    }

    /// From a page's address.
    pub fn of_str(text: &str) -> Option<Self> {
        match text.strip_prefix(CLOCK) {
            Some(seconds) => {
                let furthest = i64::try_from(DRIFT * STEP_SECONDS).unwrap_or(i64::MAX);
                seconds.parse().ok().filter(|s: &i64| *s != 0 && (-furthest..=furthest).contains(s)).map(Self::ClockOff)
            }
            None => Self::PLAIN.into_iter().find(|after| after.slug() == text),
        }
    }

    /// What wasn't a second factor by its form, in the field that it was typed into.
    pub const fn of_no_factor(not: NotAFactor, backup: bool) -> Self {
        match (not, backup) {
            (NotAFactor::Misread, _) => Self::Misread,
            (NotAFactor::NotABackupCode, _) | (NotAFactor::NotDigits, true) => Self::NotABackupCode,
            (NotAFactor::NotDigits, false) => Self::NotDigits,
        }
    }

    /// On the page of an e-mailed code.
    pub fn notice(self, newest_sent_at: Option<Timestamp>) -> Option<CodeNotice> {
        Some(match self {
            Self::Wrong => CodeNotice::Wrong,
            Self::Superseded => CodeNotice::Superseded { newest_sent_at: newest_sent_at? },
            Self::NotDigits => CodeNotice::NotDigits,
            Self::Resent => CodeNotice::Resent,
            Self::NotYet => CodeNotice::NotYet,
            Self::Expired => CodeNotice::Expired,
            Self::NotABackupCode | Self::Misread | Self::ClockOff(_) => return None,
        })
    }

    /// On the page of a second factor.
    pub const fn factor_notice(self) -> Option<FactorNotice> {
        Some(match self {
            Self::Wrong => FactorNotice::Wrong,
            Self::NotDigits => FactorNotice::NotDigits,
            Self::NotABackupCode => FactorNotice::NotABackupCode,
            Self::Misread => FactorNotice::Misread,
            Self::ClockOff(seconds) => FactorNotice::ClockOff { seconds },
            Self::Superseded | Self::Resent | Self::NotYet | Self::Expired => return None,
        })
    }

    /// On the page of codes that confirm a change.
    pub const fn confirm_notice(self) -> Option<ConfirmNotice> {
        Some(match self {
            Self::Wrong => ConfirmNotice::Wrong,
            Self::NotDigits => ConfirmNotice::NotDigits,
            Self::Resent => ConfirmNotice::Resent,
            Self::NotYet => ConfirmNotice::NotYet,
            Self::Expired => ConfirmNotice::Expired,
            Self::Superseded | Self::NotABackupCode | Self::Misread | Self::ClockOff(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_comes_back_from_the_pages_address() {
        for after in After::PLAIN.into_iter().chain([After::ClockOff(90), After::ClockOff(-600)]) {
            let shown = Shown { after: Some(after), backup: true };
            let raw = format!("/_poterne/challenge{}", shown.query());
            assert_eq!(Shown::of(&Target::parse(raw.as_bytes()).unwrap()), shown, "{raw}");
        }
        for text in ["", "x", "clock", "clock0", "clock99999999", "clock-601", "clock1e3"] {
            assert_eq!(After::of_str(text), None, "{text}");
        }
        assert_eq!(Shown::default().query(), "");
    }
}
