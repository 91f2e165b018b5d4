//! What must pass untouched, both ways.

use crate::harness::World;

#[tokio::test]
async fn requests_share_a_connection() {
    let world = World::new().await;
    let mut client = world.connect().await;
    for n in 0..50 {
        client.write(format!("GET /{n} HTTP/1.1\r\nHost: h\r\nCookie: a=b\r\n\r\n")).await;
        let answer = client.answer().await;
        assert!(answer.status == 200 && answer.text().starts_with(&format!("GET /{n} 0")), "{answer:?}");
    }
}

#[tokio::test]
async fn a_header_may_arrive_byte_by_byte() {
    let world = World::new().await;
    let mut client = world.connect().await;
    client.stream.set_nodelay(true).unwrap();
    for byte in b"POST /slow HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" {
        client.write([*byte]).await;
        tokio::task::yield_now().await;
    }
    assert!(client.answer().await.text().starts_with("POST /slow 3"));
}

#[tokio::test]
async fn http_1_0_is_served_and_closed() {
    let world = World::new().await;
    let mut client = world.connect().await;
    client.write("GET /old HTTP/1.0\r\n\r\n").await;
    let answer = client.answer().await;
    assert!(answer.status == 200 && answer.text().starts_with("GET /old 0"), "{answer:?}");
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn connection_close_is_kept() {
    let world = World::new().await;
    let mut client = world.connect().await;
    client.write("GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").await;
    assert_eq!(client.answer().await.header("connection"), Some("close"));
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn expect_100_continue_works() {
    let world = World::new().await;
    let mut client = world.connect().await;
    client.write("POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n").await;
    assert_eq!(client.head().await.0, 100);
    client.write("hello").await;
    let answer = client.answer().await;
    assert!(answer.text().starts_with("POST /up 5"));
    // pingora doesn't use the connection again, since it wrote something before the body was read.
    assert_eq!(answer.header("connection"), Some("close"));
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn large_bodies_pass_both_ways() {
    let world = World::new().await;
    let mut client = world.connect().await;
    let size = 9 * 1024 * 1024 + 17;
    client.write(format!("POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: {size}\r\n\r\n")).await;
    client.write(vec![b'x'; size]).await;
    assert!(client.answer().await.text().starts_with(&format!("POST /up {size}")));
    client.write("POST /chunks HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    for _ in 0..100 {
        client.write(format!("{:x}\r\n{}\r\n", 30_000, "y".repeat(30_000))).await;
    }
    client.write("0\r\n\r\n").await;
    assert!(client.answer().await.text().starts_with("POST /chunks 3000000"));
    client.write("GET /large HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(client.answer().await.body.len(), 16 * 1024 * 1024);
}

#[tokio::test]
async fn an_early_answer_to_an_upload_is_read_and_not_wiped_out_by_a_reset() {
    let world = World::new().await;
    for _ in 0..10 {
        let mut client = world.connect().await;
        let size = 4 * 1024 * 1024;
        client.write(format!("POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: {size}\r\n\r\n")).await;
        client.write(vec![b'x'; size]).await;
        let answer = client.answer().await;
        assert_eq!((answer.status, answer.text()), (413, "too large"));
    }
}

#[tokio::test]
async fn head_and_ranges_pass() {
    let world = World::new().await;
    let mut client = world.connect().await;
    client.write("HEAD /range HTTP/1.1\r\nHost: h\r\nRange: bytes=2-4\r\n\r\n").await;
    let (status, head) = client.head().await;
    assert_eq!(status, 206);
    assert!(head.to_ascii_lowercase().contains("content-length: 3"), "{head}");
    client.write("GET /range HTTP/1.1\r\nHost: h\r\nRange: bytes=2-4\r\n\r\n").await;
    let answer = client.answer().await;
    assert_eq!((answer.header("x-asked"), answer.text()), (Some("bytes=2-4"), "cde"));
}

#[tokio::test]
async fn server_sent_events_arrive_one_by_one() {
    let world = World::new().await;
    let mut client = world.connect().await;
    client.write("GET /events HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(client.head().await.0, 200);
    for n in 0..3 {
        assert_eq!(client.chunk().await, format!("data: {n}\n\n").into_bytes());
        world.seen.release.notify_one();
    }
    assert_eq!(client.chunk().await, b"");
}

const UPGRADE: &str = "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                       Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

#[tokio::test]
async fn a_websocket_passes_also_what_was_sent_with_the_handshake() {
    let world = World::new().await;
    let mut client = world.connect().await;
    client.write(UPGRADE).await;
    assert_eq!(client.head().await.0, 101);
    client.write(b"\x81\x02hi\r\n\r\n\0").await;
    assert_eq!(client.exactly(9).await, b"\x81\x02hi\r\n\r\n\0");

    let mut eager = world.connect().await;
    eager.write(format!("{}first", UPGRADE.replace("/ws", "/ws?held"))).await;
    world.seen.held.notified().await;
    world.seen.release.notify_one();
    assert_eq!(eager.head().await.0, 101);
    assert_eq!(eager.exactly(5).await, b"first");
    eager.write("GET / HTTP/9\n\n").await;
    assert_eq!(eager.exactly(14).await, b"GET / HTTP/9\n\n", "it's no HTTP any more");
}

#[tokio::test]
async fn a_panel_that_is_quicker_than_pingora_doesnt_close_the_websocket() {
    let world = World::new().await;
    for _ in 0..100 {
        let mut client = world.connect().await;
        client.write(UPGRADE).await;
        assert_eq!(client.head().await.0, 101);
        client.write(b"hello").await;
        assert_eq!(client.exactly(5).await, b"hello");
    }
}

#[tokio::test]
async fn after_an_upgrade_that_was_declined_requests_are_checked_as_ever() {
    let world = World::new().await;
    let mut client = world.connect().await;
    client.write(UPGRADE.replace("/ws", "/none")).await;
    assert_eq!(client.answer().await.status, 200);
    client.write("GET /next HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(client.answer().await.status, 200);
    client.write("GET /bad HTTP/1.1\n\n").await;
    assert_eq!(client.answer().await.status, 400);
}
