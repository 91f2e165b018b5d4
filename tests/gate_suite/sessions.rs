//! The attacks on a login while it happens, and on sessions: DESIGN R1, R3, R5, R6, R7.

use poterne::app::demo::panel::{Fault, Stage};

use super::support::browser::{Ask, Browser};
use super::world::{
    ALICE, BOB, CHALLENGE, GATE_COOKIE, PANEL_COOKIE, World, assert_inside, assert_outside, authenticating, enter_code,
    fields, generous, is_cleared, log_in, login_form, shows_inside, who,
};

#[tokio::test]
async fn r3_a_get_sent_before_the_login_and_answered_after_it_is_withheld() {
    for stage in [Stage::Arrived, Stage::Inside, Stage::Done] {
        let world = World::new().await;
        let mut browser = world.gate.browser(66);
        let form = login_form(&mut browser, ALICE).await;
        let hold = world.panel.hold_at("/", stage);
        let mut twin = browser.twin();
        let early = tokio::spawn(async move { twin.get("/").await });
        hold.reached().await;
        assert!(browser.submit(&form).await.wants_code());
        hold.release();
        let page = early.await.unwrap();
        assert!(!shows_inside(&page), "{stage:?}: {page:?}");
        assert_eq!(page.slug().as_deref(), Some("start-again"), "{stage:?}: {page:?}");
        assert!(authenticating(&page).is_empty(), "{page:?}");
    }
}

#[tokio::test]
async fn r3_a_get_that_waits_on_the_sessions_lock_during_the_login_is_withheld() {
    let world = World::locking().await;
    let mut browser = world.gate.browser(66);
    let form = login_form(&mut browser, ALICE).await;
    // The GET is inside the gate already, but reaches the panel's lock behind the login.
    let early = world.panel.hold_at("/", Stage::Arrived);
    let login = world.panel.hold_at("/login.php", Stage::Inside);
    let mut twin = browser.twin();
    let get = tokio::spawn(async move { twin.get("/").await });
    early.reached().await;
    let post = tokio::spawn(async move { (browser.submit(&form).await, browser) });
    login.reached().await;
    early.release();
    // One sent while the login is under way doesn't carry the session any more.
    let mut late = world.gate.browser(66);
    late.get("/").await;
    login.release();
    let (answer, browser) = post.await.unwrap();
    assert!(answer.wants_code(), "{answer:?}");
    let page = get.await.unwrap();
    assert!(!shows_inside(&page), "{page:?}");
    assert_outside(&browser).await;
    let inside =
        world.panel.received().into_iter().filter(|request| request.target == "/" && request.account.is_some());
    assert!(inside.count() <= 1, "only the request that was under way could see the login");
}

#[tokio::test]
async fn r3_during_the_login_no_other_request_with_its_session_goes_up() {
    let world = World::new().await;
    let mut browser = world.gate.browser(66);
    let form = login_form(&mut browser, ALICE).await;
    let twin = browser.twin();
    let hold = world.panel.hold_at("/login.php", Stage::Done);
    let post = tokio::spawn(async move { browser.submit(&form).await });
    hold.reached().await;
    world.panel.forget_received();
    for target in ["/", "/style.css"] {
        let page = twin.twin().get(target).await;
        assert!(!shows_inside(&page), "{page:?}");
    }
    for request in world.panel.received() {
        assert!(!request.cookies().contains(PANEL_COOKIE), "{request:?}");
        assert_eq!(request.account, None, "{request:?}");
    }
    hold.release();
    assert!(post.await.unwrap().wants_code());
    assert_outside(&twin).await;
}

#[tokio::test]
async fn r3_an_answer_that_is_streaming_when_its_cookie_is_claimed_is_cut() {
    let world = World::new().await;
    let mut browser = world.gate.browser(66);
    let form = login_form(&mut browser, ALICE).await;
    // Long enough that its first half leaves at once.
    world.panel.set_fault("/", Some(Fault::LongBody(2_000_000)));
    let hold = world.panel.hold_at("/", Stage::Streaming);
    let mut early = browser.connect().await;
    early.write(&browser.raw_head("GET", "/", &[], None)).await;
    let start = early.read_until("<html").await;
    assert!(start.starts_with("HTTP/1.1 200"), "{start}");
    hold.reached().await;
    assert!(browser.submit(&form).await.wants_code());
    hold.release();
    let rest = early.finish_bytes().await;
    assert!(rest < 1_200_000, "it was cut: {rest} of two million bytes came");
}

