//! The request's target, read once (DESIGN R9).
//!
//! What is judged here is byte for byte what is forwarded, so a target is either read in the one
//! way in which every common panel reads it, or it's refused. A [`Target`] is made from the raw
//! bytes of the request line (or of `:path`), never from a parsed URI: parsers can show one path
//! and let other bytes through.

use std::borrow::Cow;
use std::fmt;

use unicode_normalization::{UnicodeNormalization, is_nfkc};

use crate::login::form::{Pair, query_pairs};

/// Longest target, in bytes. Apache takes 8 KiB, nginx 8 to 32 KiB; whatever is longer comes from
/// no browser that a panel could serve.
pub const MAX_TARGET: usize = 16 * 1024;

/// A request's path and query in the one way they can be read.
#[derive(Clone, PartialEq, Eq)]
pub struct Target<'a> {
    raw: &'a str,
    raw_path: &'a str,
    path: Cow<'a, str>,
    query: Option<&'a str>,
}

/// Why a target is refused: it isn't one, or a panel could read it in more than one way.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
pub enum AmbiguousTarget {
    /// Doesn't start with `/`: absolute form, authority form, `*`, or nothing. Proxies show `/` for
    /// some of these while other bytes go upstream.
    #[error("the target doesn't start with a slash")]
    NotOrigin,
    /// Over [`MAX_TARGET`] bytes.
    #[error("the target is longer than {MAX_TARGET} bytes")]
    TooLong,
    /// A raw byte that can't stand in a target: controls, space, bytes beyond ASCII, `#`, `"`, `<`,
    /// `>`. A space ends the target for sloppy servers, `#` for Node's URL parser and old nginx;
    /// bytes beyond ASCII are decoded by guesswork.
    #[error("the target has a byte in it that must be encoded")]
    Byte,
    /// A backslash, raw or encoded, in the path: a slash for IIS, for .NET and for whatever runs on
    /// Windows.
    #[error("the path has a backslash in it")]
    Backslash,
    /// `%` without two hex digits in the path: taken literally by PHP, refused by nginx, `%uXXXX`
    /// for IIS.
    #[error("the path has a percent sign in it that encodes nothing")]
    Percent,
    /// An encoded slash: decoded before routing by PHP's own server, by Apache with
    /// `AllowEncodedSlashes`, by nginx; not by others.
    #[error("the path has an encoded slash in it")]
    EncodedSlash,
    /// An encoded control character or NUL: ends the path for C programs.
    #[error("the path has a control character in it")]
    Control,
    /// Two slashes in a row: one for nginx and every file system, another route for frameworks.
    #[error("the path has an empty segment")]
    EmptySegment,
    /// A segment that is or decodes to `.` or `..`, or of dots and spaces only (Windows drops these).
    #[error("the path has a dot segment")]
    DotSegment,
    /// A semicolon, raw or encoded: Tomcat, Jetty and Spring cut the segment there.
    #[error("the path has parameters in it")]
    Parameters,
    /// An encoded question mark: Apache before 2.4.60 hands `/login.php%3fx.css` to PHP-FPM as
    /// `/login.php`.
    #[error("the path has an encoded question mark in it")]
    QuestionMark,
    /// Encoded twice: a panel behind a second proxy decodes twice.
    #[error("the path is encoded twice")]
    DoubleEncoding,
    /// Not UTF-8 once decoded: overlong forms of `/` and `.` are among these.
    #[error("the path isn't UTF-8")]
    Utf8,
    /// A character whose compatibility form is one of the above: Windows and some frameworks turn
    /// `／` and `．` into `/` and `.`.
    #[error("the path has a character in it that can be read as a slash, dot or the like")]
    Lookalike,
}

impl AmbiguousTarget {
    /// The reason, as logs and metrics name it.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NotOrigin => "target_not_origin",
            Self::TooLong => "target_too_long",
            Self::Byte => "target_byte",
            Self::Backslash => "target_backslash",
            Self::Percent => "target_percent",
            Self::EncodedSlash => "target_encoded_slash",
            Self::Control => "target_control",
            Self::EmptySegment => "target_empty_segment",
            Self::DotSegment => "target_dot_segment",
            Self::Parameters => "target_parameters",
            Self::QuestionMark => "target_question_mark",
            Self::DoubleEncoding => "target_double_encoding",
            Self::Utf8 => "target_utf8",
            Self::Lookalike => "target_lookalike",
        }
    }
}

impl<'a> Target<'a> {
    /// Reads a raw target. Allocates only if something in the path is percent-encoded.
    ///
    /// # Errors
    /// When it's no path and query, or can be read in more than one way.
    pub fn parse(raw: &'a [u8]) -> Result<Self, AmbiguousTarget> {
        if raw.first() != Some(&b'/') {
            return Err(AmbiguousTarget::NotOrigin);
        }
        if raw.len() > MAX_TARGET {
            return Err(AmbiguousTarget::TooLong);
        }
        // Without an early end, which lets the compiler look at many bytes at a time.
        let fits = |b: u8| (b > b' ') & (b < 0x7f) & (b != b'#') & (b != b'"') & (b != b'<') & (b != b'>');
        if !raw.iter().fold(true, |all, b| all & fits(*b)) {
            return Err(AmbiguousTarget::Byte);
        }
        let raw = std::str::from_utf8(raw).map_err(|_| AmbiguousTarget::Byte)?;
        let (raw_path, query) = match memchr::memchr(b'?', raw.as_bytes()).and_then(|at| raw.split_at_checked(at)) {
            Some((path, query)) => (path, query.get(1..)),
            None => (raw, None),
        };
        if is_simple(raw_path) {
            return Ok(Self { raw, raw_path, path: Cow::Borrowed(raw_path), query });
        }
        Self::parse_path(raw, raw_path, query)
    }

