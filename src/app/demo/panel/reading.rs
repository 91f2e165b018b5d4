//! How the panel reads requests: as generously as PHP and its servers did, since that's what a gate
//! in front of it has to cope with.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;

/// The script that a path runs. `//login.php`, `/login.php/x.css`, `/%6cogin.php`, `/./login.php`
/// and `/pub/..%2flogin.php` are all `/login.php`.
pub(super) fn script_of(path: &str) -> String {
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let decoded = decoded.split('\0').next().unwrap_or_default();
    let mut segments: Vec<&str> = Vec::new();
    for segment in decoded.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            name => segments.push(name),
        }
    }
    if let Some(script) = segments.iter().position(|name| name.ends_with(".php")) {
        segments.truncate(script + 1);
    }
    format!("/{}", segments.join("/"))
}

/// The fields of a form or query: the last of a name counts, spaces and dots in names are
/// underscores, leading spaces go, names end at NUL.
pub(super) fn fields(encoded: &[u8]) -> HashMap<String, String> {
    form_urlencoded::parse(encoded).map(|(name, value)| (variable(&name), value.into_owned())).collect()
}

/// The cookies of a request: the first of a name counts; values are decoded, end at NUL, and spaces
/// and quotes around them go.
pub(super) fn cookies(header: &str) -> HashMap<String, String> {
    let mut cookies = HashMap::new();
    for pair in header.split(';') {
        let Some((name, value)) = pair.split_once('=') else { continue };
        let name = variable(&percent_decode_str(name).decode_utf8_lossy());
        let value = value.replace('+', " ");
        let value = percent_decode_str(&value).decode_utf8_lossy();
        let value = value.split('\0').next().unwrap_or_default().trim().trim_matches('"').trim();
        cookies.entry(name).or_insert_with(|| value.to_owned());
    }
    cookies
}

fn variable(name: &str) -> String {
    let name = name.split('\0').next().unwrap_or_default();
    name.trim_start().trim_end_matches(' ').replace([' ', '.', '['], "_")
}

/// The one range of a `Range` header within `size` bytes: first and last byte.
///
/// `Ok(None)` when there is none or it's not understood (then everything is sent), `Err` when it
/// lies outside.
pub(super) fn range(header: Option<&str>, size: u64) -> Result<Option<(u64, u64)>, ()> {
    let Some((first, last)) =
        header.and_then(|text| text.trim().strip_prefix("bytes=")).and_then(|r| r.split_once('-'))
    else {
        return Ok(None);
    };
    let (first, last) = (first.trim(), last.trim());
    let parsed = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => (first, last.min(size.saturating_sub(1))),
        (Ok(first), Err(_)) if last.is_empty() => (first, size.saturating_sub(1)),
        (Err(_), Ok(length)) if first.is_empty() && length > 0 => (size.saturating_sub(length), size.saturating_sub(1)),
        _ => return Ok(None),
    };
    if parsed.0 < size { Ok(Some(parsed)) } else { Err(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_spellings_of_a_script_run_it() {
        for path in [
            "/login.php",
            "//login.php",
            "/login.php/",
            "/login.php/x.css",
            "/./login.php",
            "/a/../login.php",
            "/%6cogin.php",
            "/login%2ephp",
            "/login.php%2fx",
            "/%2flogin.php",
            "/pub/..%2flogin.php",
            "/login.php%00.css",
        ] {
            assert_eq!(script_of(path), "/login.php", "{path}");
        }
        assert_eq!(script_of("/"), "/");
        assert_eq!(script_of("/.."), "/");
        assert_eq!(script_of("/api/me"), "/api/me");
        assert_eq!(script_of("/Login.php"), "/Login.php");
    }

    #[test]
    fn forms_and_cookies_are_read_as_php_reads_them() {
        let form = fields(b"username=bob&+username=alice&pass.word=x&a%00b=1&csrf=");
        assert_eq!(form["username"], "alice");
        assert_eq!(form["pass_word"], "x");
        assert_eq!(form["a"], "1");
        let jar =
            cookies("PANELSESS=first; PANELSESS=second; panel.remember=\"T\"; panel[remember=U; X=%41%00zz ; odd");
        assert_eq!(jar["PANELSESS"], "first");
        assert_eq!(jar["panel_remember"], "T");
        assert_eq!(jar["X"], "A");
    }

    #[test]
    fn ranges() {
        for (header, expected) in [
            (None, Ok(None)),
            (Some("bytes=0-0"), Ok(Some((0, 0)))),
            (Some("bytes=10-"), Ok(Some((10, 99)))),
            (Some("bytes=90-500"), Ok(Some((90, 99)))),
            (Some("bytes=-5"), Ok(Some((95, 99)))),
            (Some("bytes=-500"), Ok(Some((0, 99)))),
            (Some("bytes=100-"), Err(())),
            (Some("bytes=5-1"), Ok(None)),
            (Some("bytes=0-1,5-6"), Ok(None)),
            (Some("lines=1-2"), Ok(None)),
        ] {
            assert_eq!(range(header, 100), expected, "{header:?}");
        }
    }
}