#[tokio::test]
async fn r3_of_a_short_answer_what_is_still_to_come_when_its_cookie_is_claimed_stays_here() {
    let world = World::new().await;
    let mut browser = world.gate.browser(66);
    let form = login_form(&mut browser, ALICE).await;
    let whole = browser.raw("GET", "/", &[], b"").await.unwrap();
    let length: usize = whole.header("content-length").unwrap().parse().unwrap();
    assert!(whole.status == 200 && whole.body.len() == length && length < 20_000, "{whole:?}");
    let end = &whole.text()[length.div_ceil(2)..];
    let hold = world.panel.hold_at("/", Stage::Streaming);
    let mut early = browser.connect().await;
    early.write(&browser.raw_head("GET", "/", &[], None)).await;
    hold.reached().await;
    assert!(browser.submit(&form).await.wants_code());
    hold.release();
    let came = early.finish_text().await;
    assert!(!came.contains(end), "the second half came too: {came}");
    assert!(!came.starts_with("HTTP/1.1 200") || came.len() < whole.text().len(), "it was ended in order: {came}");
    // Nor does it come to whoever asks again with the same cookie, as part of that session.
    assert_outside(&browser).await;
}

#[tokio::test]
async fn r3_a_slow_post_begun_before_the_login_reaches_nothing() {
    let world = World::new().await;
    let mut browser = world.gate.browser(66);
    let form = login_form(&mut browser, ALICE).await;
    let csrf = form.value("csrf").unwrap().to_owned();
    let body = format!("csrf={csrf}&current={}&new=Stolen-Horse-1&again=Stolen-Horse-1", ALICE.password);
    let mut posts = Vec::new();
    for target in ["/password.php", "/upload.php", "/"] {
        let mut slow = browser.connect().await;
        slow.write(&browser.raw_head("POST", target, &[], Some(body.len()))).await;
        slow.write(&body.as_bytes()[..10]).await;
        posts.push((target, slow));
    }
    assert!(browser.submit(&form).await.wants_code());
    for (target, mut slow) in posts {
        slow.write(&body.as_bytes()[10..]).await;
        let page = slow.finish(target).await;
        assert!(page.is_none_or(|page| page.status == 403 && !shows_inside(&page)), "{target}");
        assert_eq!(world.panel.received().iter().filter(|r| r.method == "POST" && r.target == target).count(), 0);
    }
    assert!(world.panel.password_is(ALICE.name, ALICE.password));
}

#[tokio::test]
async fn r3_a_slow_login_begun_before_another_on_the_same_session_goes_up_without_it() {
    let world = World::new().await;
    let mut browser = world.gate.browser(66);
    let form = login_form(&mut browser, ALICE).await;
    let csrf = form.value("csrf").unwrap().to_owned();
    let body = format!("csrf={csrf}&username={}&password={}", BOB.name, BOB.password);
    let mut slow = browser.connect().await;
    slow.write(&browser.raw_head("POST", "/login.php", &[("Accept", "text/html")], Some(body.len()))).await;
    slow.write(&body.as_bytes()[..10]).await;
    assert!(browser.submit(&form).await.wants_code());
    slow.write(&body.as_bytes()[10..]).await;
    let page = slow.finish("/login.php").await.unwrap();
    assert!(!page.wants_code() && !is_cleared(&page) && !shows_inside(&page), "{page:?}");
    let session = world.panel.received().into_iter().find(|r| r.method == "POST").unwrap().session.unwrap();
    assert_eq!(world.panel.account_in(&session).as_deref(), Some(ALICE.name));
}

#[tokio::test]
async fn r3_a_client_that_goes_away_during_the_login_changes_nothing() {
    let world = World::new().await;
    let mut browser = world.gate.browser(66);
    let form = login_form(&mut browser, ALICE).await;
    let body = super::support::browser::encode(&fields(&form));
    let hold = world.panel.hold_at("/login.php", Stage::Done);
    let mut gone = browser.connect().await;
    gone.write(&browser.raw_head("POST", "/login.php", &[], Some(body.len()))).await;
    gone.write(body.as_bytes()).await;
    hold.reached().await;
    drop(gone);
    hold.release();
    // The login goes on to its end: the owner is told, and the session stays closed.
    world.code_after(ALICE, 0).await;
    assert_outside(&browser).await;
    let page = browser.submit(&form).await;
    assert!(!is_cleared(&page), "{page:?}");
}

