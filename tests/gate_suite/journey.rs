//! The main road, and what people meet beside it.

use std::time::Duration;

use http::Method;
use mail_parser::MessageParser;

use super::support::browser::{Ask, Browser};
use super::support::page::Page;
use super::world::{
    ALICE, BOB, CANCEL, CHALLENGE, GATE_COOKIE, LOGOUT, RESEND, World, assert_inside, assert_outside, enter_code,
    fields, is_cleared, log_in, login_form, submit_code, wrong,
};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn b1_b9_an_unknown_network_needs_the_code_and_is_known_from_then_on() {
    let world = World::new().await;
    let mut browser = world.gate.browser(2);
    let code = world.to_challenge(&mut browser, ALICE).await;
    assert_outside(&browser).await;
    let pending = browser.twin();
    let page = browser.get(CHALLENGE).await;
    assert_eq!((page.status.as_u16(), page.slug().as_deref()), (200, Some("code")), "{page:?}");
    assert!(!page.contains(ALICE.email) && page.contains("gate@example.test"), "masked, with the sender: {page:?}");
    let answer = enter_code(&mut browser, &code).await;
    assert_eq!(answer.location().as_deref(), Some("/dashboard.php"), "{answer:?}");
    assert_inside(&mut browser, ALICE).await;
    assert_outside(&pending).await;

    let mut again = world.gate.browser(2);
    let answer = log_in(&mut again, ALICE).await;
    assert!(is_cleared(&answer), "{answer:?}");
    assert_inside(&mut again, ALICE).await;
    assert_eq!(world.mails_to(ALICE), 1);
    // Neither another network nor another account is known by it.
    assert!(log_in(&mut world.gate.browser(3), ALICE).await.wants_code());
    assert!(log_in(&mut world.gate.browser(2), BOB).await.wants_code());
}

#[tokio::test]
async fn the_wanted_page_is_reached_after_the_code() {
    let world = World::new().await;
    let mut browser = world.gate.browser(2);
    let page = browser.visit("/upload.php?folder=1").await;
    assert!(page.target.starts_with("/login.php?next="), "{page:?}");
    let form = page.form("/login.php").with("username", ALICE.name).with("password", ALICE.password);
    assert!(browser.submit(&form).await.wants_code());
    let code = world.code_after(ALICE, 0).await;
    let answer = enter_code(&mut browser, &code).await;
    assert_eq!(answer.location().as_deref(), Some("/upload.php?folder=1"), "{answer:?}");
}

#[tokio::test]
async fn the_network_changes_between_login_and_code_and_both_become_known() {
    let world = World::new().await;
    let mut browser = world.gate.browser(2);
    let code = world.to_challenge(&mut browser, ALICE).await;
    let mut moved = browser.moved_to(3);
    assert!(is_cleared(&enter_code(&mut moved, &code).await));
    assert_inside(&mut moved, ALICE).await;
    assert_outside(&browser).await;
    for network in [2, 3] {
        let answer = log_in(&mut world.gate.browser(network), ALICE).await;
        assert!(is_cleared(&answer), "network {network}: {answer:?}");
    }
    assert!(log_in(&mut world.gate.browser(4), ALICE).await.wants_code());
}

#[tokio::test]
async fn b10_a_session_on_an_unknown_network_needs_a_code_there() {
    let world = World::new().await;
    let mut home = world.cleared(2, ALICE).await;
    let mut moved = home.moved_to(3);
    assert!(moved.get("/dashboard.php").await.wants_code());
    assert_outside(&moved).await;
    let post = moved.post("/password.php", &[("new", "Other-Horse-10")]).await;
    assert_eq!((post.status.as_u16(), post.slug().as_deref()), (403, Some("confirm-code")), "{post:?}");
    // At home it goes on meanwhile.
    assert_inside(&mut home, ALICE).await;
    let page = moved.get(CHALLENGE).await;
    let code = world.code_after(ALICE, 1).await;
    let answer = moved.submit(&page.form(CHALLENGE).with("code", &code)).await;
    assert!(is_cleared(&answer), "{answer:?}");
    assert_inside(&mut moved, ALICE).await;
    // The token from before is dead, also where it was good.
    assert_outside(&home).await;
}

