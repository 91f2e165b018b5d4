//! Cookies that the panel would accept and that are none of this session's: DESIGN R2.

use super::support::browser::Ask;
use super::world::{
    ALICE, BOB, GATE_COOKIE, PANEL_COOKIE, PROTECTED, REMEMBER, World, assert_inside, assert_outside, authenticating,
    enter_code, fields, is_cleared, login_form, shows_inside, who,
};

/// The spellings under which a panel reads `value` as its cookie `name`.
fn respelt(name: &str, value: &str) -> Vec<String> {
    let dotted = name.replace('_', ".");
    let spaced = name.replace('_', " ");
    let bracketed = name.replace('_', "[");
    let mut cookies = vec![
        format!("{name}={value}"),
        format!("{name}={value}%00zz"),
        format!("{name}=\"{value}\""),
        format!("{name}={value} "),
        format!("{name}= {value}"),
        format!("{name}=+{value}"),
        format!("{name} ={value}"),
        format!(" {name}={value}"),
        format!("\t{name}={value}"),
        format!("{name}%00={value}"),
        format!("{name}%00x={value}"),
        format!("%{:02x}{}={value}", name.as_bytes()[0], &name[1..]),
        format!("{dotted}={value}"),
        format!("{spaced}={value}"),
        format!("{bracketed}={value}"),
        format!("{name}[]={value}"),
        format!("{name}[0]={value}"),
        format!("{}={value}", name.to_lowercase()),
        format!("{}={value}", name.to_uppercase()),
        format!("x=1,{name}={value}"),
        format!("x=1, {name}={value}"),
        format!("x=\"a; {name}={value}\""),
        format!("x=1;{name}={value}"),
        format!("x=1;;{name}={value}"),
        format!("x;{name}={value}"),
        format!("={name}={value}"),
        format!("$Version=1; {name}={value}"),
        format!("lang=fr,{name}={value}"),
        format!("={name}={value}; lang=fr"),
        format!("{name}={value}; {name}={value}"),
    ];
    // Percent-encoded values are read decoded.
    let encoded: String = value.bytes().map(|byte| format!("%{byte:02x}")).collect();
    cookies.push(format!("{name}={encoded}"));
    cookies
}

#[tokio::test]
async fn r2_sessions_and_remember_cookies_from_before_the_deployment_never_reach_the_panel() {
    let world = World::new().await;
    let session = world.panel.session_of(ALICE.name);
    let remember = world.panel.remember_token_of(ALICE.name);
    assert_eq!(world.panel.account_in(&session).as_deref(), Some(ALICE.name));
    let mut stranger = world.gate.browser(66);
    let mut pending = world.gate.browser(67);
    world.to_challenge(&mut pending, ALICE).await;
    let mut bob = world.cleared(68, BOB).await;
    let pending_cookies = pending.jar.header("/").unwrap();
    let bob_cookies = bob.jar.header("/").unwrap();
    let cookies = [respelt(PANEL_COOKIE, &session), respelt(REMEMBER, &remember)].concat();
    for cookie in cookies {
        for target in ["/", "/login.php", "/dashboard.php", "/api/me"] {
            let page = stranger.send(Ask::get(target).cookies(&cookie)).await;
            assert!(!shows_inside(&page), "{cookie}: {page:?}");
            for header in [format!("{cookie}; {pending_cookies}"), format!("{pending_cookies}; {cookie}")] {
                let page = pending.send(Ask::get(target).cookies(&header)).await;
                assert!(!shows_inside(&page), "{header}: {page:?}");
            }
        }
        for header in [format!("{cookie}; {bob_cookies}"), format!("{bob_cookies}; {cookie}")] {
            let page = bob.send(Ask::get("/dashboard.php").cookies(&header)).await;
            assert_ne!(who(&page), Some(ALICE.name), "{header}: {page:?}");
        }
    }
    for request in world.panel.received() {
        assert!(!request.cookies().contains(&session), "{request:?}");
        assert!(!request.cookies().contains(&remember), "{request:?}");
        // Only the gate itself looks into a pending login's session.
        let own = matches!(request.target.as_str(), "/dashboard.php" | "/logout.php") || request.method == "POST";
        assert!(own || request.account.as_deref() != Some(ALICE.name), "{request:?}");
    }
}

#[tokio::test]
async fn r2_split_and_repeated_cookie_headers_bring_nothing_up() {
    let world = World::new().await;
    let session = world.panel.session_of(ALICE.name);
    let browser = world.gate.browser(66);
    let cookie = format!("{PANEL_COOKIE}={session}");
    let half = format!("{PANEL_COOKIE}={}", &session[..8]);
    let headers: [&[(&str, &str)]; 7] = [
        &[("Cookie", "a=b"), ("Cookie", &cookie)],
        &[("Cookie", &cookie), ("Cookie", "a=b")],
        &[("cookie", &cookie), ("COOKIE", &cookie)],
        &[("Cookie", &half), ("Cookie", &session[8..])],
        &[("Cookie2", &cookie)],
        &[("X-Cookie", &cookie), ("Cookie", "a=\"b")],
        &[("Connection", "Cookie"), ("Cookie", &cookie)],
    ];
    for set in headers {
        for target in ["/", "/dashboard.php", "/api/me"] {
            if let Some(page) = browser.raw("GET", target, set, b"").await {
                assert!(!shows_inside(&page), "{set:?}: {page:?}");
            }
        }
    }
    for request in world.panel.received() {
        assert_eq!(request.account, None, "{request:?}");
        assert!(!request.cookies().contains(&session), "{request:?}");
    }
}

