//! What requests say about themselves and must not be believed: headers, hosts, addresses.

use super::support::browser::Ask;
use super::world::{ALICE, BOB, World, assert_inside, generous, is_cleared, log_in, login_form, shows_inside, who};

/// An address, a host, a path and a method that nobody has.
const FORGED: [&str; 4] = ["198.51.100.66", "forged.example", "/dashboard.php?forged", "FORGED"];

#[tokio::test]
async fn nothing_that_a_request_says_about_its_address_or_target_reaches_the_panel() {
    let world = World::with(generous).await;
    let mut inside = world.cleared(2, ALICE).await;
    let names = [
        "X-Forwarded-For",
        "X-Forwarded",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Forwarded-Server",
        "X-Original-Forwarded-For",
        "X-Vercel-Forwarded-For",
        "Forwarded",
        "Forwarded-For",
        "X-Real-IP",
        "X-Client-IP",
        "X-ClientIP",
        "X-Azure-ClientIP",
        "X-Cluster-Client-IP",
        "Client-IP",
        "True-Client-IP",
        "Fastly-Client-IP",
        "Fly-Client-IP",
        "CF-Connecting-IP",
        "DO-Connecting-IP",
        "X-Envoy-External-Address",
        "X-Remote-Addr",
        "X-Original-URL",
        "X-Original-Host",
        "X-Rewrite-URL",
        "X-HTTP-Method-Override",
        "X-HTTP-Method",
        "X-Method-Override",
    ];
    let names: Vec<String> = names.iter().flat_map(|name| [(*name).to_owned(), name.replace('-', "_")]).collect();
    world.panel.forget_received();
    let mut asked = 0;
    for name in &names {
        for value in FORGED {
            let value = if name == "Forwarded" { format!("for={value};host={value}") } else { value.to_owned() };
            // The three ways up: of a cleared session, of anybody, and a login that the gate relays itself.
            let page = inside.send(Ask::get("/dashboard.php").header(name, &value)).await;
            assert_eq!(who(&page), Some(ALICE.name), "{name}: {page:?}");
            let mut stranger = world.gate.browser(66);
            stranger.send(Ask::get("/").header(name, &value)).await;
            let wrong = [("username", "nobody"), ("password", "wrong")];
            stranger.send(Ask::post("/login.php", &wrong).header(name, &value)).await;
            asked += 3;
        }
    }
    let received = world.panel.received();
    assert_eq!(received.len(), asked);
    for request in received {
        let client = if request.target == "/dashboard.php" { "127.0.0.2" } else { "127.0.0.66" };
        for (name, value) in [("x-forwarded-for", client), ("x-real-ip", client), ("x-forwarded-proto", "http")] {
            let mut values = request.headers.get_all(name).iter();
            assert!(values.next().is_some_and(|sent| sent == value) && values.next().is_none(), "{request:?}");
        }
        for (name, value) in &request.headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            assert!(!FORGED.iter().any(|forged| value.contains(forged)) && !name.as_str().contains('_'), "{request:?}");
        }
    }
}

