//! One `Set-Cookie` header.

use std::fmt;
use std::ops::Range;

use zeroize::Zeroizing;

use crate::model::Timestamp;

use super::date::cookie_date;

/// Longest header that is taken: browsers drop cookies over 4 KiB, and attributes over 1 KiB each.
const MAX_HEADER: usize = 16 * 1024;

/// A `Set-Cookie` header, byte for byte as it came, and what it means to a browser (RFC 6265, 5.2).
#[derive(Clone, PartialEq, Eq)]
pub struct SetCookie {
    header: Zeroizing<Vec<u8>>,
    name: Range<usize>,
    value: Range<usize>,
    path: Option<Vec<u8>>,
    domain: Option<Vec<u8>>,
    /// Seconds from receipt.
    max_age: Option<i64>,
    /// Seconds since the Unix epoch.
    expires: Option<i64>,
    secure: bool,
    http_only: bool,
}

impl SetCookie {
    /// Reads a header's value. `None` for what browsers don't store or don't agree on: without a
    /// name or `=`, with control characters in it, over 16 KiB.
    pub fn parse(header: &[u8]) -> Option<Self> {
        let control = |byte: &u8| (*byte < b' ' && *byte != b'\t') || *byte == 0x7f;
        if header.len() > MAX_HEADER || header.iter().any(control) {
            return None;
        }
        let pair_end = header.iter().position(|byte| *byte == b';').unwrap_or(header.len());
        let equals = header.get(..pair_end)?.iter().position(|byte| *byte == b'=')?;
        let name = trimmed(header, 0..equals);
        let value = trimmed(header, equals.saturating_add(1)..pair_end);
        if name.is_empty() {
            return None;
        }
        let mut cookie = Self {
            header: Zeroizing::new(header.to_vec()),
            name,
            value,
            path: None,
            domain: None,
            max_age: None,
            expires: None,
            secure: false,
            http_only: false,
        };
        for attribute in header.get(pair_end..)?.split(|byte| *byte == b';').skip(1) {
            let at = attribute.iter().position(|byte| *byte == b'=').unwrap_or(attribute.len());
            let (key, value) = attribute.split_at(at);
            cookie.attribute(key.trim_ascii(), value.get(1..).unwrap_or_default().trim_ascii());
        }
        Some(cookie)
    }

    /// The last one of an attribute counts; one that can't be read counts for nothing.
    fn attribute(&mut self, key: &[u8], value: &[u8]) {
        match key.to_ascii_lowercase().as_slice() {
            b"path" => self.path = value.starts_with(b"/").then(|| value.to_vec()),
            b"domain" => {
                let domain = value.strip_prefix(b".").unwrap_or(value).to_ascii_lowercase();
                self.domain = (!domain.is_empty()).then_some(domain);
            }
            b"max-age" => self.max_age = max_age(value).or(self.max_age),
            b"expires" => self.expires = cookie_date(value).or(self.expires),
            b"secure" => self.secure = true,
            b"httponly" => self.http_only = true,
            _ => {}
        }
    }

    /// The header as it came.
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// The name, byte for byte.
    pub fn name(&self) -> &[u8] {
        self.header.get(self.name.clone()).unwrap_or_default()
    }

    /// The value, byte for byte, with its quotes if it has some.
    pub fn value(&self) -> &[u8] {
        self.header.get(self.value.clone()).unwrap_or_default()
    }

    /// The path, if it names one that browsers take.
    pub fn path(&self) -> Option<&[u8]> {
        self.path.as_deref()
    }

    /// The domain in lower case, without a leading dot, if it names one.
    pub fn domain(&self) -> Option<&[u8]> {
        self.domain.as_deref()
    }

    /// Whether it's for TLS only.
    pub const fn secure(&self) -> bool {
        self.secure
    }

    /// Whether it's out of scripts' reach.
    pub const fn http_only(&self) -> bool {
        self.http_only
    }

    /// Whether a browser forgets the cookie at once: `Max-Age` zero or below, or, without a
    /// `Max-Age`, a date that is over.
    pub fn deletes(&self, now: Timestamp) -> bool {
        match (self.max_age, self.expires) {
            (Some(seconds), _) => seconds <= 0,
            (None, Some(at)) => at <= now.as_secs(),
            (None, None) => false,
        }
    }

    /// The same header with another value.
    pub fn with_value(&self, value: &[u8]) -> Vec<u8> {
        let before = self.header.get(..self.value.start).unwrap_or_default();
        let after = self.header.get(self.value.end..).unwrap_or_default();
        [before, value, after].concat()
    }
}

impl fmt::Debug for SetCookie {
    /// Without the value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetCookie")
            .field("name", &self.name().escape_ascii().to_string())
            .field("path", &self.path.as_ref().map(|path| path.escape_ascii().to_string()))
            .field("domain", &self.domain.as_ref().map(|domain| domain.escape_ascii().to_string()))
            .field("max_age", &self.max_age)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// The part of `range` without spaces and tabs around it.
fn trimmed(header: &[u8], range: Range<usize>) -> Range<usize> {
    let text = header.get(range.clone()).unwrap_or_default();
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    match (text.iter().position(|byte| !blank(byte)), text.iter().rposition(|byte| !blank(byte))) {
        (Some(first), Some(last)) => range.start.saturating_add(first)..range.start.saturating_add(last + 1),
        _ => range.start..range.start,
    }
}

/// Seconds; what overflows is as far away as can be (RFC 6265, 5.2.2).
fn max_age(value: &[u8]) -> Option<i64> {
    let (negative, digits) = match value.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, value),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let seconds = std::str::from_utf8(digits).ok()?.parse().unwrap_or(i64::MAX);
    Some(if negative { seconds.saturating_neg() } else { seconds })
}
