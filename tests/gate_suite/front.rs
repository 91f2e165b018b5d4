//! What the front refuses before anybody else has seen it, as users, scripts and support see it; and what operators
//! see of the gate as a whole.

use std::process::Command;
use std::time::Duration;

use super::support::browser::Browser;
use super::support::gate::{Gate, Setup};
use super::support::page::Page;
use super::world::{ALICE, BOB, CHALLENGE, World, enter_code, is_cleared, log_in, login_form};

/// A front that is easily upset.
fn strict(setup: Setup) -> Setup {
    setup
        .set("listen.header_timeout", "1s")
        .set("listen.max_header", "4 KiB")
        .set("listen.transfer_window", "1s")
        .set("listen.least_transfer", "1 MiB")
        .set_toml("pages.languages", r#"["en", "fr"]"#)
}

async fn say(browser: &Browser, bytes: &str) -> Page {
    let mut connection = browser.connect().await;
    connection.write(bytes.as_bytes()).await;
    connection.finish("/").await.unwrap_or_else(|| panic!("no answer to {bytes:.100?}"))
}

fn reference_in(page: &Page) -> String {
    page.reference().unwrap_or_else(|| {
        let problem: serde_json::Value = serde_json::from_slice(&page.body).unwrap();
        problem["reference"].as_str().unwrap().to_owned()
    })
}

/// What `poterne reference` says, once it's written.
async fn looked_up(gate: &Gate, reference: &str) -> serde_json::Value {
    let asking = async {
        loop {
            let output = Command::new(env!("CARGO_BIN_EXE_poterne"))
                .args(["reference", reference, "--json", "--config"])
                .arg(gate.config_path())
                .output()
                .unwrap();
            if output.status.success() {
                return serde_json::from_slice(&output.stdout).unwrap();
            }
        }
    };
    let found = tokio::time::timeout(Duration::from_secs(20), asking).await;
    found.unwrap_or_else(|_| panic!("support finds nothing under {reference}: {}", gate.logs()))
}

#[tokio::test]
async fn a_header_that_is_refused_gets_a_page_in_its_language_with_a_reference_that_support_finds() {
    let world = World::with(strict).await;
    let browser = world.gate.browser(3);
    let host = browser.server();
    let french = "Accept-Language: fr-FR,fr;q=0.9\r\nSec-Fetch-Mode: navigate";
    let script = "Accept-Language: fr\r\nSec-Fetch-Mode: cors\r\nAccept: */*";
    let long = "x".repeat(17_000);
    for (head, status, slug, reason, request) in [
        (format!("GET /a?t=s HTTP/1.1\r\n{french}\r\n\r\n"), 400, "bad-request", "host", "GET /a"),
        (
            format!("GET /a HTTP/1.1\r\nHost: {host}\r\n{french}\r\nA: b\r\n c\r\n\r\n"),
            400,
            "bad-request",
            "folding",
            "GET /a",
        ),
        (
            format!("GET /a HTTP/1.1\r\nHost: {host}\r\n{french}\r\nCookie: {}", &long[..5000]),
            431,
            "header-too-large",
            "header-too-large",
            "GET /a",
        ),
        (format!("GET /a HTTP/1.1\r\nHost: {host}\r\n{french}\r\n"), 408, "slow-request", "header-timeout", "GET /a"),
        (format!("\u{16}\u{3}\u{1}\r\n{french}\r\n\r\n"), 400, "bad-request", "request-line", "(unreadable)"),
    ] {
        let page = say(&browser, &head).await;
        assert_eq!((page.status.as_u16(), page.slug().as_deref()), (status, Some(slug)), "{head:.100?}: {page:?}");
        let readable = request != "(unreadable)";
        assert_eq!(page.header("content-language"), Some(if readable { "fr" } else { "en" }), "{page:?}");
        assert!(page.header("content-security-policy").is_some() && page.header("connection") == Some("close"));
        let found = looked_up(&world.gate, &reference_in(&page)).await;
        assert_eq!((found["reason"].as_str(), found["request"].as_str()), (Some(reason), Some(request)), "{found}");
        assert_eq!((found["status"].as_u64(), found["network"].as_str()), (Some(status.into()), Some("127.0.0.3")));
    }
    for head in [
        format!("POST /api HTTP/1.1\r\nHost: {host}\r\n{script}\r\nContent-Length: +1\r\n\r\nx"),
        format!("GET /api HTTP/1.1\r\nHost: {host}\r\n{script}\r\nCookie: {}", &long[..5000]),
    ] {
        let problem = say(&browser, &head).await;
        assert_eq!(problem.header("content-type"), Some("application/problem+json"), "{problem:?}");
        let said: serde_json::Value = serde_json::from_slice(&problem.body).unwrap();
        assert_eq!(said["status"].as_u64(), Some(problem.status.as_u16().into()), "{said}");
        looked_up(&world.gate, &reference_in(&problem)).await;
    }
    let metrics = world.gate.metrics().await;
    assert!(metrics.contains("poterne_refused_total{reason=\"folding\"} 1\n"), "counted once: {metrics}");
    assert!(!metrics.contains("poterne_refused_total{reason=\"bad-request\"}"), "and not twice: {metrics}");
    assert_eq!(world.panel.received().len(), 0);
}

#[tokio::test]
async fn a_target_that_is_too_long_gets_its_page() {
    let world = World::new().await;
    let browser = world.gate.browser(3);
    let head = format!("GET /{} HTTP/1.1\r\nHost: {}\r\n\r\n", "x".repeat(17_000), browser.server());
    let page = say(&browser, &head).await;
    assert_eq!((page.status.as_u16(), page.slug().as_deref()), (414, Some("target-too-long")), "{page:?}");
    assert!(page.reference().is_some());
}

#[tokio::test]
async fn too_many_connections_get_a_page_with_one_reference_however_many_they_are() {
    let world = World::with(|setup| setup.set("listen.connections_per_network", 2)).await;
    let browser = world.gate.browser(3);
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut connection = browser.connect().await;
        connection.write(format!("GET /style.css HTTP/1.1\r\nHost: {}\r\n\r\n", browser.server()).as_bytes()).await;
        assert!(connection.read_until("\r\n\r\n").await.starts_with("HTTP/1.1 200"));
        open.push(connection);
    }
    let mut references = Vec::new();
    for _ in 0..5 {
        let page = say(&browser, "").await;
        assert_eq!((page.status.as_u16(), page.slug().as_deref()), (429, Some("too-many-connections")), "{page:?}");
        assert_eq!(page.header("retry-after"), Some("10"), "{page:?}");
        references.push(reference_in(&page));
    }
    references.dedup();
    assert_eq!(references.len(), 1, "{references:?}");
    let found = looked_up(&world.gate, &references[0]).await;
    assert_eq!(found["reason"].as_str(), Some("too-many-connections"), "{found}");
    let logged = world.gate.logs().matches("too-many-connections").count();
    assert_eq!(logged, 1, "and the log isn't filled by it");
    assert_eq!(world.gate.browser(4).get("/login.php").await.status, 200, "others aren't concerned");
}

