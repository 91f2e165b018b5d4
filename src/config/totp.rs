//! `[totp]`: authenticator apps, backup codes, remembered browsers.

use std::time::Duration;

use crate::flow::ports::account::FactorPolicy;

use super::desk::Wrong;
use super::section::Section;
use super::source::Node;
use super::value::{boolean, duration, text};

/// How long a browser is remembered, where that is on (DESIGN §4; NIST SP 800-63B-4 §5.1 leaves it to
/// the service: a month is what people's other accounts do).
pub const REMEMBER_FOR: Duration = Duration::from_hours(30 * 24);
/// Longest name that an authenticator app shows well, in characters.
const MAX_ISSUER: usize = 60;

/// Authenticator apps, backup codes, remembered browsers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TotpSettings {
    /// Whether users may enrol an app. Who has one is asked for its codes in any case.
    pub enabled: bool,
    /// The name that apps show; `None`: the brand.
    pub issuer: Option<String>,
    /// The rules at a login.
    pub factors: FactorPolicy,
}

pub(super) fn read(section: Section<'_>) -> TotpSettings {
    let (hour, year) = (Duration::from_hours(1), Duration::from_hours(365 * 24));
    let enabled = section.or("enabled", boolean, true);
    let issuer = section.get("issuer", issuer);
    let mail_too = section.or("mail_too", boolean, false);
    let remember = section.or("remember", boolean, false);
    let remember_for = section.or("remember_for", duration(hour, year), REMEMBER_FOR);
    section.finish();
    TotpSettings { enabled, issuer, factors: FactorPolicy { mail_too, remember_for: remember.then_some(remember_for) } }
}

fn issuer(node: &Node) -> Result<String, Wrong> {
    let text = text(node)?.trim();
    // A colon ends the issuer in the link that apps read.
    match text.is_empty() || text.chars().count() > MAX_ISSUER || text.chars().any(|c| c.is_control() || c == ':') {
        true => Err(Wrong::expected(format!("a name of at most {MAX_ISSUER} characters, without colons"))),
        false => Ok(text.to_owned()),
    }
}
