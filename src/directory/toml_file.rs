//! Accounts in TOML: one `[[account]]` each.

use serde::Deserialize;
use toml::Spanned;

use super::accounts::{Builder, RawAccount};
use super::lines::Lines;
use super::mistake::AccountMistake;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    account: Vec<Spanned<toml::Table>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTomlAccount {
    login: String,
    #[serde(default)]
    emails: Vec<String>,
    #[serde(default)]
    language: String,
    #[serde(default, rename = "type")]
    customer_type: String,
    #[serde(default)]
    created_from: String,
    #[serde(default)]
    billing: String,
}

/// Reads every account into `builder`.
pub(super) fn read(bytes: &[u8], builder: &mut Builder<'_>) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        let line = bytes.utf8_chunks().next().map_or(1, |chunk| line_of(chunk.valid(), chunk.valid().len()));
        builder.mistake(line, AccountMistake::NotUtf8);
        return;
    };
    let file: RawFile = match toml::from_str(text) {
        Ok(file) => file,
        Err(error) => {
            let line = error.span().map_or(1, |span| line_of(text, span.start));
            builder.mistake(line, AccountMistake::Toml(error.message().to_owned()));
            return;
        }
    };
    let mut lines = Lines::of(text.as_bytes());
    for account in file.account {
        let line = lines.line_at(account.span().start);
        match account.into_inner().try_into::<RawTomlAccount>() {
            Err(error) => builder.mistake(line, AccountMistake::Toml(error.message().to_owned())),
            Ok(raw) => builder.add(&RawAccount {
                line,
                login: &raw.login,
                emails: raw.emails.iter().map(String::as_str).collect(),
                language: &raw.language,
                customer_type: &raw.customer_type,
                created_from: &raw.created_from,
                billing: &raw.billing,
            }),
        }
    }
}

fn line_of(text: &str, offset: usize) -> u64 {
    Lines::of(text.as_bytes()).line_at(offset)
}
