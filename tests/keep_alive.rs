//! What is remembered on a keep-alive connection never outlives what it was judged by.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests fail loudly"
)]

#[path = "support/flows.rs"]
mod building;

use std::sync::Arc;
use std::time::Duration;

use poterne::flow::Flows;
use poterne::flow::ports::{SessionState, StoredSession};
use poterne::gate::stamp::{self, Owner};
use poterne::model::{AccountId, Network, SessionId, SessionToken};
use poterne::proxy::front::RunningServer;
use poterne::state::Session;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use building::{NOW, Told};

/// The gate in front of a panel that answers with the cookies it was sent.
struct World {
    flows: Arc<Flows>,
    server: RunningServer,
    _folder: tempfile::TempDir,
}

async fn echo(listener: TcpListener) {
    while let Ok((mut stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            let mut bytes = Vec::new();
            while let Ok(1..) = stream.read_buf(&mut bytes).await {
                let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") else { continue };
                let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
                bytes.drain(..end + 4);
                let cookies: Vec<&str> = head
                    .lines()
                    .filter_map(|line| line.split_once(": "))
                    .filter(|(name, _)| name.eq_ignore_ascii_case("cookie"))
                    .map(|(_, value)| value)
                    .collect();
                let body = format!("panel:{}", cookies.join("|"));
                let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                if stream.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
        });
    }
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstream = listener.local_addr().unwrap();
        tokio::spawn(echo(listener));
        let checked = building::settings("wordpress", "");
        let flows = building::flows(&checked, folder.path(), Arc::new(Told::default()).around()).await;
        let server = building::serve(&checked, &flows, upstream);
        Self { flows, server, _folder: folder }
    }

    /// A cleared session on 203.0.113.7.
    fn open(&self, seed: u64) -> (SessionToken, Arc<Session>) {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let (token, hash) = self.flows.keys.new_token(&mut rng);
        let session = self.flows.sessions.insert(StoredSession {
            id: SessionId::random(&mut rng),
            token: hash,
            account: AccountId::canonical("alice").unwrap(),
            network: Network::parse("203.0.113.7").unwrap(),
            state: SessionState::Cleared,
            created_at: NOW,
            last_seen_at: NOW,
        });
        (token, session)
    }

    /// The cookies of a browser whose proxy took HTTPS for it.
    fn cookies(&self, token: &SessionToken, session: &Session) -> String {
        let owner = Owner::Session(session.id);
        let stamped = stamp::stamp(self.flows.keys.stamp(), b"PHPSESSID", b"abc", owner);
        format!("__Host-poterne={}; theme=dark; PHPSESSID={}", token.expose(), String::from_utf8(stamped).unwrap())
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.server.addresses()[0]).await.unwrap()
    }
}

/// One request on a connection that stays open: status and body.
async fn ask(connection: &mut TcpStream, client: &str, cookies: &str) -> (u16, String) {
    let head = format!(
        "GET /wp-admin/ HTTP/1.1\r\nHost: panel.example.net\r\nX-Forwarded-For: {client}\r\nCookie: {cookies}\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let reading = async {
        loop {
            assert!(connection.read_buf(&mut bytes).await.unwrap() > 0, "the connection was closed");
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head
                .lines()
                .filter_map(|line| line.split_once(": "))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .map_or(0, |(_, length)| length.parse::<usize>().unwrap());
            if body.len() >= length {
                return (head[9..12].parse().unwrap(), body.to_owned());
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), reading).await.expect("an answer")
}

const HOME: &str = "203.0.113.7";
const AWAY: &str = "198.51.100.9";
const INSIDE: &str = "panel:theme=dark; PHPSESSID=abc";

#[tokio::test]
async fn what_is_remembered_says_the_same_as_what_was_judged() {
    let world = World::new().await;
    let (token, session) = world.open(1);
    let cookies = world.cookies(&token, &session);
    let mut connection = world.connect().await;
    for _ in 0..4 {
        assert_eq!(ask(&mut connection, HOME, &cookies).await, (200, INSIDE.to_owned()));
    }
    // Other cookies on the same connection are judged by themselves.
    let (status, body) = ask(&mut connection, HOME, &cookies.replace("=abc", "=abd")).await;
    assert_eq!((status, body.as_str()), (200, "panel:theme=dark"));
    assert_eq!(ask(&mut connection, HOME, &cookies).await, (200, INSIDE.to_owned()));
    let (status, body) = ask(&mut connection, HOME, "theme=dark").await;
    assert_eq!(status, 303, "nobody without the gate's cookie is inside: {body}");
}

#[tokio::test]
async fn a_session_that_ended_or_got_a_new_token_is_noticed_on_the_same_connection() {
    let world = World::new().await;
    for end in ["ended", "ended by account", "new token"] {
        let (token, session) = world.open(2);
        let cookies = world.cookies(&token, &session);
        let mut connection = world.connect().await;
        for _ in 0..2 {
            assert_eq!(ask(&mut connection, HOME, &cookies).await.0, 200);
        }
        match end {
            "ended" => world.flows.sessions.remove(&session),
            "ended by account" => {
                world.flows.sessions.remove_where(|session| session.account.as_str() == "alice");
            }
            _ => {
                let stored = StoredSession {
                    id: session.id,
                    token: world.flows.keys.new_token(&mut ChaCha20Rng::seed_from_u64(99)).1,
                    account: session.account.clone(),
                    network: session.network,
                    state: SessionState::Cleared,
                    created_at: NOW,
                    last_seen_at: NOW,
                };
                world.flows.sessions.replace(&session, stored);
            }
        }
        let (status, body) = ask(&mut connection, HOME, &cookies).await;
        assert!(status != 200 && !body.contains("panel:"), "{end}: {status} {body}");
    }
}

#[tokio::test]
async fn b10_a_session_that_moved_is_asked_for_a_code_on_the_connection_that_it_left() {
    let world = World::new().await;
    let (token, session) = world.open(3);
    let cookies = world.cookies(&token, &session);
    let mut connection = world.connect().await;
    assert_eq!(ask(&mut connection, HOME, &cookies).await.0, 200);
    world.flows.sessions.move_to(&session, Network::parse("203.0.113.8").unwrap(), NOW);
    let (status, body) = ask(&mut connection, HOME, &cookies).await;
    assert!(status != 200 && !body.contains("panel:"), "{status} {body}");
    assert_eq!(ask(&mut connection, "203.0.113.8", &cookies).await, (200, INSIDE.to_owned()));
}

#[tokio::test]
async fn a_trusted_proxys_connection_lends_nobody_another_clients_session() {
    let world = World::new().await;
    let (token, session) = world.open(4);
    let cookies = world.cookies(&token, &session);
    let mut connection = world.connect().await;
    for _ in 0..2 {
        assert_eq!(ask(&mut connection, HOME, &cookies).await.0, 200);
        // The very same bytes, stolen, from elsewhere over the same connection.
        let (status, body) = ask(&mut connection, AWAY, &cookies).await;
        assert!(status != 200 && !body.contains("panel:"), "{status} {body}");
    }
}
