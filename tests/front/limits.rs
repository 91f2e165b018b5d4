//! Bounds and deadlines, and the stop.

use std::sync::atomic::Ordering;
use std::time::Duration;

use poterne::proxy::front::FrontSettings;
use tokio::net::TcpStream;

use crate::harness::World;

#[tokio::test]
async fn a_network_has_so_many_connections_and_more_get_a_429() {
    let world = World::with(FrontSettings { connections_per_network: 3, ..FrontSettings::default() }, None).await;
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut client = world.connect().await;
        client.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n").await;
        assert_eq!(client.answer().await.status, 200);
        open.push(client);
    }
    let mut refused = world.connect().await;
    let answer = refused.answer().await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("10")));
    assert!(refused.is_closed().await);
    // A place that is left is free again; the server hears of it a moment later.
    open.pop();
    loop {
        let mut client = world.connect().await;
        client.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n").await;
        if client.answer().await.status == 200 {
            break;
        }
    }
}

#[tokio::test]
async fn a_trusted_proxy_may_have_any_number_of_connections() {
    let trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let world =
        World::with(FrontSettings { connections_per_network: 1, trusted_proxies, ..FrontSettings::default() }, None)
            .await;
    let mut open = Vec::new();
    for _ in 0..5 {
        let mut client = world.connect().await;
        client.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n").await;
        assert_eq!(client.answer().await.status, 200);
        open.push(client);
    }
}

#[tokio::test]
async fn a_header_has_one_deadline_and_silence_is_closed_silently() {
    let settings = FrontSettings {
        header_timeout: Duration::from_millis(60),
        idle_timeout: Duration::from_millis(60),
        ..FrontSettings::default()
    };
    let world = World::with(settings, None).await;
    assert!(world.connect().await.is_closed().await, "nothing sent, nothing said");
    let mut slow = world.connect().await;
    slow.write("GET / HTTP/1.1\r\n").await;
    let answer = slow.answer().await;
    assert_eq!((answer.status, answer.header("connection")), (408, Some("close")));
    let mut idle = world.connect().await;
    idle.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(idle.answer().await.status, 200);
    assert!(idle.is_closed().await);
    let mut later = world.connect().await;
    later.write("GET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHo").await;
    assert_eq!(later.answer().await.status, 200);
    assert_eq!(later.answer().await.status, 408);
}

#[tokio::test]
async fn a_body_that_trickles_and_an_answer_that_isnt_taken_are_cut() {
    let settings = FrontSettings {
        transfer_window: Duration::from_millis(100),
        least_transfer: 1 << 20,
        ..FrontSettings::default()
    };
    let world = World::with(settings, None).await;
    let mut slow = world.connect().await;
    slow.write("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc").await;
    assert_eq!(slow.answer().await.status, 502, "the harness's answer to whatever else goes wrong");
    let mut deaf = world.connect().await;
    deaf.write("GET /large HTTP/1.1\r\nHost: h\r\n\r\n").await;
    // Nothing is read here until the server gives up.
    loop {
        let mut probe = world.connect().await;
        probe.write("GET /probe HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").await;
        assert_eq!(probe.answer().await.status, 200);
        if deaf.stream.try_write(b"x").is_err() {
            break;
        }
    }
}

#[tokio::test]
async fn a_stop_lets_requests_end_and_closes_what_is_idle() {
    let mut world = World::new().await;
    let mut idle = world.connect().await;
    idle.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(idle.answer().await.status, 200);
    let mut busy = world.connect().await;
    busy.write("GET /held HTTP/1.1\r\nHost: h\r\n\r\n").await;
    world.seen.held.notified().await;
    let server = world.server.take().unwrap();
    server.begin_stop();
    assert!(idle.is_closed().await);
    while TcpStream::connect(world.front).await.is_ok() {}
    world.seen.release.notify_one();
    assert_eq!(busy.answer().await.text(), "released");
    assert!(busy.is_closed().await);
    tokio::task::spawn_blocking(|| server.stop()).await.unwrap();
    assert!(world.seen.connections.load(Ordering::Relaxed) > 0);
}

#[tokio::test]
async fn an_address_that_is_taken_is_an_error_that_names_it() {
    let world = World::new().await;
    let error = poterne::proxy::front::bind(&[world.front]).unwrap_err();
    assert!(error.to_string().contains(&world.front.to_string()), "{error}");
}
