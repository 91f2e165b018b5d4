//! Evidence before verdict (DESIGN R6).
//!
//! The answer's status and text can lie, in both directions: WordPress says "cookies are blocked"
//! with valid cookies, DokuWiki redirects after a wrong password. So a matcher alone accepts
//! nothing: a login is accepted when the answer looks so *and* a `login` cookie was gained or the
//! probe saw somebody inside. Where answer and evidence disagree there's no verdict: nothing is
//! released, nothing is let in.

use std::fmt;

use super::{AnswerView, Door, DoorKind, Matcher};

pub use super::probe::{ProbeSeen, Shown, read_probe};

/// What a login attempt came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The panel refused the credentials: the attempt's claims go.
    Refused,
    /// Somebody is inside now.
    Accepted {
        /// The account that the evidence names: it counts, not the typed login.
        account: Option<String>,
        /// The e-mail address that the evidence shows.
        email: Option<String>,
        /// What the evidence is.
        by: Evidence,
    },
    /// A reset or registration that let nobody in: its answer goes to the browser.
    Passed,
    /// Nobody can say: a "please try again" page; the claims stay.
    NoVerdict(Unclear),
}

/// What proves a login.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Evidence {
    /// A `login` cookie that wasn't there before.
    Cookie,
    /// The probe saw somebody inside.
    Probe,
    /// Both.
    Both,
}

/// Why there's no verdict.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Unclear {
    /// Neither accepted nor refused by the matchers, though somebody is inside.
    UnknownAnswer,
    /// No matcher holds, and there's no evidence of a login: an error page, a maintenance page.
    NothingFits,
    /// It looks accepted, but nothing proves it.
    NoEvidence,
    /// It looks refused, but the probe saw somebody inside.
    RefusedButInside,
    /// A `login` cookie was gained, but the probe saw nobody inside.
    CookieButOutside,
    /// The probe was needed, but got no answer.
    ProbeFailed,
    /// The probe saw somebody inside, but not one clear name of whom.
    Nameless,
}

impl Unclear {
    /// The reason, as logs and metrics name it.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::UnknownAnswer => "unknown_answer",
            Self::NothingFits => "nothing_fits",
            Self::NoEvidence => "no_evidence",
            Self::RefusedButInside => "refused_but_inside",
            Self::CookieButOutside => "cookie_but_outside",
            Self::ProbeFailed => "probe_failed",
            Self::Nameless => "nameless",
        }
    }
}

impl fmt::Display for Unclear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

/// What is known from the probe.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Probed {
    /// The profile has none: a `login` cookie is the only evidence.
    NotConfigured,
    /// The profile has one, but it wasn't fetched: [`wants_probe`] said that it can't matter.
    NotWanted,
    /// It was sent, but no whole answer came back.
    Failed,
    /// It shows this.
    Seen(ProbeSeen),
}

/// Whether the probe, if the profile has one, can change the verdict on this answer.
///
/// A plain refusal without a cookie gained needs none: a wrong password costs the panel one request.
pub fn wants_probe(door: &Door, answer: AnswerView<'_>, gained_login_cookie: bool) -> bool {
    gained_login_cookie
        || door.kind != DoorKind::Login
        || !one_holds(&door.refused, answer)
        || one_holds(&door.accepted, answer)
}

/// The verdict on an answer of the panel.
///
/// `gained_login_cookie` is [`super::jar::Jar::gained`] of the final jar. A door that isn't for
/// logging in (reset, registration) is passed unless the evidence says that somebody is inside.
pub fn judge(door: &Door, answer: AnswerView<'_>, gained_login_cookie: bool, probed: Probed) -> Verdict {
    let refused = one_holds(&door.refused, answer);
    let accepted = one_holds(&door.accepted, answer);
    let (inside, account, email) = match probed {
        Probed::NotConfigured => (None, Shown::NotAsked, None),
        Probed::Seen(seen) => (Some(seen.inside), seen.account, seen.email),
        Probed::NotWanted | Probed::Failed if wants_probe(door, answer, gained_login_cookie) => {
            return Verdict::NoVerdict(Unclear::ProbeFailed);
        }
        Probed::NotWanted | Probed::Failed => (None, Shown::NotAsked, None),
    };
    let evidence = match (gained_login_cookie, inside) {
        (true, Some(false)) => return Verdict::NoVerdict(Unclear::CookieButOutside),
        (true, Some(true)) => Some(Evidence::Both),
        (true, None) => Some(Evidence::Cookie),
        (false, Some(true)) => Some(Evidence::Probe),
        (false, _) => None,
    };
    let looks = match door.kind {
        DoorKind::Login => Looks::of(accepted, refused),
        // What these doors' answers look like says nothing about who is inside.
        _ if evidence.is_some() => Looks::Accepted,
        _ => return Verdict::Passed,
    };
    match (looks, evidence) {
        (Looks::Accepted, Some(by)) => match account {
            Shown::Missing => Verdict::NoVerdict(Unclear::Nameless),
            Shown::NotAsked => Verdict::Accepted { account: None, email, by },
            Shown::Name(name) => Verdict::Accepted { account: Some(name), email, by },
        },
        (Looks::Accepted, None) if refused => Verdict::Refused,
        (Looks::Accepted, None) => Verdict::NoVerdict(Unclear::NoEvidence),
        (Looks::Refused, None) => Verdict::Refused,
        (Looks::Refused, Some(Evidence::Probe)) => Verdict::NoVerdict(Unclear::RefusedButInside),
        (Looks::Refused | Looks::Unknown, Some(_)) => Verdict::NoVerdict(Unclear::UnknownAnswer),
        (Looks::Unknown, None) => Verdict::NoVerdict(Unclear::NothingFits),
    }
}

/// What the answer of a login door looks like.
#[derive(Clone, Copy)]
enum Looks {
    Accepted,
    Refused,
    Unknown,
}

impl Looks {
    /// Where both matchers hold, evidence decides: "accepted" counts with it, "refused" without.
    const fn of(accepted: bool, refused: bool) -> Self {
        match (accepted, refused) {
            (true, _) => Self::Accepted,
            (false, true) => Self::Refused,
            (false, false) => Self::Unknown,
        }
    }
}

fn one_holds(matchers: &[Matcher], answer: AnswerView<'_>) -> bool {
    matchers.iter().any(|matcher| matcher.holds(answer))
}

#[cfg(test)]
mod tests;