#[tokio::test]
async fn r6_a_panel_that_hangs_up_or_says_nothing_clear_leaves_the_session_claimed() {
    let world = World::new().await;
    for fault in [Fault::HangUp, Fault::Always200, Fault::Status(http::StatusCode::FORBIDDEN)] {
        let mut browser = world.gate.browser(66);
        let form = login_form(&mut browser, ALICE).await;
        let twin = browser.twin();
        world.panel.set_fault("/login.php", Some(fault));
        let answer = browser.submit(&form).await;
        world.panel.set_fault("/login.php", None);
        assert!(answer.status.is_server_error() && answer.slug().is_some(), "{fault:?}: {answer:?}");
        assert!(authenticating(&answer).is_empty(), "{fault:?}: {answer:?}");
        // The panel did log that session in.
        assert_outside(&browser).await;
        assert_outside(&twin).await;
        world.panel.set_fault("*", None);
    }
    assert_eq!(world.mails_to(ALICE), 0, "no verdict, no mail");
}

#[tokio::test]
async fn r6_a_panel_that_answers_200_to_everything_gives_no_verdict_and_no_mail() {
    let world = World::new().await;
    let mut browser = world.gate.browser(66);
    for password in [ALICE.password, "Wrong-Horse-0"] {
        let form = login_form(&mut browser, ALICE).await.with("password", password);
        world.panel.set_fault("*", Some(Fault::Always200));
        let answer = browser.submit(&form).await;
        world.panel.set_fault("*", None);
        if password == ALICE.password {
            assert_eq!((answer.status.as_u16(), answer.slug().as_deref()), (502, Some("no-verdict")), "{answer:?}");
        } else {
            assert!(!answer.wants_code() && !is_cleared(&answer), "{answer:?}");
        }
        assert_outside(&browser).await;
    }
    assert_eq!(world.mails_to(ALICE), 0);
}

#[tokio::test]
async fn r6_an_answer_longer_than_a_megabyte_gives_no_verdict() {
    let world = World::new().await;
    let mut browser = world.gate.browser(66);
    let form = login_form(&mut browser, ALICE).await;
    world.panel.set_fault("/login.php", Some(Fault::LongBody(1_100_000)));
    let answer = browser.submit(&form).await;
    assert!(answer.status.is_server_error() && answer.slug().is_some(), "{answer:?}");
    world.panel.set_fault("/login.php", None);
    assert_outside(&browser).await;
    assert_eq!(world.mails_to(ALICE), 0);
}

#[tokio::test]
async fn r1_a_planted_gate_token_is_worth_nothing() {
    let world = World::with(generous).await;
    let mut attacker = world.gate.browser(66);
    world.to_challenge(&mut attacker, ALICE).await;
    // Planted in the owner's browser, who types the code that came.
    let mut owner = world.gate.browser(2);
    owner.jar = attacker.jar.clone();
    let code = world.code_after(ALICE, 0).await;
    assert!(is_cleared(&enter_code(&mut owner, &code).await));
    assert_ne!(owner.jar.value(GATE_COOKIE), attacker.jar.value(GATE_COOKIE), "a new token");
    assert_inside(&mut owner, ALICE).await;
    assert_outside(&attacker).await;
    // Not with the panel's cookies of the owner either: the old token is dead.
    let old = attacker.jar.value(GATE_COOKIE).unwrap().to_owned();
    attacker.jar = owner.jar.clone();
    attacker.jar.plant(GATE_COOKIE, &old);
    assert_outside(&attacker).await;
    // Planted beside the owner's own: none counts.
    let mine = owner.jar.value(GATE_COOKIE).unwrap().to_owned();
    let mut bob = world.cleared(67, BOB).await;
    let theirs = bob.jar.value(GATE_COOKIE).unwrap().to_owned();
    let panel = owner.jar.header("/").unwrap();
    for header in [format!("{GATE_COOKIE}={theirs}; {panel}"), format!("{panel}; {GATE_COOKIE}={theirs}")] {
        let page = owner.send(Ask::get("/dashboard.php").cookies(&header)).await;
        assert_ne!(who(&page), Some(BOB.name), "{page:?}");
    }
    assert_ne!(mine, theirs);
    assert_inside(&mut bob, BOB).await;
}

