//! Doors in every spelling and state, and bodies that can be read in two ways: DESIGN R5, R9, R10.

use std::time::Duration;

use http::Method;

use super::support::browser::{Ask, encode};
use super::world::{
    ALICE, BOB, PROTECTED, World, assert_inside, assert_outside, authenticating, fields, generous, is_cleared, log_in,
    login_form, shows_inside, spellings, who,
};

#[tokio::test]
async fn r9_every_spelling_of_a_protected_page_is_refused_or_withheld() {
    let world = World::new().await;
    let mut pending = world.gate.browser(66);
    world.to_challenge(&mut pending, ALICE).await;
    let stranger = world.gate.browser(67);
    for target in PROTECTED {
        let (path, query) = target.split_once('?').map_or((*target, ""), |(path, query)| (path, query));
        for spelling in spellings(path) {
            let spelling = if query.is_empty() { spelling } else { format!("{spelling}?{query}") };
            for method in ["GET", "HEAD", "POST", "PUT", "OPTIONS", "TRACE", "CONNECT", "GETx"] {
                for browser in [&pending, &stranger] {
                    if let Some(page) = browser.raw(method, &spelling, &[], b"").await {
                        assert!(!shows_inside(&page), "{method} {spelling}: {page:?}");
                        assert_ne!(page.status, 200, "{method} {spelling}: {page:?}");
                    }
                }
            }
        }
    }
    for request in world.panel.received() {
        assert!(!PROTECTED.iter().skip(1).any(|target| request.target.contains(target)), "{request:?}");
    }
}

#[tokio::test]
async fn r9_every_spelling_of_the_login_is_the_door_or_a_refusal() {
    let world = World::with(generous).await;
    let mut doors = 0;
    for spelling in spellings("/login.php") {
        let mut attacker = world.gate.browser(66);
        let form = login_form(&mut attacker, ALICE).await;
        let body = encode(&fields(&form));
        for method in ["POST", "PUT", "post"] {
            let Some(page) = attacker.raw(method, &spelling, &[], body.as_bytes()).await else { continue };
            let turned_away = page.status.is_client_error() || page.status.is_server_error();
            assert!(page.wants_code() || page.status == 401 || turned_away, "{method} {spelling}: {page:?}");
            assert!(!shows_inside(&page) && authenticating(&page).is_empty(), "{method} {spelling}: {page:?}");
            doors += usize::from(page.wants_code());
            for line in page.set_cookies() {
                attacker.jar.take(&line, "/login.php");
            }
            assert_outside(&attacker).await;
        }
    }
    assert!(doors >= 2, "some are the door: {doors}");
}

#[tokio::test]
async fn r9_every_spelling_of_the_login_presents_nobody_elses_password_inside_a_cleared_session() {
    let world = World::with(generous).await;
    let mut attacker = world.cleared(66, BOB).await;
    let csrf = attacker.get("/login.php").await.form("/login.php").value("csrf").unwrap().to_owned();
    let body = encode(&[("csrf", &csrf), ("username", ALICE.name), ("password", ALICE.password)]);
    for spelling in spellings("/login.php") {
        let Some(page) = attacker.raw("POST", &spelling, &[], body.as_bytes()).await else { continue };
        assert!(page.status.is_client_error(), "{spelling}: {page:?}");
        assert_inside(&mut attacker, BOB).await;
    }
}

#[tokio::test]
async fn r10_forms_that_can_be_read_as_two_accounts_are_refused() {
    let world = World::with(generous).await;
    let mut attacker = world.cleared(66, BOB).await;
    let csrf = attacker.get("/login.php").await.form("/login.php").value("csrf").unwrap().to_owned();
    let password = ALICE.password;
    // In his own session he may log in as himself: so one reading must not be his and another hers.
    let bodies = [
        format!("username=bob&username=alice&password={password}"),
        format!("username=alice&username=bob&password={password}"),
        format!("username=bob&+username=alice&password={password}"),
        format!("username=bob&username%00x=alice&password={password}"),
        format!("username=bob&username[]=alice&password={password}"),
        format!("username[]=bob&username=alice&password={password}"),
        format!("username=bob;username=alice&password={password}"),
        format!("username=bob&%75sername=alice&password={password}"),
        format!("username=bob&USERNAME=alice&password={password}"),
        format!("username=bob&username =alice&password={password}"),
        format!("username=alice%00bob&password={password}"),
        format!("username=%FF&password={password}"),
    ];
    for body in bodies {
        let body = format!("csrf={csrf}&{body}");
        let page = attacker.raw("POST", "/login.php", &[], body.as_bytes()).await.unwrap();
        assert!(!is_cleared(&page) && !page.wants_code(), "{body}: {page:?}");
        assert_ne!(who(&page), Some(ALICE.name), "{body}: {page:?}");
        let page = attacker.get("/dashboard.php").await;
        assert_ne!(who(&page), Some(ALICE.name), "{body}: {page:?}");
        if who(&page).is_none() {
            attacker = world.gate.browser(66);
            log_in(&mut attacker, BOB).await;
        }
    }
    let query = format!("/login.php?username=alice&password={password}");
    let page = attacker.raw("POST", &query, &[], format!("csrf={csrf}&username=bob").as_bytes()).await.unwrap();
    assert!(page.status.is_client_error(), "{page:?}");
}

