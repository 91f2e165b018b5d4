//! Secrets: written in the file, in a file of their own, or in the environment.

use std::path::Path;

use secrecy::SecretString;
use zeroize::Zeroize;

use super::desk::{At, Desk, Wrong};
use super::section::Section;
use super::source::{Node, Value};

/// Longest file that holds a secret, in bytes; a password is far shorter.
const MAX_SECRET: u64 = 4096;

/// Where a secret of the operator's file stands, to say once that the file itself is readable.
pub(super) type Inline = At;

/// A secret; the second value tells that it stands in the configuration itself.
pub(super) fn secret(section: &Section<'_>, key: &'static str) -> Option<(SecretString, Option<Inline>)> {
    let (node, at) = section.node(key)?;
    let desk = section.desk;
    match &node.value {
        Value::Text(text) => match bounded(text) {
            Ok(secret) => Some((secret, Some(at))),
            Err(why) => {
                desk.mistake(&at, Wrong::expected("a secret").found(why));
                None
            }
        },
        Value::Table(_) => {
            let source = section.section(key);
            let file = source.get("file", plain);
            let variable = source.get("env", plain);
            let (given_file, given_env) = (source.node("file").is_some(), source.node("env").is_some());
            source.finish();
            match (file, variable) {
                (Some(file), None) if !given_env => from_file(desk, &at, file).map(|secret| (secret, None)),
                (None, Some(name)) if !given_file => from_environment(desk, &at, name).map(|secret| (secret, None)),
                (None, None) if given_file || given_env => None,
                _ => {
                    desk.mistake(&at, expected().found("a table with not exactly one of file and env"));
                    None
                }
            }
        }
        _ => {
            desk.mistake(&at, expected().found(node.kind()));
            None
        }
    }
}

fn expected() -> Wrong {
    Wrong::expected("a string, { file = \"…\" } or { env = \"…\" }")
}

fn plain(node: &Node) -> Result<&str, Wrong> {
    super::value::text(node)
}

fn from_file(desk: &Desk<'_>, at: &At, name: &str) -> Option<SecretString> {
    let path = desk.path(name);
    warn_if_open(desk, at, &path);
    let read = std::fs::metadata(&path).and_then(|about| match about.len() {
        0..=MAX_SECRET => std::fs::read_to_string(&path),
        _ => Err(std::io::Error::other(format!("over {MAX_SECRET} bytes"))),
    });
    let secret = match read {
        Ok(mut text) => {
            let secret = bounded(text.strip_suffix('\n').map_or(text.as_str(), |t| t.strip_suffix('\r').unwrap_or(t)));
            text.zeroize();
            secret
        }
        Err(error) => Err(error.to_string()),
    };
    secret
        .map_err(|why| {
            let wrong = Wrong::expected("a file with a secret in it").found(format!("{}: {why}", path.display()));
            desk.mistake(at, wrong);
        })
        .ok()
}

fn from_environment(desk: &Desk<'_>, at: &At, name: &str) -> Option<SecretString> {
    let value = desk.environment(name).ok_or_else(|| "it isn't set".to_owned());
    value
        .and_then(|mut text| {
            let secret = bounded(&text);
            text.zeroize();
            secret
        })
        .map_err(|why| {
            let wrong = Wrong::expected("an environment variable with a secret in it");
            desk.mistake(at, wrong.found(format!("{name}: {why}")));
        })
        .ok()
}

fn bounded(text: &str) -> Result<SecretString, String> {
    if text.is_empty() {
        return Err("it's empty".to_owned());
    }
    match text.len() as u64 > MAX_SECRET || text.chars().any(char::is_control) {
        true => Err("it's over 4096 bytes, or has control characters or several lines".to_owned()),
        false => Ok(SecretString::from(text)),
    }
}

/// A secret's file that others may read is worth a word: a backup job or a web server could.
pub(super) fn warn_if_open(desk: &Desk<'_>, at: &At, path: &Path) {
    if is_open(path) {
        desk.warn(at, format!("{0} can be read by other users of this machine; run: chmod 600 {0}", path.display()));
    }
}

#[cfg(unix)]
fn is_open(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|about| about.permissions().mode() & 0o007 != 0)
}

#[cfg(not(unix))]
fn is_open(_: &Path) -> bool {
    false
}