#[tokio::test]
async fn r2_the_owners_login_on_a_planted_panel_session_is_worth_nothing() {
    let world = World::with(generous).await;
    let mut attacker = world.gate.browser(66);
    attacker.get("/login.php").await;
    let mut victim = world.gate.browser(2);
    victim.jar = attacker.jar.clone();
    let code = world.to_challenge(&mut victim, ALICE).await;
    assert_outside(&attacker).await;
    assert!(is_cleared(&enter_code(&mut victim, &code).await));
    assert_inside(&mut victim, ALICE).await;
    assert_outside(&attacker).await;
    // Nor after the owner's logout.
    victim.get("/logout.php").await;
    assert_outside(&attacker).await;
}

#[tokio::test]
async fn r5_an_own_cleared_session_presents_nobody_elses_password() {
    let world = World::with(generous).await;
    let mut attacker = world.cleared(66, BOB).await;
    let csrf = attacker.get("/login.php").await.form("/login.php").value("csrf").unwrap().to_owned();
    world.panel.forget_received();
    let pairs = [("csrf", csrf.as_str()), ("username", ALICE.name), ("password", ALICE.password)];
    for spelling in ["alice", "ALICE", "alice ", "Alice%00", "\u{ff41}lice"] {
        let pairs = [("csrf", csrf.as_str()), ("username", spelling), ("password", ALICE.password)];
        let page = attacker.send(Ask::post("/login.php", &pairs)).await;
        assert!(page.status.is_client_error(), "{spelling}: {page:?}");
    }
    let scripted = attacker.send(Ask::post("/login.php", &pairs).scripted()).await;
    assert_eq!(scripted.status, 409, "{scripted:?}");
    assert_eq!(world.reached("/login.php"), 0, "nothing was presented to the panel");
    assert_inside(&mut attacker, BOB).await;
    // Without the gate's cookie, on the panel's cookies of the cleared session: they don't go up.
    let gate_cookie = attacker.jar.value(GATE_COOKIE).unwrap().to_owned();
    attacker.jar.forget(GATE_COOKIE);
    let answer = attacker.send(Ask::post("/login.php", &pairs)).await;
    assert!(!is_cleared(&answer) && !shows_inside(&answer), "{answer:?}");
    attacker.jar.plant(GATE_COOKIE, &gate_cookie);
    let page = attacker.get("/dashboard.php").await;
    assert_ne!(who(&page), Some(ALICE.name), "{page:?}");
}

#[tokio::test]
async fn r5_the_own_code_clears_nobody_elses_pending_login() {
    let world = World::with(generous).await;
    let mut attacker = world.gate.browser(66);
    let form = login_form(&mut attacker, ALICE).await;
    let before = attacker.jar.clone();
    assert!(attacker.submit(&form).await.wants_code());
    let own = form.with("username", BOB.name).with("password", BOB.password);
    for jar in [attacker.jar.clone(), before] {
        let mut other = attacker.fresh();
        other.jar = jar;
        let earlier = world.mails_to(BOB);
        let answer = other.submit(&own).await;
        if answer.wants_code() {
            let code = world.code_after(BOB, earlier).await;
            enter_code(&mut other, &code).await;
        }
        let page = other.get("/dashboard.php").await;
        assert_ne!(who(&page), Some(ALICE.name), "{page:?}");
    }
    // His own login, and her session's cookies on it.
    let mut bob = world.cleared(67, BOB).await;
    for kept in attacker.jar.all() {
        if kept.name != GATE_COOKIE {
            bob.jar.plant(&kept.name, &kept.value);
        }
    }
    let page = bob.get("/dashboard.php").await;
    assert_ne!(who(&page), Some(ALICE.name), "{page:?}");
    assert_outside(&attacker).await;
}

#[tokio::test]
async fn r5_a_login_as_the_same_account_inside_its_cleared_session_goes_through() {
    let world = World::new().await;
    let mut browser = world.cleared(2, ALICE).await;
    let old = browser.twin();
    let form = browser.get("/login.php").await.form("/login.php");
    let answer = browser.submit(&form.with("username", "Alice").with("password", ALICE.password)).await;
    assert!(is_cleared(&answer), "{answer:?}");
    assert_inside(&mut browser, ALICE).await;
    assert_outside(&old).await;
}

#[tokio::test]
async fn r5_a_wrong_password_inside_the_own_session_frees_its_panel_session_for_nobody() {
    let mut world = World::new().await;
    let mut browser = world.cleared(2, ALICE).await;
    let old = browser.twin();
    let form = browser.get("/login.php").await.form("/login.php");
    let answer = browser.submit(&form.with("username", "alice").with("password", "Wrong-Horse-0")).await;
    assert!(!is_cleared(&answer), "{answer:?}");
    for browser in [&old, &browser] {
        assert_outside(browser).await;
    }
    world.gate.kill_and_restart().await;
    for browser in [&old, &browser] {
        assert_outside(browser).await;
    }
}

