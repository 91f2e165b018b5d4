//! The panel's looks, in French and English.

use http::HeaderMap;
use minijinja::value::Serde;
use minijinja::{Environment, Error, Value, context};

use super::world::Account;
use crate::app::demo::words;

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
        let mut templates = words::environment();
        macro_rules! add {
            ($($name:literal)*) => {$(
                templates.add_template($name, include_str!(concat!("../../../../demo/panel/", $name)))?;
            )*};
        }
        add!("base.html" "home.html" "login.html" "dashboard.html" "password.html" "upload.html" "not_found.html");
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
        let lang = words::language(headers).tag();
        let account = account.map(|account| Value::from(Serde(account)));
        let context = context! { lang, account, csrf, page => page.template(), ..more };
        let rendered = self.0.get_template(page.template()).and_then(|template| template.render(context));
        rendered.unwrap_or_else(|error| format!("<pre>{}</pre>", error.kind()))
    }
}
