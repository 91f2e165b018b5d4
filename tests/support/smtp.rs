//! A small SMTP server that behaves as told and keeps what it was given.
//!
//! It runs in a thread of its own, so it serves tests of any runtime, and listens on a free port of
//! the loopback address. Nothing in it waits for time to pass: what is to be late simply never
//! comes, and whoever waits for mail is woken by it.

#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test's support fails loudly")]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use mail_parser::MessageParser;
use regex::Regex;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

#[path = "tls.rs"]
mod tls;

pub use tls::TestCertificate;

/// How long a waiting test is patient before it fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where in the conversation something happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Before the greeting.
    Connect,
    Ehlo,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// After the first line of the message.
    MidMessage,
    /// After the final dot.
    EndOfMessage,
    Noop,
}

/// What happens instead of the usual.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// This reply, `250 2.1.5 ok` for one.
    Reply(String),
    /// Never another byte, the connection left open.
    Hang,
    /// The connection is closed without a word.
    Drop,
}

/// Something that goes wrong, at the first `times` occasions.
#[derive(Clone, Debug)]
pub struct Fault {
    pub stage: Stage,
    /// Only where the command contains this (an address, for one).
    pub containing: Option<String>,
    pub action: Action,
    pub times: usize,
}

impl Fault {
    pub fn once(stage: Stage, action: Action) -> Self {
        Self { stage, containing: None, action, times: 1 }
    }

    pub fn always(stage: Stage, action: Action) -> Self {
        Self { times: usize::MAX, ..Self::once(stage, action) }
    }

    pub fn reply(stage: Stage, reply: &str) -> Self {
        Self::once(stage, Action::Reply(reply.to_owned()))
    }

    pub fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }

    pub fn containing(self, text: &str) -> Self {
        Self { containing: Some(text.to_owned()), ..self }
    }
}

/// How a server does TLS.
#[derive(Clone, Default)]
pub enum Tls {
    #[default]
    None,
    /// Offered by STARTTLS.
    Upgraded(TestCertificate),
    /// From the first byte.
    Implicit(TestCertificate),
}

/// How a server behaves. By default it takes everything.
#[derive(Clone, Default)]
pub struct Behaviour {
    pub tls: Tls,
    /// The one user and password; without, AUTH isn't offered.
    pub user: Option<(String, String)>,
    /// `PLAIN LOGIN` unless told otherwise.
    pub mechanisms: Option<String>,
    /// What goes wrong; the first that fits and has occasions left counts.
    pub faults: Vec<Fault>,
}

/// A mail that was taken.
#[derive(Clone, Debug)]
pub struct Received {
    pub from: String,
    pub to: Vec<String>,
    /// The message as the client wrote it, dots unstuffed.
    pub data: Vec<u8>,
    /// Who was logged in.
    pub user: Option<String>,
    pub over_tls: bool,
    /// Which connection it came by, from 1.
    pub connection: usize,
}

impl Received {
    /// Whether it went to this address.
    pub fn is_to(&self, address: &str) -> bool {
        self.to.iter().any(|to| to == address)
    }

    /// Whether there's a code in its subject, as in every mail with one (b14).
    pub fn carries_code(&self) -> bool {
        static CODE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b\d{6,10}\b").unwrap());
        MessageParser::default().parse(&self.data).is_some_and(|mail| CODE.is_match(mail.subject().unwrap_or_default()))
    }

    /// Subject and text.
    pub fn words(&self) -> String {
        let mail = MessageParser::default().parse(&self.data).unwrap();
        format!("{}\n{}", mail.subject().unwrap_or_default(), mail.body_text(0).unwrap_or_default())
    }
}

#[derive(Default)]
struct Log {
    mails: Vec<Received>,
    commands: Vec<String>,
    connections: usize,
}

struct Shared {
    tls: Tls,
    user: Option<(String, String)>,
    mechanisms: String,
    faults: Mutex<Vec<Fault>>,
    log: Mutex<Log>,
    events: watch::Sender<usize>,
}

/// A running server; it ends when this is dropped.
pub struct SmtpServer {
    pub addr: SocketAddr,
    shared: Arc<Shared>,
    stop: CancellationToken,
}