#[tokio::test]
async fn r10_oversize_and_malformed_login_bodies_are_refused_before_the_panel_sees_them() {
    let world = World::with(generous).await;
    let mut browser = world.gate.browser(66);
    let form = login_form(&mut browser, ALICE).await;
    let body = encode(&fields(&form));
    world.panel.forget_received();
    let long = format!("{body}&x={}", "y".repeat(70_000));
    let form_type = "application/x-www-form-urlencoded";
    let chunked = format!("{:x}\r\n{long}\r\n0\r\n\r\n", long.len());
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [u8], &'a [u16]);
    let cases: &[Case<'_>] = &[
        ("too long", &[], long.as_bytes(), &[413]),
        ("too long, in chunks", &[("Transfer-Encoding", "chunked")], chunked.as_bytes(), &[413]),
        ("told too long", &[("Content-Length", "70000")], b"", &[413]),
        ("no form", &[("Content-Type", "text/plain")], body.as_bytes(), &[400, 415]),
        ("no type", &[("Content-Type", "")], body.as_bytes(), &[400, 415]),
        ("multipart without a boundary", &[("Content-Type", "multipart/form-data")], body.as_bytes(), &[400, 415]),
        ("broken multipart", &[("Content-Type", "multipart/form-data; boundary=b")], b"--b\r\nx", &[400, 415]),
        ("two types", &[("Content-Type", form_type), ("Content-Type", "text/plain")], body.as_bytes(), &[400, 415]),
        ("gzip", &[("Content-Encoding", "gzip")], body.as_bytes(), &[400, 415]),
        ("identity", &[("Content-Encoding", "identity")], body.as_bytes(), &[400, 415]),
        ("two lengths", &[("Content-Length", "5"), ("Content-Length", "6")], body.as_bytes(), &[400]),
        ("length and chunks", &[("Content-Length", "5"), ("Transfer-Encoding", "chunked")], b"0\r\n\r\n", &[400]),
        ("bad chunks", &[("Transfer-Encoding", "chunked")], b"zz\r\nusername\r\n", &[400]),
        ("another coding", &[("Transfer-Encoding", "gzip, chunked")], chunked.as_bytes(), &[400, 501]),
    ];
    for (name, headers, body, expected) in cases {
        let Some(page) = browser.raw("POST", "/login.php", headers, body).await else {
            panic!("{name}: no answer");
        };
        assert!(expected.contains(&page.status.as_u16()), "{name}: {page:?}");
    }
    assert_eq!(world.reached("/login.php"), 0, "{:?}", world.panel.received());
    assert_outside(&browser).await;
    // Nothing is lost by it.
    assert!(browser.submit(&form).await.wants_code());
}

