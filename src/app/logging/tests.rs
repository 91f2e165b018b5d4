use std::io::Write;
use std::sync::{Arc, Mutex};

use log::Log;
use serde_json::Value;
use tracing::subscriber::with_default;

use super::*;
use crate::model::{EmailAddress, Network, OneTimeCode};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn capture(options: LogOptions, tell: impl FnOnce()) -> String {
    let captured = Captured::default();
    let writer = captured.clone();
    with_default(subscriber(options, move || writer.clone()), tell);
    String::from_utf8(captured.0.lock().unwrap().clone()).unwrap()
}

fn json(filter: &str, tell: impl FnOnce()) -> Vec<Value> {
    let options = LogOptions { format: LogFormat::Json, filter: filter.parse().unwrap(), ..LogOptions::default() };
    capture(options, tell).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn json_lines_are_one_object_each_with_the_agreed_fields() {
    let network = Network::parse("203.0.113.7").unwrap();
    let lines = json("info", || {
        let span = tracing::info_span!("request", r#ref = "7K2M-Q9XD");
        let _inside = span.enter();
        tracing::warn!(reason = "wrong-codes", ?network, account = "alice", tries = 3, "blocked\nfor an hour");
        tracing::debug!("not shown");
    });
    assert_eq!(json("info", || tracing::info!(reference = "7K2M-Q9XD", "x"))[0]["ref"], "7K2M-Q9XD");
    assert_eq!(lines.len(), 1);
    let line = &lines[0];
    assert_eq!(line["level"], "warn");
    assert_eq!(line["target"], "poterne::app::logging::tests");
    assert_eq!(line["message"], "blocked\\nfor an hour");
    assert_eq!(line["ref"], "7K2M-Q9XD");
    assert_eq!(line["reason"], "wrong-codes");
    assert_eq!(line["account"], "alice");
    assert_eq!(line["tries"], 3);
    assert!(line["network"].as_str().unwrap().contains("203.0.113.7"));
    let time = line["time"].as_str().unwrap();
    assert!(time.ends_with('Z') && time.starts_with("20") && time.len() >= 20, "{time}");
}

#[test]
fn text_lines_quote_what_could_be_read_as_something_else() {
    let text = capture(LogOptions::default(), || {
        tracing::info!(path = "/a b\" reason=none\n2026 WARN forged", reason = "unknown-host", "refused");
    });
    assert_eq!(text.lines().count(), 1, "{text}");
    let line = text.trim_end();
    assert!(line.contains("  INFO app::logging::tests: refused"), "{line}");
    assert!(line.contains(r#" path="/a b\" reason=none\\n2026 WARN forged""#), "{line}");
    assert!(line.contains(" reason=unknown-host"), "{line}");
}

#[test]
fn no_visitor_can_write_to_the_terminal_that_shows_the_log() {
    for format in [LogFormat::Text, LogFormat::Json] {
        let options = LogOptions { format, ..LogOptions::default() };
        let shown = capture(options, || {
            tracing::info!(browser = "\u{1b}[31m\u{9b}2J\u{202e}evil\r\n", "\u{1b}]0;title\u{7} hello");
        });
        let controls: Vec<_> = shown.trim_end_matches('\n').chars().filter(|c| c.is_control()).collect();
        assert!(controls.is_empty(), "{format:?}: {controls:?}");
        assert!(!shown.contains('\u{202e}'));
    }
}

#[test]
fn no_secret_and_no_full_address_reaches_the_log() {
    let address = EmailAddress::parse("alice@example.test").unwrap();
    let mut rng = <rand_chacha::ChaCha20Rng as rand::SeedableRng>::seed_from_u64(1);
    let code = OneTimeCode::random(6, &mut rng);
    for format in [LogFormat::Text, LogFormat::Json] {
        let options = LogOptions { format, filter: "trace".parse().unwrap(), ..LogOptions::default() };
        let shown = capture(options, || {
            let _inside = tracing::info_span!("login", password = "Correct-Horse-9", account = "bob@example.test");
            tracing::info!(?address, to = "alice@example.test", ?code, "mail to <alice@example.test>.");
            tracing::info!(set_cookie = "PANELSESS=0123", cookie = ?["PANELSESS=0123"], token = 4_711_471, "cookies");
            tracing::info!(request = "/reset?mail=alice%40example.test&x=1", "550 alice@example.test: unknown user");
            tracing::error!(
                error = &io::Error::other("550 5.1.1 <alice@example.test>, bob@example.test") as &dyn std::error::Error,
                "undeliverable"
            );
        });
        for secret in
            ["Correct-Horse", "0123", "4711471", code.expose(), "alice@example.test", "bob@example.test", "alice%40"]
        {
            assert!(!shown.contains(secret), "{format:?}: {secret} in {shown}");
        }
        assert!(shown.contains("a…e@e…e.test"), "but who knows it recognises it: {shown}");
    }
}

#[test]
fn an_operator_may_want_addresses_in_full() {
    let options = LogOptions { full_addresses: true, ..LogOptions::default() };
    let shown = capture(options, || tracing::info!(account = "bob@example.test", password = "x1y2", "in"));
    assert!(shown.contains("account=bob@example.test") && !shown.contains("x1y2"), "{shown}");
}

#[test]
fn accounts_are_named_as_configured() {
    let tell = || tracing::info!(account = "alice", "in");
    assert!(capture(LogOptions::default(), tell).contains("account=alice"));
    let accounts = AccountNames::Pseudonym([7; 32]);
    let pseudonym = accounts.show("alice");
    assert_ne!(pseudonym, AccountNames::Pseudonym([8; 32]).show("alice"));
    assert!(!format!("{accounts:?}").contains('7'));
    let shown = capture(LogOptions { accounts, ..LogOptions::default() }, tell);
    assert!(shown.contains(&format!("account={pseudonym}")) && !shown.contains("alice"), "{shown}");
}

#[test]
fn a_filter_never_opens_what_libraries_say_below_warn() {
    let tell = || {
        tracing::trace!(target: "hyper::proto", "Cookie: PANELSESS");
        tracing::info!(target: "sqlx::query", "select");
        tracing::warn!(target: "sqlx::pool", "slow");
        tracing::debug!(target: "poterne::mail", "queued");
        tracing::debug!(target: "poterne::store", "commit");
    };
    for (filter, messages) in [
        ("error", vec![]),
        ("info", vec!["slow"]),
        ("debug", vec!["slow", "queued", "commit"]),
        ("info, poterne::mail=debug", vec!["slow", "queued"]),
        ("trace,poterne::store=warn", vec!["slow", "queued"]),
    ] {
        let shown: Vec<_> =
            json(filter, tell).iter().map(|line| line["message"].as_str().unwrap().to_owned()).collect();
        assert_eq!(shown, messages, "{filter}");
    }
    for filter in ["", "loud", "3", "hyper=trace", "info,h2=debug", "poterne::mail=", "poternex=debug"] {
        assert!(filter.parse::<LogFilter>().is_err(), "{filter:?}");
    }
}

#[test]
fn pingoras_noise_is_tamed() {
    let tell = |level: log::Level, target: &'static str, text: &'static str| {
        bridge::Bridge.log(&log::Record::builder().level(level).target(target).args(format_args!("{text}")).build());
    };
    let noise = || {
        use log::Level::{Debug, Error, Info, Warn};
        tell(Error, "pingora_core::services::listening", "Downstream handshake error from 203.0.113.9: eof");
        tell(Error, "pingora_core::apps", "H2 handshake error");
        tell(Error, "pingora_proxy", "Fail to proxy: HTTPStatus, GET /reset?token=s3cret, Host: panel.test");
        tell(Warn, "pingora_proxy::proxy_h1", "invalid: buf: \"GET / HTTP/1.1\\r\\nCookie: DW=s3cret\"");
        tell(Debug, "pingora_core::protocols::http::v1::server", "Cookie: DW=s3cret");
        tell(Info, "pingora_core::server", "Server starting");
        tell(Error, "pingora_core::services::listening", "Accept() failed: too many open files");
        tell(Warn, "pingora_core::listeners::l4", "127.0.0.1:80 is in use, will try again");
        tell(Info, "rustls::client", "hello");
        tell(Warn, "rustls::client", "odd hello");
    };
    let by_default = json("info", noise);
    let shown: Vec<_> =
        by_default.iter().map(|l| (l["level"].as_str().unwrap(), l["message"].as_str().unwrap())).collect();
    assert_eq!(
        shown,
        [
            ("error", "Accept() failed: too many open files"),
            ("warn", "127.0.0.1:80 is in use, will try again"),
            ("warn", "odd hello"),
        ]
    );
    assert_eq!(by_default[2]["target"], "rustls::client");

    let all = json("debug", noise);
    assert_eq!(all.len(), 8);
    assert!(all.iter().all(|line| !line.to_string().contains("s3cret")), "{all:?}");
    assert_eq!(all[2]["message"], "Fail to proxy: HTTPStatus, GET /reset?… Host: panel.test");
    assert_eq!(all[0]["module"], "pingora_core::services::listening");
}

#[test]
fn a_value_has_an_end() {
    let lines = json("info", || tracing::info!(path = "x".repeat(100_000), "refused"));
    assert_eq!(lines[0]["path"].as_str().unwrap().chars().count(), redact::MAX_CHARS + 1);
}
