//! Names in a stream of `multipart/form-data`, as sloppily as PHP finds them.
//!
//! PHP reads lines until one is the boundary, then header lines until an empty one, then content
//! until the boundary comes again at a line's start. Where lines start depends on its buffer, so
//! here *every* place where the boundary's text stands may begin a header. In an honest body that's
//! the boundaries only.

use memchr::memmem;

use super::Name;

/// Longest line of a header, in bytes. PHP cuts lines at 5 KiB, and what follows a cut is a line of
/// its own: not to be read, but refused.
const MAX_LINE: usize = 4096;

/// Longest header of a part, in bytes.
const MAX_HEADER: usize = 16 * 1024;

/// Most places in one header that could begin it: an honest header has one.
const MAX_STARTS: usize = 8;

/// Longest boundary, in bytes; RFC 2046 allows 70.
const MAX_BOUNDARY: usize = 200;

/// The body can't be read with certainty.
#[derive(Debug)]
pub(super) struct Unreadable;

/// Looks for boundaries, and for names in the headers after them.
#[derive(Debug)]
pub(super) struct PartStream {
    delimiter: Delimiter,
    /// What came since the boundary, up to the end of the header; `None` within content.
    header: Option<Header>,
}

#[derive(Debug)]
struct Header {
    text: Vec<u8>,
    /// Where the present line starts.
    line: usize,
    /// Where a boundary ended: each may be the one that PHP saw.
    starts: Vec<usize>,
}

impl PartStream {
    pub(super) fn new(boundary: &[u8]) -> Self {
        Self { delimiter: Delimiter::new([b"--", boundary].concat()), header: None }
    }

