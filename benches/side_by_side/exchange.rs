//! One request and its answer, over a connection of its own.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

/// An answer, as text.
pub struct Answer {
    pub status: u16,
    head: String,
    pub body: String,
}

impl Answer {
    /// The values of all headers of this name.
    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.head.lines().filter_map(move |line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The cookies that it sets, as a `Cookie` header sends them.
    pub fn cookies(&self) -> Vec<String> {
        let pairs = self.headers("set-cookie").map(|line| line.split(';').next().unwrap_or_default().to_owned());
        pairs.filter(|pair| !pair.ends_with('=')).collect()
    }
}

/// Sends `method target` with these cookies; a body is a form.
pub fn send(address: SocketAddr, method: &str, target: &str, cookies: &[String], form: &str) -> Answer {
    let mut stream = TcpStream::connect(address).expect("a connection");
    let cookie = if cookies.is_empty() { String::new() } else { format!("Cookie: {}\r\n", cookies.join("; ")) };
    let request = format!(
        "{method} {target} HTTP/1.1\r\nHost: {address}\r\n{cookie}Accept: text/html\r\nAccept-Language: en\r\n\
         Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Site: same-origin\r\nOrigin: http://{address}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{form}",
        form.len()
    );
    stream.write_all(request.as_bytes()).expect("to send");
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("an answer");
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").expect("a header");
    let status = head.split_whitespace().nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}
