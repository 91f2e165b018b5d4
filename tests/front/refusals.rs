//! What is refused before pingora sees it, and what isn't lost or smuggled on the way.

use std::sync::{Arc, Mutex};

use poterne::proxy::front::{FrontSettings, RefusalPage, RefusedReason};

use crate::harness::World;

const GOOD: &str = "GET /good HTTP/1.1\r\nHost: h\r\n\r\n";

/// One of each kind; the unit tests of the scan have the whole table.
fn malformed() -> Vec<(String, u16)> {
    let mut cases: Vec<(String, u16)> = [
        "GET /bad HTTP/1.1\nHost: h\n\n",
        "GET /bad HTTP/1.1\r\nHost: h\r\nA: b\rc\r\n\r\n",
        "GET /bad HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n",
        "GET /bad HTTP/1.1\r\nHost: h\r\nA: b\0\r\n\r\n",
        "GET /bad HTTP/1.1\r\nHost: h\r\nA : b\r\n\r\n",
        "GET /bad HTTP/1.1\r\n\r\n",
        "GET /bad HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n",
        "POST /bad HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /bad HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        "POST /bad HTTP/1.1\r\nHost: h\r\nContent-Length: +3\r\n\r\nabc",
        "POST /bad HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "GET /bad\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET http://h/bad HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET bad HTTP/1.1\r\nHost: h\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
        "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n",
        "TRACE /bad HTTP/1.1\r\nHost: h\r\n\r\n",
        "G(T /bad HTTP/1.1\r\nHost: h\r\n\r\n",
        "\x16\x03\x01\x02\0\x01\0\x01",
    ]
    .into_iter()
    .map(|text| (text.to_owned(), 400))
    .collect();
    cases.push((format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "x".repeat(17_000)), 414));
    cases.push((format!("GET /bad HTTP/1.1\r\nHost: h\r\n{}\r\n", "A: b\r\n".repeat(100)), 431));
    cases.push((format!("GET /bad HTTP/1.1\r\nHost: h\r\nA: {}\r\n\r\n", "x".repeat(70_000)), 431));
    cases
}

#[tokio::test]
async fn a_malformed_header_is_refused_as_the_first_request_and_as_a_later_one() {
    let world = World::new().await;
    for (text, status) in malformed() {
        for later in [false, true] {
            let mut client = world.connect().await;
            if later {
                client.write(GOOD).await;
                assert_eq!(client.answer().await.status, 200);
            }
            client.write(&text).await;
            let answer = client.answer().await;
            assert_eq!(answer.status, status, "{:.60?}", text);
            assert_eq!(answer.header("connection"), Some("close"), "{:.60?}", text);
            assert!(!answer.body.is_empty(), "{:.60?}", text);
            assert!(client.is_closed().await, "{:.60?}", text);
        }
    }
    assert!(world.begun().iter().all(|line| line == "GET /good"), "the panel saw {:?}", world.begun());
}

#[tokio::test]
async fn the_operators_page_is_shown_and_told_the_reason() {
    let reasons = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&reasons);
    let pages = Arc::new(move |refused: poterne::proxy::front::Refused<'_>| {
        let head = String::from_utf8_lossy(refused.head).into_owned();
        told.lock().unwrap().push((refused.reason, refused.peer.ip().to_string(), head));
        RefusalPage {
            content_type: "text/html; charset=utf-8",
            language: Some(poterne::model::Language::Fr),
            retry_after: Some(7),
            body: "<p>7K2M-Q9XD".into(),
        }
    });
    let world = World::with(FrontSettings::default(), Some(pages)).await;
    let answer = world.send("GET / HTTP/1.1\r\nAccept-Language: fr\r\n\r\n").await;
    assert_eq!((answer.status, answer.text()), (400, "<p>7K2M-Q9XD"));
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!((answer.header("content-language"), answer.header("retry-after")), (Some("fr"), Some("7")));
    assert!(answer.header("content-security-policy").unwrap().starts_with("default-src 'none'"), "{answer:?}");
    let head = "GET / HTTP/1.1\r\nAccept-Language: fr\r\n\r\n".to_owned();
    assert_eq!(*reasons.lock().unwrap(), [(RefusedReason::Host, "127.0.0.1".to_owned(), head)]);
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order_and_checked_one_by_one() {
    let world = World::new().await;
    let mut client = world.connect().await;
    client
        .write(
            "POST /one HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhelloGET /two HTTP/1.1\r\nHost: h\r\n\r\n\
             POST /three HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n\
             GET /four HTTP/1.1\r\nHost: h\r\n\r\nGET /five HTTP/1.1\r\n\r\nGET /six HTTP/1.1\r\nHost: h\r\n\r\n",
        )
        .await;
    for expected in ["POST /one 5", "GET /two 0", "POST /three 2", "GET /four 0"] {
        let answer = client.answer().await;
        assert!(answer.status == 200 && answer.text().starts_with(expected), "{answer:?}");
    }
    let refused = client.answer().await;
    assert_eq!(refused.status, 400, "the fifth has no Host");
    assert!(client.is_closed().await);
    assert_eq!(world.whole(), ["POST /one 5", "GET /two 0", "POST /three 2", "GET /four 0"]);
}

#[tokio::test]
async fn a_request_that_arrives_while_another_is_answered_waits_for_its_turn() {
    let world = World::new().await;
    let mut client = world.connect().await;
    client.write("GET /held HTTP/1.1\r\nHost: h\r\n\r\n").await;
    world.seen.held.notified().await;
    client.write("GET /next HT").await;
    client.write("TP/1.1\r\nHost: h\r\n\r\n").await;
    world.seen.release.notify_one();
    assert_eq!(client.answer().await.text(), "released");
    assert!(client.answer().await.text().starts_with("GET /next 0"));
}

#[tokio::test]
async fn bytes_beyond_a_body_are_a_request_of_their_own_and_never_the_bodys() {
    let world = World::new().await;
    let mut client = world.connect().await;
    // What a front that counts differently would take for one request.
    client
        .write("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\nGET /smuggled HTTP/1.1\r\nX: y\r\n\r\n")
        .await;
    assert_eq!(client.answer().await.status, 200);
    assert_eq!(client.answer().await.status, 400);
    assert_eq!(world.begun(), ["POST /a"]);
}

#[tokio::test]
async fn malformed_chunks_are_refused_and_never_become_a_whole_request() {
    let world = World::new().await;
    for chunks in [
        "5;a=b\r\nhello\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        " 5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\r\nCookie: a=b\r\n\r\n",
        "ffffffffffffffff\r\nhello",
    ] {
        let header = "POST /bad HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
        let answer = world.send(format!("{header}{chunks}")).await;
        assert_eq!((answer.status, answer.header("connection")), (400, Some("close")), "{chunks:?}");
        // The same, when the chunks come later than the header.
        let mut client = world.connect().await;
        client.write(header).await;
        client.write(chunks).await;
        let answer = client.answer().await;
        assert_eq!(answer.status, 400, "{chunks:?}");
        assert!(client.is_closed().await, "{chunks:?}");
    }
    assert_eq!(world.whole(), [""; 0]);
}