    pub(super) fn feed(&mut self, chunk: &[u8], found: &mut impl FnMut(Name<'_>)) -> Result<(), Unreadable> {
        let mut rest = chunk;
        while !rest.is_empty() {
            if self.header.is_none() && self.delimiter.at_start() {
                // Within content: on to the next byte that could begin a boundary.
                rest = rest.get(memchr::memchr(b'-', rest).unwrap_or(rest.len())..).unwrap_or_default();
            }
            let Some((byte, after)) = rest.split_first() else { return Ok(()) };
            rest = after;
            if let Some(header) = &mut self.header
                && header.push(*byte)?
            {
                header.names(found);
                self.header = None;
            }
            if self.delimiter.step(*byte) {
                let header =
                    self.header.get_or_insert_with(|| Header { text: Vec::new(), line: 0, starts: Vec::new() });
                if header.starts.len() >= MAX_STARTS {
                    return Err(Unreadable);
                }
                header.starts.push(header.text.len());
            }
        }
        Ok(())
    }

    /// PHP takes a header that the body's end cuts off for a whole one.
    pub(super) fn finish(&mut self, found: &mut impl FnMut(Name<'_>)) {
        if let Some(header) = self.header.take() {
            header.names(found);
        }
    }
}

impl Header {
    /// Takes one byte in; `true` when the header is over, by its empty line or because it's none.
    fn push(&mut self, byte: u8) -> Result<bool, Unreadable> {
        self.text.push(byte);
        if self.text.len() > MAX_HEADER || self.text.len().saturating_sub(self.line) > MAX_LINE {
            return Err(Unreadable);
        }
        if byte != b'\n' {
            return Ok(false);
        }
        let line = self.text.get(self.line..).unwrap_or_default();
        let first = self.line == 0;
        let over = if first {
            // The rest of the boundary's own line. If there's something in it, it was no boundary.
            self.starts.len() == 1 && !ends_boundary(line)
        } else {
            matches!(line, b"\n" | b"\r\n" | [0, ..])
        };
        self.line = self.text.len();
        Ok(over)
    }

    /// The names in it, from each place that it could begin at.
    fn names(&self, found: &mut impl FnMut(Name<'_>)) {
        for start in &self.starts {
            let text = self.text.get(*start..).unwrap_or_default();
            let mut lines = text.split(|byte| *byte == b'\n');
            if lines.next().is_some_and(ends_boundary) {
                for disposition in dispositions(lines) {
                    names(&disposition, found);
                }
            }
        }
    }
}

/// Whether what follows the boundary's text in its line leaves it a boundary: nothing, white space,
/// or NUL, where C's strings end.
fn ends_boundary(rest: &[u8]) -> bool {
    rest.first() == Some(&0) || rest.iter().all(|byte| is_space(*byte))
}

/// The values of all `Content-Disposition` headers. A line that starts with a space or has no colon
/// continues the one before.
fn dispositions<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Vec<Vec<u8>> {
    let mut headers: Vec<(bool, Vec<u8>)> = Vec::new();
    for line in lines {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = line.split(|byte| *byte == 0).next().unwrap_or_default();
        let colon =
            line.iter().position(|byte| *byte == b':').filter(|_| line.first().is_some_and(|first| !is_space(*first)));
        match (colon, headers.last_mut()) {
            (Some(at), _) => {
                let (key, value) = line.split_at(at);
                let is_disposition = key.trim_ascii().eq_ignore_ascii_case(b"content-disposition");
                headers.push((is_disposition, value.get(1..).unwrap_or_default().to_vec()));
            }
            (None, Some((_, value))) => value.extend_from_slice(line),
            (None, None) => {}
        }
    }
    headers.into_iter().filter_map(|(is_disposition, value)| is_disposition.then_some(value)).collect()
}

/// Every `name` in a disposition, unquoted as PHP does it. PHP takes the last one, others the first.
fn names(disposition: &[u8], found: &mut impl FnMut(Name<'_>)) {
    let mut rest = skip_space(disposition);
    while !rest.is_empty() {
        let (mut word, after) = cut_word(rest, b';');
        rest = skip_space(after);
        if word.contains(&b'=') {
            let (key, value) = cut_word(word, b'=');
            word = value;
            if key.trim_ascii().eq_ignore_ascii_case(b"name") {
                found(Name::Plain(&unquote(word)));
            }
        }
    }
}

/// A word up to `stop` outside quotes, and what follows one or more `stop`s.
fn cut_word(text: &[u8], stop: u8) -> (&[u8], &[u8]) {
    let mut at = 0;
    while let Some(byte) = text.get(at).filter(|byte| **byte != stop) {
        at += 1;
        if !matches!(byte, b'"' | b'\'') {
            continue;
        }
        while let Some(inner) = text.get(at).filter(|inner| *inner != byte) {
            at += if *inner == b'\\' && text.get(at.saturating_add(1)) == Some(byte) { 2 } else { 1 };
        }
        at += usize::from(text.get(at).is_some());
    }
    let (word, rest) = text.split_at_checked(at).unwrap_or((text, &[]));
    let stops = rest.iter().take_while(|byte| **byte == stop).count();
    (word, rest.get(stops..).unwrap_or_default())
}

/// What a quoted or bare word says.
fn unquote(text: &[u8]) -> Vec<u8> {
    let text = skip_space(text);
    let quote = text.first().copied().filter(|first| matches!(first, b'"' | b'\''));
    let mut rest = if quote.is_some() { text.get(1..).unwrap_or_default() } else { text };
    let mut plain = Vec::new();
    while let Some((byte, after)) = rest.split_first() {
        if quote.map_or_else(|| is_space(*byte), |quote| quote == *byte) {
            break;
        }
        rest = after;
        match after.split_first() {
            Some((next, beyond)) if *byte == b'\\' && (*next == b'\\' || quote == Some(*next)) => {
                plain.push(*next);
                rest = beyond;
            }
            _ => plain.push(*byte),
        }
    }
    plain
}

fn skip_space(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| !is_space(*byte)).unwrap_or(text.len());
    text.get(start..).unwrap_or_default()
}

/// C's `isspace`.
const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// The boundary in a content type, where PHP's search for the word (in this spelling first, then in
/// any) and the grammar agree on it. Chrome's boundaries have the word in themselves.
pub(super) fn boundary(content_type: &[u8]) -> Option<&[u8]> {
    const WORD: &[u8] = b"boundary";
    let any_case = |text: &[u8]| text.windows(WORD.len()).position(|window| window.eq_ignore_ascii_case(WORD));
    let at = any_case(content_type)?;
    let (before, parameter) = content_type.split_at_checked(at)?;
    let (word, value) = parameter.split_at_checked(WORD.len())?;
    if word != WORD && memmem::find(content_type, WORD).is_some() {
        return None;
    }
    if before.contains(&b'"') || !before.trim_ascii_end().ends_with(b";") {
        return None;
    }
    let value = value.strip_prefix(b"=")?;
    let (boundary, after) = match value.strip_prefix(b"\"") {
        Some(quoted) => quoted.split_at_checked(quoted.iter().position(|byte| *byte == b'"')?)?,
        None => value.split_at(value.iter().position(|byte| matches!(byte, b';' | b',')).unwrap_or(value.len())),
    };
    let plain = boundary.iter().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"'));
    let one = any_case(after).is_none();
    (plain && one && !boundary.is_empty() && boundary.len() <= MAX_BOUNDARY).then_some(boundary)
}

/// Finds the delimiter in a stream, byte by byte (Knuth, Morris, Pratt).
#[derive(Debug)]
struct Delimiter {
    text: Vec<u8>,
    /// For each length of a match: the next shorter match to fall back to.
    fallback: Vec<usize>,
    matched: usize,
}

impl Delimiter {
    fn new(text: Vec<u8>) -> Self {
        let mut automaton = Self { fallback: vec![0; text.len().saturating_add(1)], text, matched: 0 };
        for at in 1..automaton.text.len() {
            let Some(byte) = automaton.text.get(at).copied() else { break };
            automaton.advance(byte);
            if let Some(place) = automaton.fallback.get_mut(at.saturating_add(1)) {
                *place = automaton.matched;
            }
        }
        automaton.matched = 0;
        automaton
    }

    const fn at_start(&self) -> bool {
        self.matched == 0
    }

    fn advance(&mut self, byte: u8) {
        while self.text.get(self.matched) != Some(&byte) {
            if self.matched == 0 {
                return;
            }
            self.matched = self.fallback.get(self.matched).copied().unwrap_or(0);
        }
        self.matched += 1;
    }

    /// Takes a byte in; `true` at the end of a match.
    fn step(&mut self, byte: u8) -> bool {
        self.advance(byte);
        self.matched == self.text.len()
    }
}
