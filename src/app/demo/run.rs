//! `poterne demo`: the panel, the mailbox and the gate, on this machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use super::settings::{ACCOUNTS, DemoPlaces};
use super::{DemoPanel, Mailbox, PanelOptions};
use crate::app::clock::Clock;
use crate::app::logging::{self, LogOptions};
use crate::app::run::{Gate, RunFailed, stop_signal};
use crate::config;
use crate::model::Language;

/// What can be chosen about a demo.
#[derive(Clone, Debug, clap::Args)]
pub struct DemoOptions {
    /// Port of the gate; the panel and the mailbox take the two after it. 0 takes three free ones.
    #[arg(long, default_value_t = 8088)]
    pub port: u16,
}

/// Runs the demo until SIGINT or SIGTERM.
///
/// # Errors
/// When a port is taken or a folder can't be written.
pub fn run(options: DemoOptions) -> Result<(), RunFailed> {
    // Warnings only: the terminal is for the three addresses.
    let quiet = LogOptions { filter: "warn".parse().map_err(RunFailed::of)?, ..LogOptions::default() };
    logging::init(quiet).map_err(RunFailed::of)?;
    let folder = tempfile::Builder::new().prefix("poterne-demo-").tempdir().map_err(RunFailed::of)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(RunFailed::of)?;
    let v4 = |offset: u16| {
        let port = if options.port == 0 { 0 } else { options.port.saturating_add(offset) };
        SocketAddr::from((Ipv4Addr::LOCALHOST, port))
    };
    let panel = runtime
        .block_on(DemoPanel::start(v4(1), PanelOptions { recording: false, ..PanelOptions::default() }))
        .map_err(|error| taken("panel", v4(1), &error))?;
    let gate = gate_addresses(v4(0)).map_err(|error| taken("gate", v4(0), &error))?;
    let mut places = DemoPlaces { gate, panel: panel.addr, mailbox: v4(2), folder: folder.path().to_owned() };
    std::fs::write(places.accounts(), ACCOUNTS).map_err(RunFailed::of)?;
    std::fs::create_dir_all(places.mails()).map_err(RunFailed::of)?;
    let mailbox = runtime
        .block_on(Mailbox::start(v4(2), places.mails(), places.gate_url()))
        .map_err(|error| taken("mailbox", v4(2), &error))?;
    places.mailbox = mailbox.addr;
    let toml = places.config().map_err(RunFailed::of)?;
    let (checked, _) = config::load_str(&toml, "demo/poterne.toml", folder.path()).map_err(RunFailed::of)?;
    let running = Gate::start(&checked, Clock::start)?;
    show(&places.welcome(language()));
    running.stop_after(stop_signal());
    runtime.shutdown_background();
    folder.close().map_err(RunFailed::of)
}

fn taken(what: &str, address: SocketAddr, error: &std::io::Error) -> RunFailed {
    RunFailed::of(format!("the demo's {what} can't listen on {address} ({error}); choose other ports with --port"))
}

/// The gate's addresses: IPv4, and IPv6 on the same port where there is IPv6.
fn gate_addresses(v4: SocketAddr) -> std::io::Result<Vec<SocketAddr>> {
    // Bound for a moment to learn a free port, and to notice a taken one before anything starts.
    let first = TcpListener::bind(v4)?.local_addr()?;
    let v6 = SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), first.port());
    let mut addresses = vec![first];
    if TcpListener::bind(v6).is_ok() {
        addresses.push(v6);
    }
    Ok(addresses)
}

/// The language of the terminal.
fn language() -> Language {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let tag = set("LC_ALL").or_else(|| set("LC_MESSAGES")).or_else(|| set("LANG")).unwrap_or_default();
    Language::of_tag(&tag).unwrap_or(Language::En)
}

#[expect(clippy::print_stdout, reason = "the demo tells its addresses on the terminal")]
fn show(text: &str) {
    println!("{text}");
}
