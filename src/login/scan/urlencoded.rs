//! Names in a stream of `application/x-www-form-urlencoded`.

use crate::login::form::hex;

use super::Name;

/// How much of a name is kept, in bytes: longer than any field's name. What follows can't make it
/// one, except after NUL or a bracket, and these are kept if they come in time to matter.
const MAX_NAME: usize = 512;

/// Reads names, and skips values.
#[derive(Debug, Default)]
pub(super) struct NameStream {
    in_value: bool,
    /// The name so far, decoded, without leading spaces.
    name: Vec<u8>,
    /// A `%` and perhaps one hex digit that wait for the next byte.
    escape: Escape,
    any: bool,
}

#[derive(Debug, Default, Clone, Copy)]
enum Escape {
    #[default]
    None,
    Percent,
    High(u8),
}

impl NameStream {
    pub(super) fn feed(&mut self, chunk: &[u8], found: &mut impl FnMut(Name<'_>)) {
        let mut rest = chunk;
        while let Some((byte, after)) = rest.split_first() {
            rest = after;
            match byte {
                // `;` separates for some panels, and stands for itself in no name of a field.
                b'&' | b';' => self.finish(found),
                b'=' if !self.in_value => {
                    self.end_name(found);
                    self.in_value = true;
                }
                byte if !self.in_value => self.push(*byte),
                _ => {
                    // Within a value: on to its end.
                    let end = memchr::memchr2(b'&', b';', rest).unwrap_or(rest.len());
                    rest = rest.get(end..).unwrap_or_default();
                }
            }
        }
    }

    /// The end of a pair, or of the body.
    pub(super) fn finish(&mut self, found: &mut impl FnMut(Name<'_>)) {
        if !self.in_value {
            self.end_name(found);
        }
        self.in_value = false;
    }

    fn end_name(&mut self, found: &mut impl FnMut(Name<'_>)) {
        self.break_escape();
        found(if self.any { Name::Any } else { Name::Plain(&self.name) });
        self.name.clear();
        self.any = false;
    }

    fn push(&mut self, byte: u8) {
        match self.escape {
            Escape::Percent if byte.is_ascii_hexdigit() => self.escape = Escape::High(byte),
            Escape::High(high) if byte.is_ascii_hexdigit() => {
                self.escape = Escape::None;
                self.keep(hex(high) << 4 | hex(byte));
            }
            Escape::Percent | Escape::High(_) => {
                self.any |= matches!(self.escape, Escape::Percent) && matches!(byte, b'u' | b'U');
                self.break_escape();
                self.push(byte);
            }
            Escape::None => match byte {
                b'%' => self.escape = Escape::Percent,
                b'+' => self.keep(b' '),
                other => self.keep(other),
            },
        }
    }

    /// What isn't percent-encoding stands for itself.
    fn break_escape(&mut self) {
        match std::mem::take(&mut self.escape) {
            Escape::None => {}
            Escape::Percent => self.keep(b'%'),
            Escape::High(high) => {
                self.keep(b'%');
                self.keep(high);
            }
        }
    }

    fn keep(&mut self, byte: u8) {
        let leading = self.name.is_empty() && (byte <= b' ' || byte == b'?') && byte != 0;
        if !leading && self.name.len() < MAX_NAME {
            self.name.push(byte);
        }
    }
}