#[tokio::test]
async fn r2_a_stamped_cookie_is_good_for_its_name_value_session_and_state_only() {
    let world = World::new().await;
    let mut alice = world.cleared(2, ALICE).await;
    let mut bob = world.cleared(3, BOB).await;
    let hers = alice.jar.value(PANEL_COOKIE).unwrap().to_owned();
    let his = bob.jar.value(PANEL_COOKIE).unwrap().to_owned();
    let (her_gate, his_gate) =
        (alice.jar.value(GATE_COOKIE).unwrap().to_owned(), bob.jar.value(GATE_COOKIE).unwrap().to_owned());
    // Hers alone, from her own network; hers under his session, in every spelling.
    for cookie in respelt(PANEL_COOKIE, &hers) {
        for target in PROTECTED.iter().chain(&["/"]) {
            let page = alice.fresh().send(Ask::get(target).cookies(&cookie)).await;
            assert!(!shows_inside(&page), "{cookie}: {page:?}");
        }
        let header = format!("{GATE_COOKIE}={his_gate}; {cookie}");
        let page = bob.twin().send(Ask::get("/dashboard.php").cookies(&header)).await;
        assert_ne!(who(&page), Some(ALICE.name), "{header}: {page:?}");
    }
    // Pieces of stamps recombined.
    let (value, tail) = hers.rsplit_once('~').unwrap();
    let (_, his_tail) = his.rsplit_once('~').unwrap();
    for forged in [
        format!("{value}~{his_tail}"),
        format!("{value}~{}", &tail[..tail.len() - 1]),
        format!("{value}~{tail}~{tail}"),
        format!("{value}%7E{tail}"),
        format!("{value}~{}", tail.to_uppercase()),
        format!("{value} ~{tail}"),
        value.to_owned(),
    ] {
        let header = format!("{GATE_COOKIE}={his_gate}; {PANEL_COOKIE}={forged}");
        let page = bob.twin().send(Ask::get("/dashboard.php").cookies(&header)).await;
        assert_ne!(who(&page), Some(ALICE.name), "{header}: {page:?}");
        let page = alice.fresh().send(Ask::get("/").cookies(&format!("{PANEL_COOKIE}={forged}"))).await;
        assert!(!shows_inside(&page), "{forged}: {page:?}");
    }
    // The other name.
    let header = format!("{GATE_COOKIE}={her_gate}; {REMEMBER}={hers}");
    assert_ne!(who(&alice.twin().send(Ask::get("/dashboard.php").cookies(&header)).await), Some(ALICE.name));
    assert_inside(&mut alice, ALICE).await;
    assert_inside(&mut bob, BOB).await;
}

#[tokio::test]
async fn r2_the_panel_gets_its_cookies_as_it_set_them_and_never_the_gates() {
    let world = World::new().await;
    let mut browser = world.cleared(2, ALICE).await;
    browser.jar.plant("lang", "fr");
    browser.jar.plant("theme", "dark");
    world.panel.forget_received();
    assert_inside(&mut browser, ALICE).await;
    let request = world.panel.received().pop().unwrap();
    let cookies = request.cookies();
    assert!(cookies.contains("lang=fr") && cookies.contains("theme=dark"), "{cookies}");
    assert!(!cookies.contains('~') && !cookies.contains("poterne"), "{cookies}");
    assert_eq!(request.headers.get_all("cookie").iter().count(), 1);
    // Without a cleared session only what the profile lists goes up.
    let mut stranger = world.gate.browser(3);
    stranger.send(Ask::get("/").cookies("lang=fr; theme=dark; other=1")).await;
    assert_eq!(world.panel.received().pop().unwrap().cookies(), "lang=fr");
}

#[tokio::test]
async fn r7_remember_me_is_parked_stamped_and_works_for_its_session_only() {
    let world = World::new().await;
    let mut browser = world.gate.browser(2);
    let form = login_form(&mut browser, ALICE).await.with("remember", "1");
    let answer = browser.submit(&form).await;
    assert!(answer.wants_code() && authenticating(&answer).is_empty(), "{answer:?}");
    assert_eq!(browser.jar.value(REMEMBER), None);
    let code = world.code_after(ALICE, 0).await;
    let answer = enter_code(&mut browser, &code).await;
    assert!(is_cleared(&answer), "{answer:?}");
    let stamped = browser.jar.value(REMEMBER).unwrap().to_owned();
    assert_inside(&mut browser, ALICE).await;
    let mut thief = browser.fresh();
    thief.jar.plant(REMEMBER, &stamped);
    assert_outside(&thief).await;
    // After the logout it's nothing, though the panel would still take it.
    let held = browser.twin();
    browser.get("/logout.php").await;
    assert_outside(&held).await;
    assert!(held.jar.value(REMEMBER).is_some());
    // A scripted login doesn't get it either.
    let mut script = world.gate.browser(9);
    let form = login_form(&mut script, ALICE).await.with("remember", "1");
    let answer = script.send(Ask::post("/login.php", &fields(&form)).scripted()).await;
    assert!(answer.status == 401 && authenticating(&answer).is_empty(), "{answer:?}");
}

#[tokio::test]
async fn r2_an_anonymous_session_is_good_for_a_day() {
    let mut world = World::new().await;
    let mut browser = world.gate.browser(2);
    browser.get("/login.php").await;
    let sent = |world: &World| world.panel.received().pop().unwrap().cookies().contains(PANEL_COOKIE);
    browser.twin().get("/").await;
    assert!(sent(&world));
    world.gate.pass(std::time::Duration::from_secs(23 * 3600));
    browser.twin().get("/").await;
    assert!(sent(&world));
    world.gate.pass(std::time::Duration::from_secs(2 * 3600));
    browser.twin().get("/").await;
    assert!(!sent(&world));
}
