use std::collections::BTreeMap;

use http::Method;
use proptest::prelude::*;
use regex::bytes::Regex;

use super::*;

fn door(kind: DoorKind, accepted: Vec<Matcher>, refused: Vec<Matcher>) -> Door {
    Door {
        kind,
        path: "/login.php".to_owned(),
        methods: vec![Method::POST],
        query: BTreeMap::new(),
        fields: BTreeMap::new(),
        username: Some("u".to_owned()),
        password: Some("p".to_owned()),
        accepted,
        refused,
        open: false,
        hand_over_answer: false,
        json: false,
    }
}

fn status(status: u16) -> Matcher {
    Matcher { status: Some(status), ..Matcher::default() }
}

fn with_body(matcher: Matcher, body: &str) -> Matcher {
    Matcher { body: Some(Regex::new(body).unwrap()), ..matcher }
}

fn answer(status: u16, body: &str) -> AnswerView<'_> {
    AnswerView { status, location: None, body: body.as_bytes() }
}

fn inside(account: &str) -> Probed {
    Probed::Seen(ProbeSeen { inside: true, account: Shown::Name(account.to_owned()), email: None })
}

fn outside() -> Probed {
    Probed::Seen(ProbeSeen { inside: false, account: Shown::Missing, email: None })
}

fn accepted(account: Option<&str>, by: Evidence) -> Verdict {
    Verdict::Accepted { account: account.map(str::to_owned), email: None, by }
}

/// WordPress: a login cookie proves it; no probe.
fn wordpress(kind: DoorKind) -> Door {
    door(kind, vec![status(302)], vec![with_body(status(200), "id=\"login_error\"")])
}

#[test]
fn r6_wordpress_and_its_lies() {
    let table = [
        ("right password", 302, "", true, accepted(None, Evidence::Cookie)),
        ("wrong password", 200, "<div id=\"login_error\">", false, Verdict::Refused),
        (
            "testcookie: cookies are blocked, with valid cookies",
            200,
            "<div id=\"login_error\">cookies are blocked",
            true,
            Verdict::NoVerdict(Unclear::UnknownAnswer),
        ),
        ("interim-login: 200 and cookies", 200, "<body class=\"interim-login", true, {
            Verdict::NoVerdict(Unclear::UnknownAnswer)
        }),
        ("action=rp: a redirect without a login", 302, "", false, Verdict::NoVerdict(Unclear::NoEvidence)),
        ("a crash", 500, "", false, Verdict::NoVerdict(Unclear::NothingFits)),
        ("a crash after the cookies were set", 500, "", true, Verdict::NoVerdict(Unclear::UnknownAnswer)),
    ];
    for (what, code, body, gained, expected) in table {
        let door = wordpress(DoorKind::Login);
        assert_eq!(judge(&door, answer(code, body), gained, Probed::NotConfigured), expected, "{what}");
    }
}

#[test]
fn r6_dokuwiki_and_its_lies() {
    let door = door(DoorKind::Login, vec![status(302), status(200)], vec![status(403)]);
    let no = Verdict::NoVerdict;
    let table = [
        ("right password", 302, true, inside("alice"), accepted(Some("alice"), Evidence::Both)),
        ("right password, 200", 200, true, inside("alice"), accepted(Some("alice"), Evidence::Both)),
        ("session only", 302, false, inside("alice"), accepted(Some("alice"), Evidence::Probe)),
        ("wrong password", 403, false, Probed::NotWanted, Verdict::Refused),
        ("do=profile: a redirect after a wrong password", 302, false, outside(), no(Unclear::NoEvidence)),
        ("do=search: 200 after a wrong password", 200, false, outside(), no(Unclear::NoEvidence)),
        ("do=logout: in and out again, with a cookie left over", 302, true, outside(), no(Unclear::CookieButOutside)),
        ("do=logout without a cookie left", 302, false, outside(), no(Unclear::NoEvidence)),
        ("403 with a cookie", 403, true, inside("alice"), no(Unclear::UnknownAnswer)),
        ("403, and inside", 403, false, inside("alice"), no(Unclear::RefusedButInside)),
        ("the probe was lost", 302, true, Probed::Failed, no(Unclear::ProbeFailed)),
        ("the probe was lost after a refusal", 403, false, Probed::Failed, Verdict::Refused),
    ];
    for (what, code, gained, probed, expected) in table {
        assert_eq!(judge(&door, answer(code, ""), gained, probed), expected, "{what}");
    }
}

