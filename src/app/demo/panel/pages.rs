//! The panel's looks, in French and English.

use http::{HeaderMap, header};
use minijinja::value::Serde;
use minijinja::{Environment, Error, State, Value, context};

use super::world::Account;
use crate::model::Language;

pub(super) const STYLE: &str = include_str!("../../../../demo/panel/style.css");
pub(super) const HTML: &str = "text/html; charset=utf-8";

/// A page and its template.
#[derive(Clone, Copy)]
pub(super) enum Page {
    Home,
    Login,
    Dashboard,
    Password,
    Upload,
    NotFound,
}

impl Page {
    const fn template(self) -> &'static str {
        match self {
            Self::Home => "home.html",
            Self::Login => "login.html",
            Self::Dashboard => "dashboard.html",
            Self::Password => "password.html",
            Self::Upload => "upload.html",
            Self::NotFound => "not_found.html",
        }
    }
}

pub(super) struct Pages(Environment<'static>);

impl Pages {
    pub(super) fn new() -> Result<Self, Error> {
        let mut templates = Environment::new();
        macro_rules! add {
            ($($name:literal)*) => {$(
                templates.add_template($name, include_str!(concat!("../../../../demo/panel/", $name)))?;
            )*};
        }
        add!("base.html" "home.html" "login.html" "dashboard.html" "password.html" "upload.html" "not_found.html");
        // Both languages stand side by side in the templates: there are two, and few words.
        templates.add_function("t", |state: &State<'_, '_>, french: String, english: String| {
            match state.lookup("lang").as_ref().and_then(Value::as_str) {
                Some("en") => english,
                _ => french,
            }
        });
        Ok(Self(templates))
    }

    /// The page as HTML.
    pub(super) fn render(
        &self,
        page: Page,
        headers: &HeaderMap,
        account: Option<&Account>,
        csrf: &str,
        more: Value,
    ) -> String {
        let lang = language(headers).tag();
        let account = account.map(|account| Value::from(Serde(account)));
        let context = context! { lang, account, csrf, page => page.template(), ..more };
        let rendered = self.0.get_template(page.template()).and_then(|template| template.render(context));
        rendered.unwrap_or_else(|error| format!("<pre>{}</pre>", error.kind()))
    }
}

/// The first language of the browser that the panel has; French if it has none.
fn language(headers: &HeaderMap) -> Language {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted
        .split(',')
        .find_map(|item| Language::of_tag(item.split(';').next().unwrap_or_default()))
        .unwrap_or(Language::Fr)
}
