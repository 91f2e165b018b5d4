//! DokuWiki: logs in on any of its addresses, tells nothing by its status, and keeps the password in a cookie that works
//! after a logout.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::common_journeys;
use super::support::browser::Ask;
use super::support::panel::{ALICE, Account, BOB, Kind};
use super::world::{World, assert_inside, assert_outside, enter_code, holds_login_cookie, leaks, log_in, who};

const KIND: Kind = Kind::DokuWiki;

common_journeys!(KIND);

fn login(account: Account) -> Vec<(&'static str, &'static str)> {
    vec![("u", account.name), ("p", account.password), ("id", "vault")]
}

fn basic(account: Account) -> String {
    format!("Basic {}", BASE64.encode(format!("{}:{}", account.name, account.password)))
}

fn rpc(method: &str, parameters: &[&str]) -> String {
    let parameters: String = parameters
        .iter()
        .map(|parameter| format!("<param><value><string>{parameter}</string></value></param>"))
        .collect();
    format!(
        "<?xml version=\"1.0\"?><methodCall><methodName>{method}</methodName><params>{parameters}</params></methodCall>"
    )
}

/// Every other way in, with the account that it would let in.
fn other_doors(account: Account) -> Vec<Ask> {
    let form = |target: &str| Ask::post(target, &login(account));
    vec![
        Ask::get(&format!("/doku.php?id=vault&do=login&u={}&p={}", account.name, account.password)),
        Ask::get(&format!("/doku.php?id=vault&u={}&p={}", account.name, account.password)),
        Ask::get(&format!("/feed.php?u={}&p={}", account.name, account.password)),
        Ask::get("/doku.php?id=vault").header("authorization", &basic(account)),
        Ask::get("/lib/exe/fetch.php?media=wiki:dokuwiki-128.png").header("authorization", &basic(account)),
        form("/lib/exe/ajax.php"),
        form("/lib/exe/ajax.php?call=linkwiz&q=vault"),
        form("/feed.php"),
        form("/lib/exe/fetch.php"),
        form("/lib/exe/css.php"),
        form("/index.php"),
        form("/doku.php?do=profile"),
        form("/doku.php?do=logout"),
        form("/doku.php?do=search"),
        form("/doku.php?do=resendpwd"),
        form("/doku.php?do[edit]=1"),
        Ask::post("/doku.php", &[&login(account)[..], &[("do", "profile")]].concat()),
        Ask::post("/doku.php?u=bob&p=Battery-Staple-7", &login(account)),
        Ask::new(http::Method::POST, "/lib/exe/xmlrpc.php")
            .content("text/xml", rpc("dokuwiki.login", &[account.name, account.password]).as_bytes()),
        Ask::new(http::Method::POST, "/lib/exe/xmlrpc.php")
            .content("text/xml", rpc("wiki.getPage", &["vault"]).as_bytes())
            .header("authorization", &basic(account)),
        Ask::new(http::Method::POST, "/lib/exe/jsonrpc.php").content("application/json", b"{}"),
    ]
}

#[tokio::test]
async fn the_other_doors_are_open_on_the_bare_panel() {
    let panel = super::support::panel::Panel::get(KIND);
    let mut inside = 0;
    for ask in other_doors(ALICE) {
        let mut browser = super::support::browser::Browser::new(panel.addr, 2);
        let answer = browser.send(ask).await;
        let page = browser.get("/doku.php?id=vault").await;
        inside += usize::from(leaks(KIND, &answer) || leaks(KIND, &page));
    }
    assert!(inside >= 12, "the attacks are real: only {inside} of them let somebody in");
}

#[tokio::test]
async fn every_other_door_is_closed_to_everybody() {
    let world = World::new(KIND).await;
    for ask in other_doors(ALICE) {
        let mut attacker = world.gate.browser(66);
        attacker.get("/doku.php").await;
        let answer = attacker.send(ask.clone()).await;
        assert!(!leaks(KIND, &answer) && !holds_login_cookie(KIND, &attacker), "{ask:?}: {answer:?}");
        assert_outside(KIND, &attacker).await;
    }
    assert!(world.smtp.mails().is_empty(), "none of these is a login");
}