#[test]
fn r6_cacti_and_its_lies() {
    let door = door(DoorKind::Login, vec![status(302)], vec![with_body(status(200), "loginErrors")]);
    let no = Verdict::NoVerdict;
    let table = [
        ("right password, no cookie at all", 302, "", inside("alice"), accepted(Some("alice"), Evidence::Probe)),
        ("wrong password", 200, "class='loginErrors'", Probed::NotWanted, Verdict::Refused),
        ("bad CSRF token: a redirect", 302, "", outside(), no(Unclear::NoEvidence)),
        ("logged in by e-mail or alias: the page's name counts", 302, "", inside("admin"), {
            accepted(Some("admin"), Evidence::Probe)
        }),
        ("200 without an error", 200, "maintenance", outside(), no(Unclear::NothingFits)),
        ("the probe was lost", 302, "", Probed::Failed, no(Unclear::ProbeFailed)),
    ];
    for (what, code, body, probed, expected) in table {
        assert_eq!(judge(&door, answer(code, body), false, probed), expected, "{what}");
    }
    let nameless = Probed::Seen(ProbeSeen { inside: true, account: Shown::Missing, email: None });
    assert_eq!(judge(&door, answer(302, ""), false, nameless), no(Unclear::Nameless));
    let unnamed = Probed::Seen(ProbeSeen { inside: true, account: Shown::NotAsked, email: None });
    assert_eq!(judge(&door, answer(302, ""), false, unnamed), accepted(None, Evidence::Probe));
}

#[test]
fn where_both_matchers_hold_evidence_decides() {
    let door = door(DoorKind::Login, vec![status(200)], vec![with_body(status(200), "error")]);
    assert_eq!(judge(&door, answer(200, "error"), false, Probed::NotConfigured), Verdict::Refused);
    assert_eq!(judge(&door, answer(200, "error"), true, Probed::NotConfigured), accepted(None, Evidence::Cookie));
}

#[test]
fn a_reset_or_registration_passes_unless_somebody_is_inside() {
    for kind in [DoorKind::Reset, DoorKind::Register] {
        for code in [200, 302, 500] {
            let judge = |gained, probed| judge(&wordpress(kind), answer(code, ""), gained, probed);
            assert_eq!(judge(false, Probed::NotConfigured), Verdict::Passed);
            assert_eq!(judge(false, outside()), Verdict::Passed);
            assert_eq!(judge(true, Probed::NotConfigured), accepted(None, Evidence::Cookie), "HestiaCP, Pterodactyl");
            assert_eq!(judge(false, inside("alice")), accepted(Some("alice"), Evidence::Probe));
            assert_eq!(judge(true, outside()), Verdict::NoVerdict(Unclear::CookieButOutside));
            assert_eq!(judge(false, Probed::Failed), Verdict::NoVerdict(Unclear::ProbeFailed));
        }
    }
}

#[test]
fn a_plain_refusal_needs_no_probe() {
    let login = wordpress(DoorKind::Login);
    assert!(!wants_probe(&login, answer(200, "id=\"login_error\""), false));
    assert!(wants_probe(&login, answer(200, "id=\"login_error\""), true));
    assert!(wants_probe(&login, answer(302, ""), false));
    assert!(wants_probe(&login, answer(500, ""), false));
    assert!(wants_probe(&wordpress(DoorKind::Reset), answer(200, "id=\"login_error\""), false));
}

proptest! {
    /// The two promises of R6, over all combinations.
    #[test]
    fn r6_nothing_is_accepted_without_evidence_nor_refused_with_a_cookie(
        code in prop_oneof![Just(200u16), Just(302), Just(403), Just(500)],
        gained in any::<bool>(),
        probe in 0..5u8,
        kind in prop_oneof![Just(DoorKind::Login), Just(DoorKind::Reset)],
        accepts in prop_oneof![Just(200u16), Just(302)],
        refuses in prop_oneof![Just(200u16), Just(302), Just(403)],
    ) {
        let probed = match probe {
            0 => Probed::NotConfigured,
            1 => Probed::NotWanted,
            2 => Probed::Failed,
            3 => outside(),
            _ => inside("alice"),
        };
        let seen_inside = probe == 4;
        let door = door(kind, vec![status(accepts)], vec![status(refuses)]);
        match judge(&door, answer(code, ""), gained, probed) {
            Verdict::Accepted { .. } => {
                prop_assert!(gained || seen_inside);
                prop_assert!(kind != DoorKind::Login || code == accepts);
                prop_assert!(probe != 3 && probe != 2);
            }
            Verdict::Refused => prop_assert!(code == refuses && !gained && !seen_inside),
            Verdict::Passed => prop_assert!(kind != DoorKind::Login && !gained && !seen_inside),
            Verdict::NoVerdict(_) => {}
        }
    }
}
