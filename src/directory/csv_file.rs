//! Accounts in CSV: `login,email[,email2][,language][,type][,created_from][,billing]`.

use super::accounts::{Builder, RawAccount};
use super::lines::Lines;
use super::mistake::AccountMistake;

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Column {
    Login,
    Email,
    Language,
    Type,
    CreatedFrom,
    Billing,
}

/// The order of columns where no header names them.
const WITHOUT_HEADER: [Column; 7] =
    [Column::Login, Column::Email, Column::Email, Column::Language, Column::Type, Column::CreatedFrom, Column::Billing];

/// Names in the header line.
const NAMES: [(&str, Column); 14] = [
    ("login", Column::Login),
    ("email", Column::Email),
    ("email2", Column::Email),
    ("email3", Column::Email),
    ("email4", Column::Email),
    ("email5", Column::Email),
    ("email6", Column::Email),
    ("email7", Column::Email),
    ("email8", Column::Email),
    ("email9", Column::Email),
    ("language", Column::Language),
    ("type", Column::Type),
    ("created_from", Column::CreatedFrom),
    ("billing", Column::Billing),
];

/// Reads every line into `builder`.
pub(super) fn read(bytes: &[u8], builder: &mut Builder<'_>) {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut lines = Lines::of(bytes);
    let mut record = csv::ByteRecord::new();
    let mut columns: Vec<Column> = WITHOUT_HEADER.into();
    let mut first = true;
    // Reading from memory can't fail, and lines of any length are taken.
    while let Ok(true) = reader.read_byte_record(&mut record) {
        // A record's own position may lie before the end of the line above it, and before empty lines.
        let offset = record.position().map_or(0, csv::Position::byte);
        let line = lines.line_with_content_at(usize::try_from(offset).unwrap_or(usize::MAX));
        let fields = match texts(&record) {
            Ok(fields) => fields,
            Err(what) => {
                builder.mistake(line, what);
                first = false;
                continue;
            }
        };
        if std::mem::take(&mut first) && is_header(&fields) {
            columns = header(line, &fields, builder);
            continue;
        }
        match account(line, &fields, &columns) {
            Ok(raw) => builder.add(&raw),
            Err(what) => builder.mistake(line, what),
        }
    }
}

fn texts(record: &csv::ByteRecord) -> Result<Vec<&str>, AccountMistake> {
    let text = |field| {
        let text = std::str::from_utf8(field).map_err(|_| AccountMistake::NotUtf8)?;
        if text.trim().chars().any(char::is_control) { Err(AccountMistake::Control) } else { Ok(text.trim()) }
    };
    record.iter().map(text).collect()
}

/// A first line without any address in which a column is called `login`.
fn is_header(fields: &[&str]) -> bool {
    fields.iter().any(|field| field.eq_ignore_ascii_case("login")) && !fields.iter().any(|field| field.contains('@'))
}

fn header(line: u64, fields: &[&str], builder: &mut Builder<'_>) -> Vec<Column> {
    let mut columns = Vec::with_capacity(fields.len());
    let mut seen: Vec<&str> = Vec::with_capacity(fields.len());
    for field in fields {
        let known = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(field));
        let Some((name, column)) = known else {
            let near = NAMES.iter().map(|(name, _)| (strsim::damerau_levenshtein(name, field), *name)).min();
            let nearest = near.filter(|(distance, _)| *distance <= 3).map(|(_, name)| name);
            builder.mistake(line, AccountMistake::UnknownColumn { name: (*field).to_owned(), nearest });
            // Its values are looked at as nothing, so that the other columns' mistakes show too.
            columns.push(Column::Type);
            continue;
        };
        if seen.contains(name) {
            builder.mistake(line, AccountMistake::ColumnTwice((*name).to_owned()));
        }
        seen.push(name);
        columns.push(*column);
    }
    if !columns.contains(&Column::Email) {
        builder.mistake(line, AccountMistake::ColumnMissing("email"));
    }
    columns
}

fn account<'a>(line: u64, fields: &[&'a str], columns: &[Column]) -> Result<RawAccount<'a>, AccountMistake> {
    match fields {
        [only] if only.contains(';') => return Err(AccountMistake::Semicolons),
        [_] => return Err(AccountMistake::OneField),
        _ if fields.len() > columns.len() => {
            return Err(AccountMistake::TooManyFields { found: fields.len(), columns: columns.len() });
        }
        _ => {}
    }
    let mut raw = RawAccount { line, ..RawAccount::default() };
    for (field, column) in fields.iter().zip(columns) {
        match column {
            Column::Login => raw.login = field,
            Column::Email => raw.emails.push(field),
            Column::Language => raw.language = field,
            Column::Type => raw.customer_type = field,
            Column::CreatedFrom => raw.created_from = field,
            Column::Billing => raw.billing = field,
        }
    }
    Ok(raw)
}
