//! What bad input gets: a clear status and page, nothing forwarded, nothing lost.

use super::support::browser::{Ask, encode};
use super::support::panel::{ALICE, BOB, Kind};
use super::world::{World, assert_inside, assert_outside, log_in, login_form, who};

const KIND: Kind = Kind::DokuWiki;

#[tokio::test]
async fn ambiguous_targets_get_400() {
    let world = World::new(KIND).await;
    let browser = world.gate.browser(2);
    for target in
        ["/a/../doku.php", "/./doku.php", "//doku.php", "/%2e%2e/doku.php", "/doku%2ephp%00", "/a%2f..%2fdoku.php"]
    {
        if let Some(page) = browser.raw("GET", target, &[], b"").await {
            assert!(page.status.is_client_error() || page.status.is_redirection() || page.status == 200, "{page:?}");
            assert!(who(KIND, &page).is_none());
        }
    }
    for target in ["/a%2f..%2fdoku.php", "/doku.php%00", "/a\\..\\doku.php", "/%zz", "/%c0%ae%c0%ae/doku.php"] {
        let page = browser.raw("GET", target, &[], b"").await.unwrap_or_else(|| panic!("no answer for {target}"));
        assert_eq!(page.status, 400, "{page:?}");
    }
}

#[tokio::test]
async fn other_hosts_get_421() {
    let world = World::new(KIND).await;
    let mut browser = world.gate.browser(2);
    for host in ["evil.example", "127.0.0.1.evil.example", "localhost:80", "127.0.0.1@evil.example"] {
        let page = browser.send(Ask::get("/doku.php").header("host", host)).await;
        assert!(matches!(page.status.as_u16(), 400 | 421), "{page:?}");
    }
    let page = browser.send(Ask::get("/doku.php").header("host", "evil.example")).await;
    assert_eq!((page.status.as_u16(), page.slug().as_deref()), (421, Some("unknown-host")), "{page:?}");
    assert!(!page.contains("evil.example"));
    assert!(browser.send(Ask::get("/doku.php").header("host", "127.0.0.1:1")).await.status.is_success());
}

