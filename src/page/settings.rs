//! What an operator settles about pages and mails, and what's wrong with it.

use std::path::PathBuf;

use lettre::message::Mailbox;

use crate::challenge::ChallengePolicy;
use crate::model::Language;

use super::moment::Zone;

/// Longest brand, in characters: it stands in the subject of a mail, after the code.
const BRAND_MAX: usize = 80;

/// What pages and mails need to know beside their contexts.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Languages that are offered; the first is the fallback.
    pub languages: Vec<Language>,
    /// What customers call the panel.
    pub brand: String,
    /// Where to reach support without the panel: an `https:`, `http:`, `mailto:` or `tel:` URL.
    pub support: String,
    /// Who sends the mails, as `Name <address>` or a bare address.
    pub sender: String,
    /// Path under which the gate's own pages live, without a slash at its end.
    pub prefix: String,
    /// The panel's host, as customers type it.
    pub panel_host: String,
    /// Path and query of the panel's login page, for "go to the login page".
    pub login: String,
    /// Path and query of the panel's first page, for "stay logged in".
    pub landing: String,
    /// The numbers that pages and mails name.
    pub policy: ChallengePolicy,
    /// The zone that times are shown in.
    pub zone: Zone,
    /// Files of the operator that stand in for built-in ones.
    pub directory: Option<PathBuf>,
}

/// Pages that can't be shown: the operator's to mend, found at the start.
#[derive(Debug, thiserror::Error)]
pub enum InvalidPages {
    /// A setting is wrong.
    #[error("pages: {key} {reason}")]
    Setting {
        /// Its name.
        key: &'static str,
        /// What's expected of it.
        reason: String,
    },
    /// A file or folder of the operator can't be read.
    #[error("pages: {path} can't be read: {reason}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file of the operator stands in for nothing.
    #[error("pages: {path} stands in for no built-in file{}", hint.as_ref().map(|h| format!("; did you mean {h}?")).unwrap_or_default())]
    UnknownFile {
        /// Which.
        path: PathBuf,
        /// The nearest name there is.
        hint: Option<String>,
    },
    /// A catalogue has a mistake in it.
    #[error("pages: {file}: {reason}")]
    Words {
        /// Which.
        file: String,
        /// What's wrong.
        reason: String,
    },
    /// A template has a mistake in it.
    #[error("pages: {file}: {reason}")]
    Template {
        /// Which.
        file: String,
        /// What's wrong.
        reason: String,
    },
    /// A page or mail can't be rendered.
    #[error("pages: {name} in {language}: {reason}", language = language.tag())]
    Unrenderable {
        /// Which.
        name: String,
        /// In which language.
        language: Language,
        /// Why.
        reason: String,
    },
}

impl Settings {
    /// Refuses what would break a page or let something into a mail's header.
    pub(super) fn check(&self) -> Result<(), InvalidPages> {
        let wrong = |key, reason: &str| Err(InvalidPages::Setting { key, reason: reason.to_owned() });
        if self.languages.is_empty() {
            return wrong("languages", "needs at least one language (fr, en)");
        }
        let brand = self.brand.trim();
        if brand.is_empty() || brand.chars().count() > BRAND_MAX || !is_plain_line(brand) {
            return wrong("brand", &format!("must be one line of 1 to {BRAND_MAX} characters"));
        }
        let schemes = ["https://", "http://", "mailto:", "tel:"];
        if !schemes.iter().any(|s| self.support.strip_prefix(s).is_some_and(|rest| !rest.is_empty()))
            || self.support.contains(char::is_whitespace)
            || !is_plain_line(&self.support)
        {
            return wrong("support", "must be a URL that begins with https://, http://, mailto: or tel:");
        }
        if !is_plain_line(&self.sender) || self.sender.parse::<Mailbox>().is_err() {
            return wrong("sender", "must be an address, like: Espace client <no-reply@example.net>");
        }
        let prefix_ok = self.prefix.len() > 1
            && self.prefix.starts_with('/')
            && !self.prefix.ends_with('/')
            && self.prefix.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_-~".contains(&b));
        if !prefix_ok {
            return wrong("prefix", "must be a path of letters, digits, - and _, like /_poterne");
        }
        let host_ok = !self.panel_host.is_empty()
            && self.panel_host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b));
        if !host_ok {
            return wrong("panel_host", "must be a host name, like panel.example.net");
        }
        for (key, path) in [("login", &self.login), ("landing", &self.landing)] {
            if !path.starts_with('/')
                || path.starts_with("//")
                || !path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
            {
                return wrong(key, "must be a path on the panel, like /login.php");
            }
        }
        Ok(())
    }
}

/// Whether text can stand in a header and on a page as it is: no control characters, nothing that
/// turns the direction of what is around it.
fn is_plain_line(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || is_direction_mark(c) || matches!(c, '\u{2028}' | '\u{2029}'))
}

/// Whether a character turns the direction of text (UAX #9), with which one text is made to look
/// like another.
pub(super) fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::proof::settings;

    #[test]
    fn good_settings_pass() {
        settings().check().unwrap();
        for support in ["mailto:help@example.net", "tel:+33123456789", "http://127.0.0.1:8025/contact"] {
            Settings { support: support.to_owned(), ..settings() }.check().unwrap();
        }
        Settings { sender: "no-reply@example.net".to_owned(), ..settings() }.check().unwrap();
    }

    #[test]
    fn nothing_gets_into_a_header_or_a_link() {
        let long = "x".repeat(81);
        let cases: Vec<(&str, Settings)> = vec![
            ("languages", Settings { languages: vec![], ..settings() }),
            ("brand", Settings { brand: "Shop\r\nBcc: x@y".to_owned(), ..settings() }),
            ("brand", Settings { brand: " ".to_owned(), ..settings() }),
            ("brand", Settings { brand: long, ..settings() }),
            ("brand", Settings { brand: "Shop \u{202e}knab".to_owned(), ..settings() }),
            ("support", Settings { support: "javascript:alert(1)".to_owned(), ..settings() }),
            ("support", Settings { support: "https://".to_owned(), ..settings() }),
            ("support", Settings { support: "https://a b".to_owned(), ..settings() }),
            ("sender", Settings { sender: "Shop".to_owned(), ..settings() }),
            ("sender", Settings { sender: "Shop <a@b.test>\r\nBcc: <c@d.test>".to_owned(), ..settings() }),
            ("prefix", Settings { prefix: "_poterne".to_owned(), ..settings() }),
            ("prefix", Settings { prefix: "/".to_owned(), ..settings() }),
            ("prefix", Settings { prefix: "/a\"b".to_owned(), ..settings() }),
            ("panel_host", Settings { panel_host: "a b".to_owned(), ..settings() }),
            ("login", Settings { login: "//evil.test/".to_owned(), ..settings() }),
            ("landing", Settings { landing: String::new(), ..settings() }),
            ("login", Settings { login: "https://evil.test/".to_owned(), ..settings() }),
        ];
        for (expected, settings) in cases {
            match settings.check() {
                Err(InvalidPages::Setting { key, .. }) => assert_eq!(key, expected),
                other => panic!("{expected}: {other:?}"),
            }
        }
    }
}
