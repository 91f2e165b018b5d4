//! Mails over a real SMTP conversation, on loopback.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests fail loudly")]

#[path = "support/smtp.rs"]
mod smtp;

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mail_parser::MessageParser;
use poterne::flow::ports::MailStatus;
use poterne::mail::{
    Backoff, Clock, MailSetupFailed, MailTrouble, Message, Outbox, Sender, ServerState, Settings, SmtpAccess,
    SmtpSecurity, SmtpServer as Server, SmtpSettings, Transport,
};
use poterne::model::{ChallengeId, EmailAddress, Timestamp};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use smtp::{Action, Behaviour, Fault, SmtpServer, Stage, TestCertificate, Tls};
use tempfile::NamedTempFile;

/// A clock that stands still until it's told to go on.
#[derive(Clone, Default)]
struct Hands(Arc<AtomicI64>);

impl Hands {
    fn clock(&self) -> Clock {
        let hands = Arc::clone(&self.0);
        Arc::new(move || Timestamp::from_millis(1_789_000_000_000 + hands.load(Ordering::SeqCst)))
    }

    fn now(&self) -> Timestamp {
        (self.clock())()
    }

    fn advance(&self, duration: Duration) {
        self.0.fetch_add(i64::try_from(duration.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

fn id() -> ChallengeId {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    ChallengeId::random(&mut ChaCha20Rng::seed_from_u64(NEXT.fetch_add(1, Ordering::SeqCst)))
}

fn message(hands: &Hands, to: &[&str]) -> Message {
    Message {
        challenge: Some(id()),
        to: to.iter().map(|to| EmailAddress::parse(to).unwrap()).collect(),
        subject: "Votre code : 123456 – Hébergeur".into(),
        text: "Bonjour,\n\nvotre code : 123456\n.\n".into(),
        html: "<p>Votre code : <b>123456</b></p>".into(),
        deadline: hands.now() + Duration::from_secs(600),
    }
}

const USER: &str = "poterne@example.net";
const PASSWORD: &str = "p4ss:wörd";

/// Settings for a test's server by the given name, with a user where the server asks for one.
fn access(security: SmtpSecurity, host: &str, server: &SmtpServer, user: bool) -> SmtpSettings {
    let user = user.then(|| USER.to_owned());
    let password = user.as_ref().map(|_| PASSWORD.into());
    let server = Server::new(security, host, server.addr.port(), user).unwrap();
    SmtpSettings::new(SmtpAccess::new(server, password).unwrap())
}

fn from() -> Sender {
    Sender::new(Some("Hébergeur"), EmailAddress::parse("no-reply@example.net").unwrap()).unwrap()
}

fn settings(smtp: SmtpSettings) -> Settings {
    Settings {
        backoff: Backoff { first: Duration::from_millis(1), longest: Duration::from_millis(4) },
        probe_every: None,
        ..Settings::new(from(), Transport::Smtp(smtp))
    }
}

fn outbox(hands: &Hands, smtp: SmtpSettings) -> Outbox {
    Outbox::start(settings(smtp), hands.clock(), tokio::runtime::Handle::current()).unwrap()
}

fn plain(server: &SmtpServer) -> SmtpSettings {
    access(SmtpSecurity::Plain, "127.0.0.1", server, false)
}

fn user() -> Option<(String, String)> {
    Some((USER.into(), PASSWORD.into()))
}

fn pem(certificate: &TestCertificate) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(certificate.authority_pem.as_bytes()).unwrap();
    file
}

async fn sent(outbox: &Outbox, message: Message) -> MailStatus {
    let challenge = message.challenge.unwrap();
    outbox.send(message);
    outbox.drain().await;
    outbox.status(challenge)
}

#[tokio::test]
async fn b04_each_address_gets_its_own_message_in_words_as_written() {
    let server = SmtpServer::start(Behaviour::default());
    let hands = Hands::default();
    let outbox = outbox(&hands, plain(&server));
    let message = message(&hands, &["alice@example.test", "alice@example.org", "alice@example.test"]);
    assert_eq!(sent(&outbox, message.clone()).await, MailStatus::Sent);
    let mails = server.mails();
    let mut recipients: Vec<_> = mails.iter().map(|mail| mail.to.clone()).collect();
    recipients.sort();
    assert_eq!(recipients, [["alice@example.org"], ["alice@example.test"]], "one message an address");
    let mut ids = Vec::new();
    for mail in &mails {
        assert_eq!(mail.from, "no-reply@example.net");
        let parsed = MessageParser::default().parse(&mail.data).unwrap();
        assert_eq!(parsed.to().unwrap().first().unwrap().address(), Some(mail.to[0].as_str()), "nobody else named");
        assert_eq!(parsed.subject(), Some(message.subject.as_str()));
        assert_eq!(parsed.body_text(0).unwrap().replace("\r\n", "\n").trim_end(), message.text.trim_end());
        assert_eq!(parsed.body_html(0).unwrap().trim_end(), message.html);
        assert_eq!(parsed.from().unwrap().first().unwrap().name(), Some("Hébergeur"));
        assert_eq!(parsed.date().unwrap().to_timestamp(), hands.now().as_secs());
        ids.push(parsed.message_id().unwrap().to_owned());
    }
    assert_ne!(ids[0], ids[1]);
    assert!(ids.iter().all(|id| id.ends_with("@example.net")));
    assert_eq!(outbox.health().state, ServerState::Up { since: hands.now() });
}

#[tokio::test]
async fn a_connection_is_used_for_several_mails() {
    let server = SmtpServer::start(Behaviour::default());
    let hands = Hands::default();
    let outbox = outbox(&hands, SmtpSettings { connections: 1, ..plain(&server) });
    for _ in 0..5 {
        outbox.send(message(&hands, &["alice@example.test"]));
    }
    server.wait_for(5).await;
    outbox.drain().await;
    assert_eq!(server.connections(), 1);
    server.wait_for_command("QUIT", 1).await;
}

#[tokio::test]
async fn a_connection_that_the_server_closed_meanwhile_costs_no_try() {
    let server =
        SmtpServer::start(Behaviour { faults: vec![Fault::once(Stage::Noop, Action::Drop)], ..Behaviour::default() });
    let hands = Hands::default();
    let slow = Settings {
        backoff: Backoff { first: Duration::from_secs(3600), longest: Duration::from_secs(3600) },
        ..settings(SmtpSettings { connections: 1, ..plain(&server) })
    };
    let outbox = Outbox::start(slow, hands.clock(), tokio::runtime::Handle::current()).unwrap();
    outbox.send(message(&hands, &["alice@example.test"]));
    outbox.send(message(&hands, &["bob@example.test"]));
    outbox.drain().await;
    assert_eq!((server.mails().len(), server.connections()), (2, 2));
}

#[tokio::test]
async fn starttls_and_authentication_by_plain_and_by_login() {
    for mechanisms in ["PLAIN LOGIN", "LOGIN"] {
        let certificate = TestCertificate::for_names(&["localhost"]);
        let roots = pem(&certificate);
        let server = SmtpServer::start(Behaviour {
            tls: Tls::Upgraded(certificate),
            user: user(),
            mechanisms: Some(mechanisms.into()),
            ..Behaviour::default()
        });
        let hands = Hands::default();
        let smtp = SmtpSettings {
            extra_roots: Some(roots.path().into()),
            ..access(SmtpSecurity::StartTls, "localhost", &server, true)
        };
        let outbox = outbox(&hands, smtp);
        assert_eq!(sent(&outbox, message(&hands, &["alice@example.test"])).await, MailStatus::Sent, "{mechanisms}");
        let mail = server.mails().remove(0);
        assert!(mail.over_tls);
        assert_eq!(mail.user.as_deref(), Some("poterne@example.net"));
    }
}

#[tokio::test]
async fn tls_from_the_first_byte() {
    let certificate = TestCertificate::for_names(&["127.0.0.1"]);
    let roots = pem(&certificate);
    let server = SmtpServer::start(Behaviour { tls: Tls::Implicit(certificate), user: user(), ..Behaviour::default() });
    let hands = Hands::default();
    let smtp = SmtpSettings {
        extra_roots: Some(roots.path().into()),
        ..access(SmtpSecurity::Tls, "127.0.0.1", &server, true)
    };
    let outbox = outbox(&hands, smtp);
    assert_eq!(sent(&outbox, message(&hands, &["alice@example.test"])).await, MailStatus::Sent);
    assert!(server.mails()[0].over_tls);
}

/// Neither the password nor a mail goes to somebody who only claims to be the mail server.
#[tokio::test]
async fn nothing_is_told_to_a_server_that_cannot_prove_its_name_or_offers_no_starttls() {
    let good = TestCertificate::for_names(&["127.0.0.1"]);
    let cases: [(SmtpSecurity, Tls, TestCertificate, MailTrouble); 5] = [
        (SmtpSecurity::Tls, Tls::Implicit(TestCertificate::for_names(&["127.0.0.1"])), good.clone(), MailTrouble::Tls),
        (
            SmtpSecurity::StartTls,
            Tls::Upgraded(TestCertificate::for_names(&["127.0.0.1"])),
            good.clone(),
            MailTrouble::Tls,
        ),
        (
            SmtpSecurity::Tls,
            {
                let other = TestCertificate::for_names(&["other.test"]);
                Tls::Implicit(other)
            },
            good.clone(),
            MailTrouble::Tls,
        ),
        (SmtpSecurity::StartTls, Tls::None, good.clone(), MailTrouble::NoStartTls),
        (SmtpSecurity::Tls, Tls::None, good.clone(), MailTrouble::Tls),
    ];
    for (security, tls, trusted, trouble) in cases {
        let roots = pem(&trusted);
        let server = SmtpServer::start(Behaviour { tls, user: user(), ..Behaviour::default() });
        let hands = Hands::default();
        let smtp = SmtpSettings {
            extra_roots: Some(roots.path().into()),
            timeout: Duration::from_secs(5),
            ..access(security, "127.0.0.1", &server, true)
        };
        let outbox = outbox(&hands, smtp);
        let message = message(&hands, &["alice@example.test"]);
        let challenge = message.challenge.unwrap();
        outbox.send(message);
        server.wait_for_connections(3).await;
        assert_eq!(outbox.status(challenge), MailStatus::Retrying);
        assert_eq!(outbox.health().last_trouble, Some(trouble), "{security:?}");
        assert!(outbox.health().is_down());
        assert!(server.mails().is_empty());
        let spoken = server.commands();
        assert!(!spoken.iter().any(|line| line.starts_with("AUTH") || line.starts_with("MAIL")), "{spoken:?}");
    }
}

#[tokio::test]
async fn a_name_that_the_certificate_does_not_bear_is_refused() {
    let certificate = TestCertificate::for_names(&["other.test"]);
    let roots = pem(&certificate);
    let server = SmtpServer::start(Behaviour { tls: Tls::Upgraded(certificate), user: user(), ..Behaviour::default() });
    let hands = Hands::default();
    let outbox = outbox(
        &hands,
        SmtpSettings {
            extra_roots: Some(roots.path().into()),
            ..access(SmtpSecurity::StartTls, "localhost", &server, true)
        },
    );
    outbox.send(message(&hands, &["alice@example.test"]));
    server.wait_for_connections(2).await;
    assert_eq!(outbox.health().last_trouble, Some(MailTrouble::Tls));
    assert!(server.mails().is_empty());
}

#[tokio::test]
async fn b14_a_server_that_says_later_gets_the_same_mail_again() {
    let server = SmtpServer::start(Behaviour {
        faults: vec![
            Fault::reply(Stage::Rcpt, "451 4.7.1 greylisted, come back later").times(3),
            Fault::reply(Stage::Mail, "452 4.3.1 no room"),
            Fault::reply(Stage::EndOfMessage, "450 4.2.0 busy"),
        ],
        ..Behaviour::default()
    });
    let hands = Hands::default();
    let outbox = outbox(&hands, plain(&server));
    assert_eq!(sent(&outbox, message(&hands, &["alice@example.test"])).await, MailStatus::Sent);
    assert_eq!(server.mails().len(), 1);
    assert!(!outbox.health().is_down(), "a server that says later is a server that's there");
    assert_eq!(outbox.health().last_trouble, None);
}

#[tokio::test]
async fn a_connection_that_breaks_mid_message_is_tried_again() {
    for stage in [Stage::Connect, Stage::Ehlo, Stage::Mail, Stage::Data, Stage::MidMessage, Stage::EndOfMessage] {
        let server =
            SmtpServer::start(Behaviour { faults: vec![Fault::once(stage, Action::Drop)], ..Behaviour::default() });
        let hands = Hands::default();
        let outbox = outbox(&hands, plain(&server));
        assert_eq!(sent(&outbox, message(&hands, &["alice@example.test"])).await, MailStatus::Sent, "{stage:?}");
        assert_eq!((server.mails().len(), server.connections()), (1, 2), "{stage:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_closing_or_greets_with_no_is_tried_again() {
    for fault in [
        Fault::reply(Stage::Rcpt, "421 4.3.2 closing"),
        Fault::reply(Stage::Connect, "554 5.3.2 no service"),
        Fault::reply(Stage::Connect, "hello there"),
        Fault::reply(Stage::Ehlo, "550 5.7.1 who are you"),
    ] {
        let server = SmtpServer::start(Behaviour { faults: vec![fault.clone()], ..Behaviour::default() });
        let hands = Hands::default();
        let outbox = outbox(&hands, plain(&server));
        assert_eq!(sent(&outbox, message(&hands, &["alice@example.test"])).await, MailStatus::Sent, "{fault:?}");
        assert_eq!(server.mails().len(), 1);
        assert!(!outbox.health().is_down());
        assert!(outbox.health().last_trouble.is_some());
    }
}

/// After an attempt that was given up in the middle, no answer that was meant for it is taken for
/// the answer to the next mail.
#[tokio::test]
async fn a_hung_conversation_is_given_up_and_its_connection_never_used_again() {
    for stage in [Stage::Connect, Stage::Ehlo, Stage::Mail, Stage::Data, Stage::MidMessage, Stage::EndOfMessage] {
        let server =
            SmtpServer::start(Behaviour { faults: vec![Fault::once(stage, Action::Hang)], ..Behaviour::default() });
        let hands = Hands::default();
        let outbox =
            outbox(&hands, SmtpSettings { timeout: Duration::from_millis(300), connections: 1, ..plain(&server) });
        outbox.send(message(&hands, &["alice@example.test"]));
        outbox.send(message(&hands, &["bob@example.test"]));
        let mails = server.wait_for(2).await;
        assert!(mails.iter().all(|mail| mail.connection > 1), "{stage:?}");
        assert_eq!(outbox.health().last_trouble, Some(MailTrouble::Timeout), "{stage:?}");
    }
}

#[tokio::test]
async fn one_conversation_that_hangs_holds_no_other_mail() {
    let hung = Fault::once(Stage::Rcpt, Action::Hang).containing("hung@example.test");
    let server = SmtpServer::start(Behaviour { faults: vec![hung], ..Behaviour::default() });
    let hands = Hands::default();
    let outbox = outbox(&hands, SmtpSettings { timeout: Duration::from_secs(3600), connections: 2, ..plain(&server) });
    outbox.send(message(&hands, &["hung@example.test"]));
    server.wait_for_command("RCPT TO:<hung@example.test>", 1).await;
    for _ in 0..20 {
        outbox.send(message(&hands, &["alice@example.test"]));
    }
    server.wait_for(20).await;
}

#[tokio::test]
async fn b60_an_address_that_is_refused_for_good_is_not_tried_again() {
    for fault in [
        Fault::always(Stage::Rcpt, Action::Reply("550 5.1.1 <nobody@example.test>: no such user".into())),
        Fault::always(Stage::EndOfMessage, Action::Reply("554 5.7.1 looks like spam".into())),
    ] {
        let fault = fault.containing("nobody@example.test");
        let server = SmtpServer::start(Behaviour { faults: vec![fault], ..Behaviour::default() });
        let hands = Hands::default();
        let outbox = outbox(&hands, plain(&server));
        let alone = message(&hands, &["nobody@example.test"]);
        let both = message(&hands, &["alice@example.test", "nobody@example.test"]);
        let challenges = [alone.challenge.unwrap(), both.challenge.unwrap()];
        outbox.send(alone);
        outbox.send(both);
        outbox.drain().await;
        assert_eq!(challenges.map(|c| outbox.status(c)), [MailStatus::Failed; 2]);
        assert_eq!(server.mails().len(), 1, "the other address has got its mail");
        let tries = server.commands().iter().filter(|c| c.starts_with("RCPT TO:<nobody")).count();
        assert_eq!(tries, 2, "one for each mail");
        assert!(!outbox.health().is_down());
    }
}

#[tokio::test]
async fn only_a_plain_yes_counts_as_taken() {
    let odd = Fault::reply(Stage::EndOfMessage, "354 go on");
    let server = SmtpServer::start(Behaviour { faults: vec![odd], ..Behaviour::default() });
    let hands = Hands::default();
    let outbox = outbox(&hands, plain(&server));
    assert_eq!(sent(&outbox, message(&hands, &["alice@example.test"])).await, MailStatus::Sent);
    assert_eq!(server.mails().len(), 1, "sent again after an answer that isn't one");
    assert_eq!(outbox.health().last_trouble, Some(MailTrouble::Protocol));
}

/// What a test writes its log lines to.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_address_code_or_password_gets_into_the_log() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    // The runtime of this test has one thread.
    let _guard = tracing::subscriber::set_default(subscriber);
    let server = SmtpServer::start(Behaviour {
        user: user(),
        faults: vec![
            Fault::reply(Stage::Auth, "535 5.7.8 p4ss:wörd is wrong for poterne@example.net"),
            Fault::reply(Stage::Rcpt, "451 4.7.1 <alice@example.test>: greylisted"),
            Fault::reply(Stage::EndOfMessage, "no SMTP from alice@example.test 123456"),
            Fault::reply(Stage::Rcpt, "550 5.1.1 <alice@example.test>: unknown user 123456"),
        ],
        ..Behaviour::default()
    });
    let hands = Hands::default();
    let outbox = outbox(&hands, access(SmtpSecurity::Plain, "127.0.0.1", &server, true));
    let status = sent(&outbox, message(&hands, &["alice@example.test"])).await;
    assert_eq!(status, MailStatus::Failed);
    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    for said in ["authentication", "a…e@e…e.test", "451 4.7.1", "550 5.1.1"] {
        assert!(log.contains(said), "{said}: {log}");
    }
    for secret in ["alice", "123456", "123 456", "p4ss", "poterne@example.net"] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
}

#[test]
fn mails_are_counted() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let shown = recorder.handle();
    metrics::with_local_recorder(&recorder, || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let fault = Fault::reply(Stage::Rcpt, "550 5.1.1 no").containing("nobody");
            let later = Fault::reply(Stage::Rcpt, "450 4.2.0 later").containing("alice");
            let server = SmtpServer::start(Behaviour { faults: vec![fault, later], ..Behaviour::default() });
            let hands = Hands::default();
            let outbox = outbox(&hands, plain(&server));
            sent(&outbox, message(&hands, &["alice@example.test", "nobody@example.test"])).await;
        });
    });
    let text = shown.render();
    for line in [
        "poterne_mail_total{outcome=\"sent\"} 1",
        "poterne_mail_total{outcome=\"refused\"} 1",
        "poterne_mail_total{outcome=\"retried\"} 1",
        "poterne_mail_queue 0",
        "poterne_mail_up 1",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line} in {text}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_the_operators_trouble_and_not_the_recipients() {
    let server = SmtpServer::start(Behaviour {
        user: user(),
        faults: vec![Fault::reply(Stage::Auth, "535 5.7.8 no").times(2)],
        ..Behaviour::default()
    });
    let hands = Hands::default();
    let outbox = outbox(&hands, access(SmtpSecurity::Plain, "127.0.0.1", &server, true));
    let message = message(&hands, &["alice@example.test"]);
    assert_eq!(sent(&outbox, message).await, MailStatus::Sent);
    assert_eq!(outbox.health().last_trouble, Some(MailTrouble::Authentication));
}

#[tokio::test]
async fn b61_a_server_that_is_down_is_told_honestly_and_found_again() {
    let server = SmtpServer::start(Behaviour {
        faults: vec![Fault::always(Stage::Connect, Action::Drop)],
        ..Behaviour::default()
    });
    let hands = Hands::default();
    let outbox = outbox(&hands, plain(&server));
    assert_eq!(outbox.health().state, ServerState::Untried);
    let first = message(&hands, &["alice@example.test"]);
    let challenge = first.challenge.unwrap();
    outbox.send(first);
    server.wait_for_connections(3).await;
    assert_eq!(outbox.status(challenge), MailStatus::Retrying);
    assert!(outbox.health().is_down() && !outbox.health().is_usable());
    server.heal();
    server.wait_for(1).await;
    outbox.drain().await;
    assert_eq!(outbox.status(challenge), MailStatus::Sent);
    assert!(outbox.health().is_usable());
}

#[tokio::test]
async fn a_server_that_comes_back_is_noticed_without_a_mail_and_wakes_those_that_wait() {
    let server = SmtpServer::start(Behaviour {
        faults: vec![Fault::always(Stage::Connect, Action::Drop)],
        ..Behaviour::default()
    });
    let hands = Hands::default();
    let hour = Duration::from_secs(3600);
    let patient = Settings {
        backoff: Backoff { first: hour, longest: hour },
        probe_every: Some(Duration::from_millis(5)),
        ..settings(plain(&server))
    };
    let outbox = Outbox::start(patient, hands.clock(), tokio::runtime::Handle::current()).unwrap();
    let message = Message { deadline: hands.now() + 3 * hour, ..message(&hands, &["alice@example.test"]) };
    outbox.send(message);
    server.wait_for_connections(4).await;
    server.heal();
    assert_eq!(server.wait_for(1).await.len(), 1);
}

#[tokio::test]
async fn b11_no_mail_is_sent_after_its_codes_end() {
    let server = SmtpServer::start(Behaviour {
        faults: vec![Fault::always(Stage::Rcpt, Action::Reply("451 4.7.1 later".into()))],
        ..Behaviour::default()
    });
    let hands = Hands::default();
    let outbox = outbox(&hands, plain(&server));
    let message = message(&hands, &["alice@example.test"]);
    let challenge = message.challenge.unwrap();
    outbox.send(message.clone());
    server.wait_for_command("RCPT", 3).await;
    assert_eq!(outbox.status(challenge), MailStatus::Retrying);
    hands.advance(Duration::from_secs(600));
    let late = Message { challenge: Some(id()), ..message };
    let late_challenge = late.challenge.unwrap();
    outbox.send(late);
    outbox.drain().await;
    assert_eq!(outbox.status(challenge), MailStatus::Failed);
    assert_eq!(outbox.status(late_challenge), MailStatus::Failed);
    assert!(server.mails().is_empty());
}

#[tokio::test]
async fn the_queue_is_bounded_and_the_caller_never_waits() {
    let server = SmtpServer::start(Behaviour {
        faults: vec![Fault::always(Stage::Connect, Action::Hang)],
        ..Behaviour::default()
    });
    let hands = Hands::default();
    let small = Settings {
        queue: 3,
        ..settings(SmtpSettings { timeout: Duration::from_secs(3600), connections: 1, ..plain(&server) })
    };
    let outbox = Outbox::start(small, hands.clock(), tokio::runtime::Handle::current()).unwrap();
    let messages: Vec<_> = (0..5).map(|_| message(&hands, &["alice@example.test"])).collect();
    for message in &messages {
        outbox.send(message.clone());
    }
    let statuses: Vec<_> = messages.iter().map(|message| outbox.status(message.challenge.unwrap())).collect();
    assert_eq!(
        statuses,
        [MailStatus::Queued, MailStatus::Queued, MailStatus::Queued, MailStatus::Failed, MailStatus::Failed]
    );
}

/// While the server is down for hours notices pile up, since they're tried for a day; somebody who
/// waits for a code must not find the queue full of them.
#[tokio::test]
async fn notices_leave_room_for_codes() {
    let server = SmtpServer::start(Behaviour {
        faults: vec![Fault::always(Stage::Connect, Action::Hang)],
        ..Behaviour::default()
    });
    let hands = Hands::default();
    let small = Settings {
        queue: 4,
        ..settings(SmtpSettings { timeout: Duration::from_secs(3600), connections: 1, ..plain(&server) })
    };
    let outbox = Outbox::start(small, hands.clock(), tokio::runtime::Handle::current()).unwrap();
    for _ in 0..10 {
        outbox.send(Message { challenge: None, ..message(&hands, &["alice@example.test"]) });
    }
    let codes: Vec<_> = (0..3).map(|_| message(&hands, &["alice@example.test"])).collect();
    for code in &codes {
        outbox.send(code.clone());
    }
    let statuses: Vec<_> = codes.iter().map(|code| outbox.status(code.challenge.unwrap())).collect();
    assert_eq!(statuses, [MailStatus::Queued, MailStatus::Queued, MailStatus::Failed]);
}

/// A notice outlives any code: it's sent when the server is back hours later.
#[tokio::test]
async fn a_notice_is_sent_when_the_server_is_back() {
    let server = SmtpServer::start(Behaviour {
        faults: vec![Fault::always(Stage::Rcpt, Action::Reply("451 4.7.1 later".into()))],
        ..Behaviour::default()
    });
    let hands = Hands::default();
    let outbox = outbox(&hands, plain(&server));
    let day = Duration::from_secs(24 * 3600);
    let deadline = hands.now() + day;
    outbox.send(Message { challenge: None, deadline, ..message(&hands, &["alice@example.test"]) });
    server.wait_for_command("RCPT", 3).await;
    hands.advance(day - Duration::from_secs(60));
    server.heal();
    assert_eq!(server.wait_for(1).await.len(), 1);
}

/// Whoever keeps a notice until it has left learns when that is, and when it isn't.
#[tokio::test]
async fn a_receipt_comes_when_nothing_more_will_become_of_a_mail() {
    let server = SmtpServer::start(Behaviour {
        faults: vec![
            Fault::always(Stage::Rcpt, Action::Reply("550 5.1.1 nobody".into())).containing("carol"),
            Fault::always(Stage::Rcpt, Action::Reply("451 4.7.1 later".into())).containing("bob"),
        ],
        ..Behaviour::default()
    });
    let hands = Hands::default();
    let outbox = outbox(&hands, plain(&server));
    let hand_over = |to: &[&str]| {
        let (receipt, taken) = tokio::sync::oneshot::channel();
        outbox.send_with_receipt(Message { challenge: None, ..message(&hands, to) }, receipt);
        taken
    };
    hand_over(&["alice@example.test"]).await.unwrap();
    assert_eq!(server.mails().len(), 1, "not before it was taken");
    hand_over(&["carol@example.test", "alice@example.test"]).await.unwrap();
    assert_eq!(server.mails().len(), 2, "refused for good at one, taken at the other");
    hand_over(&[]).await.unwrap();
    let mut waiting = hand_over(&["alice@example.test", "bob@example.test"]);
    server.wait_for_command("RCPT TO:<bob@example.test>", 3).await;
    assert!(waiting.try_recv().is_err(), "bob's server says later");
    server.heal();
    waiting.await.unwrap();
    assert_eq!(server.mails().len(), 4);
    outbox.drain().await;
    assert!(hand_over(&["alice@example.test"]).await.is_err(), "not taken, to be tried by another outbox");
}

#[tokio::test]
async fn b06_a_mail_to_nobody_has_failed() {
    let server = SmtpServer::start(Behaviour::default());
    let hands = Hands::default();
    let outbox = outbox(&hands, plain(&server));
    assert_eq!(sent(&outbox, message(&hands, &[])).await, MailStatus::Failed);
    assert_eq!(outbox.status(id()), MailStatus::Unknown, "nothing is known about others");
}

#[tokio::test]
async fn after_closing_no_mail_is_taken() {
    let server = SmtpServer::start(Behaviour::default());
    let hands = Hands::default();
    let outbox = outbox(&hands, plain(&server));
    outbox.drain().await;
    let message = message(&hands, &["alice@example.test"]);
    let challenge = message.challenge.unwrap();
    outbox.send(message);
    assert_eq!(outbox.status(challenge), MailStatus::Failed);
}

#[tokio::test]
async fn a_folder_takes_each_mail_as_a_private_file() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("mails");
    let hands = Hands::default();
    let from = from();
    let settings = Settings::new(from, Transport::Folder { path: path.clone() });
    let outbox = Outbox::start(settings, hands.clock(), tokio::runtime::Handle::current()).unwrap();
    let message = message(&hands, &["alice@example.test", "bob@example.test"]);
    assert_eq!(sent(&outbox, message).await, MailStatus::Sent);
    let mode = |path: &PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 2, "{files:?}");
    for file in &files {
        assert_eq!(file.extension().unwrap(), "eml");
        assert_eq!(mode(file), 0o600);
        let bytes = std::fs::read(file).unwrap();
        let parsed = MessageParser::default().parse(&bytes).unwrap();
        assert!(parsed.body_text(0).unwrap().contains("123456"));
    }
}

