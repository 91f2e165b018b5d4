//! The poterne binary itself, with a session that was cleared by a real login: password, mail, code.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use super::contestants::{Contestant, usual_cookies};
use super::exchange::{Answer, send};
use super::process::{Process, free_address, write};

/// What the panel of [`super::contestants`] must answer at this path for a login to be one.
pub const LOGIN: &str = "/login";

/// The panel's cookies of a login, of the length that PHP's and WordPress's have.
pub const SESSION_COOKIE: &str = "panel_session=0123456789abcdef0123456789abcdef";
pub const LOGIN_COOKIE: &str = "panel_login=alice%7C1900000000%7C0123456789abcdef0123456789abcdef01234567";

/// The gate, running, and what it takes to be measured in several ways.
pub struct Gate {
    process: Rc<Process>,
    address: SocketAddr,
    cookies: Vec<String>,
}

/// Starts the gate in front of the panel, on `cores`, and logs in.
pub fn start(folder: &Path, panel: SocketAddr, cores: &str) -> Gate {
    let address = free_address();
    let mails = folder.join("mails");
    fs::create_dir_all(&mails).expect("a folder");
    let config = write(folder, "poterne.toml", &config(folder, address, panel));
    let process = Process::start(cores, &[env!("CARGO_BIN_EXE_poterne"), "run", "--config", &config], address);
    let form = "login=alice%40example.test&password=Correct-Horse-9";
    let cookies = given(&[], &expect(send(address, "POST", LOGIN, &[], form), 303));
    let page = send(address, "GET", "/_poterne/challenge", &cookies, "");
    let token = between(&page.body, "name=\"token\" value=\"", "\"").expect("the form's token");
    let form = format!("token={token}&code={}", code(&mails));
    let cleared = given(&cookies, &expect(send(address, "POST", "/_poterne/challenge", &cookies, &form), 303));
    expect(send(address, "GET", "/page", &cleared, ""), 200);
    Gate { process: Rc::new(process), address, cookies: cleared }
}

impl Gate {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The `Cookie` header of a cleared session.
    pub fn cookie(&self) -> String {
        padded(self.cookies.clone())
    }

    /// A browser with a cleared session that looks at a page of the panel; and what costs the gate
    /// an answer of its own.
    pub fn contestants(&self) -> Vec<Contestant> {
        let one = |name, path: &str, cookie: String, refuses| Contestant {
            name,
            processes: vec![Rc::clone(&self.process)],
            address: self.address,
            path: path.to_owned(),
            cookie,
            refuses,
        };
        vec![
            one("poterne", "/page", padded(self.cookies.clone()), false),
            one("poterne: sent to login", "/page", usual_cookies(), false),
            one("poterne: own page", "/_poterne/challenge", usual_cookies(), false),
            one("poterne: refusal", "/a%2fb", usual_cookies(), true),
        ]
    }
}

/// Six cookies and about 400 bytes, as the other contestants are sent.
fn padded(mut cookies: Vec<String>) -> String {
    for name in ["_ga", "lang", "theme", "consent", "_gid"] {
        if cookies.len() < 6 {
            let missing = 6 - cookies.len();
            let room = 400_usize.saturating_sub(cookies.join("; ").len()) / missing;
            let filler: String =
                "0123456789abcdef".repeat(16).chars().take(room.saturating_sub(name.len() + 3)).collect();
            cookies.push(format!("{name}={filler}"));
        }
    }
    cookies.join("; ")
}

fn config(folder: &Path, address: SocketAddr, panel: SocketAddr) -> String {
    let folder = folder.display();
    format!(
        r#"
[listen]
addresses = ["{address}"]
hosts = ["127.0.0.1"]
threads = 1
[panel]
upstream = "http://{panel}"
login_page = "{LOGIN}"
landing = "/page"
public = ["{LOGIN}"]
[panel.cookies]
session = ["panel_session"]
login = ["panel_login"]
[[panel.doors]]
kind = "login"
path = "{LOGIN}"
methods = ["POST"]
username = "login"
password = "password"
accepted = [{{ status = 302 }}]
refused = [{{ status = 200 }}]
[accounts]
source = "login"
[mail]
from = "no-reply@example.test"
transport = "folder"
path = "{folder}/mails"
[store]
path = "{folder}/poterne.db"
key = {{ file = "{folder}/poterne.key" }}
[pages]
brand = "Bench"
support = "mailto:support@example.test"
[admin]
socket = "{folder}/poterne.sock"
[log]
level = "error"
"#
    )
}

fn expect(answer: Answer, status: u16) -> Answer {
    assert_eq!(answer.status, status, "{}", answer.body);
    answer
}

/// A browser's cookies after an answer.
fn given(before: &[String], answer: &Answer) -> Vec<String> {
    let fresh = answer.cookies();
    let name = |pair: &str| pair.split('=').next().unwrap_or_default().to_owned();
    let kept = before.iter().filter(|old| !fresh.iter().any(|new| name(new) == name(old)));
    kept.cloned().chain(fresh.iter().cloned()).collect()
}

/// The code in the mail, which comes a moment after the answer.
fn code(mails: &Path) -> String {
    for _ in 0..500 {
        let mail = fs::read_dir(mails).expect("the folder").filter_map(Result::ok).find_map(|entry| {
            let path = entry.path();
            path.extension().is_some_and(|ending| ending == "eml").then(|| fs::read_to_string(path).ok()).flatten()
        });
        let found = mail.and_then(|mail| {
            let subject = mail.lines().find_map(|line| line.strip_prefix("Subject: "))?;
            subject.split(' ').find(|word| word.bytes().all(|b| b.is_ascii_digit())).map(str::to_owned)
        });
        if let Some(code) = found {
            return code;
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
    panic!("no mail with a code in {}", mails.display());
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}