#[tokio::test]
async fn a_doors_body_that_trickles_gets_a_408_page_with_a_reference() {
    let world = World::with(strict).await;
    let browser = world.gate.browser(3);
    let mut inside = world.cleared(2, BOB).await;
    for (browser, target, kind) in [
        (&browser, "/login.php", "application/x-www-form-urlencoded"),
        (&browser, CHALLENGE, "application/x-www-form-urlencoded"),
        (&inside, "/upload.php", "multipart/form-data; boundary=b"),
    ] {
        let mut slow = browser.connect().await;
        slow.write(&browser.raw_head("POST", target, &[("Content-Type", kind), ("Accept", "text/html")], Some(100)))
            .await;
        slow.write(b"username=a").await;
        let page = slow.finish(target).await.unwrap_or_else(|| panic!("{target}: closed without a word"));
        assert_eq!((page.status.as_u16(), page.slug().as_deref()), (408, Some("slow-request")), "{target}: {page:?}");
        let found = looked_up(&world.gate, &reference_in(&page)).await;
        assert_eq!(found["request"].as_str(), Some(format!("POST {target}").as_str()), "{found}");
    }
    assert_eq!(inside.get("/dashboard.php").await.status, 200);
}

fn value(metrics: &str, name: &str) -> Option<f64> {
    metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

#[tokio::test]
async fn doors_and_sessions_are_counted_at_every_look() {
    let world = World::new().await;
    let sessions =
        async |state: &str| value(&world.gate.metrics().await, &format!("poterne_sessions{{state=\"{state}\"}}"));
    assert_eq!((sessions("pending").await, sessions("cleared").await), (Some(0.0), Some(0.0)));
    let mut browser = world.gate.browser(2);
    let code = world.to_challenge(&mut browser, ALICE).await;
    assert_eq!((sessions("pending").await, sessions("cleared").await), (Some(1.0), Some(0.0)));
    assert!(is_cleared(&enter_code(&mut browser, &code).await));
    assert_eq!((sessions("pending").await, sessions("cleared").await), (Some(0.0), Some(1.0)));
    browser.get("/logout.php").await;
    assert_eq!((sessions("pending").await, sessions("cleared").await), (Some(0.0), Some(0.0)));
    let mut other = world.gate.browser(3);
    let form = login_form(&mut other, ALICE).await.with("password", "wrong");
    other.submit(&form).await;
    let metrics = world.gate.metrics().await;
    assert_eq!(value(&metrics, "poterne_requests_total{decision=\"door\"}"), Some(2.0), "{metrics}");
    assert_eq!(value(&metrics, "poterne_directory_errors_total"), Some(0.0), "{metrics}");
}

#[tokio::test]
async fn b8_a_private_creation_network_is_trusted_only_where_the_operator_says_so() {
    let accounts = "login,email,created_from\nalice,alice@example.test,127.0.0.9\nbob,bob@example.test,\n";
    let world = World::with(|setup| setup.accounts(accounts)).await;
    assert!(log_in(&mut world.gate.browser(9), ALICE).await.wants_code());
    let trusting = |setup: Setup| setup.accounts(accounts).set("accounts.trust_private_networks", true);
    let world = World::with(trusting).await;
    assert!(is_cleared(&log_in(&mut world.gate.browser(9), ALICE).await), "{}", world.gate.logs());
    assert!(log_in(&mut world.gate.browser(10), ALICE).await.wants_code());
    assert!(log_in(&mut world.gate.browser(9), BOB).await.wants_code());
}
