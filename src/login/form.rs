//! One reading of the form (DESIGN R10).
//!
//! A login's form is read as the panel reads it, which for most panels means PHP; and where two
//! common readings (PHP, Python, Node, Java, .NET) could see two different accounts, there's no
//! value but a refusal. Browsers and ordinary clients never come near the difference: they write
//! each field once, under its plain name.

use std::borrow::{Borrow, Cow};
use std::fmt;

use zeroize::Zeroize;

use super::name;

mod json;
mod multipart;
mod urlencoded;

pub(in crate::login) use urlencoded::hex;
pub use urlencoded::query_pairs;

/// Longest body of a door, in bytes (DESIGN R10). pingora's retry buffer holds no more either.
pub const MAX_BODY: usize = 64 * 1024;

/// Most fields of a form: PHP's `max_input_vars`, beyond which it drops them and others don't.
pub const MAX_FIELDS: usize = 1000;

/// A parameter of a query or a field of a form, decoded.
#[derive(Clone, PartialEq, Eq)]
pub struct Pair<'a> {
    name: Cow<'a, [u8]>,
    value: Cow<'a, [u8]>,
    flaw: Option<Ambiguous>,
    /// Some servers would decode the name further: it may be any name.
    any_name: bool,
}

impl<'a> Pair<'a> {
    fn new(name: impl Into<Cow<'a, [u8]>>, value: impl Into<Cow<'a, [u8]>>) -> Self {
        Self { name: name.into(), value: value.into(), flaw: None, any_name: false }
    }

    fn flawed(mut self, flaw: Ambiguous) -> Self {
        self.flaw = self.flaw.or(Some(flaw));
        self
    }

    /// The name, percent-decoded and otherwise as sent.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// The value, percent-decoded. May be secret.
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    /// The value, taken out.
    pub(crate) fn into_value(self) -> Cow<'a, [u8]> {
        self.value
    }

    /// Whether some panel could take this for the field `wanted`, or for an array of that name.
    pub fn meets(&self, wanted: &str) -> bool {
        self.any_name || name::meets(&self.name, wanted)
    }
}

impl fmt::Debug for Pair<'_> {
    /// Without the value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pair({}{})", self.name.escape_ascii(), if self.flaw.is_some() { ", flawed" } else { "" })
    }
}

/// Why a field has no value that every panel would agree on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
pub enum Ambiguous {
    /// Sent twice with two values: PHP takes the last, others the first.
    #[error("a field was sent twice with different values")]
    Repeated,
    /// Under a name that only some panels take for the field's: another case, an array, spaces,
    /// `.` for `_`, cut by NUL.
    #[error("a field was sent under a name that panels read in different ways")]
    Respelt,
    /// Not a text: a file, or a number or object of JSON.
    #[error("a field isn't a text")]
    NotText,
    /// Percent-encoding or UTF-8 that is broken, or a NUL, which some panels cut at.
    #[error("a field has broken characters in it")]
    Encoding,
    /// A raw `;`, which older frameworks take for `&`.
    #[error("a field has a separator in it")]
    Separator,
    /// In the query and in the form, with different values.
    #[error("a field is in the query and in the form, with different values")]
    Twofold,
    /// More than [`MAX_FIELDS`] parameters in the query.
    #[error("the query has more than {MAX_FIELDS} parameters")]
    TooMany,
}

impl Ambiguous {
    /// The reason, as logs and metrics name it.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Repeated => "field_repeated",
            Self::Respelt => "field_respelt",
            Self::NotText => "field_not_text",
            Self::Encoding => "field_encoding",
            Self::Separator => "field_separator",
            Self::Twofold => "field_twofold",
            Self::TooMany => "query_too_many",
        }
    }
}

