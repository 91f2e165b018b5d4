//! Cacti: elevates the session that the browser already has, sets no cookie at login, and logs in on any script.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use super::common_journeys;
use super::support::browser::{Ask, Browser, encode};
use super::support::page::Page;
use super::support::panel::{ALICE, Account, BOB, CAROL, DAVE, Kind};
use super::world::{
    World, assert_inside, assert_outside, enter_code, holds_login_cookie, leaks, log_in, login_form, who,
};

const KIND: Kind = Kind::Cacti;

common_journeys!(KIND);

/// A cookie in spellings that PHP reads as the same name or the same value.
pub fn respelt(name: &str, value: &str) -> Vec<String> {
    let capital = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
    let mut pairs: Vec<String> = [
        format!("{value}%00zz"),
        format!("\"{value}\""),
        format!("{value} "),
        format!(" {value}"),
        format!("{value}%00"),
        format!("{value}\t"),
        value.to_owned(),
    ]
    .iter()
    .map(|value| format!("{name}={value}"))
    .collect();
    for name in [
        format!(" {name}"),
        format!("{name} "),
        format!("%{:02x}{}", name.as_bytes()[0], &name[1..]),
        format!("{name}%00x"),
        format!("{name}[]"),
        format!("{name}[0]"),
        format!("{name}["),
        format!("[{name}"),
        name.replace('_', "."),
        name.replace('_', " "),
        name.replace('_', "["),
        name.to_lowercase(),
        name.to_uppercase(),
        capital,
    ] {
        pairs.push(format!("{name}={value}"));
    }
    pairs
}

/// What PHP named the session, without the gate's stamp.
fn php_session(browser: &Browser) -> String {
    let value = browser.jar.value("Cacti").unwrap();
    value.chars().take_while(char::is_ascii_alphanumeric).take(26).collect()
}

/// A login's bytes, ready to be sent.
fn login_bytes(browser: &Browser, fields: &[(&str, &str)]) -> Vec<u8> {
    let body = encode(fields);
    let mut bytes = browser.raw_head("POST", "/cacti/index.php", &[], Some(body.len()));
    bytes.extend_from_slice(body.as_bytes());
    bytes
}

/// A login and eight looks at a page at the same time, with the same session: whether a look showed somebody inside.
async fn looks_during_a_login(browser: &mut Browser, account: Account) -> bool {
    let form = login_form(KIND, browser, account).await;
    let fields: Vec<(&str, &str)> = form.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let mut looks = Vec::new();
    for _ in 0..8 {
        looks.push(browser.connect().await);
    }
    let mut login = browser.connect().await;
    login.write(&login_bytes(browser, &fields)).await;
    let look = browser.raw_head("GET", "/cacti/index.php", &[], None);
    for connection in &mut looks {
        connection.write(&look).await;
    }
    let answers = join_all(looks.into_iter().map(|look| look.finish("/cacti/index.php"))).await;
    login.finish("/cacti/index.php").await;
    answers.iter().flatten().any(|page| leaks(KIND, page))
}

#[tokio::test]
async fn a_get_sent_during_the_login_waits_on_the_session_and_sees_nothing() {
    let world = World::with_mails_to_spare(KIND).await;
    let mut seen = false;
    for _ in 0..15 {
        seen |= looks_during_a_login(&mut world.past_the_gate(66), ALICE).await;
    }
    assert!(seen, "the attack is real: on the bare panel somebody is seen inside");
    for round in 0..15 {
        let mut attacker = world.gate.browser(66);
        assert!(!looks_during_a_login(&mut attacker, ALICE).await, "in round {round}");
        assert_outside(KIND, &attacker).await;
    }
}

/// A request whose header went before the login and whose body comes after it, in the session that the login elevates.
async fn slow_password_change(browser: &mut Browser, account: Account, new: &str, log_in_now: bool) {
    let page = browser.get("/cacti/index.php").await;
    let token = page.form_with("login_username").value("__csrf_magic").unwrap_or_default().to_owned();
    let fields = [
        ("__csrf_magic", token.as_str()),
        ("action", "changepassword"),
        ("ref", ""),
        ("name", account.name),
        ("current_password", account.password),
        ("password", new),
        ("password_confirm", new),
    ];
    let body = encode(&fields);
    let mut slow = browser.connect().await;
    let (now, later) = body.as_bytes().split_at(20);
    slow.write(&browser.raw_head("POST", "/cacti/auth_changepassword.php", &[], Some(body.len()))).await;
    slow.write(now).await;
    if log_in_now {
        let form = page.form_with("login_username").with("login_username", account.name);
        let _answer = browser.submit(&form.with("login_password", account.password)).await;
    }
    slow.write(later).await;
    let _answer = slow.finish("/cacti/auth_changepassword.php").await;
}

