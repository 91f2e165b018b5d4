//! Patterns of cookie names and paths.

use crate::login::name::is_plain;

/// A cookie's name, with `*` for any run of characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern {
    exact: Vec<u8>,
    folded: Vec<u8>,
    shape: Shape,
    head: Head,
}

/// The first letters of a name, case aside: what most names and patterns differ in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    letters: u64,
    /// The letters that count.
    mask: u64,
}

impl Head {
    /// Of a name [of letters, digits, `_` and `-`](is_plain).
    pub(super) fn of(name: &[u8]) -> Self {
        let letters = name.first_chunk().copied().unwrap_or_else(|| {
            let mut padded = [0; 8];
            for (place, letter) in padded.iter_mut().zip(name) {
                *place = *letter;
            }
            padded
        });
        Self { letters: u64::from_le_bytes(letters) | ANY_CASE, mask: u64::MAX }
    }

    fn of_pattern(folded: &[u8]) -> Self {
        // A literal's end counts too: no plain name has what is put behind it.
        let fixed = folded.iter().position(|b| *b == b'*').map_or(8, |star| star.min(8));
        let start = folded.get(..fixed.min(folded.len())).unwrap_or_default();
        let mask = if fixed == 8 { u64::MAX } else { (1 << (8 * fixed)) - 1 };
        Self { letters: Self::of(start).letters & mask, mask }
    }
}

/// Lower and upper case differ in this bit; what else does isn't in plain names, or is told apart by
/// who looks closer.
const ANY_CASE: u64 = 0x2020_2020_2020_2020;

/// Where a pattern has stars: nearly all have none, or one at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Literal,
    /// A star at the end only.
    Prefix,
    Glob,
}

impl NamePattern {
    /// A pattern; `None` if it's empty, nothing but stars, or has characters in it that a cookie's
    /// name can't have (RFC 6265 §4.1.1).
    pub fn parse(text: &str) -> Option<Self> {
        let fits = |b: u8| b.is_ascii_graphic() && !b"()<>@,;:\\\"/?={}".contains(&b);
        if text.bytes().all(|b| b == b'*') || !text.bytes().all(fits) {
            return None;
        }
        let shape = match text.bytes().position(|b| b == b'*') {
            None => Shape::Literal,
            Some(at) if at + 1 == text.len() => Shape::Prefix,
            Some(_) => Shape::Glob,
        };
        let folded: Vec<u8> = text.bytes().map(fold).collect();
        let head = Head::of_pattern(&folded);
        Some(Self { exact: text.as_bytes().to_vec(), folded, shape, head })
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.exact).unwrap_or_default()
    }

    /// Whether it has no star in it.
    pub fn is_literal(&self) -> bool {
        self.shape == Shape::Literal
    }

    /// Whether the name is meant, byte for byte.
    pub fn matches(&self, name: &[u8]) -> bool {
        match (self.shape, self.exact.as_slice()) {
            (Shape::Literal, exact) => exact == name,
            (Shape::Prefix, [prefix @ .., _]) => name.starts_with(prefix),
            (_, exact) => glob(exact, name, |b| b),
        }
    }

    /// Whether a panel could take the name for one of these: other case, `.`, space or `[` for `_`,
    /// white space around it, percent-encoded, cut at a NUL (DESIGN R2).
    pub fn resembles(&self, name: &[u8]) -> bool {
        if is_plain(name) {
            return self.resembles_plain(name);
        }
        let plain = undisguised(name);
        let before_bracket = plain.split(|b| *b == b'[').next().unwrap_or_default();
        glob(&self.folded, &plain, fold) || glob(&self.folded, before_bracket, fold)
    }

    /// [`NamePattern::resembles`] for a name of letters, digits, `_` and `-` only: nothing but its
    /// case can differ.
    pub(super) fn resembles_plain(&self, name: &[u8]) -> bool {
        match (self.shape, self.folded.as_slice()) {
            (Shape::Literal, folded) => folded.eq_ignore_ascii_case(name),
            (Shape::Prefix, [prefix @ .., _]) => {
                name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
            }
            (_, folded) => glob(folded, name, fold),
        }
    }

    /// Whether a plain name with this beginning can be meant, or resemble one that is.
    pub(super) fn may_be(&self, name: Head) -> bool {
        name.letters & self.head.mask == self.head.letters
    }

    /// The letter that every plain name that it resembles begins with, in lower case; `None` if
    /// there's no such letter.
    pub(super) fn first(&self) -> Option<u8> {
        self.folded.first().copied().filter(|first| *first != b'*')
    }
}