#[tokio::test]
async fn oversize_and_malformed_login_bodies_are_refused() {
    let world = World::new(KIND).await;
    let mut browser = world.gate.browser(2);
    let fields = encode(&[("u", ALICE.name), ("p", ALICE.password)]);
    let long = format!("{fields}&x={}", "x".repeat(80 * 1024));
    for headers in [vec![], vec![("Transfer-Encoding", "chunked")]] {
        let mut connection = browser.connect().await;
        let length = headers.is_empty().then_some(long.len());
        connection.write(&browser.raw_head("POST", "/doku.php", &headers, length)).await;
        let chunk = format!("{:x}\r\n{long}\r\n0\r\n\r\n", long.len());
        connection.write(if headers.is_empty() { long.as_bytes() } else { chunk.as_bytes() }).await;
        if let Some(page) = connection.finish("/doku.php").await {
            assert_eq!(page.status, 413, "{page:?}");
        }
    }
    for (kind, body) in [
        ("application/x-www-form-urlencoded", format!("u=bob&u[]=alice&{fields}")),
        ("application/x-www-form-urlencoded", "u=%zz&p=%".to_owned()),
        ("multipart/form-data", fields.clone()),
        (
            "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=\"u\"\r\n\r\nalice".to_owned(),
        ),
        ("application/json", r#"{"u":"alice","p":"Correct-Horse-9"}"#.to_owned()),
    ] {
        let page = browser.send(Ask::new(http::Method::POST, "/doku.php").content(kind, body.as_bytes())).await;
        assert!(page.slug().is_some() && !page.status.is_success() && !page.wants_code(), "{kind}: {page:?}");
        assert_outside(KIND, &browser).await;
    }
    let inflated = Ask::post("/doku.php", &[("u", "alice"), ("p", "x")]).header("content-encoding", "gzip");
    assert!(browser.send(inflated).await.status.is_client_error());
    assert!(world.smtp.mails().is_empty());
    assert!(log_in(KIND, &mut browser, ALICE).await.wants_code(), "and nothing is left of it");
}

#[tokio::test]
async fn twenty_wrong_passwords_from_a_network_over_all_accounts_make_it_wait() {
    let mut world = World::new(KIND).await;
    let mut attacker = world.gate.browser(66);
    let mut told = None;
    for nth in 0..25 {
        let name = format!("user{nth}");
        let answer = attacker.post("/doku.php?id=vault", &[("u", &name), ("p", "guess"), ("do", "login")]).await;
        if answer.status == 429 {
            assert!(answer.header("retry-after").is_some(), "{answer:?}");
            told = Some(nth);
            break;
        }
        assert_eq!(answer.status, 403, "{answer:?}");
    }
    assert_eq!(told, Some(20));
    // The right password doesn't help there, and helps elsewhere.
    assert_eq!(log_in(KIND, &mut world.gate.browser(66), ALICE).await.status, 429);
    assert!(log_in(KIND, &mut world.gate.browser(2), ALICE).await.wants_code());
    world.gate.pass(std::time::Duration::from_secs(11 * 60));
    assert!(log_in(KIND, &mut world.gate.browser(66), ALICE).await.wants_code());
}

#[tokio::test]
async fn forged_forwarded_headers_are_ignored() {
    let world = World::new(KIND).await;
    world.log_in_with_code(&mut world.gate.browser(2), ALICE).await;
    let mut attacker = world.gate.browser(66);
    let form = login_form(KIND, &mut attacker, ALICE).await;
    let pairs: Vec<(&str, &str)> = form.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let mut ask = Ask::post(&form.target(), &pairs);
    for (name, value) in [
        ("x-forwarded-for", "127.0.0.2"),
        ("x-real-ip", "127.0.0.2"),
        ("forwarded", "for=127.0.0.2"),
        ("client-ip", "127.0.0.2"),
        ("true-client-ip", "127.0.0.2"),
    ] {
        ask = ask.header(name, value);
    }
    assert!(attacker.send(ask).await.wants_code());
}

#[tokio::test]
async fn a_trusted_proxy_is_believed_up_to_the_first_hop_that_is_not() {
    let world = World::with(KIND, |setup| {
        setup
            .set("listen.client_address", "x-forwarded-for")
            .set_toml("listen.trusted_proxies", r#"["127.0.0.9/32", "10.0.0.0/8"]"#)
            .accounts("login,email,email2,language,type,created_from\nalice,alice@example.test,,en,,8.8.4.4\n")
    })
    .await;
    let log_in_as_from = async |network: u8, forwarded: &str| {
        let mut browser = world.gate.browser(network);
        let form = login_form(KIND, &mut browser, ALICE).await;
        let pairs: Vec<(&str, &str)> = form.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let answer = browser.send(Ask::post(&form.target(), &pairs).header("x-forwarded-for", forwarded)).await;
        assert!(answer.status.is_redirection(), "{answer:?}");
        answer.wants_code()
    };
    assert!(!log_in_as_from(9, "8.8.4.4").await, "b8: the network it was created from is trusted");
    assert!(!log_in_as_from(9, "9.9.9.9, 8.8.4.4, 10.1.2.3").await, "through another trusted hop");
    assert!(log_in_as_from(9, "8.8.4.4, 9.9.9.10").await, "what a stranger wrote before counts for nothing");
    assert!(log_in_as_from(66, "8.8.4.4").await, "nobody else's word is taken");
}

#[tokio::test]
async fn logins_don_t_tell_whether_an_account_exists() {
    let world = World::new(KIND).await;
    let mut answers = Vec::new();
    // On the list, off the list, unknown to the panel.
    for name in [ALICE.name, "padmin", "nobody"] {
        let mut browser = world.gate.browser(66);
        let answer = browser.post("/doku.php?id=vault", &[("u", name), ("p", "wrong"), ("do", "login")]).await;
        assert!(browser.jar.value("poterne").is_none());
        answers.push((answer.status, answer.text().replace(name, "someone").len()));
    }
    assert!(answers.iter().all(|(status, _)| *status == answers[0].0), "{answers:?}");
    assert!(world.smtp.mails().is_empty());
}

#[tokio::test]
async fn a_panel_that_is_down_gets_an_own_page_with_a_reference() {
    let panel = super::support::panel::Panel::get(KIND);
    let smtp = super::support::smtp::SmtpServer::start(Default::default());
    let nobody = super::support::ports::free_address();
    let mut panel = panel;
    panel.addr = nobody;
    let gate = super::support::gate::Setup::new(&panel, smtp.addr).start().await;
    let mut browser = gate.browser(2);
    let page = browser.get("/doku.php").await;
    assert_eq!((page.status.as_u16(), page.slug().as_deref()), (502, Some("panel-down")), "{page:?}");
    assert!(page.reference().is_some(), "{page:?}");
    let page = browser.post("/doku.php", &[("u", "alice"), ("p", "x")]).await;
    assert_eq!(page.slug().as_deref(), Some("panel-down"), "{page:?}");
}

#[tokio::test]
async fn a_form_sent_after_the_session_ended_says_what_to_do() {
    let world = World::new(KIND).await;
    let mut browser = world.gate.browser(2);
    world.log_in_with_code(&mut browser, BOB).await;
    let form = browser.get("/doku.php?id=start&do=profile").await.form_with("newpass");
    let mut away = browser.moved_to(3);
    let answer = away.submit(&form).await;
    assert_eq!((answer.status.as_u16(), answer.slug().as_deref()), (403, Some("confirm-code")), "{answer:?}");
    browser.jar.forget("poterne");
    let answer = browser.submit(&form).await;
    assert_eq!((answer.status.as_u16(), answer.slug().as_deref()), (403, Some("confirm-login")), "{answer:?}");
    // A script is told in its own way.
    let answer = away.send(Ask::get("/lib/exe/ajax.php?call=linkwiz&q=x").scripted()).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (401, Some("application/problem+json")));
}

#[tokio::test]
async fn what_comes_from_another_site_is_not_taken() {
    let world = World::new(KIND).await;
    let mut browser = world.gate.browser(2);
    let code = world.log_in_to_challenge(&mut browser, ALICE).await;
    let page = browser.get("/_poterne/challenge").await;
    let token = page.form("/_poterne/challenge").value("token").unwrap().to_owned();
    for (token, site) in [("", "same-origin"), ("forged", "same-origin"), (token.as_str(), "cross-site")] {
        for path in ["/_poterne/challenge", "/_poterne/challenge/cancel", "/_poterne/logout"] {
            let ask = Ask::post(path, &[("token", token), ("code", &code)]).header("sec-fetch-site", site);
            assert_eq!(browser.send(ask).await.status, 403);
        }
    }
    assert_eq!(super::world::enter_code(&mut browser, &code).await.status, 303);
    assert_inside(KIND, &mut browser, ALICE).await;
}
