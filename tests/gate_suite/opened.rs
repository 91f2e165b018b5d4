//! Doors that an operator opened on purpose, and what a door takes: `open`, `hand_over_answer`, `json`.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::support::browser::{Ask, Browser};
use super::support::gate::{Gate, Setup};
use super::support::page::Page;
use super::support::smtp::{Behaviour, SmtpServer};
use super::world::{ALICE, World, assert_outside, code_in, enter_code, is_cleared, log_in, shows_inside};

/// What its answer to a login holds, and nobody may see who isn't cleared.
const SECRET: &str = "PROFILE-SECRET-81";

/// A panel of one page that talks JSON: a login answers with the profile and a token in a cookie.
struct JsonPanel {
    addr: SocketAddr,
    logins: Arc<Mutex<Vec<Value>>>,
    padding: Arc<Mutex<usize>>,
}

impl JsonPanel {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let logins = Arc::new(Mutex::new(Vec::new()));
        let padding = Arc::new(Mutex::new(0));
        let panel = Self { addr, logins: Arc::clone(&logins), padding: Arc::clone(&padding) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (logins, padding) = (Arc::clone(&logins), Arc::clone(&padding));
                let service = service_fn(move |request| {
                    let (logins, padding) = (Arc::clone(&logins), Arc::clone(&padding));
                    async move { Ok::<_, Infallible>(answer(request, &logins, &padding).await) }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        panel
    }

    fn pad(&self, bytes: usize) {
        *self.padding.lock().unwrap() = bytes;
    }

    async fn gate(&self, smtp: &SmtpServer, hand_over: bool) -> Gate {
        Setup::bare(self.addr, smtp.addr)
            .set("panel.login_page", "/")
            .set_toml("panel.public", r#"["/", "/app.js"]"#)
            .set_toml("panel.cookies.session", "[]")
            .set_toml("panel.cookies.login", r#"["token"]"#)
            .set_toml(
                "panel.doors",
                &format!(
                    r#"[{{ kind = "login", path = "/api/login", json = true, username = "user", password = "pass",
                         accepted = [{{ status = 200, body = '"profile"' }}], refused = [{{ status = 401 }}],
                         hand_over_answer = {hand_over} }}]"#
                ),
            )
            .start()
            .await
    }
}

async fn answer(
    request: Request<Incoming>,
    logins: &Mutex<Vec<Value>>,
    padding: &Mutex<usize>,
) -> Response<Full<Bytes>> {
    let json = |status: StatusCode, value: &Value| {
        let response = Response::builder().status(status).header("content-type", "application/json; charset=utf-8");
        response.body(Full::from(value.to_string())).unwrap()
    };
    let inside = request.headers().get("cookie").is_some_and(|cookie| cookie.as_bytes().starts_with(b"token=T-"));
    match (request.method(), request.uri().path()) {
        (&Method::POST, "/api/login") => {
            let body = request.into_body().collect().await.unwrap().to_bytes();
            let typed: Value = serde_json::from_slice(&body).unwrap_or_default();
            logins.lock().unwrap().push(typed.clone());
            if typed["pass"] != ALICE.password {
                return json(StatusCode::UNAUTHORIZED, &json!({ "error": "wrong" }));
            }
            let padding = "x".repeat(*padding.lock().unwrap());
            let mut response = json(StatusCode::OK, &json!({ "profile": SECRET, "padding": padding }));
            response.headers_mut().append("set-cookie", "token=T-4711; Path=/".parse().unwrap());
            response.headers_mut().append("set-cookie", "seen=1; Path=/".parse().unwrap());
            response
        }
        (_, "/api/profile") if inside => json(StatusCode::OK, &json!({ "profile": SECRET })),
        (_, "/api/profile") => json(StatusCode::UNAUTHORIZED, &json!({ "error": "login" })),
        _ => Response::new(Full::from("<html>")),
    }
}

async fn scripted_login(browser: &mut Browser, password: &str) -> Page {
    let body = json!({ "user": ALICE.name, "pass": password }).to_string();
    browser.send(Ask::new(Method::POST, "/api/login").content("application/json", body.as_bytes()).scripted()).await
}

fn problem(page: &Page) -> Value {
    assert_eq!(page.header("content-type"), Some("application/problem+json"), "{page:?}");
    assert!(!page.contains(SECRET) && !page.set_cookies().iter().any(|line| line.contains("token=")), "{page:?}");
    serde_json::from_slice(&page.body).unwrap()
}

/// A browser that knows its network by having typed a code there.
async fn known(gate: &Gate, smtp: &SmtpServer) -> Browser {
    let mut browser = gate.browser(2);
    let answer = scripted_login(&mut browser, ALICE.password).await;
    let said = problem(&answer);
    assert_eq!((answer.status.as_u16(), said["challenge"].as_str()), (401, Some("/_poterne/challenge")), "{said}");
    let code = code_in(&smtp.wait_for_mail_to(ALICE.email, 0).await);
    assert!(is_cleared(&enter_code(&mut browser, &code).await));
    browser
}

#[tokio::test]
async fn r7_a_door_that_hands_over_its_answer_does_so_once_the_network_is_known_and_never_before() {
    let (panel, smtp) = (JsonPanel::start().await, SmtpServer::start(Behaviour::default()));
    let gate = panel.gate(&smtp, true).await;
    let mut browser = known(&gate, &smtp).await;
    assert!(browser.get("/api/profile").await.contains(SECRET));
    assert_eq!(panel.logins.lock().unwrap().len(), 1);

    let mut again = gate.browser(2);
    let answer = scripted_login(&mut again, ALICE.password).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, Some("application/json; charset=utf-8")));
    assert!(answer.contains(SECRET), "{answer:?}");
    let tokens: Vec<_> = answer.set_cookies().into_iter().filter(|line| line.starts_with("token=")).collect();
    assert!(tokens.len() == 1 && tokens[0].starts_with("token=T-4711~"), "stamped, and once: {tokens:?}");
    assert_eq!(answer.set_cookies().iter().filter(|line| line.starts_with("seen=")).count(), 1, "{answer:?}");
    assert!(again.get("/api/profile").await.contains(SECRET));

    // A wrong password gets the panel's own answer; an unknown network gets nothing of the right one's.
    let wrong = scripted_login(&mut gate.browser(2), "wrong").await;
    assert!(wrong.status == 401 && wrong.contains("\"error\":\"wrong\""), "{wrong:?}");
    let mut stranger = gate.browser(66);
    let answer = scripted_login(&mut stranger, ALICE.password).await;
    assert_eq!((answer.status.as_u16(), problem(&answer)["challenge"].is_string()), (401, true));
    assert!(!stranger.get("/api/profile").await.contains(SECRET));

    // Beyond 4 KiB it isn't handed over.
    panel.pad(5000);
    let mut long = gate.browser(2);
    let answer = scripted_login(&mut long, ALICE.password).await;
    assert!(answer.status == 303 && !answer.contains(SECRET), "{answer:?}");
    assert!(long.get("/api/profile").await.contains(SECRET), "but the login is good");
}