#[tokio::test]
async fn a_slow_post_begun_before_the_login_changes_nothing() {
    const NEW: &str = "Stolen-Account-1";
    let world = World::new(KIND).await;
    // On the bare panel it takes the account over.
    slow_password_change(&mut world.past_the_gate(66), DAVE, NEW, true).await;
    let taken = Account { password: NEW, ..DAVE };
    let mut past = world.past_the_gate(66);
    log_in(KIND, &mut past, taken).await;
    assert_inside(KIND, &mut past, DAVE).await;

    let mut attacker = world.gate.browser(66);
    slow_password_change(&mut attacker, CAROL, NEW, true).await;
    assert_outside(KIND, &attacker).await;
    let mut owner = world.past_the_gate(2);
    log_in(KIND, &mut owner, CAROL).await;
    assert_inside(KIND, &mut owner, CAROL).await;
}

#[tokio::test]
async fn the_elevated_session_is_held_back_although_the_browser_has_it() {
    let world = World::new(KIND).await;
    let mut attacker = world.gate.browser(66);
    world.log_in_to_challenge(&mut attacker, ALICE).await;
    // The panel would let it in …
    let mut past = world.past_the_gate(66);
    past.jar.plant("Cacti", &php_session(&attacker));
    assert_inside(KIND, &mut past, ALICE).await;
    // … and no spelling of it gets there.
    let raw = php_session(&attacker);
    let stamped = attacker.jar.value("Cacti").unwrap().to_owned();
    let mut own = world.gate.browser(67);
    world.log_in_with_code(&mut own, BOB).await;
    let own_header = own.jar.header("/cacti/").unwrap();
    for value in [raw, stamped] {
        for pair in respelt("Cacti", &value) {
            for header in [pair.clone(), format!("{pair}; {own_header}"), format!("{own_header}; {pair}")] {
                let page = attacker.fresh().send(Ask::get("/cacti/index.php").cookies(&header)).await;
                assert_ne!(who(KIND, &page).as_deref(), Some(ALICE.name), "{header}: {page:?}");
            }
        }
    }
    assert_outside(KIND, &attacker).await;
}

#[tokio::test]
async fn session_ids_in_query_and_path_are_refused() {
    let world = World::new(KIND).await;
    let mut attacker = world.gate.browser(66);
    world.log_in_to_challenge(&mut attacker, ALICE).await;
    let id = php_session(&attacker);
    for target in [
        format!("/cacti/index.php?Cacti={id}"),
        format!("/cacti/index.php?PHPSESSID={id}"),
        format!("/cacti/index.php;Cacti={id}"),
        format!("/cacti/index.php;jsessionid={id}"),
    ] {
        let page = attacker.get(&target).await;
        assert!(!leaks(KIND, &page), "{page:?}");
    }
}

/// What logs in on any script of Cacti's, and what its forms carry beside.
fn credentials(account: Account, token: &str) -> Vec<(&'static str, String)> {
    vec![
        ("__csrf_magic", token.to_owned()),
        ("action", "login".to_owned()),
        ("login_username", account.name.to_owned()),
        ("login_password", account.password.to_owned()),
        ("realm", "0".to_owned()),
    ]
}

/// Every other way in, for a session whose forms carry this token.
fn other_doors(account: Account, token: &str) -> Vec<Ask> {
    let body = |account: Account| {
        let fields = credentials(account, token);
        encode(&fields.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>())
    };
    let post = |target: &str, body: String| {
        Ask::new(http::Method::POST, target).content("application/x-www-form-urlencoded", body.as_bytes())
    };
    let without = |part: &str| body(account).replace(part, "x=1");
    let query = body(account);
    vec![
        Ask::get(&format!("/cacti/index.php?{query}")),
        Ask::get(&format!("/cacti/?{query}")),
        Ask::get(&format!("/cacti/graph_view.php?{query}")),
        post("/cacti/graph_view.php", body(account)),
        post("/cacti/about.php", body(account)),
        post("/cacti/host.php?header=false", body(account)),
        post("/cacti/index.php?action=login", without("action=login")),
        post("/cacti/graph_view.php?login_username=alice", without("login_username=alice")),
        post(&format!("/cacti/index.php?{query}"), without("action=login")),
        post(&format!("/cacti/index.php?{}", body(BOB)), body(account)),
    ]
}

/// Sends the nth of the other doors' requests with a session of its own; the answer.
async fn knock(browser: &mut Browser, nth: usize) -> Page {
    let page = browser.fresh().get("/cacti/index.php").await;
    for line in page.set_cookies() {
        browser.jar.take(&line, "/cacti/index.php");
    }
    let token = page.form_with("login_username").value("__csrf_magic").unwrap_or_default().to_owned();
    browser.send(other_doors(ALICE, &token).swap_remove(nth)).await
}

