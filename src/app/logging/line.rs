//! One event, one line.

use std::fmt::{self, Write};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_log::NormalizeEvent;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, JsonFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use super::LogFormat;
use super::redact::Redaction;

/// Writes events, in either format.
pub(super) struct Line {
    pub(super) format: LogFormat,
    pub(super) redaction: Redaction,
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(&self, ctx: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        // Events of the `log` crate carry their origin in fields.
        let normalized = event.normalized_metadata();
        let meta = normalized.as_ref().unwrap_or_else(|| event.metadata());

        let mut fields = Map::new();
        for span in ctx.event_scope().into_iter().flat_map(tracing_subscriber::registry::Scope::from_root) {
            if let Some(formatted) = span.extensions().get::<FormattedFields<JsonFields>>()
                && let Ok(Value::Object(of_span)) = serde_json::from_str(formatted)
            {
                fields.extend(of_span);
            }
        }
        event.record(&mut Collect(&mut fields));
        // `ref` is a keyword in the language, so the code often says `reference`.
        if let Some(reference) = fields.remove("reference") {
            fields.insert("ref".to_owned(), reference);
        }
        fields.retain(|name, _| !name.starts_with("log."));
        for (name, value) in &mut fields {
            if Redaction::hides(name) {
                *value = Value::String("…".to_owned());
            } else if let Value::String(text) = value {
                *text = self.redaction.show(name, text);
            }
        }
        let message = match fields.remove("message") {
            Some(Value::String(text)) => text,
            Some(other) => other.to_string(),
            None => String::new(),
        };
        let mut time = String::with_capacity(32);
        SystemTime.format_time(&mut Writer::new(&mut time))?;

        match self.format {
            LogFormat::Json => {
                fields.insert("time".to_owned(), Value::String(time));
                fields.insert("level".to_owned(), Value::String(meta.level().as_str().to_ascii_lowercase()));
                fields.insert("target".to_owned(), Value::String(meta.target().to_owned()));
                fields.insert("message".to_owned(), Value::String(message));
                writeln!(writer, "{}", Value::Object(fields))
            }
            LogFormat::Text => {
                let target = meta.target().strip_prefix("poterne::").unwrap_or(meta.target());
                write!(writer, "{time} {:>5} {target}: {message}", meta.level())?;
                for (name, value) in &fields {
                    write!(writer, " {name}=")?;
                    write_value(&mut writer, value)?;
                }
                writeln!(writer)
            }
        }
    }
}

/// A bare word as it is, anything else in quotes.
fn write_value(writer: &mut Writer<'_>, value: &Value) -> fmt::Result {
    match value {
        Value::String(text) if !text.is_empty() && !text.contains([' ', '"', '=', '\\']) => writer.write_str(text),
        other => write!(writer, "{other}"),
    }
}

struct Collect<'a>(&'a mut Map<String, Value>);

impl Collect<'_> {
    fn put(&mut self, field: &Field, value: Value) {
        let name = field.name();
        self.0.insert(name.strip_prefix("r#").unwrap_or(name).to_owned(), value);
    }
}

impl Visit for Collect<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, Value::String(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, Value::String(value.to_owned()));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut text = value.to_string();
        let mut cause = value.source();
        while let Some(error) = cause {
            let _ = write!(text, ": {error}");
            cause = error.source();
        }
        self.put(field, Value::String(text));
    }
}
