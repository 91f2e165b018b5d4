//! The strict reading of a request's header, before pingora parses it.
//!
//! Two parsers that read the same bytes in two ways are what request smuggling is made of. So a
//! header goes on only in the one form that nobody reads differently; whatever is merely tolerated
//! by somebody is refused. The scan looks at every byte once, also when the header trickles in.

use memchr::memchr;

use super::framing::Framing;
use super::refusal::RefusedReason as Reason;

/// The longest target, in bytes. Browsers and PHP stop at 8 KiB; links with a whole search form in
/// them get half as far.
pub const MAX_TARGET: usize = 16 * 1024;

/// Most header lines in a request. Browsers send about 20, and with proxies in front about 30.
pub const MAX_HEADER_LINES: usize = 100;

/// The longest method: the registered ones have at most 17 letters (`UPDATEREDIRECTREF`).
const MAX_METHOD: usize = 24;

/// A header that passed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Head {
    /// How long it is, with the empty line.
    pub len: usize,
    /// How the body is framed.
    pub framing: Framing,
    /// Whether it asks to go on in another protocol.
    pub upgrade: bool,
}

/// How far the reading of a header has come.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Where the next line begins.
    at: usize,
    /// Everything before this holds no LF after `at`.
    searched: usize,
    lines: usize,
    version: Option<Version>,
    hosts: u32,
    length: Option<u64>,
    chunked: bool,
    upgrade: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Version {
    Http10,
    Http11,
}

impl Scan {
    /// Goes on with `bytes`, which are the same as before and maybe some more. `None` when the
    /// header isn't complete yet.
    pub fn advance(&mut self, bytes: &[u8], max_header: usize) -> Result<Option<Head>, Reason> {
        loop {
            let from = self.searched.max(self.at);
            let Some(found) = bytes.get(from..).and_then(|rest| memchr(b'\n', rest)) else {
                self.searched = bytes.len();
                return self.incomplete(bytes, max_header).map(|()| None);
            };
            let end = from + found;
            let line = bytes.get(self.at..end).and_then(|line| line.strip_suffix(b"\r")).ok_or(Reason::LineEnding)?;
            self.at = end + 1;
            if self.at > max_header {
                return Err(if self.version.is_none() { Reason::TargetTooLong } else { Reason::HeaderTooLarge });
            }
            match self.version {
                None => self.version = Some(request_line(line)?),
                Some(version) if line.is_empty() => return self.finish(version).map(Some),
                Some(version) => self.header_line(line, version)?,
            }
        }
    }

    /// What can be said of a header of which only a part is there.
    fn incomplete(&self, bytes: &[u8], max_header: usize) -> Result<(), Reason> {
        if self.version.is_none() {
            // A TLS handshake or other noise never gets to a line's end: no need to wait for it.
            if bytes.first().is_some_and(|first| !is_token(*first)) {
                return Err(Reason::RequestLine);
            }
            if bytes.len() > MAX_TARGET + MAX_METHOD + 16 {
                return Err(Reason::TargetTooLong);
            }
        }
        if bytes.len() >= max_header { Err(Reason::HeaderTooLarge) } else { Ok(()) }
    }

    fn header_line(&mut self, line: &[u8], version: Version) -> Result<(), Reason> {
        self.lines += 1;
        if self.lines > MAX_HEADER_LINES {
            return Err(Reason::HeaderTooLarge);
        }
        if matches!(line.first(), Some(b' ' | b'\t')) {
            return Err(Reason::Folding);
        }
        no_controls(line)?;
        let (name, value) =
            memchr(b':', line).and_then(|colon| line.split_at_checked(colon)).ok_or(Reason::HeaderName)?;
        if name.is_empty() || !name.iter().all(|b| is_token(*b)) {
            return Err(Reason::HeaderName);
        }
        let value = value.strip_prefix(b":").unwrap_or(value);
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => {
                self.hosts += 1;
                if self.hosts > 1 || !is_host(value.trim_ascii()) {
                    return Err(Reason::Host);
                }
            }
            7 if name.eq_ignore_ascii_case(b"upgrade") => self.upgrade = true,
            14 if name.eq_ignore_ascii_case(b"content-length") => {
                if self.chunked {
                    return Err(Reason::AmbiguousLength);
                }
                if self.length.is_some() {
                    return Err(Reason::ContentLength);
                }
                self.length = Some(decimal(value.trim_ascii()).ok_or(Reason::ContentLength)?);
            }
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => {
                if self.length.is_some() {
                    return Err(Reason::AmbiguousLength);
                }
                let known = value.trim_ascii().eq_ignore_ascii_case(b"chunked");
                if self.chunked || !known || version == Version::Http10 {
                    return Err(Reason::TransferEncoding);
                }
                self.chunked = true;
            }
            _ => {}
        }
        Ok(())
    }

    fn finish(&self, version: Version) -> Result<Head, Reason> {
        if version == Version::Http11 && self.hosts == 0 {
            return Err(Reason::Host);
        }
        let framing = match (self.chunked, self.length) {
            (true, _) => Framing::chunked(),
            (false, Some(length)) => Framing::length(length),
            (false, None) => Framing::none(),
        };
        // pingora takes no HTTP/1.0 request for an upgrade, whatever it says.
        Ok(Head { len: self.at, framing, upgrade: self.upgrade && version == Version::Http11 })
    }
}

