//! `multipart/form-data`, as browsers and ordinary clients write it, and nothing else.
//!
//! PHP's parser is sloppy in ways of its own (unquoted and repeated names, folded headers, lines cut
//! at 5 KiB, text before and after, a boundary found in the middle of a line), other parsers in
//! others (`filename*`, `Content-Transfer-Encoding: base64`). A door takes only what all read alike.

use memchr::memmem;

use super::{Ambiguous, InvalidForm, MAX_FIELDS, Pair, is_utf8_name};

/// Longest header block of a part, in bytes: PHP cuts lines at 5 KiB.
const MAX_HEADERS: usize = 2048;

pub(super) fn parse(boundary: &[u8], body: &[u8]) -> Result<Vec<Pair<'static>>, InvalidForm> {
    let delimiter = [b"--", boundary].concat();
    let finder = memmem::Finder::new(&delimiter);
    let mut fields = Vec::new();
    let mut rest =
        body.strip_prefix(delimiter.as_slice()).ok_or(InvalidForm::Multipart("text before the first part"))?;
    loop {
        if let Some(after) = rest.strip_prefix(b"--") {
            return match after {
                b"" | b"\r\n" => Ok(fields),
                _ => Err(InvalidForm::Multipart("text after the last part")),
            };
        }
        rest = rest.strip_prefix(b"\r\n").ok_or(InvalidForm::Multipart("no line end after a boundary"))?;
        let end = memmem::find(rest, b"\r\n\r\n")
            .filter(|end| *end <= MAX_HEADERS)
            .ok_or(InvalidForm::Multipart("no end of a part's header"))?;
        let (header, after) = rest.split_at(end);
        if finder.find(header).is_some() {
            return Err(InvalidForm::Multipart("a boundary in a header"));
        }
        let after = after.get(4..).unwrap_or_default();
        let at = finder.find(after).ok_or(InvalidForm::Multipart("no closing boundary"))?;
        let (content, after) = after.split_at(at);
        let value = content.strip_suffix(b"\r\n").ok_or(InvalidForm::Multipart("a boundary within a line"))?;
        if fields.len() >= MAX_FIELDS {
            return Err(InvalidForm::TooManyFields);
        }
        fields.push(part(header, value)?);
        rest = after.get(delimiter.len()..).unwrap_or_default();
    }
}

/// One part, from its header and its content.
fn part(header: &[u8], value: &[u8]) -> Result<Pair<'static>, InvalidForm> {
    let header = std::str::from_utf8(header).map_err(|_| InvalidForm::Multipart("a header that isn't UTF-8"))?;
    if header.replace("\r\n", "").chars().any(char::is_control) {
        return Err(InvalidForm::Multipart("a control character in a header"));
    }
    let mut disposition = None;
    let mut content_type = None;
    let mut encoding = None;
    for line in header.split("\r\n") {
        let (key, value) = line.split_once(':').ok_or(InvalidForm::Multipart("a header without a colon"))?;
        let place = match key.to_ascii_lowercase().as_str() {
            "content-disposition" => &mut disposition,
            "content-type" => &mut content_type,
            "content-transfer-encoding" => &mut encoding,
            _ => return Err(InvalidForm::Multipart("an unknown header")),
        };
        if place.replace(value.trim_start_matches(' ')).is_some() {
            return Err(InvalidForm::Multipart("a repeated header"));
        }
    }
    if encoding.is_some_and(|encoding| !["binary", "8bit", "7bit"].contains(&encoding)) {
        return Err(InvalidForm::Multipart("an encoded part"));
    }
    let (name, is_file) =
        disposition.and_then(parse_disposition).ok_or(InvalidForm::Multipart("no plain name of a part"))?;
    // Some clients escape what may not stand in a name, and some panels undo it: `%` in a name may
    // stand for anything, so it's no name of a field of interest.
    if name.contains('%') {
        return Err(InvalidForm::Name);
    }
    if is_file {
        return Ok(Pair::new(name.as_bytes().to_vec(), Vec::new()).flawed(Ambiguous::NotText));
    }
    if let Some(content_type) = content_type {
        let charset = match content_type.strip_prefix("text/plain") {
            Some("") => None,
            Some(parameters) => {
                let parameters = parameters.strip_prefix(';').map(|text| text.trim_start_matches(' '));
                Some(parameters.and_then(|text| text.strip_prefix("charset=")).unwrap_or_default())
            }
            None => return Err(InvalidForm::Multipart("a field of a type of its own")),
        };
        if charset.is_some_and(|charset| !is_utf8_name(charset.as_bytes())) {
            return Err(InvalidForm::Charset);
        }
    }
    Ok(Pair::new(name.as_bytes().to_vec(), value.to_vec()))
}

/// The name in `form-data; name="…"[; filename="…"]`, and whether it's a file.
fn parse_disposition(value: &str) -> Option<(&str, bool)> {
    let rest = value.strip_prefix("form-data; name=\"")?;
    let (name, rest) = rest.split_once('"')?;
    let is_file = match rest {
        "" => false,
        rest => {
            let filename = rest.strip_prefix("; filename=\"")?.strip_suffix('"')?;
            if filename.contains('"') {
                return None;
            }
            true
        }
    };
    // PHP takes `\"` for a quote, others for a backslash and the end.
    (!value.contains('\\') && !name.is_empty()).then_some((name, is_file))
}