#[tokio::test]
async fn r10_a_multipart_login_is_the_door_too() {
    let world = World::new().await;
    let mut browser = world.gate.browser(66);
    let form = login_form(&mut browser, ALICE).await;
    let body: String = fields(&form)
        .into_iter()
        .map(|(name, value)| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"))
        .collect();
    let ask = Ask::new(Method::POST, "/login.php")
        .content("multipart/form-data; boundary=b", format!("{body}--b--\r\n").as_bytes());
    let page = browser.send(ask).await;
    assert!(!is_cleared(&page) && !shows_inside(&page), "{page:?}");
    assert_outside(&browser).await;
}

#[tokio::test]
async fn r4_a_get_with_a_body_and_a_head_are_judged_as_what_they_are() {
    let world = World::new().await;
    let mut browser = world.gate.browser(66);
    let form = login_form(&mut browser, ALICE).await;
    let body = encode(&fields(&form));
    world.panel.forget_received();
    for target in ["/", "/login.php", "/dashboard.php"] {
        for method in ["GET", "HEAD", "DELETE"] {
            if let Some(page) = browser.raw(method, target, &[], body.as_bytes()).await {
                assert_ne!(page.status, 200, "{method} {target}: {page:?}");
                assert!(!shows_inside(&page), "{method} {target}: {page:?}");
            }
        }
    }
    assert!(world.panel.received().is_empty(), "{:?}", world.panel.received());
    let head = browser.raw("HEAD", "/login.php", &[], b"").await.unwrap();
    assert!(head.status == 200 && head.body.is_empty(), "{head:?}");
    let head = browser.raw("HEAD", "/dashboard.php", &[], b"").await.unwrap();
    assert!(head.status == 303 && head.body.is_empty(), "{head:?}");
    let mut own = world.cleared(2, ALICE).await;
    let head = own.raw("HEAD", "/dashboard.php", &[], b"").await.unwrap();
    assert!(head.status == 200 && head.body.is_empty(), "{head:?}");
    assert_inside(&mut own, ALICE).await;
}

#[tokio::test]
async fn r5_where_a_panel_takes_credentials_anywhere_they_are_refused_outside_of_the_door() {
    let world = World::with(|setup| generous(setup).set("panel.anywhere", true)).await;
    let mut attacker = world.cleared(66, BOB).await;
    world.panel.forget_received();
    let (name, password) = (ALICE.name, ALICE.password);
    let pairs = [("username", name), ("password", password)];
    for target in ["/upload.php", "/dashboard.php", "/password.php", "/api/me"] {
        let by_query = attacker.get(&format!("{target}?username={name}&password={password}")).await;
        assert!(by_query.status.is_client_error(), "{by_query:?}");
        let by_form = attacker.send(Ask::post(target, &pairs)).await;
        assert!(by_form.status.is_client_error(), "{by_form:?}");
        let half = attacker.send(Ask::post(&format!("{target}?username={name}"), &pairs[1..])).await;
        assert!(half.status.is_client_error(), "{half:?}");
        let padded = [("x", "y".repeat(200_000)), ("username", name.to_owned()), ("password", password.to_owned())];
        let padded: Vec<(&str, &str)> = padded.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let long = attacker.raw("POST", target, &[], encode(&padded).as_bytes()).await;
        assert!(long.is_none_or(|page| page.status.is_client_error()), "{target}");
    }
    // Of a body that streams, the panel never saw the end.
    for request in world.panel.received() {
        assert!(!String::from_utf8_lossy(&request.body).contains(password), "{request:?}");
    }
    assert_inside(&mut attacker, BOB).await;
    // What isn't a login goes through.
    let page = attacker.send(Ask::post("/password.php", &[("current", "x"), ("new", "y")])).await;
    assert!(page.contains("password_error"), "{page:?}");
}

#[tokio::test]
async fn too_many_wrong_passwords_from_a_network_get_429_and_retry_after() {
    let mut world = World::new().await;
    let mut attacker = world.gate.browser(66);
    let form = login_form(&mut attacker, ALICE).await;
    for nth in 0..20 {
        let name = if nth % 2 == 0 { "alice".to_owned() } else { format!("nobody{nth}") };
        let page = attacker.submit(&form.clone().with("username", &name).with("password", &format!("no-{nth}"))).await;
        assert!(page.status == 200 && page.contains("login_error"), "{nth}: {page:?}");
    }
    let page = attacker.submit(&form).await;
    assert_eq!((page.status.as_u16(), page.slug().as_deref()), (429, Some("too-many-tries")), "{page:?}");
    let seconds: u64 = page.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=600).contains(&seconds), "{seconds}");
    let scripted = attacker.send(Ask::post("/login.php", &fields(&form)).scripted()).await;
    assert_eq!(scripted.status, 429, "{scripted:?}");
    // Elsewhere nobody is concerned.
    assert!(log_in(&mut world.gate.browser(67), ALICE).await.wants_code());
    // A restart forgets none of it; the time does.
    world.gate.kill_and_restart().await;
    assert_eq!(attacker.twin().submit(&form).await.status, 429);
    world.gate.pass(Duration::from_secs(11 * 60));
    assert!(log_in(&mut world.gate.browser(66), ALICE).await.wants_code());
}

#[tokio::test]
async fn what_a_wrong_password_says_doesnt_tell_whether_the_account_exists() {
    let world = World::with(generous).await;
    let mut answers = Vec::new();
    for name in ["bob", "nobody"] {
        let mut browser = world.gate.browser(66);
        let form = login_form(&mut browser, ALICE).await.with("username", name).with("password", "wrong");
        let page = browser.submit(&form).await;
        let csrf = form.value("csrf").unwrap().to_owned();
        answers.push((page.status, page.text().replace(name, "NAME").replace(&csrf, "CSRF"), page.set_cookies()));
    }
    assert_eq!(answers[0], answers[1]);
    assert!(world.smtp.mails().is_empty());
}
