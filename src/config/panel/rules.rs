//! What a profile must be to keep its promise: rules over several settings.

use crate::config::desk::{At, Wrong};
use crate::config::section::Section;
use crate::gate::PanelProfile;
use crate::gate::pattern::{NamePattern, PathPattern, is_script};
use crate::login::DoorKind;

use super::door::is_under;

/// Public paths: a glob opens neither scripts nor everything.
pub(super) fn check_public(panel: &Section<'_>, public: &[(PathPattern, At)], scripts: &[String], prefix: &str) {
    for (pattern, at) in public {
        let text = pattern.as_str();
        let wrong = if is_under(text, prefix) {
            Wrong::expected("a path of the panel").hint(format!("below {prefix} are the gate's own pages"))
        } else if !pattern.is_glob() {
            continue;
        } else if is_script(text, scripts) {
            let hint = "scripts are named one by one, so that none is opened by accident";
            Wrong::expected("a glob that isn't about scripts").hint(hint)
        } else if text.split('/').nth(1).is_none_or(|first| first.bytes().all(|b| b == b'*')) {
            let hint =
                "name the folders that hold style sheets, scripts of the browser and pictures, like \"/assets/**\"";
            Wrong::expected("a glob that doesn't open the whole panel").hint(hint)
        } else {
            continue;
        };
        panel.desk.mistake(at, wrong.found(format!("\"{text}\"")));
    }
}

/// Cookie names: each of one kind. `other` passes untouched, so where it meets an authenticating
/// name it has to be exact: then it's the exception that it looks like.
pub(super) fn check_cookies(
    cookies: &Section<'_>,
    session: &[(NamePattern, At)],
    login: &[(NamePattern, At)],
    other: &[(NamePattern, At)],
) {
    for (name, at) in other {
        for (kind, strict) in session.iter().map(|(s, _)| ("session", s)).chain(login.iter().map(|(l, _)| ("login", l)))
        {
            if !meet(name.as_str().as_bytes(), strict.as_str().as_bytes())
                || (name.is_literal() && !strict.is_literal())
            {
                continue;
            }
            let found = format!("\"{}\", which meets \"{}\" of {kind}", name.as_str(), strict.as_str());
            let hint = "an exact name under other is an exception to a pattern; anything else would let logins through";
            cookies.desk.mistake(at, Wrong::expected("a name that carries no login").found(found).hint(hint));
        }
    }
    for (name, at) in session {
        if let Some((strict, _)) = login.iter().find(|(l, _)| l == name) {
            let found = format!("\"{}\", which is under login as well", strict.as_str());
            let hint = "session: may exist before a login; login: exists only after one, and proves it";
            cookies.desk.mistake(at, Wrong::expected("each name under one kind").found(found).hint(hint));
        }
    }
}

/// Whether a name can match both patterns.
fn meet(a: &[u8], b: &[u8]) -> bool {
    // Reachable positions in `b` after each prefix of `a`: one row of the usual table.
    let stars = |row: &mut Vec<bool>| {
        for (at, byte) in b.iter().enumerate() {
            if *byte == b'*'
                && row.get(at) == Some(&true)
                && let Some(next) = row.get_mut(at + 1)
            {
                *next = true;
            }
        }
    };
    let mut row = vec![false; b.len() + 1];
    if let Some(first) = row.first_mut() {
        *first = true;
    }
    stars(&mut row);
    for want in a {
        let mut next = vec![false; b.len() + 1];
        if *want == b'*' {
            // Any run of what `b` goes on with.
            let mut reached = false;
            for (slot, old) in next.iter_mut().zip(&row) {
                reached |= *old;
                *slot = reached;
            }
        } else {
            for (at, have) in b.iter().enumerate() {
                let here = row.get(at) == Some(&true);
                let target = if *have == b'*' { at } else { at + 1 };
                if here
                    && (*have == b'*' || have == want)
                    && let Some(slot) = next.get_mut(target)
                {
                    *slot = true;
                }
            }
        }
        stars(&mut next);
        row = next;
    }
    row.last() == Some(&true)
}

/// Everything that needs the whole profile.
pub(super) fn check(panel: &Section<'_>, profile: &PanelProfile) {
    if panel.desk.has_half_a_panel() {
        return;
    }
    check_login_page(panel, profile);
    let logins: Vec<_> = profile.doors.iter().filter(|door| door.kind == DoorKind::Login).collect();
    if logins.is_empty() && !panel.sections("doors").iter().any(|door| door.has_text("kind", "login")) {
        let wrong = Wrong::expected("at least one door of kind login").found("none");
        panel.wrong("doors", wrong.hint("a profile brings it along: profile = \"dokuwiki\""));
    }
    if profile.cookies.login().is_empty() && profile.probe.is_none() && !panel.has("probe") {
        let expected = "evidence of a login: a cookie under cookies.login(), or [panel.probe]";
        let status_alone = |m: &crate::login::Matcher| m.location.is_none() && m.body.is_none() && m.body_not.is_none();
        let found = match logins.iter().any(|door| door.accepted.iter().any(status_alone)) {
            true => "neither, and accepted goes by the status alone, which panels answer to wrong passwords too",
            false => "neither",
        };
        panel.wrong("cookies", Wrong::expected(expected).found(found));
    }
    for door in profile.doors.iter().filter(|door| door.kind == DoorKind::Api && !door.open) {
        if profile.public.iter().any(|public| !public.is_glob() && public.as_str() == door.path) {
            let wrong =
                Wrong::expected("a path that isn't a closed door").found(format!("\"{}\" under both", door.path));
            panel.wrong("public", wrong);
        }
    }
}

/// Who isn't logged in is sent to the login page: if that isn't public, for ever.
fn check_login_page(panel: &Section<'_>, profile: &PanelProfile) {
    let Some(path) = profile.login_page.split('?').next().filter(|path| !path.is_empty()) else { return };
    if !profile.public.iter().any(|public| public.matches(path, &profile.scripts)) {
        let wrong = Wrong::expected("a page whose path is listed under public").found(format!("\"{path}\""));
        panel.wrong("login_page", wrong.hint("else whoever isn't logged in is sent there for ever"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_can_match_one_name_meet() {
        for (a, b, expected) in [
            ("DokuWiki", "DokuWiki", true),
            ("DokuWiki", "DW*", false),
            ("wordpress_test_cookie", "wordpress_*", true),
            ("wp_*", "wordpress_*", false),
            ("w*", "wordpress_*", true),
            ("*_sec", "wordpress_*", true),
            ("a*b", "*ab*b", true),
            ("a*c", "*b", false),
            ("abc", "a*c*", true),
            ("a", "aa*", false),
            ("a**b", "ab", true),
        ] {
            assert_eq!(meet(a.as_bytes(), b.as_bytes()), expected, "{a} {b}");
            assert_eq!(meet(b.as_bytes(), a.as_bytes()), expected, "{b} {a}");
        }
    }
}
