//! The gate's own binary, with a configuration and a folder of its own.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use poterne::model::Timestamp;
use tempfile::TempDir;
use toml_edit::{DocumentMut, Item, Value};

use super::browser::{Browser, PATIENCE};
use super::panel::{ACCOUNTS, Panel};
use super::ports::free_address;

/// The configuration that a gate is started with.
#[derive(Clone)]
pub struct Setup {
    config: DocumentMut,
    accounts: String,
}

impl Setup {
    /// A gate in front of this panel, with its built-in profile, whose mails go to this SMTP server.
    pub fn new(panel: &Panel, smtp: SocketAddr) -> Self {
        // A real panel on a busy machine may take its time; no journey is about how long.
        Self::bare(panel.addr, smtp).set("panel.profile", panel.kind.name()).set("panel.timeouts.probe", "50s")
    }

    /// A gate in front of whatever listens at `upstream`, without a profile.
    pub fn bare(upstream: SocketAddr, smtp: SocketAddr) -> Self {
        let accounts: String =
            ACCOUNTS.iter().map(|account| format!("{},{},en\n", account.name, account.email)).collect();
        Self { config: DocumentMut::new(), accounts: format!("login,email,language\n{accounts}") }
            .set("listen.hosts", toml_edit::Array::from_iter(["127.0.0.1"]))
            .set("panel.upstream", format!("http://{upstream}"))
            .set("accounts.source", "file")
            .set("accounts.path", "accounts.csv")
            .set("mail.from", "Panel <gate@example.test>")
            .set("mail.transport", "smtp")
            .set("mail.url", format!("smtp://{smtp}"))
            .set("store.path", "poterne.db")
            .set("store.key.file", "poterne.key")
            .set("pages.languages", toml_edit::Array::from_iter(["en", "fr"]))
            .set("pages.brand", "Example panel")
            .set("pages.support", "https://example.test/contact")
            .set("admin.socket", "poterne.sock")
    }

    /// Sets one key, written with dots.
    pub fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        let mut at: &mut Item = self.config.as_item_mut();
        for part in key.split('.') {
            at = &mut at[part];
        }
        *at = Item::Value(value.into());
        self
    }

    /// Sets one key to what TOML makes of `text`: lists of tables, for one.
    pub fn set_toml(self, key: &str, text: &str) -> Self {
        let value: Value = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        self.set(key, value)
    }

    /// The accounts file, header line and all.
    pub fn accounts(self, csv: &str) -> Self {
        Self { accounts: csv.to_owned(), ..self }
    }

    /// Starts it and waits until it's ready.
    pub async fn start(self) -> Gate {
        let folder = tempfile::Builder::new().prefix("poterne-gate.").tempdir().unwrap();
        let mut gate = Gate {
            addr: free_address(),
            admin: free_address(),
            folder,
            setup: self,
            process: None,
            ahead: Duration::ZERO,
        };
        for _ in 0..4 {
            gate.write();
            gate.spawn();
            match gate.until_ready().await {
                Ok(()) => return gate,
                Err(_) if gate.logs().to_lowercase().contains("in use") => {
                    gate.addr = free_address();
                    gate.admin = free_address();
                }
                Err(status) => panic!("the gate ended with {status}"),
            }
        }
        panic!("the gate found no port");
    }
}

/// A running gate. Its folder, store included, goes with it.
pub struct Gate {
    pub addr: SocketAddr,
    /// Metrics and health.
    pub admin: SocketAddr,
    folder: TempDir,
    setup: Setup,
    process: Option<Child>,
    ahead: Duration,
}