#[tokio::test]
async fn every_other_door_is_closed_to_everybody() {
    let world = World::new(KIND).await;
    let mut open = 0;
    for nth in 0..other_doors(ALICE, "").len() {
        let mut past = world.past_the_gate(66);
        knock(&mut past, nth).await;
        open += usize::from(leaks(KIND, &past.get("/cacti/index.php").await));

        let mut attacker = world.gate.browser(66);
        let answer = knock(&mut attacker, nth).await;
        assert!(!leaks(KIND, &answer) && answer.slug().is_some(), "{nth}: {answer:?}");
        assert_outside(KIND, &attacker).await;
    }
    assert!(open >= 7, "the attacks are real: only {open} of them let somebody in");
    assert!(world.smtp.mails().is_empty());
}

#[tokio::test]
async fn every_other_door_is_closed_inside_an_own_session_too() {
    let world = World::new(KIND).await;
    let mut attacker = world.gate.browser(66);
    world.log_in_with_code(&mut attacker, BOB).await;
    for ask in other_doors(ALICE, "") {
        let answer = attacker.send(ask.clone()).await;
        assert_ne!(who(KIND, &answer).as_deref(), Some(ALICE.name), "{ask:?}: {answer:?}");
        assert_inside(KIND, &mut attacker, BOB).await;
    }
}

/// With an old CSRF token Cacti answers a right password with 302 to its own page, and nobody is logged in.
#[tokio::test]
async fn a_bad_csrf_token_is_no_login_although_the_answer_looks_like_one() {
    let world = World::new(KIND).await;
    let mut browser = world.gate.browser(2);
    let form = login_form(KIND, &mut browser, ALICE).await.with("__csrf_magic", "sid:0000,1");
    let answer = browser.submit(&form).await;
    assert!(!answer.wants_code(), "{answer:?}");
    assert_outside(KIND, &browser).await;
    assert!(world.smtp.mails().is_empty(), "no mail for what was no login");
    // The same person, with a fresh page, gets through.
    let answer = log_in(KIND, &mut browser.fresh(), ALICE).await;
    assert!(answer.wants_code(), "{answer:?}");
}

#[tokio::test]
async fn a_remembered_login_belongs_to_its_session() {
    let world = World::new(KIND).await;
    let mut browser = world.gate.browser(2);
    let form = login_form(KIND, &mut browser, ALICE).await.with("remember_me", "on");
    let answer = browser.submit(&form).await;
    assert!(answer.wants_code() && !holds_login_cookie(KIND, &browser), "{answer:?}");
    let code = world.code_after(ALICE, 0).await;
    assert_eq!(enter_code(&mut browser, &code).await.status, 303);
    assert_inside(KIND, &mut browser, ALICE).await;
    let kept = browser.jar.starting("cacti_remembers").cloned();
    let kept = kept.unwrap_or_else(|| panic!("it's released with the rest: {:?}", browser.jar));
    for network in [2, 66] {
        let mut thief = world.gate.browser(network);
        for pair in respelt(&kept.name, &kept.value) {
            let page = thief.send(Ask::get("/cacti/index.php").cookies(&pair)).await;
            assert!(!leaks(KIND, &page), "{pair}: {page:?}");
        }
        thief.jar.plant(&kept.name, &kept.value);
        assert_outside(KIND, &thief).await;
    }
}

/// A cookie that the panel renews at every answer, and one browser with many requests at once.
#[tokio::test]
async fn a_cleared_browser_works_as_on_the_bare_panel() {
    let world = World::new(KIND).await;
    let mut browser = world.gate.browser(2);
    world.log_in_with_code(&mut browser, ALICE).await;
    let mut past = world.past_the_gate(2);
    log_in(KIND, &mut past, ALICE).await;
    for target in ["/cacti/index.php", "/cacti/about.php", "/cacti/graph_view.php", "/cacti/include/js/jquery.js"] {
        let (through, direct) = (browser.get(target).await, past.get(target).await);
        assert_eq!(through.status, direct.status, "{through:?}");
        let headers = |page: &Page| -> BTreeSet<String> { page.headers.keys().map(ToString::to_string).collect() };
        let missing: Vec<_> = headers(&direct).difference(&headers(&through)).cloned().collect();
        assert!(missing.iter().all(|name| name == "connection" || name == "keep-alive"), "{missing:?}");
    }
    let twins = (0..20).map(|_| {
        let mut twin = browser.twin();
        async move { twin.get("/cacti/about.php").await }
    });
    for page in join_all(twins).await {
        assert_eq!(who(KIND, &page).as_deref(), Some(ALICE.name), "{page:?}");
    }
}