#[tokio::test]
async fn every_other_door_is_closed_inside_an_own_session_too() {
    let world = World::new(KIND).await;
    let mut attacker = world.gate.browser(66);
    world.log_in_with_code(&mut attacker, BOB).await;
    for ask in other_doors(ALICE) {
        let answer = attacker.send(ask.clone()).await;
        assert_ne!(who(KIND, &answer).as_deref(), Some(ALICE.name), "{ask:?}: {answer:?}");
        let page = attacker.get("/doku.php?id=start&do=profile").await;
        assert_ne!(who(KIND, &page).as_deref(), Some(ALICE.name), "{ask:?}");
        // Some of these are refused, others go up without what they carried; none of them ends bob's session.
        assert_eq!(who(KIND, &page).as_deref(), Some(BOB.name), "{ask:?}: {page:?}");
    }
}

/// With these, DokuWiki answers a wrong password as it does a right one (302, or 200), so a matcher alone would lie.
#[tokio::test]
async fn actions_that_hide_how_a_login_went_are_refused_alike_for_right_and_wrong_passwords() {
    let world = World::new(KIND).await;
    for action in ["profile", "logout", "search", "index", "media", "recent", "subscribe", "unknown"] {
        let mut statuses = Vec::new();
        for password in [ALICE.password, "wrong"] {
            for in_query in [true, false] {
                let mut browser = world.gate.browser(66);
                let mut fields = vec![("u", ALICE.name), ("p", password), ("id", "vault")];
                let mut target = "/doku.php?id=vault".to_owned();
                if in_query {
                    target = format!("{target}&do={action}");
                } else {
                    fields.push(("do", action));
                }
                let answer = browser.post(&target, &fields).await;
                assert!(answer.slug().is_some() && answer.status.is_client_error(), "{action}: {answer:?}");
                statuses.push(answer.status);
                assert_outside(KIND, &browser).await;
            }
        }
        assert!(statuses.iter().all(|status| *status == statuses[0]), "{action}: {statuses:?}");
    }
    assert!(world.smtp.mails().is_empty());
}

#[tokio::test]
async fn a_login_without_its_page_and_with_remember_me_is_a_login_all_the_same() {
    let world = World::new(KIND).await;
    let mut browser = world.gate.browser(2);
    let answer = browser.post("/doku.php?id=some:page", &[&login(ALICE)[..], &[("r", "1")]].concat()).await;
    assert!(answer.wants_code(), "{answer:?}");
    assert_outside(KIND, &browser).await;
    let code = world.code_after(ALICE, 0).await;
    assert_eq!(enter_code(&mut browser, &code).await.status, 303);
    assert_inside(KIND, &mut browser, ALICE).await;
    assert!(holds_login_cookie(KIND, &browser), "the remembered login is the browser's now: {:?}", browser.jar);
}

/// The DW cookie holds the password; on the bare panel it logs in again after a logout.
#[tokio::test]
async fn the_password_cookie_does_not_outlive_the_logout() {
    let world = World::new(KIND).await;
    let mut past = world.past_the_gate(2);
    log_in(KIND, &mut past, ALICE).await;
    let held = past.twin();
    super::challenge::log_out(KIND, &mut past).await;
    assert_inside(KIND, &mut held.twin(), ALICE).await;

    let mut browser = world.gate.browser(2);
    world.log_in_with_code(&mut browser, ALICE).await;
    let held = browser.twin();
    super::challenge::log_out(KIND, &mut browser).await;
    assert_outside(KIND, &held).await;
    let mut alone = held.fresh();
    let cookie = held.jar.starting("DW").unwrap_or_else(|| panic!("{:?}", held.jar));
    alone.jar.plant(&cookie.name, &cookie.value);
    assert_outside(KIND, &alone).await;
}

/// PHP cuts values at NUL, takes quotes away and trims; each of these worked on a real panel.
#[tokio::test]
async fn respelt_cookie_values_and_names_are_dropped() {
    let world = World::new(KIND).await;
    let mut past = world.past_the_gate(66);
    log_in(KIND, &mut past, ALICE).await;
    let mut own = world.gate.browser(66);
    world.log_in_with_code(&mut own, BOB).await;
    let own_header = own.jar.header("/").unwrap();
    for kept in past.jar.all() {
        for pair in super::cacti::respelt(&kept.name, &kept.value) {
            for header in [pair.clone(), format!("{own_header}; {pair}"), format!("{pair}; {own_header}")] {
                let page = world.gate.browser(66).send(Ask::get("/doku.php?id=vault").cookies(&header)).await;
                assert_ne!(who(KIND, &page).as_deref(), Some(ALICE.name), "{header}: {page:?}");
            }
        }
    }
}