fn request_line(line: &[u8]) -> Result<Version, Reason> {
    let space = memchr(b' ', line).ok_or(Reason::RequestLine)?;
    let (method, rest) = line.split_at_checked(space).ok_or(Reason::RequestLine)?;
    let rest = rest.get(1..).ok_or(Reason::RequestLine)?;
    if method.is_empty() || method.len() > MAX_METHOD || !method.iter().all(|b| is_token(*b)) {
        return Err(Reason::Method);
    }
    // TRACE echoes a request with its cookies; CONNECT makes a tunnel that nobody looks into.
    if [&b"CONNECT"[..], b"TRACE", b"TRACK"].iter().any(|never| method.eq_ignore_ascii_case(never)) {
        return Err(Reason::Method);
    }
    // HTTP/0.9 has no version, and so no second space.
    let space = memchr(b' ', rest).ok_or(Reason::Version)?;
    let (target, version) = rest.split_at_checked(space).ok_or(Reason::RequestLine)?;
    let version = match version {
        b" HTTP/1.1" => Version::Http11,
        b" HTTP/1.0" => Version::Http10,
        _ if version.strip_prefix(b" ").is_some_and(|v| v.contains(&b' ')) => return Err(Reason::RequestLine),
        _ => return Err(Reason::Version),
    };
    if target.len() > MAX_TARGET {
        return Err(Reason::TargetTooLong);
    }
    // A fragment is never sent, and parsers cut it off. Browsers encode whatever isn't ASCII.
    if target.first() != Some(&b'/') || target.iter().any(|b| !b.is_ascii_graphic() || *b == b'#') {
        return Err(Reason::Target);
    }
    Ok(version)
}

/// Neither control characters nor DEL; a tab is white space.
fn no_controls(line: &[u8]) -> Result<(), Reason> {
    // No early end: like this the compiler looks at 16 or 32 bytes at a time.
    let bad = line.iter().fold(false, |bad, b| bad | ((*b < 0x20) & (*b != b'\t')) | (*b == 0x7f));
    if !bad {
        Ok(())
    } else if line.contains(&b'\r') {
        Err(Reason::LineEnding)
    } else {
        Err(Reason::ControlCharacter)
    }
}

/// RFC 9110 §5.6.2.
fn is_token(b: u8) -> bool {
    const TOKEN: [bool; 256] = {
        let mut table = [false; 256];
        let mut b = 0;
        while b < 128_u8 {
            #[expect(clippy::indexing_slicing, reason = "a u8 below 128 lies in a table of 256, at compile time")]
            {
                table[b as usize] = b.is_ascii_alphanumeric()
                    || matches!(b, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~');
            }
            b += 1;
        }
        table
    };
    TOKEN.get(usize::from(b)).copied().unwrap_or(false)
}

/// A name or an address with an optional port: no user, no list, nothing encoded.
fn is_host(value: &[u8]) -> bool {
    !value.is_empty()
        && value.len() <= 260
        && value.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'[' | b']'))
}