#[tokio::test]
async fn a_known_network_isnt_had_by_naming_it() {
    let world = World::new().await;
    world.cleared(2, ALICE).await;
    let mut attacker = world.gate.browser(67);
    let form = login_form(&mut attacker, ALICE).await;
    let mut ask = Ask::post("/login.php", &super::world::fields(&form));
    for name in ["x-forwarded-for", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip", "x_forwarded_for"]
    {
        ask = ask.header(name, "127.0.0.2");
    }
    let answer = attacker.send(ask.header("forwarded", "for=127.0.0.2")).await;
    assert!(answer.wants_code() && !is_cleared(&answer), "{answer:?}");
}

#[tokio::test]
async fn from_trusted_proxies_the_last_untrusted_hop_counts() {
    let world = World::with(|setup| {
        setup.set_toml("listen.trusted_proxies", r#"["127.0.0.0/24"]"#).set("listen.client_address", "x-forwarded-for")
    })
    .await;
    let mut browser = world.gate.browser(9);
    for (value, expected) in [
        ("198.51.100.7", "198.51.100.7"),
        ("1.1.1.1, 198.51.100.7", "198.51.100.7"),
        ("198.51.100.7, 127.0.0.3", "198.51.100.7"),
        ("127.0.0.1, 198.51.100.7, 127.0.0.3", "198.51.100.7"),
    ] {
        browser.send(Ask::get("/").header("x-forwarded-for", value)).await;
        assert_eq!(world.panel.received().pop().unwrap().headers["x-forwarded-for"], expected, "{value}");
    }
}

#[tokio::test]
async fn authorization_never_reaches_the_panel() {
    let world = World::new().await;
    let mut own = world.cleared(2, BOB).await;
    let mut stranger = world.gate.browser(3);
    for name in ["authorization", "proxy-authorization", "x-http-authorization"] {
        for browser in [&mut own, &mut stranger] {
            browser.send(Ask::get("/").header(name, "Basic YWxpY2U6Q29ycmVjdC1Ib3JzZS05")).await;
        }
    }
    let seen = world.panel.received();
    assert!(seen.iter().all(|request| !request.headers.contains_key("authorization")), "{seen:?}");
    assert!(seen.iter().all(|request| !request.headers.contains_key("proxy-authorization")), "{seen:?}");
}

#[tokio::test]
async fn headers_that_rewrite_the_request_and_underscored_ones_are_dropped() {
    let world = World::new().await;
    let mut own = world.cleared(2, BOB).await;
    world.panel.forget_received();
    let names = [
        "x-original-url",
        "x-rewrite-url",
        "x-original-uri",
        "x-http-method-override",
        "x-http-method",
        "x-method-override",
        "x-forwarded-host",
        "x-forwarded-prefix",
        "x-forwarded-user",
        "x-remote-user",
        "x_original_url",
        "x_forwarded_for",
        "remote_user",
        "php_auth_user",
        "x-poterne-account",
        "proxy",
    ];
    let stranger = world.gate.browser(3);
    for name in names {
        for target in ["/", "/login.php"] {
            let page = own.send(Ask::get(target).header(name, "/dashboard.php")).await;
            assert_ne!(who(&page), Some(ALICE.name), "{name}: {page:?}");
            if let Some(page) = stranger.raw("GET", target, &[(name, "/dashboard.php")], b"").await {
                assert!(!shows_inside(&page), "{name}: {page:?}");
            }
        }
    }
    for request in world.panel.received() {
        for (name, value) in &request.headers {
            assert!(!name.as_str().contains('_'), "{name}");
            assert!(name != "referer" && value != "/dashboard.php", "{name}: {value:?}");
        }
    }
    assert_inside(&mut own, BOB).await;
}

#[tokio::test]
async fn unknown_hosts_get_421_and_nothing_is_forwarded() {
    let world = World::new().await;
    let browser = world.gate.browser(3);
    for (host, expected) in [
        ("evil.example", &[421][..]),
        ("127.0.0.1.evil.example", &[421]),
        ("evil.example:80", &[421]),
        ("", &[400, 421]),
        ("127.0.0.1, evil.example", &[400, 421]),
        ("user@127.0.0.1", &[400, 421]),
        ("127.0.0.1/x", &[400, 421]),
        ("127.0.0.1\t", &[200, 400, 421]),
    ] {
        let head = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let mut connection = browser.connect().await;
        connection.write(head.as_bytes()).await;
        let page = connection.finish("/").await.unwrap_or_else(|| panic!("no answer to {host:?}"));
        assert!(expected.contains(&page.status.as_u16()), "{host:?}: {page:?}");
    }
    let before = world.panel.received().len();
    for head in [
        format!("GET / HTTP/1.1\r\nHost: {0}\r\nHost: evil.example\r\nConnection: close\r\n\r\n", browser.server()),
        "GET / HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned(),
        format!("GET http://evil.example/ HTTP/1.1\r\nHost: {0}\r\nConnection: close\r\n\r\n", browser.server()),
        format!("GET / HTTP/1.1\r\n Host: x\r\nHost: {0}\r\nConnection: close\r\n\r\n", browser.server()),
    ] {
        let mut connection = browser.connect().await;
        connection.write(head.as_bytes()).await;
        let page = connection.finish("/").await;
        assert!(page.is_none_or(|page| page.status.is_client_error()), "{head}");
    }
    assert_eq!(world.panel.received().len(), before);
}

#[tokio::test]
async fn a_smuggled_second_request_is_never_the_panels() {
    let world = World::new().await;
    let mut browser = world.gate.browser(66);
    world.to_challenge(&mut browser, ALICE).await;
    world.panel.forget_received();
    let hidden = "GET /dashboard.php HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    for framing in [
        format!("Content-Length: 0\r\nContent-Length: {}\r\n", hidden.len()),
        "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n".to_owned(),
        "Transfer-Encoding: xchunked\r\n".to_owned(),
        "Transfer-Encoding : chunked\r\n".to_owned(),
        "Transfer-Encoding:\tchunked, identity\r\n".to_owned(),
        format!("Content-Length: +{}\r\n", hidden.len()),
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 9\r\n".to_owned(),
        String::new(),
    ] {
        let head = format!("GET / HTTP/1.1\r\nHost: {}\r\n{framing}\r\n{hidden}", browser.server());
        let mut connection = browser.connect().await;
        connection.write(head.as_bytes()).await;
        connection
            .write(format!("GET /x HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", browser.server()).as_bytes())
            .await;
        let page = connection.finish("/").await;
        assert!(page.is_none_or(|page| !shows_inside(&page)), "{framing}");
    }
    for request in world.panel.received() {
        assert!(!request.target.contains("dashboard"), "{request:?}");
    }
    let answer = log_in(&mut world.gate.browser(67), ALICE).await;
    assert!(answer.wants_code(), "{answer:?}");
}
