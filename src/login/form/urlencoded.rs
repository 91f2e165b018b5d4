//! `application/x-www-form-urlencoded` and queries.

use std::borrow::Cow;

use super::{Ambiguous, InvalidForm, MAX_FIELDS, Pair};

/// The parameters of a raw query, decoded lazily: `+` is a space, `%` without two hex digits
/// stands for itself, as for PHP.
///
/// A parameter with a raw `;` in it is flawed and comes along with the parameters that a panel
/// would see that takes `;` for `&`.
pub fn query_pairs(raw: &str) -> impl Iterator<Item = Pair<'_>> + use<'_> {
    pairs(raw.as_bytes())
}

/// All pairs of a form's body, in order.
pub(super) fn parse(body: &[u8]) -> Result<Vec<Pair<'static>>, InvalidForm> {
    // PHP counts empty pieces too.
    if body.split(|byte| *byte == b'&').nth(MAX_FIELDS).is_some() {
        return Err(InvalidForm::TooManyFields);
    }
    let mut fields = Vec::new();
    for pair in pairs(body) {
        if fields.len() >= MAX_FIELDS {
            return Err(InvalidForm::TooManyFields);
        }
        if pair.any_name {
            return Err(InvalidForm::Name);
        }
        let Pair { name, value, flaw, any_name } = pair;
        fields.push(Pair {
            name: Cow::Owned(name.into_owned()),
            value: Cow::Owned(value.into_owned()),
            flaw,
            any_name,
        });
    }
    Ok(fields)
}

fn pairs(raw: &[u8]) -> impl Iterator<Item = Pair<'_>> + use<'_> {
    raw.split(|byte| *byte == b'&').filter(|piece| !piece.is_empty()).flat_map(|piece| {
        let split = piece.contains(&b';');
        let whole = pair(piece);
        let whole = if split { whole.flawed(Ambiguous::Separator) } else { whole };
        let parts = piece.split(|byte| *byte == b';').filter(move |_| split);
        std::iter::once(whole).chain(parts.map(|part| pair(part).flawed(Ambiguous::Separator)))
    })
}

fn pair(piece: &[u8]) -> Pair<'_> {
    let (name, value) = match piece.iter().position(|byte| *byte == b'=') {
        Some(at) => {
            let (name, value) = piece.split_at(at);
            (name, value.get(1..).unwrap_or_default())
        }
        None => (piece, [].as_slice()),
    };
    let (name, name_valid) = decode(name);
    let (value, value_valid) = decode(value);
    let mut pair = Pair::new(name, value);
    if !name_valid {
        // `%u0075` is a letter for IIS; any other broken name is itself, or an error.
        pair.any_name = pair.name.windows(2).any(|pair| pair.eq_ignore_ascii_case(b"%u"));
    }
    if name_valid && value_valid { pair } else { pair.flawed(Ambiguous::Encoding) }
}

/// Decodes, and says whether every `%` was followed by two hex digits.
fn decode(raw: &[u8]) -> (Cow<'_, [u8]>, bool) {
    if !raw.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return (Cow::Borrowed(raw), true);
    }
    let mut decoded = Vec::with_capacity(raw.len());
    let mut valid = true;
    let mut rest = raw;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'+', _) => decoded.push(b' '),
            (b'%', [high, low, beyond @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                decoded.push(hex(*high) << 4 | hex(*low));
                rest = beyond;
            }
            (b'%', _) => {
                valid = false;
                decoded.push(b'%');
            }
            _ => decoded.push(*byte),
        }
    }
    (Cow::Owned(decoded), valid)
}

/// The value of what is known to be a hex digit.
pub(in crate::login) const fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        b'A'..=b'F' => digit - b'A' + 10,
        _ => 0,
    }
}