#[tokio::test]
async fn a_folder_that_is_gone_is_trouble_and_then_it_is_not() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("mails");
    let hands = Hands::default();
    let settings = Settings {
        backoff: Backoff { first: Duration::from_millis(1), longest: Duration::from_millis(4) },
        ..Settings::new(from(), Transport::Folder { path: path.clone() })
    };
    let outbox = Outbox::start(settings, hands.clock(), tokio::runtime::Handle::current()).unwrap();
    std::fs::remove_dir(&path).unwrap();
    let message = message(&hands, &["alice@example.test"]);
    let challenge = message.challenge.unwrap();
    outbox.send(message);
    while outbox.status(challenge) != MailStatus::Retrying {
        tokio::task::yield_now().await;
    }
    assert_eq!(outbox.health().last_trouble, Some(MailTrouble::Folder));
    std::fs::create_dir(&path).unwrap();
    outbox.drain().await;
    assert_eq!(outbox.status(challenge), MailStatus::Sent);
}

#[tokio::test]
async fn what_cannot_be_set_up_is_said_at_the_start() {
    let hands = Hands::default();
    let start = |settings| Outbox::start(settings, hands.clock(), tokio::runtime::Handle::current()).err();
    let from = from();
    let nowhere = Settings::new(from, Transport::Folder { path: "/nonexistent/mails".into() });
    assert!(matches!(start(nowhere), Some(MailSetupFailed::Folder { .. })));
    let server = SmtpServer::start(Behaviour::default());
    let mut smtp = access(SmtpSecurity::Tls, "127.0.0.1", &server, false);
    smtp.extra_roots = Some("/nonexistent.pem".into());
    assert!(matches!(start(settings(smtp.clone())), Some(MailSetupFailed::Roots { .. })));
    let empty = NamedTempFile::new().unwrap();
    smtp.extra_roots = Some(empty.path().into());
    assert!(matches!(start(settings(smtp.clone())), Some(MailSetupFailed::Roots { .. })));
    smtp.extra_roots = None;
    smtp.hello = Some("a\r\nb".into());
    assert!(matches!(start(settings(smtp)), Some(MailSetupFailed::Hello)));
}
