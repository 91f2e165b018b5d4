//! `[accounts]`: where accounts' addresses are looked up.

use std::path::PathBuf;
use std::time::Duration;

use crate::directory::RELOAD_EVERY;

use super::desk::Wrong;
use super::section::Section;
use super::value::{boolean, duration, one_of, text};

/// Where accounts' addresses are looked up.
#[derive(Clone, Debug)]
pub struct AccountsSettings {
    /// The source.
    pub source: AccountsSource,
    /// Whether creation networks with private addresses are trusted.
    pub trust_private_networks: bool,
}

/// A source of accounts' addresses.
#[derive(Clone, Debug)]
pub enum AccountsSource {
    /// The login itself is the address.
    Login,
    /// A file.
    File {
        /// The file; it's there when the configuration is checked.
        path: PathBuf,
        /// What is in it.
        format: AccountsFormat,
        /// How often it's looked at for changes.
        reload: Duration,
    },
}

/// The format of a file of accounts, told by its ending.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AccountsFormat {
    /// `.csv`
    Csv,
    /// `.toml`
    Toml,
}

#[derive(Clone, Copy)]
enum Source {
    Login,
    File,
    Later,
}

pub(super) fn read(section: Section<'_>) -> Option<AccountsSettings> {
    let choices = [
        ("file", Source::File),
        ("login", Source::Login),
        ("sql", Source::Later),
        ("http", Source::Later),
        ("probe", Source::Later),
    ];
    let source = section.required("source", "where addresses come from: \"file\" or \"login\"", one_of(&choices));
    let settings = match source {
        Some(Source::File) => {
            let reload = duration(Duration::from_secs(1), Duration::from_hours(24));
            let reload = section.or("reload", reload, RELOAD_EVERY);
            read_path(&section).map(|(path, format)| AccountsSource::File { path, format, reload })
        }
        Some(Source::Login) => {
            section.only_with("path", "source = \"file\"");
            section.only_with("reload", "source = \"file\"");
            section.only_with("trust_private_networks", "source = \"file\"");
            Some(AccountsSource::Login)
        }
        Some(Source::Later) => {
            let found = section.node("source").map_or_else(String::new, |(node, _)| node.describe());
            let wrong = Wrong::expected("\"file\" or \"login\"").found(found);
            section.wrong("source", wrong.hint("this source comes in a later version; a file can be written from it"));
            None
        }
        None => None,
    };
    if !matches!(source, Some(Source::File | Source::Login)) {
        // Known, so that they aren't called unknown beside the mistake about the source.
        let _ = (section.node("path"), section.node("reload"), section.node("trust_private_networks"));
    }
    let trust_private_networks = match source {
        Some(Source::File) => section.or("trust_private_networks", boolean, false),
        _ => false,
    };
    section.finish();
    settings.map(|source| AccountsSettings { source, trust_private_networks })
}

fn read_path(section: &Section<'_>) -> Option<(PathBuf, AccountsFormat)> {
    let name = section.required("path", "the file with the accounts, like \"accounts.csv\"", text)?;
    let path = section.desk.path(name);
    let format = match path.extension().and_then(|ending| ending.to_str()) {
        Some("csv") => AccountsFormat::Csv,
        Some("toml") => AccountsFormat::Toml,
        _ => {
            section.wrong("path", Wrong::expected("a file that ends in .csv or .toml").found(format!("\"{name}\"")));
            return None;
        }
    };
    if let Err(error) = std::fs::File::open(&path) {
        let found = format!("{}: {error}", path.display());
        section.wrong("path", Wrong::expected("a file that can be read").found(found));
        return None;
    }
    Some((path, format))
}
