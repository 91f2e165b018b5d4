//! What the gate tells its operators: one line an event on standard error, as text or as JSON, in
//! UTC.
//!
//! Fields that all layers use: `ref` (what a user reads out to support), `reason`, `network`,
//! `account`. Nothing that would let somebody in is ever a field; what slips in all the same is
//! taken out here, at the only exit: values of fields with a secret's name, e-mail addresses
//! anywhere in a text (masked, unless the operator wants them), control characters (escaped, so that no visitor can write lines of
//! his own), and values past [`redact::MAX_CHARS`].
//!
//! Events of libraries are shown from "warn" on only, whatever the filter says: at "debug" some of
//! them print whole headers, cookies and passwords. pingora's own lines go through `bridge`.

mod bridge;
mod line;
pub mod redact;

use std::io;
use std::str::FromStr;

use tracing::level_filters::LevelFilter;
use tracing::{Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;

pub use redact::{AccountNames, RedactedEmail};

/// How a line is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people: `time level module: message key=value …`.
    #[default]
    Text,
    /// For machines: one JSON object a line, fields beside `time`, `level`, `target`, `message`.
    Json,
}

/// Which events are written: a level, and other levels for single modules of the gate
/// (`info,poterne::mail=debug`).
#[derive(Clone, Debug)]
pub struct LogFilter(Targets);

/// Text that isn't a filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLogFilter {
    /// Neither a level nor `module=level`.
    #[error("{0:?} is not a log level (error, warn, info, debug, trace) nor module=level")]
    Level(String),
    /// A library: its finer events can hold secrets.
    #[error("{0:?} is not a module of the gate (poterne::…, pingora); libraries are shown from \"warn\" on only")]
    Module(String),
}

impl FromStr for LogFilter {
    type Err = InvalidLogFilter;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut targets = Targets::new();
        for item in text.split(',').map(str::trim) {
            let (module, level) = match item.split_once('=') {
                Some((module, level)) => (Some(module.trim()), level),
                None => (None, item),
            };
            let level = Level::from_str(level.trim())
                .ok()
                .filter(|_| level.trim().chars().all(char::is_alphabetic))
                .ok_or_else(|| InvalidLogFilter::Level(item.to_owned()))?;
            targets = match module {
                None => targets
                    .with_default(level.min(Level::WARN))
                    .with_target("poterne", level)
                    .with_target(bridge::TARGET, level),
                Some(module) if is_own(module) => targets.with_target(module, level),
                Some(module) => return Err(InvalidLogFilter::Module(module.to_owned())),
            };
        }
        Ok(Self(targets))
    }
}

fn is_own(module: &str) -> bool {
    module == bridge::TARGET || module == "poterne" || module.starts_with("poterne::")
}

impl Default for LogFilter {
    /// "info".
    fn default() -> Self {
        Self(
            Targets::new()
                .with_default(LevelFilter::WARN)
                .with_target("poterne", LevelFilter::INFO)
                .with_target(bridge::TARGET, LevelFilter::INFO),
        )
    }
}

/// How the gate logs.
#[derive(Clone, Debug, Default)]
pub struct LogOptions {
    /// How a line is written.
    pub format: LogFormat,
    /// Which events are written.
    pub filter: LogFilter,
    /// How accounts are named.
    pub accounts: AccountNames,
    /// E-mail addresses in full; else masked, like `a…e@e…e.test`.
    pub full_addresses: bool,
}

/// Logging was set up already in this process.
#[derive(Debug, thiserror::Error)]
#[error("logging was set up already")]
pub struct LoggingFailed;

/// Sets logging up for the whole process, on standard error; `log`'s events and panics are written
/// the same way.
///
/// # Errors
/// When it was set up already.
pub fn init(options: LogOptions) -> Result<(), LoggingFailed> {
    tracing::subscriber::set_global_default(subscriber(options, io::stderr)).map_err(|_| LoggingFailed)?;
    bridge::install().map_err(|_| LoggingFailed)?;
    std::panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("no message");
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a bug: the gate panicked: {message}");
    }));
    Ok(())
}

/// What writes the lines, to wherever `writer` leads.
pub fn subscriber<W>(options: LogOptions, writer: W) -> impl Subscriber + for<'a> LookupSpan<'a> + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let LogOptions { format, filter, accounts, full_addresses } = options;
    let redaction = redact::Redaction { accounts, full_addresses };
    tracing_subscriber::registry().with(filter.0).with(
        tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .fmt_fields(JsonFields::new())
            .event_format(line::Line { format, redaction })
            .with_writer(writer),
    )
}

#[cfg(test)]
mod tests;
