//! Patterns of cookie names and paths.

/// A cookie's name, with `*` for anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern(String);

impl NamePattern {
    /// A pattern; `None` if it's empty, or has characters in it that a cookie's name can't have.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = |b: u8| b.is_ascii_graphic() && !b"()<>@,;:\\\"/?={}".contains(&b);
        (!text.is_empty() && text != "*" && text.bytes().all(fits)).then(|| Self(text.to_owned()))
    }
}

/// A path or a glob of paths: `*` within a segment, `**` over segments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern(String);

impl PathPattern {
    /// A pattern; `None` unless it starts with `/` and is a canonical path.
    pub fn parse(text: &str) -> Option<Self> {
        text.starts_with('/').then(|| Self(text.to_owned()))
    }
}