/// One spelling for the characters that PHP and others fold into one another in names.
fn fold(b: u8) -> u8 {
    match b {
        b'.' | b' ' | b'[' => b'_',
        other => other.to_ascii_lowercase(),
    }
}

/// A name as the most lenient panel would read it: decoded, cut at NUL, trimmed, without quotes.
fn undisguised(name: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(name.len());
    let mut rest = name;
    while let [first, tail @ ..] = rest {
        rest = tail;
        let byte = match (first, tail) {
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    rest = after;
                    high << 4 | low
                }
                _ => b'%',
            },
            (b'+', _) => b' ',
            (other, _) => *other,
        };
        match byte {
            0 => break,
            b'"' => {}
            other => plain.push(other),
        }
    }
    let blank = |b: &u8| *b <= b' ' || *b == 0x7f;
    let start = plain.iter().position(|b| !blank(b)).unwrap_or(plain.len());
    let end = plain.iter().rposition(|b| !blank(b)).map_or(start, |last| last + 1);
    plain.truncate(end);
    plain.drain(..start);
    plain
}

fn hex(b: u8) -> Option<u8> {
    char::from(b).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Whether `text` is `pattern`, where `*` stands for any run. Linear but for back-tracking to the
/// last star only.
fn glob(pattern: &[u8], text: &[u8], fold: impl Fn(u8) -> u8) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(have) = text.get(t) {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(want) if *want == fold(*have) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((star_p, star_t)) => {
                    p = star_p + 1;
                    t = star_t + 1;
                    star = Some((star_p, star_t + 1));
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|b| *b == b'*'))
}

/// A path, or a glob of paths: `*` within a segment, `**` over segments.
///
/// A glob never matches a script: neither a path with a segment that ends like one (`/x.php/y.css`
/// runs `x.php`), nor one without a file ending in its last segment, which a server may complete to
/// a script (an index page, Apache's MultiViews). Such paths are named one by one (DESIGN R4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern(String);