/// Digits only: no sign, no list, no white space; up to 18 of them, so that it fits everywhere.
fn decimal(value: &[u8]) -> Option<u64> {
    if value.is_empty() || value.len() > 18 {
        return None;
    }
    value.iter().try_fold(0_u64, |sum, b| b.is_ascii_digit().then(|| sum * 10 + u64::from(b - b'0')))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MAX: usize = 32 * 1024;

    fn scan(text: impl AsRef<[u8]>) -> Result<Option<Head>, Reason> {
        Scan::default().advance(text.as_ref(), MAX)
    }

    #[test]
    fn what_browsers_send_passes() {
        let text = "GET /doku.php?id=start&x={a|b}^c HTTP/1.1\r\nHost: panel.example.net:8443\r\nCookie: a=b; c=\"d\"\r\n\
                    User-Agent: Mozilla/5.0 (caf\u{e9})\r\nX-Empty:\r\nX-Tab: a\tb\r\n\r\n";
        assert_eq!(scan(text), Ok(Some(Head { len: text.len(), framing: Framing::none(), upgrade: false })));
        let more = format!("{text}GET /next");
        assert_eq!(scan(&more).map(|h| h.map(|h| h.len)), Ok(Some(text.len())), "what comes after isn't touched");
        for (line, framing) in [
            ("Content-Length: 12", Framing::length(12)),
            ("content-length:0", Framing::length(0)),
            ("Transfer-Encoding: Chunked", Framing::chunked()),
        ] {
            let text = format!("POST / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n{line}\r\n\r\n");
            assert_eq!(scan(&text).map(|h| h.map(|h| h.framing)), Ok(Some(framing)), "{line}");
        }
        let old = "GET / HTTP/1.0\r\nUpgrade: websocket\r\n\r\n";
        assert_eq!(scan(old), Ok(Some(Head { len: old.len(), framing: Framing::none(), upgrade: false })));
        let upgrade = "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
        assert_eq!(scan(upgrade).map(|h| h.map(|h| h.upgrade)), Ok(Some(true)));
    }

    #[test]
    fn whatever_is_read_in_two_ways_is_refused() {
        let long = format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "x".repeat(MAX_TARGET));
        let endless = format!("GET /{}", "x".repeat(MAX_TARGET + 100));
        let crowd = format!("GET / HTTP/1.1\r\nHost: h\r\n{}\r\n", "A: b\r\n".repeat(MAX_HEADER_LINES));
        let big = format!("GET / HTTP/1.1\r\nHost: h\r\nA: {}\r\n\r\n", "x".repeat(MAX));
        let trickle = format!("GET / HTTP/1.1\r\nHost: h\r\nA: {}", "x".repeat(MAX));
        for (text, reason) in [
            ("GET / HTTP/1.1\nHost: h\r\n\r\n", Reason::LineEnding),
            ("GET / HTTP/1.1\r\nHost: h\n\r\n", Reason::LineEnding),
            ("GET / HTTP/1.1\r\nHost: h\r\n\n", Reason::LineEnding),
            ("GET / HTTP/1.1\r\nHost: h\r\nA: b\rc\r\n\r\n", Reason::LineEnding),
            ("GET / HTTP/1.1\r\nHost: h\r\nA: b\r\r\n\r\n", Reason::LineEnding),
            ("GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n", Reason::Folding),
            ("GET / HTTP/1.1\r\n Host: h\r\n\r\n", Reason::Folding),
            ("GET / HTTP/1.1\r\nHost: h\r\nA: b\0c\r\n\r\n", Reason::ControlCharacter),
            ("GET / HTTP/1.1\r\nHost: h\r\nA: b\x0bc\r\n\r\n", Reason::ControlCharacter),
            ("GET / HTTP/1.1\r\nHost: h\r\nA: b\x7fc\r\n\r\n", Reason::ControlCharacter),
            ("GET / HTTP/1.1\r\nHost : h\r\n\r\n", Reason::HeaderName),
            ("GET / HTTP/1.1\r\nHost: h\r\nA b: c\r\n\r\n", Reason::HeaderName),
            ("GET / HTTP/1.1\r\nHost: h\r\n: c\r\n\r\n", Reason::HeaderName),
            ("GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n", Reason::HeaderName),
            ("GET / HTTP/1.1\r\nHost: h\r\nCaf\u{e9}: c\r\n\r\n", Reason::HeaderName),
            ("GET / HTTP/1.1\r\n\r\n", Reason::Host),
            ("GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", Reason::Host),
            ("GET / HTTP/1.0\r\nHost: h\r\nhost: i\r\n\r\n", Reason::Host),
            ("GET / HTTP/1.1\r\nHost:\r\n\r\n", Reason::Host),
            ("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", Reason::Host),
            ("GET / HTTP/1.1\r\nHost: user@h\r\n\r\n", Reason::Host),
            ("GET / HTTP/1.1\r\nHost: h/x\r\n\r\n", Reason::Host),
            (
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                Reason::AmbiguousLength,
            ),
            (
                "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
                Reason::AmbiguousLength,
            ),
            ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", Reason::ContentLength),
            ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1, 1\r\n\r\n", Reason::ContentLength),
            ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\n", Reason::ContentLength),
            ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", Reason::ContentLength),
            ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x1\r\n\r\n", Reason::ContentLength),
            ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\n", Reason::ContentLength),
            ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n", Reason::ContentLength),
            ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", Reason::TransferEncoding),
            ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity\r\n\r\n", Reason::TransferEncoding),
            (
                "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
                Reason::TransferEncoding,
            ),
            ("POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", Reason::TransferEncoding),
            ("GET /\r\n", Reason::Version),
            ("GET / HTTP/0.9\r\n", Reason::Version),
            ("GET / HTTP/2.0\r\n", Reason::Version),
            ("GET / http/1.1\r\n", Reason::Version),
            ("GET / HTTP/1.1 \r\n", Reason::RequestLine),
            ("GET /a b HTTP/1.1\r\n", Reason::RequestLine),
            ("PRI * HTTP/2.0\r\n", Reason::Version),
            ("GET  / HTTP/1.1\r\n", Reason::RequestLine),
            ("GET\r\n", Reason::RequestLine),
            ("\r\nGET / HTTP/1.1\r\n", Reason::RequestLine),
            (" GET / HTTP/1.1\r\n", Reason::Method),
            ("G@T / HTTP/1.1\r\n", Reason::Method),
            ("GET\t/ HTTP/1.1\r\n", Reason::Method),
            ("CONNECT h:443 HTTP/1.1\r\n", Reason::Method),
            ("TRACE / HTTP/1.1\r\n", Reason::Method),
            ("trace / HTTP/1.1\r\n", Reason::Method),
            ("AVERYLONGMETHODTHATNOBODYKNOWS / HTTP/1.1\r\n", Reason::Method),
            ("GET login.php HTTP/1.1\r\n", Reason::Target),
            ("GET http://h/ HTTP/1.1\r\n", Reason::Target),
            ("GET * HTTP/1.1\r\n", Reason::Target),
            ("GET @b/login.php HTTP/1.1\r\n", Reason::Target),
            ("GET /a#b HTTP/1.1\r\n", Reason::Target),
            ("GET /caf\u{e9} HTTP/1.1\r\n", Reason::Target),
            ("GET /a\0b HTTP/1.1\r\n", Reason::Target),
            ("GET /a\tb HTTP/1.1\r\n", Reason::Target),
            ("\x16\x03\x01\x02\0\x01\0", Reason::RequestLine),
            (&long, Reason::TargetTooLong),
            (&endless, Reason::TargetTooLong),
            (&crowd, Reason::HeaderTooLarge),
            (&big, Reason::HeaderTooLarge),
            (&trickle, Reason::HeaderTooLarge),
        ] {
            assert_eq!(scan(text), Err(reason), "{:.60?}", text);
        }
    }

    proptest! {
        /// However the bytes arrive, the outcome is the same.
        #[test]
        fn a_trickling_header_is_read_the_same(
            mut text in prop::collection::vec(prop_oneof![
                Just("GET / HTTP/1.1\r\n"), Just("Host: h\r\n"), Just("Content-Length: 3\r\n"), Just("\r\n"),
                Just("Transfer-Encoding: chunked\r\n"), Just("A: b\r\n"), Just("A:\n"), Just("x"), Just(" y: z\r\n"),
            ], 0..8).prop_map(|parts| parts.concat().into_bytes()),
            cuts in prop::collection::vec(0_usize..80, 0..6),
        ) {
            text.splice(0..0, *b"GET / HTTP/1.1\r\n");
            let mut cuts: Vec<_> = cuts.into_iter().map(|c| c.min(text.len())).collect();
            cuts.sort_unstable();
            cuts.push(text.len());
            let mut scan = Scan::default();
            let mut outcome = Ok(None);
            for cut in cuts {
                outcome = scan.advance(&text[..cut], MAX);
                if outcome != Ok(None) { break; }
            }
            prop_assert_eq!(outcome, Scan::default().advance(&text, MAX));
        }

        /// Whatever passes is complete to pingora's parser as well, up to the same byte: it never
        /// has to read on for its header.
        #[test]
        fn pingoras_parser_agrees_where_a_header_ends(
            target in "/[!-\"$-~]{0,20}", name in "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}", value in "[ -~\u{80}-\u{ff}\t]{0,24}",
            rest in "[\\r\\n -~]{0,12}",
        ) {
            let text = format!("GET {target} HTTP/1.1\r\nHost: h\r\n{name}: {value}\r\n\r\n{rest}");
            if let Ok(Some(head)) = scan(&text) {
                let mut headers = [httparse::EMPTY_HEADER; 8];
                let mut request = httparse::Request::new(&mut headers);
                prop_assert_eq!(request.parse(text.as_bytes()), Ok(httparse::Status::Complete(head.len)));
                prop_assert_eq!(request.path, Some(target.as_str()));
            }
        }

        #[test]
        fn nothing_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = scan(&bytes);
        }
    }
}
