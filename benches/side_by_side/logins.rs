//! What logins cost those who are inside: each login hashes its password with argon2id, which must
//! not be felt by cleared requests.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::exchange::send;
use super::poterne::{Gate, LOGIN};

/// Logins in a second.
const LOGINS: u32 = 20;
/// Cleared requests in a second, over all connections: far from what the gate can do, so that what's
/// measured is waiting for it, not for a place in a queue.
const REQUESTS: u32 = 400;
const CONNECTIONS: u32 = 8;
const LENGTH: Duration = Duration::from_secs(10);
const ROUNDS: usize = 3;

/// Prints median and p99 of cleared requests, with and without logins, in turns.
pub fn report(gate: &Gate) {
    println!("\ncleared requests, {REQUESTS} a second, {LENGTH:?} each     p50, µs   p99, µs   slowest, µs");
    for _ in 0..ROUNDS {
        for logins in [false, true] {
            let stop = Arc::new(AtomicBool::new(false));
            let done = Arc::new(AtomicUsize::new(0));
            let logging_in = logins.then(|| {
                let (address, stop, done) = (gate.address(), Arc::clone(&stop), Arc::clone(&done));
                thread::spawn(move || log_in_again_and_again(address, &stop, &done))
            });
            let mut latencies = requests(gate);
            stop.store(true, Ordering::Relaxed);
            if let Some(thread) = logging_in {
                thread.join().expect("the logins");
            }
            latencies.sort();
            let at = |part: f64| latencies[((latencies.len() - 1) as f64 * part) as usize].as_micros();
            let rate = done.load(Ordering::Relaxed) as f64 / LENGTH.as_secs_f64();
            println!("  with {rate:>4.1} logins a second          {:>9} {:>9} {:>9}", at(0.5), at(0.99), at(1.0));
        }
    }
}

/// Browsers that log in from a known network, each anew.
fn log_in_again_and_again(address: SocketAddr, stop: &AtomicBool, done: &AtomicUsize) {
    let start = Instant::now();
    for n in 0.. {
        wait_until(start + Duration::from_secs(1) / LOGINS * n);
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let answer = send(address, "POST", LOGIN, &[], "login=alice%40example.test&password=Correct-Horse-9");
        assert_eq!(answer.status, 303, "{}", answer.body);
        assert_eq!(answer.headers("location").next(), Some("/page"), "straight in");
        done.fetch_add(1, Ordering::Relaxed);
    }
}

fn requests(gate: &Gate) -> Vec<Duration> {
    let threads: Vec<_> = (0..CONNECTIONS)
        .map(|nth| {
            let (address, cookie) = (gate.address(), gate.cookie());
            thread::spawn(move || on_one_connection(address, &cookie, nth))
        })
        .collect();
    threads.into_iter().flat_map(|thread| thread.join().expect("a connection")).collect()
}

/// Sends at fixed instants, also when an answer was late: what waits behind a slow one counts too.
fn on_one_connection(address: SocketAddr, cookie: &str, nth: u32) -> Vec<Duration> {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_nodelay(true).expect("a socket option");
    let request = format!("GET /page HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\nAccept: text/html\r\n\r\n");
    let every = Duration::from_secs(1) * CONNECTIONS / REQUESTS;
    let start = Instant::now() + every / CONNECTIONS * nth;
    let count = LENGTH.as_nanos() / every.as_nanos();
    let mut buffer = [0; 8192];
    (0..u32::try_from(count).expect("a small number"))
        .map(|n| {
            let due = start + every * n;
            wait_until(due);
            stream.write_all(request.as_bytes()).expect("to send");
            read_answer(&mut stream, &mut buffer);
            due.elapsed()
        })
        .collect()
}

fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) {
    let mut read = 0;
    loop {
        let length = stream.read(&mut buffer[read..]).expect("an answer");
        assert!(length > 0, "the gate closed the connection");
        read += length;
        let text = String::from_utf8_lossy(&buffer[..read]);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let wanted = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok()).flatten()
        });
        if body.len() >= wanted.expect("a length") {
            return;
        }
    }
}

fn wait_until(instant: Instant) {
    while let Some(left) = instant.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
        thread::park_timeout(left);
    }
}
