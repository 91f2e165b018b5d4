//! The mails of a folder, newest first.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use mail_parser::{Address, Message, MessageParser};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use time::OffsetDateTime;
use time::macros::format_description;

/// Most mails shown: the newest.
const SHOWN: usize = 200;
/// Longest mail read, in bytes; the gate's own are a few KiB.
const LONGEST: u64 = 1024 * 1024;

/// A folder of `.eml` files. What a browser asks for is looked up among them, never made into a path.
#[derive(Clone)]
pub(super) struct Folder(Arc<Path>);

/// A mail, in words.
#[derive(Default, serde::Serialize)]
pub(super) struct Mail {
    /// The file's name without its ending, percent-encoded for a link.
    link: String,
    from: String,
    to: String,
    subject: String,
    date: String,
    /// The code in it, if there's one.
    code: Option<String>,
    text: Option<String>,
    html: Option<String>,
}

struct File {
    written: SystemTime,
    name: String,
    path: PathBuf,
}

impl Folder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path.into())
    }

    /// The newest mails.
    pub(super) async fn list(&self) -> io::Result<Vec<Mail>> {
        let folder = self.clone();
        let read = move || {
            let files = folder.files()?;
            Ok(files.iter().take(SHOWN).filter_map(|file| file.read().ok()).collect())
        };
        tokio::task::spawn_blocking(read).await.map_err(io::Error::other)?
    }

    /// The mail with this id, if it's there.
    pub(super) async fn read(&self, id: String) -> io::Result<Option<Mail>> {
        let folder = self.clone();
        let read = move || match folder.files()?.iter().find(|file| file.name == id) {
            Some(file) => file.read().map(Some),
            None => Ok(None),
        };
        tokio::task::spawn_blocking(read).await.map_err(io::Error::other)?
    }

    /// Plain `.eml` files of the folder itself, newest first. A folder that isn't there yet is empty.
    fn files(&self) -> io::Result<Vec<File>> {
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry?;
            let file_name = entry.file_name();
            let Some(name) = file_name.to_str().and_then(|name| name.strip_suffix(".eml")) else { continue };
            // Not through links, and not those that went away meanwhile.
            let Ok(about) = entry.metadata() else { continue };
            if name.starts_with('.') || !about.is_file() {
                continue;
            }
            let written = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            files.push(File { written, name: name.to_owned(), path: entry.path() });
        }
        files.sort_by(|a, b| (b.written, &b.name).cmp(&(a.written, &a.name)));
        Ok(files)
    }
}

impl File {
    fn read(&self) -> io::Result<Mail> {
        let mut bytes = Vec::new();
        fs::File::open(&self.path)?.take(LONGEST).read_to_end(&mut bytes)?;
        let link = utf8_percent_encode(&self.name, NON_ALPHANUMERIC).to_string();
        let Some(message) = MessageParser::default().parse(&bytes) else {
            // Whatever it is, it's shown as it is.
            let text = Some(String::from_utf8_lossy(&bytes).into_owned());
            return Ok(Mail { link, text, ..Mail::default() });
        };
        let subject = message.subject().unwrap_or_default().to_owned();
        let text = message.body_text(0).map(std::borrow::Cow::into_owned);
        Ok(Mail {
            link,
            from: addresses(message.from()),
            to: addresses(message.to()),
            date: date(&message),
            code: code_in(&subject, text.as_deref().unwrap_or_default()),
            html: message
                .html_bodies()
                .find(|part| part.is_text_html())
                .and_then(|part| part.text_contents())
                .map(Into::into),
            subject,
            text,
        })
    }
}

fn addresses(address: Option<&Address<'_>>) -> String {
    let shown = address.into_iter().flat_map(Address::iter).map(|one| match (one.name(), one.address()) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (name, address) => address.or(name).unwrap_or_default().to_owned(),
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn date(message: &Message<'_>) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    let date = message.date().and_then(|date| OffsetDateTime::from_unix_timestamp(date.to_timestamp()).ok());
    date.and_then(|date| date.format(format).ok()).unwrap_or_default()
}

/// The code of a mail: 6 to 10 digits in the subject, else alone on a line of the text.
fn code_in(subject: &str, text: &str) -> Option<String> {
    let is_code = |digits: &str| (6..=10).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let in_subject = subject.split(|c: char| !c.is_ascii_digit()).find(|digits| is_code(digits)).map(str::to_owned);
    in_subject
        .or_else(|| text.lines().map(|line| line.split_whitespace().collect::<String>()).find(|digits| is_code(digits)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_found_where_the_gate_writes_it() {
        for (subject, text, code) in [
            ("Votre code : 482913 – Exemple", "", Some("482913")),
            ("Your code", "Hello\n\n  482 913  \n\nBye", Some("482913")),
            ("Your code 12345", "order 482913 was shipped", None),
            ("Your code 12345678901", "", None),
        ] {
            assert_eq!(code_in(subject, text).as_deref(), code, "{subject}");
        }
    }
}
