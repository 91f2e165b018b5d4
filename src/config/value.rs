//! Single values: text, numbers, durations, sizes, networks, names out of a list.

use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

use ipnet::IpNet;
use regex::bytes::Regex;

use crate::limit::Quota;

use super::desk::Wrong;
use super::section::{Section, nearest};
use super::source::{Node, Value, quoted};

/// Longest text of a setting, in bytes; the longest real ones are patterns and URLs.
const MAX_TEXT: usize = 4096;

/// Text that isn't empty and has no control characters.
pub(super) fn text(node: &Node) -> Result<&str, Wrong> {
    let text = any_text(node)?;
    match text.trim().is_empty() {
        true => Err(Wrong::expected("text that isn't empty")),
        false => Ok(text),
    }
}

/// Text, empty too.
pub(super) fn any_text(node: &Node) -> Result<&str, Wrong> {
    let text = node.text().ok_or_else(|| Wrong::expected("a string"))?;
    if text.len() > MAX_TEXT {
        return Err(Wrong::expected(format!("at most {MAX_TEXT} bytes")).found(format!("{} bytes", text.len())));
    }
    match text.chars().any(char::is_control) {
        true => Err(Wrong::expected("text without control characters")),
        false => Ok(text),
    }
}

/// `true` or `false`.
pub(super) fn boolean(node: &Node) -> Result<bool, Wrong> {
    match node.value {
        Value::Boolean(yes) => Ok(yes),
        _ => Err(Wrong::expected("true or false")),
    }
}

/// A whole number within bounds.
pub(super) fn number<T>(range: RangeInclusive<T>) -> impl Fn(&Node) -> Result<T, Wrong>
where
    T: TryFrom<i64> + PartialOrd + Display,
{
    move |node| {
        let wrong = || Wrong::expected(format!("a whole number from {} to {}", range.start(), range.end()));
        let Value::Integer(number) = node.value else { return Err(wrong()) };
        number.and_then(|n| T::try_from(n).ok()).filter(|n| range.contains(n)).ok_or_else(wrong)
    }
}

/// One of a few words.
pub(super) fn one_of<T: Copy>(choices: &[(&'static str, T)]) -> impl Fn(&Node) -> Result<T, Wrong> {
    move |node| {
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        let wrong = || {
            let quoted: Vec<_> = names.iter().map(|name| format!("\"{name}\"")).collect();
            Wrong::expected(if quoted.len() == 1 { quoted.join("") } else { format!("one of {}", quoted.join(", ")) })
        };
        let text = node.text().ok_or_else(wrong)?;
        let choice = choices.iter().find(|(name, _)| *name == text).map(|(_, choice)| *choice);
        choice.ok_or_else(|| match nearest(text, &names) {
            Some(near) => wrong().hint(format!("did you mean \"{near}\"?")),
            None => wrong(),
        })
    }
}

/// Units of durations, with their length in milliseconds.
const TIME_UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
/// Units of sizes, with their length in bytes.
const SIZE_UNITS: [(&str, u64); 4] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

/// A duration within bounds, as `"90s"`, `"10m"` or `"1h 30m"`.
pub(super) fn duration(min: Duration, max: Duration) -> impl Fn(&Node) -> Result<Duration, Wrong> {
    move |node| {
        let wrong = || {
            let (min, max) = (show_duration(min), show_duration(max));
            Wrong::expected(format!("a duration like \"10m\" (ms, s, m, h, d), from {min} to {max}"))
        };
        let text = node.text().ok_or_else(wrong)?;
        let length = parse_duration(text).ok_or_else(wrong)?;
        if (min..=max).contains(&length) { Ok(length) } else { Err(wrong()) }
    }
}

/// A size in bytes within bounds, as `"64 KiB"`.
pub(super) fn size(min: usize, max: usize) -> impl Fn(&Node) -> Result<usize, Wrong> {
    move |node| {
        let wrong = || {
            let (min, max) = (show_size(min), show_size(max));
            Wrong::expected(format!("a size like \"64 KiB\" (B, KiB, MiB, GiB), from {min} to {max}"))
        };
        let text = node.text().ok_or_else(wrong)?;
        let (number, unit) = split_number(text).ok_or_else(wrong)?;
        let unit = SIZE_UNITS.iter().find(|(name, _)| *name == unit.trim()).ok_or_else(wrong)?;
        let bytes = number.checked_mul(unit.1).and_then(|bytes| usize::try_from(bytes).ok());
        bytes.filter(|bytes| (min..=max).contains(bytes)).ok_or_else(wrong)
    }
}

fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut millis = 0_u64;
    let mut finer_than = u64::MAX;
    while !rest.is_empty() {
        let (number, tail) = split_number(rest)?;
        let tail = tail.trim_start();
        let end = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, after) = tail.split_at_checked(end)?;
        let (_, length) = TIME_UNITS.iter().find(|(name, _)| *name == unit)?;
        // "10m 10m" or "5s 1h" is more likely a slip than a sum.
        if *length >= finer_than {
            return None;
        }
        finer_than = *length;
        millis = millis.checked_add(number.checked_mul(*length)?)?;
        rest = after.trim_start();
    }
    (finer_than != u64::MAX).then(|| Duration::from_millis(millis))
}

fn split_number(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    Some((digits.parse().ok()?, rest))
}

/// A duration as it's written in the configuration.
pub(super) fn show_duration(duration: Duration) -> String {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let unit = TIME_UNITS.iter().rev().find(|(_, length)| millis.is_multiple_of(*length));
    unit.map_or_else(|| format!("{millis}ms"), |(name, length)| format!("{}{name}", millis / length))
}

