//! Dates as browsers read them in cookies (RFC 6265, 5.1.1): anything with a time, a day, a month
//! and a year in it. Panels write `Thu, 01-Jan-1970 00:00:01 GMT` and worse.

use time::{Date, Month, PrimitiveDateTime, Time};

/// Seconds since the Unix epoch; `None` if a browser would ignore the date.
pub(super) fn cookie_date(text: &[u8]) -> Option<i64> {
    let (mut clock, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(|byte| is_delimiter(*byte)).filter(|token| !token.is_empty()) {
        if clock.is_none()
            && let Some(found) = parse_clock(token)
        {
            clock = Some(found);
        } else if day.is_none()
            && let Some(found) = number(token, 1, 2)
        {
            day = Some(found);
        } else if month.is_none()
            && let Some(found) = parse_month(token)
        {
            month = Some(found);
        } else if year.is_none()
            && let Some(found) = number(token, 2, 4)
        {
            year = Some(found);
        }
    }
    let year = match year? {
        year @ 70..=99 => year.checked_add(1900)?,
        year @ 0..=69 => year.checked_add(2000)?,
        year @ 1601.. => year,
        _ => return None,
    };
    let date = Date::from_calendar_date(i32::from(year), month?, u8::try_from(day?).ok()?).ok()?;
    Some(PrimitiveDateTime::new(date, clock?).assume_utc().unix_timestamp())
}

const fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'\t' | b' '..=b'/' | b';'..=b'@' | b'['..=b'`' | b'{'..=b'~')
}

/// A number of `least` to `most` digits at the start of a token, followed by no digit.
fn number(token: &[u8], least: usize, most: usize) -> Option<u16> {
    let digits = token.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits < least || digits > most {
        return None;
    }
    std::str::from_utf8(token.get(..digits)?).ok()?.parse().ok()
}

/// `hh:mm:ss`, each of one or two digits.
fn parse_clock(token: &[u8]) -> Option<Time> {
    let mut parts = token.splitn(3, |byte| *byte == b':');
    let mut part = |exact: bool| {
        let text = parts.next()?;
        let value = number(text, 1, 2)?;
        (!exact || text.iter().all(u8::is_ascii_digit)).then(|| u8::try_from(value).ok())?
    };
    let (hour, minute, second) = (part(true)?, part(true)?, part(false)?);
    Time::from_hms(hour, minute, second).ok()
}

fn parse_month(token: &[u8]) -> Option<Month> {
    let names = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let start = token.get(..3)?.to_ascii_lowercase();
    let index = names.iter().position(|name| name.as_bytes() == start)?;
    Month::try_from(u8::try_from(index.checked_add(1)?).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::cookie_date;

    #[test]
    fn dates_are_read_as_browsers_read_them() {
        let table = [
            ("Thu, 01 Jan 1970 00:00:01 GMT", Some(1)),
            ("Thu, 01-Jan-1970 00:00:01 GMT", Some(1)),
            ("Thu, 01-Jan-70 00:00:10 GMT", Some(10)),
            ("Thu Jan  1 00:00:01 1970", Some(1)),
            ("1 jan 1970 0:0:1", Some(1)),
            ("Thu, 01-January-1970 00:00:01 UTC", Some(1)),
            ("Mon, 07 Dec 2026 00:09:36 GMT", Some(1_796_602_176)),
            ("Sat, 22 Nov 2025 16:00:00 GMT", Some(1_763_827_200)),
            ("Fri, 31-Dec-9999 23:59:59 GMT", Some(253_402_300_799)),
            ("Thu, 01 Jan 1601 00:00:00 GMT", Some(-11_644_473_600)),
            ("Thu, 01 Jan 1600 00:00:00 GMT", None),
            ("Thu, 32 Jan 1970 00:00:01 GMT", None),
            ("Mon, 30 Feb 2026 00:00:01 GMT", None),
            ("Thu, 01 Jan 1970 24:00:01 GMT", None),
            ("Thu, 01 Jan 1970", None),
            ("0", None),
            ("-1", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(cookie_date(text.as_bytes()), expected, "{text}");
        }
    }
}
