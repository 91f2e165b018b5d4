//! Pages and mails put together: templates, words, contexts.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Kwargs;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, UndefinedBehavior, Value, context};

use crate::model::{Language, Timestamp};

use super::assets::{Asset, Assets};
use super::context::Page;
use super::files::{Files, builtin_words, words_file};
use super::moment::Teller;
use super::settings::{InvalidPages, Settings};
use super::words::{Arg, Flavour, Words, WordsFailed, escape, negotiate};
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
    assets: Assets,
}

/// One language: its words, and the templates with these words in reach.
pub(super) struct Voice {
    pub(super) language: Language,
    pub(super) words: Arc<Words>,
    templates: Environment<'static>,
    /// Arguments that every message can use.
    common: Arc<Vec<(&'static str, Arg)>>,
}

/// A page or mail that couldn't be rendered.
#[derive(Debug, thiserror::Error)]
pub(super) enum RenderFailed {
    #[error("{0}")]
    Words(#[from] WordsFailed),
    #[error("{}", chain(.0))]
    Template(#[from] Error),
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
        let pages = Self { settings, voices, assets };
        pages.rehearse()?;
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
        let body = match voice.and_then(|voice| self.html(voice, page, now).transpose_failed(page)) {
            Some(html) => html,
            None => self.bare(page),
        };
        Rendered {
            status: page.status(),
            content_type: "text/html; charset=utf-8",
            language: voice.map_or(language, |voice| voice.language),
            retry_after: retry_after(page, now),
            body: body.into(),
        }
    }

    /// A file that is served under `{prefix}/static/`, by the hashed name that pages link to.
    pub fn asset(&self, name: &str) -> Option<Asset> {
        self.assets.lookup(name)
    }

    /// Names and contents of everything under `{prefix}/static/`.
    pub fn assets(&self) -> impl Iterator<Item = (&str, &Asset)> {
        self.assets.iter()
    }

    pub(super) fn voice(&self, language: Language) -> Option<&Voice> {
        self.voices.iter().find(|voice| voice.language == language).or(self.voices.first())
    }

    pub(super) fn teller<'a>(&'a self, voice: &'a Voice, flavour: Flavour, now: Timestamp) -> Teller<'a> {
        Teller { words: &voice.words, zone: &self.settings.zone, now, flavour }
    }

    fn html(&self, voice: &Voice, page: &Page, now: Timestamp) -> Result<String, RenderFailed> {
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
        Page::AccountsUnavailable { .. } | Page::StoreUnavailable { .. } | Page::PanelDown { .. } => Some(OUTAGE),
        _ => page.retry_at().map(|at| (at.since(now).as_millis().div_ceil(1000) as u64).max(1)),
    }
}

trait TransposeFailed {
    fn transpose_failed(self, page: &Page) -> Option<String>;
}

impl TransposeFailed for Result<String, RenderFailed> {
    /// The page; or nothing, and a line in the log.
    fn transpose_failed(self, page: &Page) -> Option<String> {
        self.inspect_err(|e| tracing::error!(page = page.slug(), error = %e, "a page can't be rendered")).ok()
    }
}

impl Voice {
    fn load(language: Language, settings: &Settings, files: &Files, assets: &Assets) -> Result<Self, InvalidPages> {
        let file = words_file(language);
        let words = Words::load(language, builtin_words(language), files.own_text(file))
            .map_err(|reason| InvalidPages::Words { file: file.to_owned(), reason })?;
        let words = Arc::new(words);
        let common = common(&words, settings)
            .map_err(|e| InvalidPages::Words { file: file.to_owned(), reason: e.to_string() })?;
        let common = Arc::new(common);
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        templates.set_syntax(
            SyntaxConfig::builder()
                .trim_blocks(true)
                .lstrip_blocks(true)
                .keep_trailing_newline(true)
                .build()
                .map_err(|e| InvalidPages::Template { file: "templates".to_owned(), reason: chain(&e) })?,
        );
        for (name, source) in files.templates() {
            templates
                .add_template_owned(name, source.to_owned())
                .map_err(|e| InvalidPages::Template { file: format!("templates/{name}"), reason: chain(&e) })?;
        }
        templates.add_global("lang", language.tag());
        templates.add_global("brand", settings.brand.trim());
        templates.add_global("host", settings.panel_host.as_str());
        // Checked characters only: the slashes needn't be escaped.
        templates.add_global("prefix", Value::from_safe_string(settings.prefix.clone()));
        templates.add_global("login_url", settings.login.as_str());
        templates.add_global("landing_url", settings.landing.as_str());
        let names = assets.names().clone();
        let prefix = settings.prefix.clone();
        templates.add_function("asset", move |name: String| -> Result<Value, Error> {
            let hashed = names
                .get(&name)
                .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, format!("there is no file static/{name}")))?;
            Ok(Value::from_safe_string(format!("{prefix}/static/{hashed}")))
        });
        let (spoken, shared) = (Arc::clone(&words), Arc::clone(&common));
        templates.add_function("t", move |state: &State, key: String, named: Kwargs| -> Result<Value, Error> {
            let flavour = flavour(state);
            let mut args = shared.as_ref().clone();
            let names: Vec<&str> = named.args().collect();
            for name in &names {
                args.push((name, arg(&named.get::<Value>(name)?)?));
            }
            let said = spoken.say(flavour, &key, &args);
            let said = said.map_err(|e| Error::new(ErrorKind::InvalidOperation, e.to_string()))?;
            Ok(match flavour {
                Flavour::Html => Value::from_safe_string(said),
                Flavour::Text => Value::from(said),
            })
        });
        Ok(Self { language, words, templates, common })
    }