fn show_size(bytes: usize) -> String {
    let unit = SIZE_UNITS.iter().rev().find(|(_, length)| (bytes as u64).is_multiple_of(*length));
    unit.map_or_else(|| format!("{bytes} B"), |(name, length)| format!("{} {name}", bytes as u64 / length))
}

/// A network (`"203.0.113.0/24"`) or a single address.
pub(super) fn network(node: &Node) -> Result<IpNet, Wrong> {
    let wrong = || Wrong::expected("a network like \"203.0.113.0/24\", or an address");
    let text = node.text().ok_or_else(wrong)?.trim();
    let parsed = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    let network = parsed.ok_or_else(wrong)?;
    if network.trunc() == network {
        return Ok(network);
    }
    Err(wrong().hint(format!("the network that this address lies in is written \"{}\"", network.trunc())))
}

/// An address with its port to listen on.
pub(super) fn socket(node: &Node) -> Result<SocketAddr, Wrong> {
    let wrong = || Wrong::expected("an address with its port, like \"0.0.0.0:443\" or \"[::]:443\"");
    let text = node.text().ok_or_else(wrong)?;
    text.parse().map_err(|_| match text.split(':').next() {
        Some("localhost") => wrong().hint("write \"127.0.0.1\" or \"[::1]\" for localhost"),
        _ => wrong(),
    })
}

/// A domain name or host in lower case and ASCII; IPv6 addresses in brackets.
pub(super) fn host(node: &Node) -> Result<String, Wrong> {
    let text = text(node)?;
    parse_host(text).ok_or_else(|| {
        let wrong = Wrong::expected("a host name like \"panel.example.net\" or an address, without port or scheme");
        let bare = text.rsplit("//").next().unwrap_or(text).split(['/', ':']).next().unwrap_or_default();
        match bare != text && parse_host(bare).is_some() {
            true => wrong.hint(format!("write \"{bare}\"")),
            false => wrong,
        }
    })
}

/// The host that `text` names, as a `Host` header would carry it.
pub(super) fn parse_host(text: &str) -> Option<String> {
    let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    if let Ok(ip) = bare.parse::<std::net::Ipv6Addr>() {
        return Some(format!("[{ip}]"));
    }
    let ascii = idna::domain_to_ascii_strict(text).ok()?;
    let fits = !ascii.is_empty() && ascii.len() <= 253 && !ascii.ends_with('.');
    fits.then_some(ascii)
}

/// A regular expression over bytes.
pub(super) fn pattern(node: &Node) -> Result<Regex, Wrong> {
    let text = text(node)?;
    Regex::new(text).map_err(|error| {
        let reason = error.to_string();
        let reason = reason.lines().last().unwrap_or_default().trim().trim_start_matches("error: ").to_owned();
        Wrong::expected("a regular expression").found(format!("{}: {reason}", quoted(text)))
    })
}

/// So many times in so long: `{ max = 20, period = "10m" }`; what is left out stays at its default.
pub(super) fn quota(section: &Section<'_>, key: &'static str, default: Quota) -> Quota {
    let section = section.section(key);
    // A day bounds what has to be remembered of the past.
    let period = duration(Duration::from_secs(1), Duration::from_hours(24));
    let max = section.or("max", number(1..=100_000_u32), default.max());
    let period = section.or("period", period, default.period());
    section.finish();
    Quota::of(max, period)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(text: &str) -> Node {
        Node { spot: Default::default(), index: 0, value: Value::Text(text.to_owned()) }
    }

    #[test]
    fn durations_are_read_as_people_write_them() {
        let read = |text: &str| duration(Duration::ZERO, Duration::from_hours(48))(&node(text)).ok();
        for (text, millis) in [
            ("10m", 600_000),
            ("60s", 60_000),
            ("250ms", 250),
            ("1h 30m", 5_400_000),
            ("1h30m", 5_400_000),
            ("2 d", 172_800_000),
            ("0s", 0),
        ] {
            assert_eq!(read(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "10", "m", "-1s", "1.5h", "10 minutes", "5s 1h", "1m 1m", "3d", "99999999999999999999s", "１s"]
        {
            assert_eq!(read(text), None, "{text}");
        }
        for text in ["10m", "90s", "1h", "1d", "1ms"] {
            assert_eq!(show_duration(parse_duration(text).unwrap()), text);
        }
    }

    #[test]
    fn sizes_are_binary() {
        let read = |text: &str| size(1, 1 << 30)(&node(text)).ok();
        assert_eq!(read("64 KiB"), Some(65536));
        assert_eq!(read("1MiB"), Some(1 << 20));
        assert_eq!(read("12 B"), Some(12));
        for text in ["", "64", "64 KB", "64k", "-1 B", "0 B", "2 GiB", "1 KiB KiB"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn networks_have_no_host_bits() {
        assert_eq!(network(&node("10.0.0.0/8")).ok(), Some("10.0.0.0/8".parse().unwrap()));
        assert_eq!(network(&node("10.1.2.3")).ok(), Some("10.1.2.3/32".parse().unwrap()));
        assert_eq!(network(&node("::1")).ok(), Some("::1/128".parse().unwrap()));
        for text in ["10.1.2.3/8", "10.0.0.0/33", "", "all", "10.0.0"] {
            assert!(network(&node(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn hosts_are_as_a_host_header_carries_them() {
        for (text, expected) in [
            ("Panel.Example.NET", Some("panel.example.net")),
            ("127.0.0.1", Some("127.0.0.1")),
            ("::1", Some("[::1]")),
            ("[::1]", Some("[::1]")),
            ("bücher.example", Some("xn--bcher-kva.example")),
            ("panel.example.net:443", None),
            ("https://panel.example.net", None),
            ("*.example.net", None),
            ("panel example", None),
            ("panel.example.net.", None),
        ] {
            assert_eq!(parse_host(text).as_deref(), expected, "{text}");
        }
    }
}
