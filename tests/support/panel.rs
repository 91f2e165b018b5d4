//! The real panels: those that `scripts/with-panels` started, or one for this test alone.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// Somebody who may log in, on every panel alike. The same list stands in `tests/panels/lib.sh`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Account {
    pub name: &'static str,
    pub password: &'static str,
    pub email: &'static str,
}

pub const ALICE: Account = Account { name: "alice", password: "Correct-Horse-9", email: "alice@example.test" };
pub const BOB: Account = Account { name: "bob", password: "Battery-Staple-7", email: "bob@example.test" };
/// For tests that change a password; each is one test's own, panel by panel.
pub const CAROL: Account = Account { name: "carol", password: "Velvet-Anchor-3", email: "carol@example.test" };
pub const DAVE: Account = Account { name: "dave", password: "Copper-Lantern-4", email: "dave@example.test" };
pub const ERIN: Account = Account { name: "erin", password: "Marble-Compass-5", email: "erin@example.test" };
pub const FRANK: Account = Account { name: "frank", password: "Silver-Thimble-6", email: "frank@example.test" };
pub const ACCOUNTS: [Account; 6] = [ALICE, BOB, CAROL, DAVE, ERIN, FRANK];

/// What stands on a page that only somebody inside can see (DokuWiki and WordPress).
pub const SECRET: &str = "PANEL-SECRET-4711";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    DokuWiki,
    WordPress,
    Cacti,
}

impl Kind {
    /// As its profile, its script and its variable call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::DokuWiki => "dokuwiki",
            Self::WordPress => "wordpress",
            Self::Cacti => "cacti",
        }
    }
}

/// A running panel.
pub struct Panel {
    pub kind: Kind,
    pub addr: SocketAddr,
    _own: Option<OwnPanel>,
}

/// A panel that this test started; its script ends with its standard input.
struct OwnPanel {
    script: Child,
    _folder: TempDir,
}

impl Panel {
    /// The panel of this kind; several tests may use it at the same time.
    pub fn get(kind: Kind) -> Self {
        let variable = format!("POTERNE_PANEL_{}", kind.name().to_uppercase());
        if let Ok(addr) = std::env::var(&variable) {
            let addr = addr.parse().unwrap_or_else(|_| panic!("{variable} is no address: {addr}"));
            return Self { kind, addr, _own: None };
        }
        Self::start(kind)
    }

    /// A panel of its own.
    pub fn start(kind: Kind) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/panels").join(kind.name()).with_extension("sh");
        let folder = tempfile::Builder::new().prefix("poterne-panel.").tempdir_in("/tmp").unwrap();
        // The panel's own user must be able to enter.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
        let mut command = Command::new("bash");
        command.arg(script).arg(folder.path().join("panel")).stdin(Stdio::piped()).stdout(Stdio::piped());
        // What ends this test's processes must not end the panel's shell before it could clean up.
        let mut script = command.process_group(0).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(script.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let addr = line.trim().strip_prefix("ready ").and_then(|addr| addr.parse().ok());
        let addr = addr.unwrap_or_else(|| panic!("{} didn't start; it said: {line}", kind.name()));
        Self { kind, addr, _own: Some(OwnPanel { script, _folder: folder }) }
    }
}

impl Drop for OwnPanel {
    fn drop(&mut self) {
        drop(self.script.stdin.take());
        let _ended = self.script.wait();
    }
}
