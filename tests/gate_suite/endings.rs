//! What is under way when its session ends, ends with it: uploads and websockets go no further up, answers no further
//! down.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::support::browser::Browser;
use super::support::smtp::{Behaviour, SmtpServer};
use super::world::{ALICE, World, setup};
use poterne::app::demo::panel::Stage;
use poterne::app::demo::{DemoPanel, PanelOptions};

/// What is sent after the end, and must arrive nowhere.
const AFTER: &str = "SENT-AFTER-THE-END";

/// A wire between gate and panel on which everything that goes up can be read.
struct Wire {
    addr: SocketAddr,
    up: Arc<Mutex<Vec<u8>>>,
}

impl Wire {
    async fn to(panel: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let up = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&up);
        tokio::spawn(async move {
            while let Ok((gate, _)) = listener.accept().await {
                let seen = Arc::clone(&seen);
                tokio::spawn(async move {
                    let (mut from_gate, mut to_gate) = gate.into_split();
                    let (mut from_panel, mut to_panel) = TcpStream::connect(panel).await.unwrap().into_split();
                    let down = tokio::spawn(async move { tokio::io::copy(&mut from_panel, &mut to_gate).await });
                    let mut piece = vec![0; 65536];
                    while let Ok(length @ 1..) = from_gate.read(&mut piece).await {
                        seen.lock().unwrap().extend_from_slice(&piece[..length]);
                        if to_panel.write_all(&piece[..length]).await.is_err() {
                            break;
                        }
                    }
                    drop(to_panel);
                    let _ended = down.await;
                });
            }
        });
        Self { addr, up }
    }

    fn went_up(&self, needle: &str) -> bool {
        let up = self.up.lock().unwrap();
        up.windows(needle.len()).any(|part| part == needle.as_bytes())
    }

    /// Until it has gone up.
    async fn carried(&self, needle: &str) {
        let waiting = async {
            while !self.went_up(needle) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(super::support::browser::PATIENCE, waiting).await.unwrap();
    }
}

async fn wired() -> (World, Wire) {
    let panel = DemoPanel::start(([127, 0, 0, 1], 0).into(), PanelOptions::default()).await.unwrap();
    let wire = Wire::to(panel.addr).await;
    let smtp = SmtpServer::start(Behaviour::default());
    let gate = setup(wire.addr, smtp.addr).start().await;
    (World { panel, smtp, gate }, wire)
}

/// Ends the session of this browser from another of its tabs.
async fn log_out(browser: &Browser) {
    let answer = browser.twin().get("/logout.php").await;
    assert!(answer.status.is_redirection(), "{answer:?}");
    assert!(answer.set_cookies().iter().any(|line| line.starts_with("poterne=;")), "{answer:?}");
}

#[tokio::test]
async fn an_upload_of_a_session_that_ends_meanwhile_goes_no_further_up() {
    let (world, wire) = wired().await;
    let start = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\nSENT-BEFORE";
    let rest = format!("{AFTER}\r\n--b--\r\n");
    let typed = ("Content-Type", "multipart/form-data; boundary=b");
    for (network, chunked) in [(2, false), (3, true)] {
        let browser = world.cleared(network, ALICE).await;
        world.panel.forget_received();
        wire.up.lock().unwrap().clear();
        let mut upload = browser.connect().await;
        let piece = |text: &str| if chunked { format!("{:x}\r\n{text}\r\n", text.len()) } else { text.to_owned() };
        let head = if chunked {
            browser.raw_head("POST", "/upload.php", &[typed, ("Transfer-Encoding", "chunked")], None)
        } else {
            browser.raw_head("POST", "/upload.php", &[typed], Some(start.len() + rest.len()))
        };
        upload.write(&head).await;
        upload.write(piece(start).as_bytes()).await;
        wire.carried("POST /upload.php").await;
        log_out(&browser).await;
        upload.write(piece(&rest).as_bytes()).await;
        if chunked {
            upload.write(b"0\r\n\r\n").await;
        }
        let answer = upload.finish("/upload.php").await;
        let said = answer.unwrap_or_else(|| panic!("chunked {chunked}: an upload that was ended is told so"));
        assert_eq!((said.status.as_u16(), said.slug().as_deref()), (403, Some("confirm-login")), "{said:?}");
        assert!(!wire.went_up(AFTER), "chunked {chunked}");
        let received = world.panel.received();
        let upload = received.iter().find(|request| request.target == "/upload.php").unwrap();
        assert_eq!(upload.body_bytes, 0, "the panel never had it whole: {upload:?}");
        assert!(!wire.went_up("\r\n0\r\n\r\n"), "nor was it told that this was all");
    }
}

#[tokio::test]
async fn a_websocket_of_a_session_that_ends_carries_nothing_more_either_way() {
    let (world, wire) = wired().await;
    let browser = world.cleared(2, ALICE).await;
    let mut socket = browser.connect().await;
    let cookies = browser.jar.header("/ws").unwrap();
    let head = format!(
        "GET /ws HTTP/1.1\r\nHost: {}\r\nCookie: {cookies}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        browser.server()
    );
    socket.write(head.as_bytes()).await;
    assert!(socket.read_until("\r\n\r\n").await.starts_with("HTTP/1.1 101"));
    // Frames with a mask of zeros can be read on the wire.
    let frame = |text: &str| [&[0x81, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0], text.as_bytes()].concat();
    socket.write(&frame("before")).await;
    assert!(socket.read_until("before").await.ends_with("before"));
    log_out(&browser).await;
    socket.write(&frame(AFTER)).await;
    assert_eq!(socket.finish_bytes().await, 0, "closed without an echo");
    assert!(wire.went_up("before") && !wire.went_up(AFTER));
}