impl SmtpServer {
    pub fn start(behaviour: Behaviour) -> Self {
        Self::start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), behaviour)
    }

    /// One at a given address: for a server that comes back.
    pub fn start_at(addr: SocketAddr, behaviour: Behaviour) -> Self {
        // The standard library sets SO_REUSEADDR.
        let listener = std::net::TcpListener::bind(addr).unwrap();
        listener.set_nonblocking(true).unwrap();
        let addr = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            tls: behaviour.tls,
            user: behaviour.user,
            mechanisms: behaviour.mechanisms.unwrap_or_else(|| "PLAIN LOGIN".to_owned()),
            faults: Mutex::new(behaviour.faults),
            log: Mutex::default(),
            events: watch::Sender::new(0),
        });
        let stop = CancellationToken::new();
        let (served, stopped) = (Arc::clone(&shared), stop.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(stopped.run_until_cancelled(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    let number = {
                        let mut log = served.log.lock().unwrap();
                        log.connections += 1;
                        log.connections
                    };
                    served.changed();
                    let served = Arc::clone(&served);
                    tokio::spawn(async move { serve(served, stream, number).await });
                }
            }));
        });
        Self { addr, shared, stop }
    }

    /// Everything that was taken so far.
    pub fn mails(&self) -> Vec<Received> {
        self.shared.log.lock().unwrap().mails.clone()
    }

    /// Every command so far, without messages and secrets.
    pub fn commands(&self) -> Vec<String> {
        self.shared.log.lock().unwrap().commands.clone()
    }

    /// Connections so far.
    pub fn connections(&self) -> usize {
        self.shared.log.lock().unwrap().connections
    }

    /// Waits until this many mails were taken in all; gives all there are.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        self.wait_until(|log| log.mails.len() >= count, &format!("{count} mails")).await;
        self.mails()
    }

    /// Waits for the newest mail with a code to an address, after so many earlier ones to it. Notices aside: they come
    /// when they come.
    pub async fn wait_for_mail_to(&self, address: &str, earlier: usize) -> Received {
        let to = |mail: &&Received| mail.is_to(address) && mail.carries_code();
        self.wait_until(|log| log.mails.iter().filter(to).count() > earlier, &format!("mail to {address}")).await;
        self.mails().iter().rfind(to).unwrap().clone()
    }

    /// Mails with a code to an address, so far.
    pub fn codes_to(&self, address: &str) -> usize {
        self.mails().iter().filter(|mail| mail.is_to(address) && mail.carries_code()).count()
    }

    /// Waits for a mail to an address with all of this in its subject and text; both of them.
    pub async fn wait_for_words_to(&self, address: &str, words: &[&str]) -> String {
        let with = |mail: &&Received| {
            let said = mail.words();
            mail.is_to(address) && words.iter().all(|words| said.contains(words))
        };
        self.wait_until(|log| log.mails.iter().any(|mail| with(&mail)), &format!("{words:?} to {address}")).await;
        self.mails().iter().rfind(with).unwrap().words()
    }

    /// Waits until a command was given so many times.
    pub async fn wait_for_command(&self, start: &str, count: usize) {
        let is = |command: &&String| command.starts_with(start);
        self.wait_until(|log| log.commands.iter().filter(is).count() >= count, start).await;
    }

    /// Waits until so many connections were made.
    pub async fn wait_for_connections(&self, count: usize) {
        self.wait_until(|log| log.connections >= count, &format!("{count} connections")).await;
    }

    async fn wait_until(&self, holds: impl Fn(&Log) -> bool, what: &str) {
        let mut events = self.shared.events.subscribe();
        let wait = async {
            while !holds(&self.shared.log.lock().unwrap()) {
                events.changed().await.unwrap();
            }
        };
        if tokio::time::timeout(PATIENCE, wait).await.is_err() {
            let log = self.shared.log.lock().unwrap();
            panic!("waited in vain for {what}; {} mails, commands: {:#?}", log.mails.len(), log.commands);
        }
    }

    /// From now on this goes wrong (before what was to go wrong already).
    pub fn add_fault(&self, fault: Fault) {
        self.shared.faults.lock().unwrap().insert(0, fault);
    }

    /// From now on nothing goes wrong any more.
    pub fn heal(&self) {
        self.shared.faults.lock().unwrap().clear();
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Shared {
    fn changed(&self) {
        self.events.send_modify(|count| *count += 1);
    }

    fn fault(&self, stage: Stage, command: &str) -> Option<Action> {
        let mut faults = self.faults.lock().unwrap();
        let fault = faults.iter_mut().find(|fault| {
            fault.stage == stage
                && fault.times > 0
                && fault.containing.as_deref().is_none_or(|text| command.contains(text))
        })?;
        fault.times = fault.times.saturating_sub(usize::from(fault.times != usize::MAX));
        Some(fault.action.clone())
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// The connection is over.
struct Over;

struct Conversation {
    shared: Arc<Shared>,
    stream: Box<dyn Stream>,
    unread: Vec<u8>,
    number: usize,
    over_tls: bool,
    user: Option<String>,
    from: Option<String>,
    to: Vec<String>,
}

async fn serve(shared: Arc<Shared>, stream: tokio::net::TcpStream, number: usize) {
    let mut conversation = Conversation {
        stream: Box::new(stream),
        unread: Vec::new(),
        number,
        over_tls: false,
        user: None,
        from: None,
        to: Vec::new(),
        shared: Arc::clone(&shared),
    };
    if let Tls::Implicit(certificate) = &shared.tls
        && conversation.upgrade(certificate).await.is_err()
    {
        return;
    }
    if conversation.misbehave(Stage::Connect, "").await.is_ok_and(|replied| !replied)
        && conversation.say("220 mail.example.test ESMTP").await.is_ok()
    {
        while conversation.command().await.is_ok() {}
    }
}

impl Conversation {
    async fn command(&mut self) -> Result<(), Over> {
        let line = self.line().await?;
        let verb = line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        let shown = if verb == "AUTH" { line.split(' ').take(2).collect::<Vec<_>>().join(" ") } else { line.clone() };
        self.shared.log.lock().unwrap().commands.push(shown);
        self.shared.changed();
        let stage = match verb.as_str() {
            "EHLO" | "HELO" => Stage::Ehlo,
            "STARTTLS" => Stage::StartTls,
            "AUTH" => Stage::Auth,
            "MAIL" => Stage::Mail,
            "RCPT" => Stage::Rcpt,
            "DATA" => Stage::Data,
            "NOOP" => Stage::Noop,
            "RSET" => {
                self.forget();
                return self.say("250 2.0.0 ok").await;
            }
            "QUIT" => {
                self.say("221 2.0.0 bye").await?;
                return Err(Over);
            }
            _ => return self.say("502 5.5.2 what?").await,
        };
        if self.misbehave(stage, &line).await? {
            return Ok(());
        }
        match stage {
            Stage::Ehlo => self.ehlo().await,
            Stage::StartTls => self.start_tls().await,
            Stage::Auth => self.auth(&line).await,
            Stage::Mail => self.mail(&line).await,
            Stage::Rcpt => self.rcpt(&line).await,
            Stage::Data => self.data().await,
            _ => self.say("250 2.0.0 ok").await,
        }
    }

    /// Does what goes wrong at this stage; `true` if the reply is given already.
    async fn misbehave(&mut self, stage: Stage, line: &str) -> Result<bool, Over> {
        match self.shared.fault(stage, line) {
            None => Ok(false),
            Some(Action::Reply(reply)) => {
                self.say(&reply).await?;
                if reply.starts_with("421") { Err(Over) } else { Ok(true) }
            }
            Some(Action::Hang) => std::future::pending().await,
            Some(Action::Drop) => Err(Over),
        }
    }

    async fn ehlo(&mut self) -> Result<(), Over> {
        self.forget();
        let mut lines = vec!["mail.example.test".to_owned(), "8BITMIME".to_owned()];
        if matches!(self.shared.tls, Tls::Upgraded(_)) && !self.over_tls {
            lines.push("STARTTLS".to_owned());
        } else if self.shared.user.is_some() {
            lines.push(format!("AUTH {}", self.shared.mechanisms));
        }
        let last = lines.len() - 1;
        for (i, line) in lines.iter().enumerate() {
            self.say(&format!("250{}{line}", if i == last { ' ' } else { '-' })).await?;
        }
        Ok(())
    }

    async fn start_tls(&mut self) -> Result<(), Over> {
        let shared = Arc::clone(&self.shared);
        match &shared.tls {
            Tls::Upgraded(certificate) if !self.over_tls => {
                self.say("220 2.0.0 go ahead").await?;
                self.upgrade(certificate).await
            }
            _ => self.say("502 5.5.1 not offered").await,
        }
    }

    async fn upgrade(&mut self, certificate: &TestCertificate) -> Result<(), Over> {
        let plain = std::mem::replace(&mut self.stream, Box::new(tokio::io::empty()));
        self.stream = Box::new(certificate.acceptor().accept(plain).await.map_err(|_| Over)?);
        self.over_tls = true;
        self.forget();
        Ok(())
    }

    async fn auth(&mut self, line: &str) -> Result<(), Over> {
        let mut words = line.split_whitespace().skip(1);
        let mechanism = words.next().unwrap_or_default().to_ascii_uppercase();
        let initial = words.next().map(str::to_owned);
        let (user, password) = match mechanism.as_str() {
            "PLAIN" => {
                let given = match initial {
                    Some(initial) => initial,
                    None => self.ask("334 ").await?,
                };
                let text = decoded(&given);
                let mut parts = text.split('\0').skip(1).map(str::to_owned);
                (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
            }
            "LOGIN" => {
                let user = match initial {
                    Some(initial) => initial,
                    None => self.ask("334 VXNlcm5hbWU6").await?,
                };
                let password = self.ask("334 UGFzc3dvcmQ6").await?;
                (decoded(&user), decoded(&password))
            }
            _ => return self.say("504 5.5.4 no such mechanism").await,
        };
        if self.shared.user == Some((user.clone(), password)) {
            self.user = Some(user);
            self.say("235 2.7.0 welcome").await
        } else {
            self.say("535 5.7.8 wrong user or password").await
        }
    }

    async fn mail(&mut self, line: &str) -> Result<(), Over> {
        if self.shared.user.is_some() && self.user.is_none() {
            return self.say("530 5.7.0 authentication first").await;
        }
        self.forget();
        self.from = Some(address(line));
        self.say("250 2.1.0 ok").await
    }

    async fn rcpt(&mut self, line: &str) -> Result<(), Over> {
        if self.from.is_none() {
            return self.say("503 5.5.1 MAIL first").await;
        }
        self.to.push(address(line));
        self.say("250 2.1.5 ok").await
    }

    async fn data(&mut self) -> Result<(), Over> {
        let Some(from) = self.from.clone().filter(|_| !self.to.is_empty()) else {
            return self.say("503 5.5.1 RCPT first").await;
        };
        self.say("354 go ahead").await?;
        let mut data = Vec::new();
        let mut middle = true;
        loop {
            let line = self.raw_line().await?;
            if std::mem::take(&mut middle) && self.misbehave(Stage::MidMessage, "").await? {
                return Ok(());
            }
            if line == b".\r\n" {
                break;
            }
            data.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
        let recipients = self.to.join(",");
        if self.misbehave(Stage::EndOfMessage, &recipients).await? {
            return Ok(());
        }
        let mail = Received {
            from,
            to: std::mem::take(&mut self.to),
            data,
            user: self.user.clone(),
            over_tls: self.over_tls,
            connection: self.number,
        };
        self.forget();
        self.shared.log.lock().unwrap().mails.push(mail);
        self.say("250 2.0.0 taken").await?;
        self.shared.changed();
        Ok(())
    }

    fn forget(&mut self) {
        self.from = None;
        self.to.clear();
    }

    async fn ask(&mut self, prompt: &str) -> Result<String, Over> {
        self.say(prompt).await?;
        self.line().await
    }

    async fn say(&mut self, line: &str) -> Result<(), Over> {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await.map_err(|_| Over)?;
        self.stream.flush().await.map_err(|_| Over)
    }

    async fn line(&mut self) -> Result<String, Over> {
        let line = self.raw_line().await?;
        Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
    }

    async fn raw_line(&mut self) -> Result<Vec<u8>, Over> {
        loop {
            if let Some(end) = self.unread.windows(2).position(|pair| pair == b"\r\n") {
                return Ok(self.unread.drain(..end + 2).collect());
            }
            let mut more = [0; 4096];
            match self.stream.read(&mut more).await {
                Ok(0) | Err(_) => return Err(Over),
                Ok(length) => self.unread.extend_from_slice(more.get(..length).unwrap_or_default()),
            }
        }
    }
}

fn decoded(text: &str) -> String {
    String::from_utf8(BASE64.decode(text.trim()).unwrap_or_default()).unwrap_or_default()
}

fn address(line: &str) -> String {
    let inner = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map(|(address, _)| address.to_owned()).unwrap_or_default()
}