/// Why a body is no form that every panel would agree on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
pub enum InvalidForm {
    /// No `Content-Type`, or one that isn't a form's in its plain spelling.
    #[error("the body has no content type that a form can have")]
    UnknownType,
    /// A character set other than UTF-8: some panels would decode the fields by it.
    #[error("the form isn't in UTF-8")]
    Charset,
    /// Over [`MAX_BODY`] bytes.
    #[error("the form is longer than {MAX_BODY} bytes")]
    TooLong,
    /// Over [`MAX_FIELDS`] fields.
    #[error("the form has more than {MAX_FIELDS} fields")]
    TooManyFields,
    /// A field's name with broken percent-encoding.
    #[error("a field's name has broken percent-encoding in it")]
    Name,
    /// Multipart that isn't as browsers write it.
    #[error("the multipart form isn't well formed: {0}")]
    Multipart(&'static str),
    /// Not one JSON object.
    #[error("the body isn't a JSON object")]
    Json,
}

impl InvalidForm {
    /// The reason, as logs and metrics name it.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::UnknownType => "form_unknown_type",
            Self::Charset => "form_charset",
            Self::TooLong => "form_too_long",
            Self::TooManyFields => "form_too_many_fields",
            Self::Name => "form_name",
            Self::Multipart(_) => "form_multipart",
            Self::Json => "form_json",
        }
    }

    /// The status that says it best: 413, 415 or 400.
    pub const fn status(self) -> u16 {
        match self {
            Self::TooLong | Self::TooManyFields => 413,
            Self::UnknownType | Self::Charset => 415,
            Self::Name | Self::Multipart(_) | Self::Json => 400,
        }
    }
}

/// The fields of a form, in order.
#[derive(Clone)]
pub struct Form {
    fields: Vec<Pair<'static>>,
    json: bool,
}

impl Form {
    /// Reads a whole body. A request with a `Content-Encoding`, or with several `Content-Type`
    /// headers, is for the caller to refuse.
    ///
    /// # Errors
    /// When it's no form, or none that every panel would read alike.
    pub fn parse(content_type: Option<&[u8]>, body: &[u8]) -> Result<Self, InvalidForm> {
        if body.len() > MAX_BODY {
            return Err(InvalidForm::TooLong);
        }
        let content_type = ContentType::parse(content_type.unwrap_or_default())?;
        let json = matches!(content_type, ContentType::Json);
        let fields = match content_type {
            ContentType::UrlEncoded => urlencoded::parse(body)?,
            ContentType::Multipart { boundary } => multipart::parse(boundary, body)?,
            ContentType::Json => json::parse(body)?,
        };
        let form = Self { fields, json };
        // The field by which a browser, or whoever acts as one, tells the character set.
        match form.bytes("_charset_") {
            Ok(None) => Ok(form),
            Ok(Some(charset)) if is_utf8_name(charset) => Ok(form),
            _ => Err(InvalidForm::Charset),
        }
    }

    /// Whether it came as JSON, which only some panels read.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// The fields, for rules.
    pub fn fields(&self) -> impl Iterator<Item = &Pair<'static>> {
        self.fields.iter()
    }

    /// The text of a field; `None` if it wasn't sent.
    ///
    /// # Errors
    /// When panels could read it in different ways, or it isn't UTF-8.
    pub fn value(&self, name: &str) -> Result<Option<&str>, Ambiguous> {
        self.bytes(name)?.map(|value| std::str::from_utf8(value).map_err(|_| Ambiguous::Encoding)).transpose()
    }

    /// The bytes of a field, for passwords in a panel's own character set; `None` if it wasn't sent.
    ///
    /// # Errors
    /// When panels could read it in different ways.
    pub fn bytes(&self, name: &str) -> Result<Option<&[u8]>, Ambiguous> {
        Ok(pick(self.fields.iter(), name)?.map(Pair::value))
    }
}

impl Drop for Form {
    /// Wipes the values: a password is among them.
    fn drop(&mut self) {
        for field in &mut self.fields {
            if let Cow::Owned(value) = &mut field.value {
                value.zeroize();
            }
        }
    }
}

impl fmt::Debug for Form {
    /// The names only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.fields).finish()
    }
}

