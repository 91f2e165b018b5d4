//! What comes through the `log` crate, and pingora's noise.
//!
//! pingora writes an `error!` line for every broken handshake and every visitor who goes away, and
//! some of these lines quote the request's bytes, cookies included. Scanners would fill the log.
//! Here its lines about single connections become "debug" ones without quoted bytes and queries;
//! its own "debug" and "trace", which print headers and bodies, don't exist; what concerns the
//! server as a whole (no more file descriptors, a socket that can't be opened) keeps its level.

use log::{Level, LevelFilter, Log, Metadata, Record, SetLoggerError};

/// The module name under which pingora's events appear, and by which they're filtered.
pub(super) const TARGET: &str = "pingora";

pub(super) struct Bridge;

pub(super) fn install() -> Result<(), SetLoggerError> {
    log::set_logger(&Bridge)?;
    log::set_max_level(LevelFilter::Info);
    Ok(())
}

impl Log for Bridge {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        match metadata.target().starts_with(TARGET) {
            true => metadata.level() <= Level::Info,
            false => metadata.level() <= Level::Warn,
        }
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let module = record.target();
        if !module.starts_with(TARGET) {
            // It only fails when a subscriber panics.
            let _ = tracing_log::format_trace(record);
            return;
        }
        let quiet = record.level() == Level::Info || !concerns_the_server(record);
        if quiet && !tracing::enabled!(target: TARGET, tracing::Level::DEBUG) {
            return;
        }
        let text = without_quotes(&record.args().to_string());
        match record.level() {
            _ if quiet => tracing::debug!(target: TARGET, module, "{text}"),
            Level::Error => tracing::error!(target: TARGET, module, "{text}"),
            _ => tracing::warn!(target: TARGET, module, "{text}"),
        }
    }

    fn flush(&self) {}
}

/// Whether a line is about the server and not about one connection of one visitor.
fn concerns_the_server(record: &Record<'_>) -> bool {
    let module = record.target();
    match module {
        "pingora_core::services::listening" => !record.args().to_string().starts_with("Downstream handshake"),
        _ => ["pingora_core::server", "pingora_core::services", "pingora_core::listeners", "pingora_runtime"]
            .iter()
            .any(|part| module.starts_with(part)),
    }
}

/// Quoted request bytes and queries taken out.
pub(super) fn without_quotes(text: &str) -> String {
    let text = match text.split_once("buf:") {
        Some((before, _)) => format!("{before}buf: …"),
        None => text.to_owned(),
    };
    let mut shown = String::with_capacity(text.len());
    for word in text.split_inclusive(char::is_whitespace) {
        match word.split_once('?') {
            Some((before, query)) => {
                shown.push_str(before);
                shown.push_str("?…");
                shown.extend(query.chars().next_back().filter(|c| c.is_whitespace()));
            }
            None => shown.push_str(word),
        }
    }
    shown
}
