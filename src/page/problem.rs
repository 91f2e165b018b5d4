//! What scripts get in place of a page: RFC 9457.

use http::StatusCode;
use serde_json::{Map, Value};

use crate::model::{Language, Timestamp};

use super::context::{Elsewhere, Page};
use super::render::{Pages, Rendered, retry_after};
use super::view;
use super::voice::{RenderFailed, Voice};
use super::words::Flavour;

impl Pages {
    /// A page as `application/problem+json`, for requests that a script makes.
    ///
    /// Beside the members of RFC 9457: `reference`, `retry_after` (whole seconds), and where a
    /// person has to do something first, the path of the page for it: `challenge` (enter a code) or
    /// `login`. The status is 401 then.
    pub fn problem(&self, page: &Page, language: Language, now: Timestamp) -> Rendered {
        let words = self.problem_words(page, language, now);
        let status = problem_status(page);
        let mut problem = Map::new();
        let mut put = |name: &str, value: Value| problem.insert(name.to_owned(), value);
        put("type", format!("urn:poterne:problem:{}", page.slug()).into());
        put("status", status.as_u16().into());
        if let Some((title, detail)) = words {
            put("title", title.into());
            put("detail", detail.into());
        }
        if let Some(reference) = page.reference() {
            put("instance", format!("urn:poterne:reference:{reference}").into());
            put("reference", reference.to_string().into());
        }
        let retry_after = retry_after(page, now);
        if let Some(seconds) = retry_after {
            put("retry_after", seconds.into());
        }
        match page {
            Page::Code(_)
            | Page::Factor(_)
            | Page::CodeAwaited { .. }
            | Page::ConfirmElsewhere { first: Elsewhere::EnterCode, .. } => {
                put("challenge", format!("{}/challenge", self.settings.prefix).into());
            }
            _ if status == StatusCode::UNAUTHORIZED => {
                put("login", self.settings.login.clone().into());
            }
            _ => {}
        }
        Rendered {
            status,
            content_type: "application/problem+json",
            language: self.voice(language).map_or(language, |voice| voice.language),
            retry_after,
            body: Value::Object(problem).to_string().into(),
        }
    }

    /// Title and detail in plain text.
    pub(super) fn explained(
        &self,
        voice: &Voice,
        page: &Page,
        now: Timestamp,
    ) -> Result<(String, String), RenderFailed> {
        let [title, what, next] = view::message(page, voice, &self.teller(voice, Flavour::Text, now))?;
        Ok((title, format!("{what} {next}")))
    }
}

fn problem_status(page: &Page) -> StatusCode {
    match page {
        Page::Code(_)
        | Page::Factor(_)
        | Page::AccountNeedsLogin
        | Page::CodeExpired
        | Page::ExplainChallenge
        | Page::Cancelled
        | Page::LoggedOut
        | Page::CodeAwaited { .. }
        | Page::ConfirmElsewhere { .. } => StatusCode::UNAUTHORIZED,
        // What a person sees there isn't to be had in another form.
        page if view::is_for_people(page) => StatusCode::NOT_ACCEPTABLE,
        other => other.status(),
    }
}