/// The text of the field `name` among `pairs`, as [`Form::value`] has it, for queries.
///
/// # Errors
/// When panels could read it in different ways, or it isn't UTF-8.
pub fn value_in<'a>(pairs: impl Iterator<Item = Pair<'a>>, name: &str) -> Result<Option<Cow<'a, str>>, Ambiguous> {
    let text = |value: Cow<'a, [u8]>| match value {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| Ambiguous::Encoding),
        Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).map_err(|_| Ambiguous::Encoding),
    };
    pick(pairs, name)?.map(|pair| text(pair.value)).transpose()
}

/// The one field that every panel takes for `wanted`.
pub(crate) fn pick<'a, P: Borrow<Pair<'a>>>(
    pairs: impl Iterator<Item = P>,
    wanted: &str,
) -> Result<Option<P>, Ambiguous> {
    let mut found: Option<P> = None;
    for (index, item) in pairs.enumerate() {
        let pair = item.borrow();
        if index >= MAX_FIELDS {
            return Err(Ambiguous::TooMany);
        }
        if !pair.meets(wanted) {
            continue;
        }
        if let Some(flaw) = pair.flaw {
            return Err(flaw);
        }
        if pair.name() != wanted.as_bytes() {
            return Err(Ambiguous::Respelt);
        }
        if pair.value().contains(&0) {
            return Err(Ambiguous::Encoding);
        }
        if found.as_ref().is_some_and(|before| before.borrow().value() != pair.value()) {
            return Err(Ambiguous::Repeated);
        }
        found = Some(item);
    }
    Ok(found)
}

/// A form's content type, in the plain spelling that every panel understands alike.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum ContentType<'a> {
    UrlEncoded,
    Multipart { boundary: &'a [u8] },
    Json,
}

impl<'a> ContentType<'a> {
    /// PHP ends the type at `;`, `,` or a space and looks for the boundary with a search for the
    /// word; others parse by the grammar. Only what both read alike is taken.
    fn parse(header: &'a [u8]) -> Result<Self, InvalidForm> {
        let mut pieces = header.split(|byte| *byte == b';');
        let media_type = pieces.next().unwrap_or_default();
        let mut boundary = None;
        let mut charset = None;
        for piece in pieces {
            let piece = piece.strip_prefix(b" ").unwrap_or(piece);
            let at = piece.iter().position(|byte| *byte == b'=').ok_or(InvalidForm::UnknownType)?;
            let (key, value) = piece.split_at(at);
            let value = value.get(1..).unwrap_or_default();
            let value = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value);
            if value.is_empty() || !value.iter().all(|byte| byte.is_ascii_alphanumeric() || b"'+_.-".contains(byte)) {
                return Err(InvalidForm::UnknownType);
            }
            let place = match key {
                b"boundary" => &mut boundary,
                key if key.eq_ignore_ascii_case(b"charset") => &mut charset,
                _ => return Err(InvalidForm::UnknownType),
            };
            if place.replace(value).is_some() {
                return Err(InvalidForm::UnknownType);
            }
        }
        if charset.is_some_and(|charset| !is_utf8_name(charset)) {
            return Err(InvalidForm::Charset);
        }
        match (media_type.to_ascii_lowercase().as_slice(), boundary) {
            (b"application/x-www-form-urlencoded", None) => Ok(Self::UrlEncoded),
            (b"multipart/form-data", Some(boundary)) if boundary.len() <= 70 => Ok(Self::Multipart { boundary }),
            (b"application/json", None) => Ok(Self::Json),
            _ => Err(InvalidForm::UnknownType),
        }
    }
}

/// Whether a character set's name stands for UTF-8 or a part of it.
fn is_utf8_name(name: &[u8]) -> bool {
    [b"utf-8".as_slice(), b"utf8", b"us-ascii", b"ascii"].iter().any(|utf8| name.eq_ignore_ascii_case(utf8))
}

#[cfg(test)]
mod tests;
