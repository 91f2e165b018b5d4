//! The PHP processes.

use std::io::{BufRead, BufReader, Read as _, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use super::Read;

/// PHP without a `php.ini`, so that the machine's settings don't count.
fn php() -> Command {
    let mut command = Command::new(std::env::var_os("PHP").unwrap_or_else(|| "php".into()));
    command.args(["-n", "-d", "display_errors=0"]).current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/php"));
    command
}

fn spawn(command: &mut Command) -> Child {
    command.spawn().unwrap_or_else(|failed| panic!("PHP is needed (Debian: php-cli): {failed}"))
}

/// A process that ends with its owner.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `parse_str` over a pipe.
pub struct ParseStr {
    _process: Running,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl ParseStr {
    pub fn start() -> Self {
        let mut child = spawn(php().arg("parse_str.php").stdin(Stdio::piped()).stdout(Stdio::piped()));
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { _process: Running(child), input, output }
    }

    /// What PHP makes of each case, in order.
    pub fn read(&mut self, cases: &[Vec<u8>]) -> Vec<Read> {
        let lines: String = cases.iter().map(|case| hex(case) + "\n").collect();
        let Self { input, output, .. } = self;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                input.write_all(lines.as_bytes()).unwrap();
                input.flush().unwrap();
            });
            cases
                .iter()
                .map(|_| {
                    let mut line = String::new();
                    output.read_line(&mut line).unwrap();
                    assert!(line.ends_with('\n'), "PHP ended early");
                    parse(line.trim_end())
                })
                .collect()
        })
    }
}

/// PHP's own web server on a free port.
pub struct Server {
    _process: Running,
    address: SocketAddr,
}

/// What PHP did for a `GET`.
pub struct Ran {
    /// The script's path below the server's folder.
    pub script: String,
    /// The path as PHP decoded it.
    pub path: Vec<u8>,
    /// The query.
    pub query: Read,
}

impl Server {
    pub fn start() -> Self {
        let mut child =
            spawn(php().args(["-S", "127.0.0.1:0", "-t", "site"]).stdout(Stdio::null()).stderr(Stdio::piped()));
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let process = Running(child);
        let address = loop {
            let mut line = String::new();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "PHP's server ended");
            if let Some((_, rest)) = line.split_once("(http://") {
                break rest.split(')').next().unwrap().parse().unwrap();
            }
        };
        // Its log line for each request must go somewhere.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self { _process: process, address }
    }

    /// What PHP reads from a form.
    pub fn post(&self, content_type: &[u8], body: &[u8]) -> Read {
        let length = body.len().to_string();
        let answer = self.exchange(&[
            b"POST /form.php HTTP/1.1\r\nHost: x\r\nContent-Type: ",
            content_type,
            b"\r\nContent-Length: ",
            length.as_bytes(),
            b"\r\n\r\n",
            body,
        ]);
        let line = field(&answer, "POST").unwrap_or_else(|| panic!("PHP answered {answer}"));
        parse(line)
    }

    /// Which script PHP runs for a target, if any.
    pub fn get(&self, target: &[u8]) -> Option<Ran> {
        let answer = self.exchange(&[b"GET ", target, b" HTTP/1.1\r\nHost: x\r\n\r\n"]);
        Some(Ran {
            script: field(&answer, "RAN")?.to_owned(),
            path: unhex(field(&answer, "PATH")?),
            query: parse(field(&answer, "GET")?),
        })
    }

    fn exchange(&self, request: &[&[u8]]) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.write_all(&request.concat()).unwrap();
        let mut answer = Vec::new();
        // The server may close before it has read all.
        let read = stream.read_to_end(&mut answer);
        assert!(read.is_ok() || !answer.is_empty(), "{read:?}: {}", request.concat().escape_ascii());
        String::from_utf8_lossy(&answer).into_owned()
    }
}

/// The rest of the line that starts with `key`.
fn field<'a>(answer: &'a str, key: &str) -> Option<&'a str> {
    let body = answer.split_once("\r\n\r\n")?.1;
    body.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '))
}

fn parse(line: &str) -> Read {
    line.split_whitespace()
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or_else(|| panic!("PHP wrote {line}"));
            (unhex(key), unhex(value))
        })
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |digit: u8| char::from(digit).to_digit(16).unwrap() as u8;
    text.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}