#[tokio::test]
async fn b8_the_creation_network_is_trusted_from_the_start() {
    let world = World::with(|setup| {
        setup
            .accounts("login,email,created_from\nalice,alice@example.test,81.2.69.142\nbob,bob@example.test,\n")
            .set_toml("listen.trusted_proxies", r#"["127.0.0.0/8"]"#)
            .set("listen.client_address", "x-forwarded-for")
    })
    .await;
    for (from, account, trusted) in
        [("81.2.69.142", ALICE, true), ("81.2.69.143", ALICE, false), ("81.2.69.142", BOB, false)]
    {
        let mut browser = world.gate.browser(2);
        let form = login_form(&mut browser, account).await;
        let answer = browser.send(Ask::post("/login.php", &fields(&form)).header("x-forwarded-for", from)).await;
        assert_eq!(is_cleared(&answer), trusted, "{from}: {answer:?}");
        assert_eq!(answer.wants_code(), !trusted, "{from}: {answer:?}");
    }
}

#[tokio::test]
async fn b11_an_expired_code_needs_a_new_login() {
    let mut world = World::new().await;
    let mut late = world.gate.browser(3);
    let code = world.to_challenge(&mut late, ALICE).await;
    let form = late.get(CHALLENGE).await.form(CHALLENGE).with("code", &code);
    world.gate.pass(9 * MINUTE);
    assert_eq!(late.get(CHALLENGE).await.slug().as_deref(), Some("code"));
    world.gate.pass(2 * MINUTE);
    let answer = late.submit(&form).await;
    assert!(matches!(answer.slug().as_deref(), Some("code-expired" | "explain")), "{answer:?}");
    assert_outside(&late).await;
    world.clear(&mut late, ALICE).await;
}

#[tokio::test]
async fn b12_the_third_wrong_code_blocks_for_an_hour_and_then_there_are_three_tries() {
    let mut world = World::new().await;
    let mut browser = world.gate.browser(2);
    let code = world.to_challenge(&mut browser, ALICE).await;
    let form = browser.get(CHALLENGE).await.form(CHALLENGE);
    for nth in 1..=2 {
        let answer = submit_code(&mut browser, &form.clone().with("code", &wrong(&code, nth))).await;
        assert_eq!((answer.status.as_u16(), answer.slug().as_deref()), (422, Some("code")), "{answer:?}");
    }
    let blocked = submit_code(&mut browser, &form.clone().with("code", &wrong(&code, 3))).await;
    assert_eq!((blocked.status.as_u16(), blocked.slug().as_deref()), (403, Some("blocked")), "{blocked:?}");
    assert!(!is_cleared(&submit_code(&mut browser, &form.with("code", &code)).await));
    let again = log_in(&mut world.gate.browser(2), ALICE).await;
    assert_eq!(again.slug().as_deref(), Some("blocked"), "{again:?}");
    assert_eq!(again.reference(), blocked.reference());
    assert!(authenticating_is_absent(&again));
    // Neither the account elsewhere nor another account here.
    world.clear(&mut world.gate.browser(3), ALICE).await;
    world.clear(&mut world.gate.browser(2), BOB).await;

    world.gate.pass(HOUR + MINUTE);
    let mut later = world.gate.browser(2);
    let code = world.to_challenge(&mut later, ALICE).await;
    for nth in 1..=2 {
        assert_eq!(enter_code(&mut later, &wrong(&code, nth)).await.slug().as_deref(), Some("code"));
    }
    assert!(is_cleared(&enter_code(&mut later, &code).await));
}

fn authenticating_is_absent(page: &Page) -> bool {
    super::world::authenticating(page).is_empty()
}

#[tokio::test]
async fn b57_another_code_after_a_minute_and_three_mails_an_hour() {
    let mut world = World::new().await;
    let mut browser = world.gate.browser(2);
    let first = world.to_challenge(&mut browser, ALICE).await;
    let form = browser.get(CHALLENGE).await.form(RESEND);
    let early = submit_code(&mut browser, &form).await;
    assert!(early.header("retry-after").is_some() && early.contains("minute"), "{early:?}");
    assert_eq!(world.mails_to(ALICE), 1);
    world.gate.pass(MINUTE + Duration::from_secs(1));
    submit_code(&mut browser, &form).await;
    let second = world.code_after(ALICE, 1).await;
    if first != second {
        let older = enter_code(&mut browser, &first).await;
        assert!(older.contains("newer code") && older.contains("3 tries left"), "{older:?}");
    }
    world.gate.pass(MINUTE + Duration::from_secs(1));
    submit_code(&mut browser, &form).await;
    let third = world.code_after(ALICE, 2).await;
    world.gate.pass(MINUTE + Duration::from_secs(1));
    let spent = submit_code(&mut browser, &form).await;
    assert_eq!(spent.slug().as_deref(), Some("code"), "{spent:?}");
    // Nor does a new login bring a fourth; what was sent last is still good.
    let mut other = world.gate.browser(2);
    log_in(&mut other, ALICE).await;
    assert_eq!(other.get(CHALLENGE).await.slug().as_deref(), Some("code"));
    assert_eq!(world.mails_to(ALICE), 3);
    assert!(is_cleared(&enter_code(&mut browser, &third).await));
}

#[tokio::test]
async fn a_login_given_up_is_over_here_and_at_the_panel() {
    let world = World::new().await;
    let mut browser = world.gate.browser(2);
    let code = world.to_challenge(&mut browser, ALICE).await;
    let page = browser.get(CHALLENGE).await;
    let held = browser.twin();
    let answer = browser.submit(&page.form(CANCEL)).await;
    assert_eq!(answer.slug().as_deref(), Some("cancelled"), "{answer:?}");
    assert_eq!(browser.jar.value(GATE_COOKIE), None);
    let mut twin = held.twin();
    let late = twin.submit(&page.form(CHALLENGE).with("code", &code)).await;
    assert!(!is_cleared(&late), "{late:?}");
    assert_outside(&held).await;
    let told = tokio::time::timeout(Duration::from_secs(20), async {
        while world.reached("/logout.php") == 0 {
            tokio::task::yield_now().await;
        }
    });
    assert!(told.await.is_ok(), "the panel was told to log the parked session out");
    // Another account can log in at the same computer.
    world.clear(&mut browser, BOB).await;
}

#[tokio::test]
async fn a_logout_at_the_panel_or_at_the_gate_ends_both() {
    let world = World::new().await;
    let mut browser = world.cleared(2, ALICE).await;
    let held = browser.twin();
    let answer = browser.get("/logout.php").await;
    assert_eq!((answer.status.as_u16(), answer.location().as_deref()), (302, Some("/login.php")), "{answer:?}");
    assert_eq!(browser.jar.value(GATE_COOKIE), None);
    assert_outside(&held).await;
    // From the page that says to log out first.
    assert!(is_cleared(&log_in(&mut browser, ALICE).await));
    let held = browser.twin();
    let page = browser.post("/login.php", &[("username", BOB.name), ("password", BOB.password)]).await;
    assert_eq!((page.status.as_u16(), page.slug().as_deref()), (409, Some("log-out-first")), "{page:?}");
    let answer = browser.submit(&page.form(LOGOUT)).await;
    assert_eq!(answer.slug().as_deref(), Some("logged-out"), "{answer:?}");
    assert_outside(&held).await;
}

#[tokio::test]
async fn b13_two_addresses_get_the_mail() {
    let world = World::with(|setup| {
        setup.accounts("login,email,email2\nalice,alice@example.test,second@example.test\nbob,bob@example.test,\n")
    })
    .await;
    let mut browser = world.gate.browser(2);
    let code = world.to_challenge(&mut browser, ALICE).await;
    let second = super::world::code_in(&world.smtp.wait_for_mail_to("second@example.test", 0).await);
    assert_eq!(code, second);
    let page = browser.get(CHALLENGE).await;
    assert!(!page.contains("second@example.test") && page.contains("s…d@"), "both are shown, masked: {page:?}");
}

#[tokio::test]
async fn pages_and_mails_speak_the_browsers_language_unless_the_accounts_is_known() {
    let world = World::with(|setup| {
        setup.accounts("login,email,language\nalice,alice@example.test,\nbob,bob@example.test,fr\n")
    })
    .await;
    for (asked, account, mail_language, page_language) in
        [("fr-FR,fr;q=0.9", ALICE, "fr", "fr"), ("en-GB,en", ALICE, "en", "en"), ("en", BOB, "fr", "en")]
    {
        let mut browser = world.gate.browser(2).language(asked);
        let earlier = world.mails_to(account);
        assert!(log_in(&mut browser, account).await.wants_code());
        let mail = world.smtp.wait_for_mail_to(account.email, earlier).await;
        let parsed = MessageParser::default().parse(&mail.data).unwrap();
        let text = parsed.body_text(0).unwrap().into_owned();
        assert_eq!(text.contains("Bonjour") || text.contains("réseau"), mail_language == "fr", "{text}");
        let page = browser.get(CHALLENGE).await;
        assert!(page.contains(&format!("<html lang=\"{page_language}\"")), "{asked}: {page:?}");
    }
}

#[tokio::test]
async fn a_scripted_login_is_told_that_the_password_was_right_and_a_code_is_awaited() {
    let world = World::new().await;
    for (language, words) in [("en", "password is right"), ("fr", "mot de passe est accepté")] {
        let mut script = world.gate.browser(66).language(language);
        let form = login_form(&mut script, ALICE).await;
        let earlier = world.mails_to(ALICE);
        let answer = script.send(Ask::post("/login.php", &fields(&form)).scripted()).await;
        assert_eq!(answer.status, 401, "{answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        let problem: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(problem["challenge"], CHALLENGE);
        assert_eq!(problem["type"], "urn:poterne:problem:code-awaited");
        let said = problem["detail"].as_str().unwrap().to_lowercase();
        assert!(said.contains(words), "{answer:?}");
        assert!(authenticating_is_absent(&answer), "{answer:?}");
        assert_outside(&script).await;
        // Who is in front of that browser can go on from there.
        let code = world.code_after(ALICE, earlier).await;
        assert_eq!(script.get(CHALLENGE).await.slug().as_deref(), Some("code"));
        if language == "fr" {
            assert!(is_cleared(&enter_code(&mut script, &code).await));
        }
    }
}

#[tokio::test]
async fn a_denied_form_says_to_verify_in_another_tab_and_scripts_get_a_problem() {
    let world = World::new().await;
    let form = [("new", "Other-Horse-10"), ("again", "Other-Horse-10"), ("current", ALICE.password)];
    let mut stranger = world.gate.browser(2);
    let page = stranger.post("/password.php", &form).await;
    assert_eq!((page.status.as_u16(), page.slug().as_deref()), (403, Some("confirm-login")), "{page:?}");
    let mut pending = world.gate.browser(2);
    world.to_challenge(&mut pending, ALICE).await;
    let page = pending.post("/password.php", &form).await;
    assert_eq!((page.status.as_u16(), page.slug().as_deref()), (403, Some("confirm-code")), "{page:?}");
    assert!(page.contains(CHALLENGE) && page.contains("tab"), "{page:?}");
    for (browser, member) in [(&mut stranger, "login"), (&mut pending, "challenge")] {
        for ask in [Ask::get("/api/me"), Ask::new(Method::DELETE, "/api/me"), Ask::post("/password.php", &form)] {
            let answer = browser.send(ask.scripted()).await;
            assert_eq!(answer.status, 401, "{answer:?}");
            let problem: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
            assert!(problem[member].is_string(), "{answer:?}");
        }
    }
    assert!(world.panel.password_is(ALICE.name, ALICE.password));
    assert_eq!(world.reached("/password.php") + world.reached("/api/me"), 0);
}

const HANDSHAKE: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

fn get_with(browser: &Browser, target: &str, headers: &str) -> String {
    let cookies = browser.jar.header(target).map(|header| format!("Cookie: {header}\r\n")).unwrap_or_default();
    format!("GET {target} HTTP/1.1\r\nHost: {}\r\n{cookies}{headers}\r\n", browser.server())
}

#[tokio::test]
async fn websockets_events_uploads_and_ranges_pass_on_a_cleared_session_only() {
    let world = World::new().await;
    let mut browser = world.cleared(2, ALICE).await;
    let mut socket = browser.connect().await;
    socket.write(get_with(&browser, "/ws", HANDSHAKE).as_bytes()).await;
    let head = socket.read_until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    socket.write(&[&[0x81, 0x85, 0, 0, 0, 0][..], b"hello"].concat()).await;
    assert!(socket.read_until("hello").await.ends_with("hello"));

    let mut events = browser.connect().await;
    events.write(get_with(&browser, "/events.php", "Accept: text/event-stream\r\n").as_bytes()).await;
    assert!(events.read_until("event: tick").await.starts_with("HTTP/1.1 200"));
    world.panel.push_event("backup is done");
    assert!(events.read_until("backup is done").await.contains("backup is done"));

    let file = vec![b'x'; 3_000_000];
    let body = [
        &b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n"[..],
        &file,
        b"\r\n--b--\r\n",
    ]
    .concat();
    let upload = || Ask::new(Method::POST, "/upload.php").content("multipart/form-data; boundary=b", &body);
    let answer = browser.send(upload()).await;
    assert!(answer.status == 200 && answer.contains("a.bin"), "{answer:?}");
    let part = browser.send(Ask::get("/download.bin").header("range", "bytes=1000-1003")).await;
    assert_eq!(part.status, 206, "{part:?}");
    assert_eq!(part.header("content-range"), Some("bytes 1000-1003/1048576"));
    assert_eq!(&part.body[..], [247, 248, 249, 250]);

    // Without: neither for who never logged in, nor for who waits for a code, nor for the session elsewhere.
    let mut pending = world.gate.browser(3);
    world.to_challenge(&mut pending, ALICE).await;
    world.panel.forget_received();
    for other in [&mut world.gate.browser(4), &mut pending, &mut browser.moved_to(5)] {
        let mut socket = other.connect().await;
        socket.write(get_with(other, "/ws", HANDSHAKE).as_bytes()).await;
        assert!(socket.read_until("\r\n").await.starts_with("HTTP/1.1 401"));
        assert_ne!(other.get("/events.php?n=1").await.status, 200);
        assert_eq!(other.send(upload()).await.status, 403);
        let ask = Ask::get("/download.bin").header("range", "bytes=0-3");
        assert!(other.send(ask).await.status.is_redirection());
    }
    assert_eq!(world.panel.received().len(), 0, "{:?}", world.panel.received());
}
