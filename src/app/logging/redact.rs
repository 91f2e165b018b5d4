//! What is taken out of every line.

use std::borrow::Cow;
use std::fmt;

use crate::model::EmailAddress;

/// Longest text of one field, in characters: enough for an error with its causes, too little for a
/// visitor to fill a disk with.
pub const MAX_CHARS: usize = 1_000;

/// Fields whose values are never shown. They aren't supposed to be logged at all; this is the net.
const SECRET_FIELDS: [&str; 13] = [
    "authorization",
    "code",
    "cookie",
    "cookies",
    "csrf",
    "jar",
    "passwd",
    "password",
    "pwd",
    "secret",
    "set_cookie",
    "token",
    "totp",
];

/// How accounts are named in the log.
#[derive(Clone, Default)]
pub enum AccountNames {
    /// As they are; an e-mail address is masked as anywhere else.
    #[default]
    Plain,
    /// By a pseudonym that stays the same under the same key.
    Pseudonym([u8; 32]),
}

impl AccountNames {
    /// The account as the log names it: itself, or `~` and ten hexadecimal digits.
    pub fn show(&self, account: &str) -> String {
        match self {
            Self::Plain => account.to_owned(),
            Self::Pseudonym(key) => {
                let hash = blake3::keyed_hash(key, account.as_bytes()).to_hex();
                format!("~{}", hash.get(..10).unwrap_or_default())
            }
        }
    }
}

impl fmt::Debug for AccountNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "Plain",
            Self::Pseudonym(_) => "Pseudonym(…)",
        })
    }
}

/// Text that is or may be an e-mail address, shown masked: `a…e@e…e.test`.
#[derive(Clone, Copy)]
pub struct RedactedEmail<'a>(pub &'a str);

impl fmt::Display for RedactedEmail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match EmailAddress::parse(self.0) {
            Ok(address) => f.write_str(&address.masked()),
            Err(_) => write!(f, "{}…@…", self.0.chars().next().filter(|c| c.is_alphanumeric()).unwrap_or('…')),
        }
    }
}

impl fmt::Debug for RedactedEmail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What is taken out.
#[derive(Clone, Debug)]
pub(super) struct Redaction {
    pub(super) accounts: AccountNames,
    pub(super) full_addresses: bool,
}

impl Redaction {
    /// Whether a field's name says that its value is never shown.
    pub(super) fn hides(name: &str) -> bool {
        SECRET_FIELDS.contains(&plain_name(name).as_str())
    }

    /// What is shown of a field's text.
    pub(super) fn show(&self, name: &str, text: &str) -> String {
        let text = if plain_name(name) == "account" { Cow::Owned(self.accounts.show(text)) } else { text.into() };
        let text = if self.full_addresses { text } else { Cow::Owned(mask_addresses(&text).into_owned()) };
        bounded_and_escaped(&text)
    }
}

fn plain_name(name: &str) -> String {
    name.replace(['-', '.'], "_").to_ascii_lowercase()
}

/// Every e-mail address in a text masked, percent-encoded ones too.
pub fn mask_addresses(text: &str) -> Cow<'_, str> {
    let has_address = |text: &str| text.contains('@') || text.contains("%40");
    if !has_address(text) {
        return Cow::Borrowed(text);
    }
    let ends_word = |c: char| c.is_whitespace() || "<>()[]{},;:\"'=&?/|`".contains(c);
    let masked = text
        .split_inclusive(ends_word)
        .map(|piece| {
            let word = piece.trim_end_matches(ends_word);
            let rest = piece.get(word.len()..).unwrap_or_default();
            if has_address(word) && word != "@" {
                let word = word.replace("%40", "@");
                format!("{}{rest}", RedactedEmail(word.trim_end_matches('.')))
            } else {
                piece.to_owned()
            }
        })
        .collect();
    Cow::Owned(masked)
}

/// Control characters and those that turn the direction of text, written out; cut at [`MAX_CHARS`].
fn bounded_and_escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(MAX_CHARS));
    for (count, c) in text.chars().enumerate() {
        if count == MAX_CHARS {
            shown.push('…');
            break;
        }
        let misleads =
            matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        if c.is_control() || misleads {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}
