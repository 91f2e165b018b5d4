//! From the TOML to checked settings: every mistake at once, each with its place.
//!
//! A file becomes a tree that knows where everything stands (`source`); each section is read key
//! by key into its own plain settings (`section`, one file a section); what fits no rule is noted
//! in a [`Report`] and the reading goes on. What comes out of [`load`] has nothing left to check.

mod accounts;
mod challenge;
mod cross;
mod desk;
mod listen;
mod mail;
mod pages;
mod panel;
mod report;
mod secret;
mod section;
mod source;
mod store;
mod totp;
mod value;

use std::path::{Path, PathBuf};

use crate::challenge::ChallengePolicy;

use desk::{Desk, Wrong};
use section::Section;

pub use accounts::{AccountsFormat, AccountsSettings, AccountsSource};
pub use challenge::{LimitsSettings, SessionPolicy};
pub use listen::{ClientAddressSource, ListenSettings};
pub use mail::MailSettings;
pub use pages::{AdminSettings, LogFormat, LogSettings, PagesSettings};
pub use panel::{BUILT_IN, HostHeader, PanelSettings, PanelTimeouts};
pub use report::{Mistake, Report, Warning};
pub use source::Place;
pub use store::StoreSettings;
pub use totp::TotpSettings;

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Where visitors come in.
    pub listen: ListenSettings,
    /// The panel behind the gate.
    pub panel: PanelSettings,
    /// Where accounts' addresses are looked up.
    pub accounts: AccountsSettings,
    /// The rules of the e-mailed code and of known networks.
    pub challenge: ChallengePolicy,
    /// Authenticator apps and backup codes.
    pub totp: TotpSettings,
    /// How long the gate's sessions live.
    pub session: SessionPolicy,
    /// Limits on what comes in.
    pub limits: LimitsSettings,
    /// How codes reach their owners.
    pub mail: MailSettings,
    /// Where what must last is kept.
    pub store: StoreSettings,
    /// What users see.
    pub pages: PagesSettings,
    /// What operators use.
    pub admin: AdminSettings,
    /// How the gate writes about itself.
    pub log: LogSettings,
}

/// Reads and checks a configuration file. Relative paths in it are relative to the file.
///
/// # Errors
/// Every mistake of the file and of the profile that it names.
pub fn load(path: &Path) -> Result<(Checked, Vec<Warning>), Report> {
    let environment = |name: &str| std::env::var(name).ok();
    let name = path.display().to_string();
    let base = path.parent().map(Path::to_owned).unwrap_or_default();
    match panel::read_file(path) {
        Ok(text) => load_with(&text, &name, &base, Some(path), &environment),
        Err(why) => {
            let desk = Desk::new(&base, &environment);
            desk.unreadable(&name, Wrong::expected("a configuration file").found(why));
            Err(desk.close().err().unwrap_or_else(|| Report::new(Vec::new())))
        }
    }
}

/// Checks the text of a configuration. `file_name` is for the reports; relative paths in it are
/// relative to `base_dir`.
///
/// # Errors
/// Every mistake of the text and of the profile that it names.
pub fn load_str(text: &str, file_name: &str, base_dir: &Path) -> Result<(Checked, Vec<Warning>), Report> {
    load_with(text, file_name, base_dir, None, &|name| std::env::var(name).ok())
}

fn load_with(
    text: &str,
    name: &str,
    base: &Path,
    file: Option<&Path>,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<(Checked, Vec<Warning>), Report> {
    let base = if base.as_os_str().is_empty() { PathBuf::from(".") } else { base.to_owned() };
    let desk = Desk::new(&base, environment);
    let checked = read(&desk, text, name, file);
    let warnings = desk.close()?;
    // Without a mistake every section is there.
    checked.map(|checked| (checked, warnings)).ok_or_else(|| Report::new(Vec::new()))
}

fn read(desk: &Desk<'_>, text: &str, name: &str, file: Option<&Path>) -> Option<Checked> {
    let root = panel::merged(desk, &desk.parse(name, text));
    let root = Section::root(desk, &root);
    let section = |key| root.section(key);
    let listen = listen::read(section("listen"));
    let prefix = listen.as_ref().map_or(listen::PREFIX, |listen| listen.prefix.as_str());
    let panel = panel::read(section("panel"), prefix);
    let accounts = accounts::read(section("accounts"));
    let challenge = challenge::read_challenge(section("challenge"), section("known_networks"));
    let totp = totp::read(section("totp"));
    let session = challenge::read_session(section("session"));
    let limits = challenge::read_limits(section("limits"));
    let (mail, inline) = mail::read(section("mail"));
    let store = store::read(section("store"));
    let pages = pages::read_pages(section("pages"), listen.as_ref());
    let admin = pages::read_admin(section("admin"));
    let log = pages::read_log(section("log"));
    root.report_unknown();
    if let Some((at, path)) = inline.zip(file) {
        secret::warn_if_open(desk, &at, path);
    }
    let checked = Checked {
        listen: listen?,
        panel: panel?,
        accounts: accounts?,
        challenge,
        totp,
        session,
        limits,
        mail: mail?,
        store,
        pages: pages?,
        admin,
        log,
    };
    cross::check(&root, &checked);
    Some(checked)
}

#[cfg(test)]
mod tests;
