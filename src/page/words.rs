//! Catalogues of words, one a language.

use std::borrow::Cow;
use std::sync::Arc;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use fluent_syntax::ast::Entry;
use unic_langid::LanguageIdentifier;

use crate::model::Language;

/// Most entries of `Accept-Language` that are looked at, and most bytes.
const ACCEPT_MAX_ITEMS: usize = 32;
const ACCEPT_MAX_BYTES: usize = 1024;

/// What words are put into.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Flavour {
    /// Words and plain arguments are escaped; markup arguments are not.
    Html,
    /// Nothing is escaped.
    Text,
}

/// An argument of a message.
#[derive(Clone, Debug)]
pub(super) enum Arg {
    /// A quantity, which may choose a plural.
    Number(i64),
    /// Text from anywhere, escaped in HTML.
    Text(Arc<str>),
    /// HTML that this module's neighbours made.
    Markup(Arc<str>),
}

impl Arg {
    pub(super) fn text(text: String) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn markup(html: String) -> Self {
        Self::Markup(html.into())
    }

    pub(super) fn count(n: impl TryInto<i64>) -> Self {
        Self::Number(n.try_into().unwrap_or(i64::MAX))
    }
}

/// A message that is missing or misses an argument.
#[derive(Debug, thiserror::Error)]
#[error("{key}: {reason}")]
pub(super) struct WordsFailed {
    key: String,
    reason: String,
}

/// One language's messages.
pub(super) struct Words {
    html: FluentBundle<Arc<FluentResource>>,
    text: FluentBundle<Arc<FluentResource>>,
}

impl Words {
    /// The built-in catalogue with an operator's messages over it.
    ///
    /// An operator's catalogue may have a few messages only; one that isn't in the built-in
    /// catalogue is a typing error.
    pub(super) fn load(language: Language, builtin: &str, over: Option<&str>) -> Result<Self, String> {
        let base = parse(builtin)?;
        let over = over.map(parse).transpose()?;
        let mut bundles = [Flavour::Html, Flavour::Text].map(|flavour| bundle(language, flavour));
        for bundle in &mut bundles {
            bundle.add_resource(Arc::clone(&base)).map_err(|e| listed(&e))?;
            if let Some(over) = &over {
                let known = ids(&base);
                if let Some(unknown) = ids(over).into_iter().find(|id| !known.contains(id)) {
                    let near = known
                        .iter()
                        .max_by(|a, b| strsim::jaro_winkler(a, &unknown).total_cmp(&strsim::jaro_winkler(b, &unknown)));
                    return Err(format!(
                        "there is no message {unknown}{}",
                        near.map(|n| format!("; did you mean {n}?")).unwrap_or_default()
                    ));
                }
                bundle.add_resource_overriding(Arc::clone(over));
            }
        }
        let [html, text] = bundles;
        Ok(Self { html, text })
    }

    /// A message with its arguments in place.
    pub(super) fn say(&self, flavour: Flavour, key: &str, args: &[(&str, Arg)]) -> Result<String, WordsFailed> {
        let failed = |reason: String| WordsFailed { key: key.to_owned(), reason };
        let bundle = match flavour {
            Flavour::Html => &self.html,
            Flavour::Text => &self.text,
        };
        let message = bundle.get_message(key).ok_or_else(|| failed("no such message".to_owned()))?;
        let pattern = message.value().ok_or_else(|| failed("the message is empty".to_owned()))?;
        let mut fluent = FluentArgs::with_capacity(args.len());
        for (name, arg) in args {
            fluent.set(
                *name,
                match (arg, flavour) {
                    (Arg::Number(n), _) => FluentValue::from(*n),
                    (Arg::Text(text), Flavour::Html) => FluentValue::from(escape(text).into_owned()),
                    (Arg::Text(text), Flavour::Text) | (Arg::Markup(text), _) => FluentValue::from(text.to_string()),
                },
            );
        }
        let mut errors = Vec::new();
        let said = bundle.format_pattern(pattern, Some(&fluent), &mut errors).into_owned();
        if errors.is_empty() { Ok(said) } else { Err(failed(listed(&errors))) }
    }
}

/// The message ids of a catalogue.
pub(super) fn ids(resource: &FluentResource) -> Vec<String> {
    resource
        .entries()
        .filter_map(|entry| match entry {
            Entry::Message(message) => Some(message.id.name.to_owned()),
            _ => None,
        })
        .collect()
}

fn parse(source: &str) -> Result<Arc<FluentResource>, String> {
    FluentResource::try_new(source.to_owned()).map(Arc::new).map_err(|(_, errors)| listed(&errors))
}

fn listed(errors: &[impl ToString]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn bundle(language: Language, flavour: Flavour) -> FluentBundle<Arc<FluentResource>> {
    let id = language.tag().parse::<LanguageIdentifier>().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![id]);
    // Both languages run left to right; accounts are put into <bdi> instead.
    bundle.set_use_isolating(false);
    bundle.set_transform(match (language, flavour) {
        (Language::Fr, Flavour::Html) => Some(|text| escape_cow(french(text))),
        (Language::Fr, Flavour::Text) => Some(french),
        (Language::En, Flavour::Html) => Some(escape),
        (Language::En, Flavour::Text) => None,
    });
    bundle
}