impl PathPattern {
    /// A pattern; `None` unless it's a canonical path: starts with `/`, no `//`, no dot segments, no
    /// `?`, `#`, `\`, `%` or control characters.
    pub fn parse(text: &str) -> Option<Self> {
        let path = text.strip_prefix('/')?;
        let odd = |c: char| c.is_control() || matches!(c, '?' | '#' | '\\' | '%' | ';' | ' ');
        let mut segments = path.split('/').peekable();
        let mut fine = !text.contains(odd);
        while let Some(segment) = segments.next() {
            let last = segments.peek().is_none();
            fine &= !matches!(segment, "." | "..") && (last || !segment.is_empty());
        }
        fine.then(|| Self(text.to_owned()))
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it has a star in it.
    pub fn is_glob(&self) -> bool {
        self.0.contains('*')
    }

    /// Whether the canonical, decoded `path` is meant. `scripts` are file endings with their dot.
    pub fn matches(&self, path: &str, scripts: &[String]) -> bool {
        if !self.is_glob() {
            return self.0 == path;
        }
        let has_ending = path.rsplit('/').next().is_some_and(|name| name.trim_matches('.').contains('.'));
        has_ending && !is_script(path, scripts) && glob_path(self.0.as_bytes(), path.as_bytes())
    }
}

/// Whether a server would run a script for `path`: a segment ends like one, trailing dots and
/// spaces aside.
pub fn is_script(path: &str, scripts: &[String]) -> bool {
    path.split('/').any(|segment| {
        let segment = segment.trim_end_matches(['.', ' ']).as_bytes();
        scripts.iter().any(|ending| {
            segment
                .len()
                .checked_sub(ending.len())
                .and_then(|at| segment.get(at..))
                .is_some_and(|tail| tail.eq_ignore_ascii_case(ending.as_bytes()))
        })
    })
}

/// `**` for anything, `*` for anything but `/`. Patterns come from the operator and are short.
fn glob_path(pattern: &[u8], text: &[u8]) -> bool {
    match pattern {
        [] => text.is_empty(),
        [b'*', b'*', rest @ ..] => (0..=text.len()).any(|at| text.get(at..).is_some_and(|tail| glob_path(rest, tail))),
        [b'*', rest @ ..] => {
            let segment = text.iter().position(|b| *b == b'/').unwrap_or(text.len());
            (0..=segment).any(|at| text.get(at..).is_some_and(|tail| glob_path(rest, tail)))
        }
        [want, rest @ ..] => matches!(text, [have, tail @ ..] if have == want && glob_path(rest, tail)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> NamePattern {
        NamePattern::parse(text).unwrap()
    }

    #[test]
    fn names_match_byte_for_byte() {
        assert!(name("DokuWiki").matches(b"DokuWiki"));
        assert!(!name("DokuWiki").matches(b"dokuwiki"));
        assert!(name("DW*").matches(b"DW56d1"));
        assert!(!name("DW*").matches(b"xDW"));
        assert!(name("wordpress_*_x").matches(b"wordpress_a_b_x"));
        assert!(!name("wordpress_*_x").matches(b"wordpress_x"));
        for bad in ["", "*", "**", "a b", "a;b", "a=b"] {
            assert!(NamePattern::parse(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn every_spelling_that_a_panel_could_read_as_the_name_resembles_it() {
        for disguised in [
            "Session_Id",
            "session.id",
            "session id",
            " session_id",
            "session_id ",
            "session[id",
            "session_id[]",
            "session%5fid",
            "session_id%00zz",
            "\"session_id\"",
            "SESSION_ID",
            "session+id",
            "\tsession_id",
            "%20session_id",
            "session_id[x][y]",
            "session_id\u{0}",
        ] {
            assert!(name("session_id").resembles(disguised.as_bytes()), "{disguised:?}");
        }
        for other in ["session-id", "sessionid", "xsession_id", "session_id2", "", "%00session_id"] {
            assert!(!name("session_id").resembles(other.as_bytes()), "{other:?}");
        }
        assert!(name("wordpress_logged_in_*").resembles(b"WORDPRESS.logged.in_abc"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        /// Literals and prefixes are compared as the stars say.
        #[test]
        fn every_shape_of_a_pattern_matches_as_a_glob_does(
            pattern in "[aAb_.*-]{1,5}", text in "[aAbB_.\\[ %5f*-]{0,7}",
        ) {
            if let Some(pattern) = NamePattern::parse(&pattern) {
                let text = text.as_bytes();
                prop_assert_eq!(pattern.matches(text), glob(&pattern.exact, text, |b| b));
                if is_plain(text) {
                    prop_assert_eq!(pattern.resembles(text), glob(&pattern.folded, text, fold));
                    if pattern.resembles(text) && let Some(first) = pattern.first() {
                        prop_assert_eq!(text.first().map(u8::to_ascii_lowercase), Some(first));
                    }
                }
                if is_plain(text) && pattern.matches(text) {
                    prop_assert!(pattern.resembles(text), "a name resembles itself");
                }
            }
        }

        /// What the first letters rule out is looked at no closer, so they must rule out nothing that
        /// is meant, nor what resembles it in another case.
        #[test]
        fn the_first_letters_rule_out_no_name_that_is_meant(
            pattern in "[aZ7_.-]{0,10}\\*?[aZ7_.-]{0,3}", between in "[bQ0_-]{0,10}", upper in any::<u32>(),
        ) {
            let text: String = pattern.replace('.', "_").replace('*', &between);
            let in_case = |(at, letter): (usize, char)| {
                if upper >> (at % 32) & 1 == 1 { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() }
            };
            let text: String = text.chars().enumerate().map(in_case).collect();
            if let Some(pattern) = NamePattern::parse(&pattern).filter(|_| is_plain(text.as_bytes())) {
                prop_assert!(pattern.resembles(text.as_bytes()));
                prop_assert!(pattern.may_be(Head::of(text.as_bytes())), "{} {text}", pattern.as_str());
            }
        }
    }

    #[test]
    fn a_path_glob_never_matches_a_script() {
        let scripts = vec![".php".to_owned()];
        let lib = PathPattern::parse("/lib/**").unwrap();
        for path in ["/lib/a.css", "/lib/tpl/x/y.min.js", "/lib/phpinfo.png"] {
            assert!(lib.matches(path, &scripts), "{path}");
        }
        for path in [
            "/lib/exe/xmlrpc.php",
            "/lib/exe/xmlrpc.PHP",
            "/lib/x.php/y.css",
            "/lib/exe/",
            "/lib/exe/xmlrpc",
            "/lib",
            "/lib/x.php.",
            "/library/a.css",
            "/lib/x.php ",
            "/lib/.",
            "/lib/x/..",
        ] {
            assert!(!lib.matches(path, &scripts), "{path}");
        }
        let one = PathPattern::parse("/lib/*.css").unwrap();
        assert!(one.matches("/lib/a.css", &scripts) && !one.matches("/lib/x/a.css", &scripts));
        let script = PathPattern::parse("/doku.php").unwrap();
        assert!(script.matches("/doku.php", &scripts));
        assert!(!script.matches("/doku.php/x.css", &scripts) && !script.matches("/Doku.php", &scripts));
        for bad in ["", "x", "/a//b", "/../x", "/a/./b", "/a?b", "/a%2fb", "/a;b"] {
            assert!(PathPattern::parse(bad).is_none(), "{bad:?}");
        }
    }
}