/// The panel's value in a stamped cookie.
fn bare(stamped: &str) -> &str {
    stamped.rsplit_once('~').map_or(stamped, |(value, _)| value)
}

#[tokio::test]
async fn r7_public_pages_never_set_or_get_the_session_of_a_pending_login() {
    let world = World::new().await;
    let mut browser = world.gate.browser(66);
    world.to_challenge(&mut browser, ALICE).await;
    let pending = bare(browser.jar.value(PANEL_COOKIE).unwrap()).to_owned();
    for target in ["/", "/login.php", "/style.css"] {
        let page = browser.get(target).await;
        assert_eq!(page.status, 200, "{page:?}");
        for line in authenticating(&page) {
            assert!(line.contains("~a") && !line.contains(&pending), "a fresh one, for another login: {line}");
        }
    }
    for request in world.panel.received().into_iter().rev().take(3) {
        assert!(!request.cookies().contains(&pending), "{request:?}");
        assert_eq!(request.account, None, "{request:?}");
    }
}

#[tokio::test]
async fn a_second_login_while_one_waits_for_its_code_goes_through_with_a_fresh_session() {
    let world = World::new().await;
    let mut browser = world.gate.browser(2);
    // Both tabs had the login form before either was sent.
    let form = login_form(&mut browser, ALICE).await;
    assert!(browser.submit(&form).await.wants_code());
    let stale = browser.submit(&form).await;
    assert!(!stale.wants_code() && !is_cleared(&stale), "{stale:?}");
    assert!(log_in(&mut browser, ALICE).await.wants_code());
    // The first mail's code is no longer the newest; the login isn't lost in any case.
    assert_eq!(browser.get(CHALLENGE).await.slug().as_deref(), Some("code"));
    assert_outside(&browser).await;
}

#[tokio::test]
async fn another_accounts_form_token_and_posts_from_other_sites_are_refused() {
    let world = World::with(generous).await;
    let mut alice = world.gate.browser(2);
    let code = world.to_challenge(&mut alice, ALICE).await;
    let mut bob = world.gate.browser(3);
    world.to_challenge(&mut bob, BOB).await;
    let theirs = bob.get(CHALLENGE).await.form(CHALLENGE).value("token").unwrap().to_owned();
    let form = alice.get(CHALLENGE).await.form(CHALLENGE).with("code", &code);
    let own = form.value("token").unwrap().to_owned();
    for token in [theirs.as_str(), "", "x"] {
        let page = alice.submit(&form.clone().with("token", token)).await;
        assert_eq!((page.status.as_u16(), page.slug().as_deref()), (403, Some("form-from-elsewhere")), "{page:?}");
    }
    for (name, value) in
        [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("sec-fetch-site", "nonsense")]
    {
        let page = alice.send(Ask::post(CHALLENGE, &fields(&form)).header(name, value)).await;
        assert_eq!(page.slug().as_deref(), Some("form-from-elsewhere"), "{value}: {page:?}");
    }
    // Browsers without Sec-Fetch-Site say where a form comes from by its origin.
    let body = super::support::browser::encode(&[("token", &own), ("code", &code)]);
    for origin in ["http://evil.example", "null", "http://127.0.0.1:1"] {
        let page = alice.raw("POST", CHALLENGE, &[("Origin", origin)], body.as_bytes()).await.unwrap();
        assert_eq!(page.status, 403, "{origin}: {page:?}");
    }
    let page = alice.submit(&form).await;
    assert!(is_cleared(&page), "none of these cost a try: {page:?}");
}

#[tokio::test]
async fn unknown_gate_cookies_cost_nothing_and_change_nothing() {
    let world = World::new().await;
    let mut browser: Browser = world.gate.browser(2);
    for value in ["", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "%00", "\"\""] {
        browser.jar.plant(GATE_COOKIE, value);
        let page = browser.get("/").await;
        assert!(page.status == 200 && page.slug().is_none(), "{page:?}");
        assert_eq!(browser.get(CHALLENGE).await.slug().as_deref(), Some("explain"));
        assert_outside(&browser).await;
    }
    let answer = log_in(&mut browser, ALICE).await;
    assert!(answer.wants_code(), "{answer:?}");
    // None of them ever goes up.
    for request in world.panel.received() {
        assert!(!request.cookies().contains("poterne"), "{request:?}");
    }
}