/// French spacing: no line begins with a colon or ends with an opening quotation mark.
fn french(text: &str) -> Cow<'_, str> {
    const NARROW: char = '\u{202f}';
    const WIDE: char = '\u{a0}';
    if !text.contains(' ') {
        return Cow::Borrowed(text);
    }
    let mut spaced = String::with_capacity(text.len() + 8);
    let mut chars = text.chars().peekable();
    let mut before = None;
    while let Some(c) = chars.next() {
        spaced.push(match (before, c, chars.peek()) {
            (_, ' ', Some('?' | '!' | ';')) => NARROW,
            (_, ' ', Some(':' | '»')) | (Some('«'), ' ', _) => WIDE,
            _ => c,
        });
        before = Some(c);
    }
    Cow::Owned(spaced)
}

/// Text for HTML, in elements and in quoted attributes.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    Cow::Owned(escaped)
}

fn escape_cow(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => escape(text),
        Cow::Owned(text) => Cow::Owned(escape(&text).into_owned()),
    }
}

/// The offered language that a browser wants most (RFC 9110 §12.5.4, by primary subtag); the first
/// offered one when it wants none of them.
pub(super) fn negotiate(offered: &[Language], accept_language: Option<&[u8]>) -> Language {
    let fallback = offered.first().copied().unwrap_or(Language::En);
    let header = accept_language.unwrap_or_default();
    let header = header.get(..ACCEPT_MAX_BYTES).unwrap_or(header);
    let mut best: Option<(u16, Language)> = None;
    for item in String::from_utf8_lossy(header).split(',').take(ACCEPT_MAX_ITEMS) {
        let mut parts = item.split(';');
        let tag = parts.next().unwrap_or_default().trim();
        let quality = parts.find_map(|p| p.trim().strip_prefix("q=").map(quality)).unwrap_or(1000);
        let language = if tag == "*" { Some(fallback) } else { Language::of_tag(tag) };
        if let Some(language) = language.filter(|l| offered.contains(l))
            && quality > best.map_or(0, |(quality, _)| quality)
        {
            best = Some((quality, language));
        }
    }
    best.map_or(fallback, |(_, language)| language)
}

/// A quality value in thousandths; nonsense counts as not wanted.
fn quality(text: &str) -> u16 {
    text.trim().parse::<f32>().ok().filter(|q| (0.0..=1.0).contains(q)).map_or(0, |q| (q * 1000.0) as u16)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::page::files::builtin_words;

    pub(in crate::page) fn words(language: Language) -> Words {
        Words::load(language, builtin_words(language), None).unwrap()
    }

    #[test]
    fn the_browsers_favourite_wins() {
        let both = [Language::Fr, Language::En];
        for (header, wanted) in [
            ("", Language::Fr),
            ("en", Language::En),
            ("en-GB,en;q=0.9,fr;q=0.8", Language::En),
            ("fr-CA, en;q=0.5", Language::Fr),
            ("de, en;q=0.3, fr;q=0.7", Language::Fr),
            ("de", Language::Fr),
            ("*", Language::Fr),
            ("en;q=0, *;q=0.1", Language::Fr),
            ("EN-us", Language::En),
            ("en;q=nonsense", Language::Fr),
            ("fr;q=0.5,en;q=0.5", Language::Fr),
            (",,;;,=,", Language::Fr),
        ] {
            assert_eq!(negotiate(&both, Some(header.as_bytes())), wanted, "{header:?}");
        }
        assert_eq!(negotiate(&both, None), Language::Fr);
        assert_eq!(negotiate(&both, Some(b"\xff\xfe, en")), Language::En);
        assert_eq!(negotiate(&[Language::En], Some(b"fr")), Language::En, "only what is offered");
    }

    #[test]
    fn french_punctuation_stays_with_its_word() {
        assert_eq!(
            french("Quoi ? Non : « oui » ; si !"),
            "Quoi\u{202f}? Non\u{a0}: «\u{a0}oui\u{a0}»\u{202f}; si\u{202f}!"
        );
        assert_eq!(french("rien"), "rien");
    }

    #[test]
    fn arguments_are_escaped_and_markup_is_not() {
        let source = "a = Tom & { $who }";
        let words = Words::load(Language::En, source, None).unwrap();
        let say = |flavour, arg| words.say(flavour, "a", &[("who", arg)]).unwrap();
        assert_eq!(say(Flavour::Html, Arg::text("<b>".into())), "Tom &amp; &lt;b&gt;");
        assert_eq!(say(Flavour::Html, Arg::markup("<b>x</b>".into())), "Tom &amp; <b>x</b>");
        assert_eq!(say(Flavour::Text, Arg::text("<b>".into())), "Tom & <b>");
        assert!(words.say(Flavour::Html, "a", &[]).is_err(), "a missing argument is an error");
        assert!(words.say(Flavour::Html, "b", &[]).is_err(), "a missing message is an error");
    }

    #[test]
    fn an_operator_may_change_a_few_messages() {
        let words = Words::load(Language::En, "a = old\nb = kept", Some("a = new")).unwrap();
        assert_eq!(words.say(Flavour::Text, "a", &[]).unwrap(), "new");
        assert_eq!(words.say(Flavour::Text, "b", &[]).unwrap(), "kept");
        let error = Words::load(Language::En, "code-title = x", Some("code-titel = y")).err().unwrap();
        assert!(error.contains("code-titel") && error.contains("did you mean code-title"), "{error}");
        assert!(Words::load(Language::En, "a = x", Some("a = {")).is_err());
    }
}
