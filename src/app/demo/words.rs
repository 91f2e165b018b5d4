//! Templates of the demo's own pages: French and English side by side, since they're two and few.

use http::{HeaderMap, header};
use minijinja::{Environment, State, Value};

use crate::model::Language;

/// An environment whose templates know `t("français", "English")`; the language is in `lang`.
pub(super) fn environment() -> Environment<'static> {
    let mut templates = Environment::new();
    templates.add_function("t", |state: &State<'_, '_>, french: String, english: String| {
        match state.lookup("lang").as_ref().and_then(Value::as_str) {
            Some("en") => english,
            _ => french,
        }
    });
    templates
}

/// The first language of the browser that there is; French if there's none.
pub(super) fn language(headers: &HeaderMap) -> Language {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted
        .split(',')
        .find_map(|item| Language::of_tag(item.split(';').next().unwrap_or_default()))
        .unwrap_or(Language::Fr)
}