#[tokio::test]
async fn r7_without_hand_over_answer_nothing_of_a_scripted_logins_answer_leaves() {
    let (panel, smtp) = (JsonPanel::start().await, SmtpServer::start(Behaviour::default()));
    let gate = panel.gate(&smtp, false).await;
    known(&gate, &smtp).await;
    let mut again = gate.browser(2);
    let answer = scripted_login(&mut again, ALICE.password).await;
    assert!(answer.status == 303 && !answer.contains(SECRET), "{answer:?}");
    assert!(again.get("/api/profile").await.contains(SECRET));
}

#[tokio::test]
async fn r10_json_at_a_door_of_a_panel_that_reads_forms_is_refused_and_not_passed_on() {
    let world = World::new().await;
    let mut browser = world.gate.browser(3);
    browser.get("/login.php").await;
    world.panel.forget_received();
    let body = json!({ "username": ALICE.name, "password": ALICE.password }).to_string();
    for kind in ["application/json", "text/plain", "application/xml"] {
        let ask = Ask::new(Method::POST, "/login.php").content(kind, body.as_bytes());
        let page = browser.send(ask.clone()).await;
        assert_eq!((page.status.as_u16(), page.slug().as_deref()), (415, Some("form-only")), "{kind}: {page:?}");
        assert!(page.reference().is_some());
        let said = browser.send(ask.scripted()).await;
        assert_eq!((said.status.as_u16(), said.slug().as_deref()), (415, Some("form-only")), "{kind}: {said:?}");
    }
    assert_eq!(world.panel.received().len(), 0);
    let metrics = world.gate.metrics().await;
    assert!(!metrics.contains("poterne_no_verdict_total{"), "no alarm for the operator: {metrics}");
    assert!(log_in(&mut browser, ALICE).await.wants_code(), "and nothing was claimed by it");
}

const BASIC: &str = "Basic YWxpY2U6Q29ycmVjdC1Ib3JzZS05";

#[tokio::test]
async fn r5_a_door_for_programs_is_closed_unless_the_operator_opened_it() {
    let api = |open: bool| {
        move |setup: Setup| {
            let doors = format!(
                r#"[{{ kind = "login", path = "/login.php", methods = ["POST"], username = "username",
                    password = "password", accepted = [{{ status = 302, location = '^/' }}],
                    refused = [{{ status = 200, body = 'id="login_error"' }}] }},
                   {{ kind = "api", path = "/api/me", methods = ["GET", "POST"], open = {open} }}]"#
            );
            setup.set_toml("panel.doors", &doors)
        }
    };
    for open in [false, true] {
        let world = World::with(api(open)).await;
        let mut inside = world.cleared(2, ALICE).await;
        let mut pending = world.gate.browser(66);
        world.to_challenge(&mut pending, ALICE).await;
        let mut stranger = world.gate.browser(67);
        stranger.get("/login.php").await;
        world.panel.forget_received();
        let mut sent = 0;
        for browser in [&mut inside, &mut pending, &mut stranger] {
            for ask in [Ask::get("/api/me"), Ask::post("/api/me", &[("user", "alice"), ("pass", "x")])] {
                let answer = browser.send(ask.header("authorization", BASIC).scripted()).await;
                if open {
                    assert!(answer.slug().is_none(), "the panel's own: {answer:?}");
                    sent += 1;
                } else {
                    assert_eq!((answer.status.as_u16(), answer.slug().as_deref()), (403, Some("closed-door")));
                }
                // The panel knows nobody by a password here, and by a cookie it may not.
                assert!(!shows_inside(&answer), "{answer:?}");
            }
        }
        let received = world.panel.received();
        assert_eq!(received.len(), sent);
        for request in received {
            assert_eq!(request.headers["authorization"], BASIC, "with its own credentials");
            assert_eq!(request.cookies(), "", "and nobody's session");
        }
        // Only there: beside it the header still goes nowhere.
        inside.send(Ask::get("/dashboard.php").header("authorization", BASIC)).await;
        assert!(
            !world
                .panel
                .received()
                .iter()
                .any(|r| r.target == "/dashboard.php" && r.headers.contains_key("authorization"))
        );
        assert_outside(&pending).await;
    }
}
