//! An attacker with the password, or with an account of his own: the same on every panel.

use http::Method;

use super::support::browser::{Ask, Browser, encode};
use super::support::page::Page;
use super::support::panel::{ALICE, Account, BOB, Kind};
use super::world::{
    CHALLENGE, GATE_COOKIE, World, assert_inside, assert_outside, credential_fields, enter_code, holds_login_cookie,
    leaks, log_in, login_form, login_page, protected, spellings, who,
};

/// Takes the cookies of an answer to a raw request, as the attacker does.
fn take_cookies(browser: &mut Browser, answer: Option<&Page>) {
    for line in answer.iter().flat_map(|page| page.set_cookies()) {
        let target = answer.map_or("/", |page| page.target.as_str());
        browser.jar.take(&line, target);
    }
}

/// The path of the panel's login door.
fn login_path(kind: Kind) -> &'static str {
    match kind {
        Kind::DokuWiki => "/doku.php",
        Kind::WordPress => "/wp-login.php",
        Kind::Cacti => "/cacti/index.php",
    }
}

/// The fields of a login.
fn fields(kind: Kind, account: Account) -> Vec<(&'static str, &'static str)> {
    let (login, password) = credential_fields(kind);
    let mut fields = vec![(login, account.name), (password, account.password)];
    match kind {
        Kind::DokuWiki => fields.extend([("do", "login"), ("id", "vault")]),
        Kind::WordPress => {}
        Kind::Cacti => fields.push(("action", "login")),
    }
    fields
}

pub async fn with_the_password_and_every_cookie_nothing_is_reached_from_another_network(kind: Kind) {
    let world = World::new(kind).await;
    // The owner is inside meanwhile, which changes nothing for the attacker.
    let mut owner = world.gate.browser(2);
    world.log_in_with_code(&mut owner, ALICE).await;
    let mut attacker = world.gate.browser(66);
    world.log_in_to_challenge(&mut attacker, ALICE).await;
    assert_outside(kind, &attacker).await;
    for target in protected(kind) {
        let (path, query) = target.split_once('?').map_or((*target, ""), |(path, query)| (path, query));
        if path.ends_with('/') || path.len() < 3 {
            continue;
        }
        for spelling in spellings(path) {
            let joint = if spelling.contains('?') { "&" } else { "?" };
            let target = if query.is_empty() { spelling } else { format!("{spelling}{joint}{query}") };
            for method in ["GET", "HEAD", "POST", "PUT"] {
                let Some(page) = attacker.raw(method, &target, &[], b"").await else { continue };
                assert!(!leaks(kind, &page), "{method} {target}: {page:?}");
            }
        }
    }
    assert_inside(kind, &mut owner, ALICE).await;
}

pub async fn every_spelling_of_the_login_is_the_door_or_a_refusal(kind: Kind) {
    let world = World::with_mails_to_spare(kind).await;
    let body = encode(&fields(kind, ALICE));
    for spelling in spellings(login_path(kind)) {
        let mut attacker = world.gate.browser(66);
        attacker.get(login_page(kind)).await;
        let answer = attacker.raw("POST", &spelling, &[], body.as_bytes()).await;
        if let Some(page) = &answer {
            let turned_away = page.status.is_client_error() || page.status.is_server_error();
            assert!(page.wants_code() || turned_away, "{spelling}: {page:?}");
            assert!(!leaks(kind, page), "{spelling}: {page:?}");
        }
        take_cookies(&mut attacker, answer.as_ref());
        assert!(!holds_login_cookie(kind, &attacker), "{spelling}: {:?}", attacker.jar);
        assert_outside(kind, &attacker).await;
    }
}