impl Gate {
    /// A fresh browser on the network 127.0.0.`network`.
    pub fn browser(&self, network: u8) -> Browser {
        Browser::new(self.addr, network)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn config_path(&self) -> PathBuf {
        self.folder.path().join("poterne.toml")
    }

    pub fn store_path(&self) -> PathBuf {
        self.folder.path().join("poterne.db")
    }

    /// What it has said so far.
    pub fn logs(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Writes the accounts file anew, as operators do while the gate runs.
    pub fn write_accounts(&self, csv: &str) {
        fs::write(self.folder.path().join("accounts.csv"), csv).unwrap();
    }

    /// Its metrics, as text.
    pub async fn metrics(&self) -> String {
        Browser::new(self.admin, 1).get("/metrics").await.text()
    }

    /// Lets time pass for the gate, from the very next request on. (Debug builds take the time from a file.)
    pub fn pass(&mut self, time: Duration) {
        self.ahead += time;
        let (file, written) = (self.clock_path(), self.folder.path().join("clock.new"));
        fs::write(&written, self.ahead.as_millis().to_string()).unwrap();
        fs::rename(written, file).unwrap();
    }

    /// What time it is for the gate, within a second.
    #[expect(clippy::disallowed_methods, reason = "a phone's clock goes by the wall")]
    pub fn now(&self) -> Timestamp {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + self.ahead;
        Timestamp::from_millis(i64::try_from(wall.as_millis()).unwrap_or(i64::MAX))
    }

    /// Lets it write nothing to any file from here on, as on a full disk; or everything again.
    pub fn fill_disk(&self, full: bool) {
        let child = self.process.as_ref().unwrap_or_else(|| panic!("the gate isn't running"));
        let limit = if full { "--fsize=0:unlimited" } else { "--fsize=unlimited:unlimited" };
        let status = Command::new("prlimit").args(["--pid", &child.id().to_string(), limit]).status().unwrap();
        assert!(status.success());
    }

    fn clock_path(&self) -> PathBuf {
        self.folder.path().join("clock")
    }

    /// Killed outright, as by a power cut, and started again on the same store and port.
    pub async fn kill_and_restart(&mut self) {
        self.signal(Signal::SIGKILL);
        self.ended();
        self.start_again().await;
    }

    /// Stopped in order and started again on the same store and port.
    pub async fn restart(&mut self) {
        self.stop();
        self.start_again().await;
    }

    /// Restarted with another configuration, on the same store and port.
    pub async fn restart_with(&mut self, change: impl FnOnce(Setup) -> Setup) {
        self.stop();
        self.setup = change(self.setup.clone());
        self.write();
        self.start_again().await;
    }

    /// Stopped in order; how it ended.
    pub fn stop(&mut self) -> ExitStatus {
        self.signal(Signal::SIGTERM);
        self.ended()
    }

    /// Killed outright.
    pub fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
        self.ended();
    }

    /// Starts a stopped gate on the same store and port.
    pub async fn start_again(&mut self) {
        self.spawn();
        if let Err(status) = self.until_ready().await {
            panic!("the gate ended with {status} when it was started again");
        }
    }

    fn write(&self) {
        let setup = self
            .setup
            .clone()
            .set("listen.addresses", toml_edit::Array::from_iter([self.addr.to_string()]))
            .set("admin.metrics", self.admin.to_string());
        fs::write(self.config_path(), setup.config.to_string()).unwrap();
        self.write_accounts(&setup.accounts);
    }

    fn spawn(&mut self) {
        // The store remembers how late it was; time goes on from there.
        let _none = fs::remove_file(self.clock_path());
        self.ahead = Duration::ZERO;
        let log = File::options().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        // A limit on files' sizes is to be an error to it, as a full disk is, and not its end.
        let child = Command::new("env")
            .arg("--ignore-signal=XFSZ")
            .arg(env!("CARGO_BIN_EXE_poterne"))
            .arg("run")
            .arg("--config")
            .arg(self.config_path())
            .arg("--test-clock")
            .arg(self.clock_path())
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.process = Some(child);
    }

    /// Polls until it says that it's ready; the status if it ended instead.
    async fn until_ready(&mut self) -> Result<(), ExitStatus> {
        let ready = async {
            loop {
                if let Some(status) = self.process.as_mut().and_then(|child| child.try_wait().unwrap()) {
                    self.process = None;
                    return Err(status);
                }
                if is_ready(self.admin).await {
                    return Ok(());
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let outcome = tokio::time::timeout(PATIENCE, ready).await;
        outcome.unwrap_or_else(|_| panic!("the gate never got ready"))
    }

    fn signal(&self, signal: Signal) {
        let child = self.process.as_ref().unwrap_or_else(|| panic!("the gate isn't running"));
        kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
    }

    fn ended(&mut self) -> ExitStatus {
        self.process.take().unwrap_or_else(|| panic!("the gate isn't running")).wait().unwrap()
    }
}

/// Whether `/readyz` says yes; a refused connection is a no.
async fn is_ready(admin: SocketAddr) -> bool {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let Ok(mut stream) = tokio::net::TcpStream::connect(admin).await else { return false };
    let asked = stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").await;
    let mut answer = [0; 12];
    asked.is_ok() && stream.read_exact(&mut answer).await.is_ok() && answer.ends_with(b" 200")
}

impl Drop for Gate {
    fn drop(&mut self) {
        if let Some(mut child) = self.process.take() {
            let _gone = child.kill();
            let _gone = child.wait();
        }
        if std::thread::panicking() {
            let logs = self.logs();
            let start = logs.len().saturating_sub(8000);
            let tail = logs.get(start..).unwrap_or(&logs);
            eprintln!("── what the gate said, at the end ──\n{tail}");
        }
    }
}
