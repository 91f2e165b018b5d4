//! One language: its words, and the templates with these words in reach.

use std::sync::Arc;
use std::time::Duration;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Kwargs;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, UndefinedBehavior, Value};

use crate::challenge::{backup, totp};
use crate::flow::ports::account::{ALARM_LASTS, STEP_UP_LASTS};
use crate::model::{Language, Timestamp};

use super::assets::Assets;
use super::files::{Files, builtin_words, words_file};
use super::moment::Teller;
use super::settings::{InvalidPages, Settings};
use super::words::{Arg, Flavour, Words, WordsFailed};

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

impl Voice {
    pub(super) fn load(
        language: Language,
        settings: &Settings,
        files: &Files,
        assets: &Assets,
    ) -> Result<Self, InvalidPages> {
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
        let tags = settings.languages.iter().map(|language| language.tag());
        templates.add_global("languages", tags.collect::<Value>());
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
        ("app_digits", Arg::count(totp::DIGITS)),
        ("step", teller.span(Duration::from_secs(totp::STEP_SECONDS))?),
        ("backup_length", Arg::count(backup::LENGTH)),
        ("step_up", teller.span(STEP_UP_LASTS)?),
        ("alarm", teller.span(ALARM_LASTS)?),
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