pub async fn a_scripted_login_gets_a_problem_and_no_answer_of_the_panel(kind: Kind) {
    let world = World::new(kind).await;
    let mut script = world.gate.browser(66);
    let form = login_form(kind, &mut script, ALICE).await;
    let pairs: Vec<(&str, &str)> = form.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let answer = script.send(Ask::post(&form.target(), &pairs).scripted()).await;
    assert_eq!(answer.status, 401, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert!(answer.contains(CHALLENGE), "it names the page to go to: {answer:?}");
    assert!(!leaks(kind, &answer) && !holds_login_cookie(kind, &script), "{answer:?}");
    assert_outside(kind, &script).await;
    // Who is in front of that browser can go on from there.
    let code = world.code_after(ALICE, 0).await;
    assert_eq!(enter_code(&mut script, &code).await.status, 303);
    assert_inside(kind, &mut script, ALICE).await;
}

pub async fn sessions_from_before_the_deployment_never_reach_the_panel(kind: Kind) {
    let world = World::new(kind).await;
    let mut before = world.past_the_gate(66);
    log_in(kind, &mut before, ALICE).await;
    assert_inside(kind, &mut before, ALICE).await;
    let mut browser = world.gate.browser(66);
    browser.jar = before.jar.clone();
    assert_outside(kind, &browser).await;
    // Nor inside somebody's own session.
    let mut own = world.gate.browser(66);
    world.log_in_with_code(&mut own, BOB).await;
    let kept: Vec<String> = own.jar.all().iter().map(|kept| format!("{}={}", kept.name, kept.value)).collect();
    let stolen: Vec<String> = before.jar.all().iter().map(|kept| format!("{}={}", kept.name, kept.value)).collect();
    for header in [[stolen.clone(), kept.clone()].concat(), [kept, stolen].concat()] {
        let page = own.send(Ask::get(protected(kind)[0]).cookies(&header.join("; "))).await;
        assert_ne!(who(kind, &page).as_deref(), Some(ALICE.name), "{header:?}: {page:?}");
    }
}

pub async fn cookies_are_worth_nothing_without_their_own_session(kind: Kind) {
    let world = World::new(kind).await;
    let mut victim = world.gate.browser(2);
    world.log_in_with_code(&mut victim, ALICE).await;
    // Alone, and from the victim's own network.
    let mut thief = victim.twin();
    thief.jar.forget(GATE_COOKIE);
    assert_outside(kind, &thief).await;
    // In the attacker's own session, in place of his own.
    let mut attacker = world.gate.browser(66);
    world.log_in_with_code(&mut attacker, BOB).await;
    for kept in victim.jar.all().iter().filter(|kept| kept.name != GATE_COOKIE) {
        attacker.jar.plant(&kept.name, &kept.value);
    }
    for target in protected(kind) {
        let page = attacker.get(target).await;
        assert_ne!(who(kind, &page).as_deref(), Some(ALICE.name), "{page:?}");
    }
    // With the gate's cookie as well, but elsewhere.
    assert_outside(kind, &victim.moved_to(66)).await;
    assert_inside(kind, &mut victim, ALICE).await;
}

pub async fn a_planted_gate_token_is_worth_nothing(kind: Kind) {
    let world = World::new(kind).await;
    let mut attacker = world.gate.browser(66);
    world.log_in_to_challenge(&mut attacker, ALICE).await;
    // Planted in the owner's browser, who types the code that came.
    let mut owner = world.gate.browser(2);
    owner.jar = attacker.jar.clone();
    let code = world.code_after(ALICE, 0).await;
    assert_eq!(enter_code(&mut owner, &code).await.status, 303);
    assert_inside(kind, &mut owner, ALICE).await;
    assert_outside(kind, &attacker).await;
    // Planted, and the owner logs in with it.
    let mut attacker = world.gate.browser(67);
    world.log_in_to_challenge(&mut attacker, BOB).await;
    let mut owner = world.gate.browser(2);
    owner.jar = attacker.jar.clone();
    let answer = log_in(kind, &mut owner, ALICE).await;
    if answer.status.is_redirection() {
        assert_outside(kind, &attacker).await;
    }
    assert_outside(kind, &attacker).await;
}

pub async fn a_planted_panel_session_is_worth_nothing(kind: Kind) {
    let world = World::new(kind).await;
    let mut attacker = world.gate.browser(66);
    attacker.get(login_page(kind)).await;
    let mut victim = world.gate.browser(2);
    victim.jar = attacker.jar.clone();
    let code = {
        let answer = log_in(kind, &mut victim, ALICE).await;
        assert!(answer.wants_code(), "{answer:?}");
        world.code_after(ALICE, 0).await
    };
    assert_outside(kind, &attacker).await;
    assert_eq!(enter_code(&mut victim, &code).await.status, 303);
    assert_inside(kind, &mut victim, ALICE).await;
    assert_outside(kind, &attacker).await;
}

pub async fn the_own_account_is_no_vehicle_for_somebody_elses_password(kind: Kind) {
    let world = World::new(kind).await;
    // First his own, then hers, in the same browser: by the form, by a script, past the gate's cookie.
    let mut attacker = world.gate.browser(66);
    world.log_in_with_code(&mut attacker, BOB).await;
    let pairs = fields(kind, ALICE);
    for ask in [Ask::post(login_path(kind), &pairs), Ask::post(login_path(kind), &pairs).scripted()] {
        let answer = attacker.send(ask).await;
        assert_eq!(answer.status, 409, "{answer:?}");
        assert!(!leaks(kind, &answer), "{answer:?}");
        assert_inside(kind, &mut attacker, BOB).await;
    }
    let gate_cookie = attacker.jar.value(GATE_COOKIE).unwrap().to_owned();
    attacker.jar.forget(GATE_COOKIE);
    let answer = attacker.send(Ask::post(login_path(kind), &pairs)).await;
    assert!(answer.wants_code() || answer.slug().is_some(), "{answer:?}");
    attacker.jar.plant(GATE_COOKIE, &gate_cookie);
    for target in protected(kind) {
        let page = attacker.get(target).await;
        assert_ne!(who(kind, &page).as_deref(), Some(ALICE.name), "{page:?}");
    }
}

pub async fn the_own_code_clears_nobody_elses_login(kind: Kind) {
    let world = World::new(kind).await;
    // First hers, pending; then his own on the same cookies, which his own mailbox can clear.
    let mut attacker = world.gate.browser(66);
    let page = attacker.visit(login_page(kind)).await;
    let (login, _) = credential_fields(kind);
    let form = page.form_with(login);
    let with = |account: Account| {
        let (login, password) = credential_fields(kind);
        form.clone().with(login, account.name).with(password, account.password)
    };
    let before = attacker.jar.clone();
    assert!(attacker.submit(&with(ALICE)).await.wants_code());
    for jar in [attacker.jar.clone(), before] {
        let mut other = attacker.fresh();
        other.jar = jar;
        let answer = other.submit(&with(BOB)).await;
        if answer.wants_code() {
            let code = world.code_after(BOB, 0).await;
            let _answer = enter_code(&mut other, &code).await;
        } else {
            assert!(answer.slug().is_some() || answer.status == 303, "{answer:?}");
        }
        for target in protected(kind) {
            let page = other.get(target).await;
            assert_ne!(who(kind, &page).as_deref(), Some(ALICE.name), "{page:?}");
        }
    }
    assert_outside(kind, &attacker).await;
}

pub async fn forms_sent_without_a_session_or_with_other_methods_go_nowhere(kind: Kind) {
    let world = World::new(kind).await;
    let mut attacker = world.gate.browser(66);
    world.log_in_to_challenge(&mut attacker, ALICE).await;
    for target in protected(kind) {
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
            let page = attacker.send(Ask::new(method.clone(), target)).await;
            assert!(page.slug().is_some() || page.status.is_client_error() || page.wants_code(), "{method}: {page:?}");
        }
        let upgrade = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")];
        let mut ask = Ask::get(target).header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        for (name, value) in upgrade {
            ask = ask.header(name, value);
        }
        let page = attacker.send(ask).await;
        assert!(page.status != 101 && !leaks(kind, &page), "{page:?}");
    }
}

pub async fn headers_that_rewrite_the_target_are_ignored(kind: Kind) {
    let world = World::new(kind).await;
    let mut attacker = world.gate.browser(66);
    world.log_in_to_challenge(&mut attacker, ALICE).await;
    for name in ["x-original-url", "x-rewrite-url", "x-http-method-override", "x-forwarded-prefix", "x-forwarded-user"]
    {
        for target in protected(kind) {
            let page = attacker.send(Ask::get(login_page(kind)).header(name, target)).await;
            assert!(!leaks(kind, &page), "{name}: {page:?}");
        }
    }
    // No passwords in headers, before and behind the gate.
    use base64::Engine;
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", ALICE.name, ALICE.password));
    let mut own = world.gate.browser(67);
    world.log_in_with_code(&mut own, BOB).await;
    for target in protected(kind) {
        for browser in [&mut attacker, &mut own] {
            let ask = Ask::get(target).header("authorization", &format!("Basic {basic}"));
            let page = browser.send(ask).await;
            assert_ne!(who(kind, &page).as_deref(), Some(ALICE.name), "{page:?}");
        }
    }
}
