//! Pages and mails put together: templates, words, contexts.

use bytes::Bytes;
use http::StatusCode;
use minijinja::context;

use crate::model::{Language, Timestamp};

use super::assets::{Asset, Assets};
use super::context::Page;
use super::files::Files;
use super::moment::Teller;
use super::prepared::Prepared;
use super::settings::{InvalidPages, Settings};
use super::voice::{RenderFailed, Voice};
use super::words::{Flavour, escape, negotiate};
use super::{sample, view};

/// An answer of the gate's own, ready to be sent with the
/// [`security_headers`](super::security_headers).
#[derive(Clone, Debug)]
pub struct Rendered {
    /// Its status.
    pub status: StatusCode,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// `Content-Language`.
    pub language: Language,
    /// `Retry-After`, in whole seconds, where it's known when trying again can help.
    pub retry_after: Option<u64>,
    /// What's sent, unless the request is a `HEAD`.
    pub body: Bytes,
}

/// Everything end users see.
pub struct Pages {
    pub(super) settings: Settings,
    voices: Vec<Voice>,
    prepared: Prepared,
    assets: Assets,
}

impl Pages {
    /// Reads the built-in files and an operator's over them, and renders every page and mail in
    /// every language once.
    ///
    /// # Errors
    /// When a setting is wrong, a file can't be read or stands in for nothing, or a page or mail
    /// can't be rendered with it.
    pub fn load(settings: Settings) -> Result<Self, InvalidPages> {
        settings.check()?;
        let files = Files::load(settings.directory.as_deref())?;
        let assets = Assets::of(&files);
        let mut voices: Vec<Voice> = Vec::new();
        for language in &settings.languages {
            if voices.iter().all(|voice| voice.language != *language) {
                voices.push(Voice::load(*language, &settings, &files, &assets)?);
            }
        }
        let mut pages = Self { settings, voices, prepared: Prepared::default(), assets };
        pages.rehearse()?;
        pages.prepared = Prepared::of(&pages);
        Ok(pages)
    }

    /// Renders everything once, so that a mistake is found now.
    fn rehearse(&self) -> Result<(), InvalidPages> {
        for voice in &self.voices {
            let failed = |name: &str, e: RenderFailed| InvalidPages::Unrenderable {
                name: name.to_owned(),
                language: voice.language,
                reason: e.to_string(),
            };
            for sample in sample::samples() {
                self.html(voice, &sample.page, sample.now).map_err(|e| failed(sample.name, e))?;
                self.explained(voice, &sample.page, sample.now).map_err(|e| failed(sample.name, e))?;
            }
            if let Some(mail) = sample::sample_mail(voice.language) {
                self.worded(voice, &mail).map_err(|e| failed("mail", e))?;
            }
            for (name, mail) in sample::sample_confirmation_mails(voice.language) {
                self.worded_confirmation(voice, &mail).map_err(|e| failed(name, e))?;
            }
            for (name, mail) in sample::sample_notice_mails(voice.language) {
                self.worded_notice(voice, &mail).map_err(|e| failed(name, e))?;
            }
        }
        Ok(())
    }

    /// The language for a browser, by its `Accept-Language`: the best match of those offered, else
    /// the first.
    pub fn negotiate(&self, accept_language: Option<&[u8]>) -> Language {
        negotiate(&self.settings.languages, accept_language)
    }

    /// A page as HTML. A language that isn't offered falls back to the first.
    pub fn render(&self, page: &Page, language: Language, now: Timestamp) -> Rendered {
        let voice = self.voice(language);
        let body = match voice {
            Some(voice) => self.prepared.html(voice.language, page).or_else(|| {
                let rendered = self.html(voice, page, now);
                rendered.inspect_err(|e| tracing::error!(page = page.slug(), error = %e, "no page")).ok()
            }),
            None => None,
        };
        Rendered {
            status: page.status(),
            content_type: "text/html; charset=utf-8",
            language: voice.map_or(language, |voice| voice.language),
            retry_after: retry_after(page, now),
            body: body.unwrap_or_else(|| self.bare(page)).into(),
        }
    }

    /// Title and detail of a problem, in plain text.
    pub(super) fn problem_words(&self, page: &Page, language: Language, now: Timestamp) -> Option<(String, String)> {
        let voice = self.voice(language)?;
        self.prepared.words(voice.language, page).or_else(|| {
            let explained = self.explained(voice, page, now);
            explained.inspect_err(|e| tracing::error!(page = page.slug(), error = %e, "no problem")).ok()
        })
    }

    /// A file that is served under `{prefix}/static/`, by the hashed name that pages link to.
    pub fn asset(&self, name: &str) -> Option<Asset> {
        self.assets.lookup(name)
    }

    /// Names and contents of everything under `{prefix}/static/`.
    pub fn assets(&self) -> impl Iterator<Item = (&str, &Asset)> {
        self.assets.iter()
    }

    #[cfg(test)]
    pub(super) fn prepared(&self) -> &Prepared {
        &self.prepared
    }

    /// All languages that are offered.
    pub(super) fn voices(&self) -> &[Voice] {
        &self.voices
    }

    pub(super) fn voice(&self, language: Language) -> Option<&Voice> {
        self.voices.iter().find(|voice| voice.language == language).or(self.voices.first())
    }

    pub(super) fn teller<'a>(&'a self, voice: &'a Voice, flavour: Flavour, now: Timestamp) -> Teller<'a> {
        Teller { words: &voice.words, zone: &self.settings.zone, now, flavour }
    }

    pub(super) fn html(&self, voice: &Voice, page: &Page, now: Timestamp) -> Result<String, RenderFailed> {
        let teller = self.teller(voice, Flavour::Html, now);
        let (template, view) = view::view(page, voice, &teller)?;
        let support = view::support(&self.settings.support, page.reference());
        voice.fill(template, context! { support, ..view })
    }

    /// What is shown if a page can't be rendered in spite of the rehearsal: what matters, without
    /// words.
    fn bare(&self, page: &Page) -> String {
        let reference = page.reference().map(|r| r.to_string()).unwrap_or_default();
        format!(
            "<!doctype html>\n<html lang=\"{}\">\n<meta charset=\"utf-8\">\n<title>{brand}</title>\n\
             <h1>{brand}</h1>\n<p>{status}</p>\n<p>{reference}</p>\n<p>{support}</p>\n</html>\n",
            self.settings.languages.first().map_or("en", |language| language.tag()),
            brand = escape(&self.settings.brand),
            status = page.status(),
            support = escape(&self.settings.support),
        )
    }
}

/// Whole seconds until it may be tried again; for an outage of ours, half a minute.
pub(super) fn retry_after(page: &Page, now: Timestamp) -> Option<u64> {
    const OUTAGE: u64 = 30;
    match page {
        Page::AccountsUnavailable { .. }
        | Page::StoreUnavailable { .. }
        | Page::ChangeNotMade { .. }
        | Page::PanelDown { .. } => Some(OUTAGE),
        _ => page.retry_at().map(|at| (at.since(now).as_millis().div_ceil(1000) as u64).max(1)),
    }
}