#[tokio::test]
async fn an_event_stream_of_a_session_that_ends_is_cut_before_the_next_event() {
    let quiet = PanelOptions { event_every: std::time::Duration::from_secs(3600), ..PanelOptions::default() };
    let world = World::on(quiet, |setup| setup).await;
    let browser = world.cleared(2, ALICE).await;
    let mut events = browser.connect().await;
    events.write(&browser.raw_head("GET", "/events.php", &[("Accept", "text/event-stream")], None)).await;
    assert!(events.read_until("event: tick").await.starts_with("HTTP/1.1 200"));
    world.panel.push_event("before");
    assert!(events.read_until("before\n\n").await.contains("before"));
    log_out(&browser).await;
    assert_eq!(world.panel.push_event(AFTER), 1);
    let rest = events.finish_text().await;
    assert!(!rest.contains(AFTER) && !rest.contains("0\r\n\r\n"), "cut, and not ended in order: {rest:?}");
}

#[tokio::test]
async fn an_answer_of_which_a_piece_is_still_to_come_when_the_session_ends_is_cut_there() {
    let world = World::new().await;
    // A page of a few kilobytes and one of two megabytes, each with its length told and its second half to come.
    for (network, more) in [(2, 0), (3, 2_000_000)] {
        let browser = world.cleared(network, ALICE).await;
        let fault = poterne::app::demo::panel::Fault::LongBody(more);
        world.panel.set_fault("/dashboard.php", Some(fault));
        let whole = browser.raw("GET", "/dashboard.php", &[], b"").await.unwrap();
        let length: usize = whole.header("content-length").unwrap().parse().unwrap();
        assert_eq!(whole.body.len(), length);
        let end = &whole.text()[length.div_ceil(2)..];
        let hold = world.panel.hold_at("/dashboard.php", Stage::Streaming);
        let mut page = browser.connect().await;
        page.write(&browser.raw_head("GET", "/dashboard.php", &[], None)).await;
        hold.reached().await;
        log_out(&browser).await;
        hold.release();
        let came = page.finish_text().await;
        assert!(came.len() < whole.text().len() + 2000 - end.len(), "{} of {length} bytes came", came.len());
        assert!(!came.contains(end), "the second half stayed here");
        if !came.starts_with("HTTP/1.1 200") {
            assert!(came.starts_with("HTTP/1.1 403") && came.contains("class=\"session-over\""), "{came}");
        }
        world.panel.set_fault("/dashboard.php", None);
    }
}

#[tokio::test]
async fn what_a_session_has_under_way_ends_with_it_also_after_it_moved_to_another_known_network() {
    let quiet = PanelOptions { event_every: std::time::Duration::from_secs(3600), ..PanelOptions::default() };
    let world = World::on(quiet, |setup| setup).await;
    world.cleared(3, ALICE).await;
    let browser = world.cleared(2, ALICE).await;
    let mut events = browser.connect().await;
    events.write(&browser.raw_head("GET", "/events.php", &[("Accept", "text/event-stream")], None)).await;
    assert!(events.read_until("event: tick").await.starts_with("HTTP/1.1 200"));
    let mut moved = browser.moved_to(3);
    assert_eq!(moved.get("/dashboard.php").await.status, 200, "both networks are known");
    world.panel.push_event("before");
    assert!(events.read_until("before\n\n").await.contains("before"), "the session goes on");
    log_out(&moved).await;
    assert_eq!(world.panel.push_event(AFTER), 1);
    assert!(!events.finish_text().await.contains(AFTER));
}

/// Most of the hour after which an unused session ends.
const LONG: std::time::Duration = std::time::Duration::from_secs(50 * 60);

#[tokio::test]
async fn an_upload_that_takes_hours_is_a_session_in_use() {
    let (mut world, wire) = wired().await;
    let mut browser = world.cleared(2, ALICE).await;
    let start = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n";
    let parts = ["first-part", "second-part", "last-part\r\n--b--\r\n"];
    let length = start.len() + parts.iter().map(|part| part.len()).sum::<usize>();
    let mut upload = browser.connect().await;
    let typed = ("Content-Type", "multipart/form-data; boundary=b");
    upload.write(&browser.raw_head("POST", "/upload.php", &[typed], Some(length))).await;
    upload.write(start.as_bytes()).await;
    for part in parts {
        world.gate.pass(LONG);
        upload.write(part.as_bytes()).await;
        wire.carried(part).await;
    }
    let page = upload.finish("/upload.php").await.unwrap();
    assert!(page.status == 200 && page.contains("a.bin"), "{page:?}");
    assert_eq!(browser.get("/dashboard.php").await.status, 200, "nor is the user asked to log in again");
}

#[tokio::test]
async fn an_event_stream_that_nobody_looks_at_keeps_no_session_alive() {
    let quiet = PanelOptions { event_every: std::time::Duration::from_secs(3600), ..PanelOptions::default() };
    let mut world = World::on(quiet, |setup| setup).await;
    let mut browser = world.cleared(2, ALICE).await;
    let mut events = browser.connect().await;
    events.write(&browser.raw_head("GET", "/events.php", &[("Accept", "text/event-stream")], None)).await;
    events.read_until("event: tick").await;
    world.gate.pass(LONG);
    world.panel.push_event("before");
    assert!(events.read_until("before\n\n").await.contains("before"));
    world.gate.pass(LONG);
    assert!(browser.get("/dashboard.php").await.status.is_redirection(), "an hour without a request");
    world.panel.push_event(AFTER);
    assert!(!events.finish_text().await.contains(AFTER));
}