    /// The rest of [`Target::parse`], for paths that need a closer look.
    fn parse_path(raw: &'a str, raw_path: &'a str, query: Option<&'a str>) -> Result<Self, AmbiguousTarget> {
        let path = decode_path(raw_path)?;
        check_path(&path)?;
        if !path.is_ascii() && !is_nfkc(&path) {
            let folded: String = path.nfkc().collect();
            let slashes = |text: &str| text.bytes().filter(|b| *b == b'/').count();
            if slashes(&folded) != slashes(&path) || check_path(&folded).is_err() {
                return Err(AmbiguousTarget::Lookalike);
            }
        }
        Ok(Self { raw, raw_path, path, query })
    }

    /// The target as it came and as it's forwarded.
    pub const fn raw(&self) -> &'a str {
        self.raw
    }

    /// The path as it came.
    pub const fn raw_path(&self) -> &'a str {
        self.raw_path
    }

    /// The path, decoded: what every rule looks at.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The same, as if it had come without its query: for rules that need none of it.
    pub(super) fn without_query(&self) -> Target<'_> {
        Target { raw: self.raw, raw_path: self.raw_path, path: Cow::Borrowed(&self.path), query: None }
    }

    /// The query as it came, without its question mark.
    pub const fn query(&self) -> Option<&'a str> {
        self.query
    }

    /// The query's parameters, in order, decoded when asked for; their names as they were sent.
    /// Look values up with [`crate::login::form::value_in`], which knows how panels read names.
    pub fn query_pairs(&self) -> impl Iterator<Item = Pair<'a>> + use<'a> {
        query_pairs(self.query.unwrap_or_default())
    }
}

impl fmt::Debug for Target<'_> {
    /// Without the query, which may carry credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("path", &self.path).field("query", &self.query.map(|_| "…")).finish()
    }
}

/// Whether there's nothing in a path of visible ASCII characters that could be refused: nothing
/// encoded, no parameters, no backslash, and no segment that is empty or begins with a dot.
fn is_simple(raw: &str) -> bool {
    let bytes = raw.as_bytes();
    let odd = |b: u8| (b == b'%') | (b == b';') | (b == b'\\');
    let next = bytes.get(1..).unwrap_or_default();
    // Two passes without an early end, as above.
    let odd = bytes.iter().fold(false, |any, b| any | odd(*b));
    let dots =
        bytes.iter().zip(next).fold(false, |any, (b, next)| any | ((*b == b'/') & ((*next == b'/') | (*next == b'.'))));
    !(odd | dots)
}

/// Decodes a path of visible ASCII characters, and refuses what must not be encoded in one.
fn decode_path(raw: &str) -> Result<Cow<'_, str>, AmbiguousTarget> {
    if !raw.contains('%') {
        return Ok(Cow::Borrowed(raw));
    }
    let mut decoded = Vec::with_capacity(raw.len());
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let (high, low) = (bytes.next().and_then(hex), bytes.next().and_then(hex));
        let (Some(high), Some(low)) = (high, low) else { return Err(AmbiguousTarget::Percent) };
        match high << 4 | low {
            b'/' => return Err(AmbiguousTarget::EncodedSlash),
            b'?' => return Err(AmbiguousTarget::QuestionMark),
            other => decoded.push(other),
        }
    }
    String::from_utf8(decoded).map(Cow::Owned).map_err(|_| AmbiguousTarget::Utf8)
}

/// What a decoded path must not have in it.
fn check_path(path: &str) -> Result<(), AmbiguousTarget> {
    for (at, char) in path.char_indices() {
        match char {
            '\\' => return Err(AmbiguousTarget::Backslash),
            ';' => return Err(AmbiguousTarget::Parameters),
            '?' => return Err(AmbiguousTarget::QuestionMark),
            '%' if encodes(path.as_bytes().get(at..).unwrap_or_default()) => {
                return Err(AmbiguousTarget::DoubleEncoding);
            }
            char if char.is_control() => return Err(AmbiguousTarget::Control),
            _ => {}
        }
    }
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        if segment.is_empty() {
            // The last one may be empty: `/` and `/admin/`.
            if segments.peek().is_some() {
                return Err(AmbiguousTarget::EmptySegment);
            }
        } else if segment.chars().all(|char| char == '.' || char.is_whitespace()) {
            return Err(AmbiguousTarget::DotSegment);
        }
    }
    Ok(())
}

/// Whether `text`, which starts with `%`, would be decoded once more: `%2e`, `%u002e`.
fn encodes(text: &[u8]) -> bool {
    match text {
        [b'%', b'u' | b'U', ..] => true,
        [b'%', high, low, ..] => high.is_ascii_hexdigit() && low.is_ascii_hexdigit(),
        _ => false,
    }
}

/// The value of a hex digit.
fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests;
