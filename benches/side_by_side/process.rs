//! Processes that are started, pinned, counted and ended.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The core of whoever is measured.
pub const MEASURED: &str = "0";

/// The core of the panel and of the load: the last one, which is the same if there's only one.
pub fn other_core() -> String {
    std::thread::available_parallelism().map_or(0, |cores| cores.get() - 1).to_string()
}

/// All of them.
pub fn all_cores() -> String {
    format!("{MEASURED}-{}", other_core())
}

/// A process and its children; ended when dropped.
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts `command` pinned to `core`, and waits until `address` takes connections.
    pub fn start(core: &str, command: &[&str], address: SocketAddr) -> Self {
        let child = Command::new("taskset")
            .args(["-c", core])
            .args(command)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("taskset {command:?}: {error}"));
        let mut process = Self { child };
        while TcpStream::connect(address).is_err() {
            if let Ok(Some(status)) = process.child.try_wait() {
                panic!("{command:?} ended with {status}");
            }
            pause();
        }
        process
    }

    /// CPU time spent so far, with that of the workers.
    pub fn cpu(&self) -> Duration {
        let own = self.child.id();
        let of_all: u64 = std::iter::once(own).chain(children(own)).map(cpu_ticks).sum();
        // USER_HZ is 100 on every Linux that runs Rust.
        Duration::from_millis(of_all * 10)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // SIGTERM, so that a master takes its workers along; taskset has become the program itself.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

fn pause() {
    std::thread::park_timeout(Duration::from_millis(20));
}

fn children(parent: u32) -> Vec<u32> {
    let list = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
    list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

/// `utime` and `stime` of `/proc/<pid>/stat`, which begin at the 12th field after the name.
fn cpu_ticks(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum()
}

/// A port that was free a moment ago.
pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port")
}

/// Writes a file and gives its path.
pub fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    path.to_string_lossy().into_owned()
}

/// Whether there's such a program.
pub fn is_installed(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).chain(["/usr/sbin".into()]).any(|folder| folder.join(program).is_file())
    })
}