    /// A message with its own arguments and those that every message can use.
    pub(super) fn say(&self, flavour: Flavour, key: &str, args: &[(&'static str, Arg)]) -> Result<String, WordsFailed> {
        let mut all = self.common.as_ref().clone();
        all.extend(args.iter().cloned());
        self.words.say(flavour, key, &all)
    }

    pub(super) fn fill(&self, template: &str, view: Value) -> Result<String, RenderFailed> {
        Ok(self.templates.get_template(template)?.render(view)?)
    }
}

/// Arguments that every message can use: who speaks, and the numbers of the rules.
fn common(words: &Words, settings: &Settings) -> Result<Vec<(&'static str, Arg)>, WordsFailed> {
    let teller = Teller { words, zone: &settings.zone, now: Timestamp::from_millis(0), flavour: Flavour::Text };
    let policy = &settings.policy;
    Ok(vec![
        ("brand", Arg::text(settings.brand.trim().to_owned())),
        ("host", Arg::text(settings.panel_host.clone())),
        ("sender", Arg::text(settings.sender.clone())),
        ("digits", Arg::count(policy.digits)),
        ("tries", Arg::count(policy.tries)),
        ("ttl", teller.span(policy.ttl)?),
        ("block", teller.span(policy.block)?),
    ])
}

fn flavour(state: &State) -> Flavour {
    if *state.auto_escape() == AutoEscape::Html { Flavour::Html } else { Flavour::Text }
}

/// A template's value as an argument of a message.
fn arg(value: &Value) -> Result<Arg, Error> {
    if value.is_safe() {
        Ok(Arg::markup(value.to_string()))
    } else if value.is_number() {
        i64::try_from(value.clone()).map(Arg::Number)
    } else if value.as_str().is_some() {
        Ok(Arg::text(value.to_string()))
    } else {
        Err(Error::new(ErrorKind::InvalidOperation, "a message takes numbers and text only"))
    }
}

/// A template's mistake with its causes, in one line.
fn chain(error: &Error) -> String {
    let mut said = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        said.push_str(": ");
        said.push_str(&error.to_string());
        cause = error.source();
    }
    said
}
