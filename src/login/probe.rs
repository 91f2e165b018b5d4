//! Reading the page that shows who is inside (DESIGN R6).

use std::fmt;

use regex::bytes::Regex;

use super::matcher::BODY_LIMIT;
use super::{AnswerView, Probe};

/// Longest name or address that is taken from a page, in characters; an account has 254 at most.
const MAX_CHARS: usize = 320;

/// What the probe's page shows.
#[derive(Clone, PartialEq, Eq)]
pub struct ProbeSeen {
    /// Somebody is inside.
    pub inside: bool,
    /// Who.
    pub account: Shown,
    /// Their e-mail address, if the page shows exactly one where the profile looks for it.
    pub email: Option<String>,
}

/// A name on a page.
#[derive(Clone, PartialEq, Eq)]
pub enum Shown {
    /// The profile doesn't say where to find it.
    NotAsked,
    /// It isn't where the profile says, or there are several.
    Missing,
    /// This one.
    Name(String),
}

impl fmt::Debug for Shown {
    /// Without the name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAsked => "NotAsked",
            Self::Missing => "Missing",
            Self::Name(_) => "Name(…)",
        })
    }
}

impl fmt::Debug for ProbeSeen {
    /// Without name and address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProbeSeen")
            .field("inside", &self.inside)
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

/// Reads the probe's answer. Names on a page of somebody outside count for nothing.
pub fn read_probe(probe: &Probe, answer: AnswerView<'_>) -> ProbeSeen {
    let body = answer.body.get(..BODY_LIMIT).unwrap_or(answer.body);
    let inside = probe.inside.iter().any(|matcher| matcher.holds(answer));
    let shown = |pattern: &Option<Regex>, group: &str| match pattern {
        None => Shown::NotAsked,
        Some(_) if !inside => Shown::Missing,
        Some(pattern) => the_one(pattern, group, body).map_or(Shown::Missing, Shown::Name),
    };
    let account = shown(&probe.account, "account");
    let email = match shown(&probe.email, "email") {
        Shown::Name(email) => Some(email),
        Shown::NotAsked | Shown::Missing => None,
    };
    ProbeSeen { inside, account, email }
}

/// The text that all finds of a pattern agree on: a second one, with another name, may have been
/// written by somebody who wants to be taken for another.
fn the_one(pattern: &Regex, group: &str, body: &[u8]) -> Option<String> {
    let mut found: Option<String> = None;
    for captures in pattern.captures_iter(body) {
        let text = std::str::from_utf8(captures.name(group)?.as_bytes()).ok()?;
        let text = plain_text(text).trim().to_owned();
        if text.is_empty() || text.chars().count() > MAX_CHARS || found.as_ref().is_some_and(|before| *before != text) {
            return None;
        }
        found = Some(text);
    }
    found
}

/// HTML as the reader sees it: without tags (DokuWiki writes `<bdi>alice</bdi>`), references
/// replaced. One that isn't known stays as it is.
fn plain_text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        let (before, special) = rest.split_at(at);
        text.push_str(before);
        let end = if special.starts_with('<') { '>' } else { ';' };
        let Some((token, after)) = special.split_once(end) else {
            rest = special;
            break;
        };
        if end == ';' {
            match token.strip_prefix('&').and_then(reference) {
                Some(char) => text.push(char),
                None => {
                    text.push('&');
                    rest = special.strip_prefix('&').unwrap_or_default();
                    continue;
                }
            }
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

/// The character that a reference stands for.
fn reference(name: &str) -> Option<char> {
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        "commat" => Some('@'),
        "period" => Some('.'),
        _ => {
            let digits = name.strip_prefix('#')?;
            match digits.strip_prefix(['x', 'X']) {
                Some(hex) => number(hex, 16),
                None => number(digits, 10),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::login::Matcher;

    fn page(body: &str) -> AnswerView<'_> {
        AnswerView { status: 200, location: None, body: body.as_bytes() }
    }

    fn dokuwiki() -> Probe {
        Probe {
            target: "/doku.php?id=start".to_owned(),
            inside: vec![Matcher {
                status: Some(200),
                body: Some(Regex::new("class=\"user\"").unwrap()),
                ..Matcher::default()
            }],
            account: Some(Regex::new(r#"class="user">[^\n]*\((?<account>[^()]+)\)</li>"#).unwrap()),
            email: Some(Regex::new(r#"name="email" value="(?<email>[^"]*)""#).unwrap()),
        }
    }

    #[test]
    fn the_probe_shows_who_is_inside() {
        let name = |text: &str| Shown::Name(text.to_owned());
        let table = [
            ("<li class=\"user\">Logged in as: <bdi>Alice</bdi> (<bdi>alice</bdi>)</li>", true, name("alice"), None),
            ("<li class=\"user\">x (o&#039;neil &amp; s&#xF6;n)</li>", true, name("o'neil & sön"), None),
            (
                "<li class=\"user\">x (alice)</li><input name=\"email\" value=\"a&#64;b.test\">",
                true,
                name("alice"),
                Some("a@b.test"),
            ),
            ("<li class=\"user\">x (alice)</li>\n<li class=\"user\">x (alice)</li>", true, name("alice"), None),
            ("<li class=\"user\">x (alice)</li>\n<li class=\"user\">x (bob)</li>", true, Shown::Missing, None),
            ("<li class=\"user\">x ( )</li>", true, Shown::Missing, None),
            ("<li class=\"user\">Angemeldet</li>", true, Shown::Missing, None),
            ("<form id=\"dw__login\">", false, Shown::Missing, None),
        ];
        for (body, inside, account, email) in table {
            let seen = read_probe(&dokuwiki(), page(body));
            assert_eq!((seen.inside, &seen.account, seen.email.as_deref()), (inside, &account, email), "{body}");
        }
        let redirected = AnswerView { status: 302, ..page("class=\"user\"") };
        assert!(!read_probe(&dokuwiki(), redirected).inside);
        let nameless = Probe { account: None, email: None, ..dokuwiki() };
        assert_eq!(read_probe(&nameless, page("class=\"user\"")).account, Shown::NotAsked);
    }

    #[test]
    fn html_is_read_as_text() {
        let table = [
            ("alice", "alice"),
            ("&lt;b&gt;&amp;amp;&quot;", "<b>&amp;\""),
            ("a & b; c", "a & b; c"),
            ("a &unknown; b", "a &unknown; b"),
            ("&#0233;&#xe9;&#999999999;&#;", "éé&#999999999;&#;"),
            ("<bdi>a</bdi", "a</bdi"),
            ("&", "&"),
            ("&&amp;", "&&"),
            ("", ""),
        ];
        for (html, text) in table {
            assert_eq!(plain_text(html), text, "{html}");
        }
    }

    #[test]
    fn long_and_broken_names_are_missing() {
        let body = format!("<li class=\"user\">x ({})</li>", "a".repeat(400));
        assert_eq!(read_probe(&dokuwiki(), page(&body)).account, Shown::Missing);
        let latin1 = AnswerView { body: b"<li class=\"user\">x (caf\xe9)</li>", ..page("") };
        let pattern = Regex::new(r#"(?-u)\((?<account>[^()]+)\)"#).unwrap();
        let probe = Probe { account: Some(pattern), ..dokuwiki() };
        assert_eq!(read_probe(&probe, latin1).account, Shown::Missing);
    }
}
