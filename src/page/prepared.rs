//! Pages that differ in nothing but their reference, rendered once at the start.
//!
//! A flood is answered with refusals; these must cost less than what they refuse. Their HTML is
//! kept in pieces around the reference, their words for scripts as they are.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use crate::model::{Language, Reference};

use super::context::Page;
use super::render::Pages;
use super::sample::{Sample, samples_with};
use super::voice::Voice;

/// What is ready, by language and slug.
#[derive(Default)]
pub(super) struct Prepared(BTreeMap<(&'static str, &'static str), Ready>);

struct Ready {
    /// The page, cut where the reference stands.
    pieces: Vec<String>,
    title: String,
    detail: String,
}

impl Prepared {
    /// Prepares every page that turns out to differ in its reference only.
    pub(super) fn of(pages: &Pages) -> Self {
        let [one, other] = [1, 2].map(|seed| Reference::random(&mut ChaCha20Rng::seed_from_u64(seed)));
        let (samples, twins) = (samples_with(one), samples_with(other));
        let mut prepared = BTreeMap::new();
        for voice in pages.voices() {
            for (sample, twin) in samples.iter().zip(&twins) {
                if is_uniform(&sample.page)
                    && let Some(ready) = prepare(pages, voice, (sample, one), (twin, other))
                {
                    prepared.insert((voice.language.tag(), sample.page.slug()), ready);
                }
            }
        }
        Self(prepared)
    }

    /// The HTML of a page, if it's ready.
    pub(super) fn html(&self, language: Language, page: &Page) -> Option<String> {
        let ready = self.lookup(language, page)?;
        Some(match page.reference() {
            Some(reference) => ready.pieces.join(&reference.to_string()),
            None => ready.pieces.concat(),
        })
    }

    /// Title and detail of a page in plain text, if it's ready.
    pub(super) fn words(&self, language: Language, page: &Page) -> Option<(String, String)> {
        self.lookup(language, page).map(|ready| (ready.title.clone(), ready.detail.clone()))
    }

    fn lookup(&self, language: Language, page: &Page) -> Option<&Ready> {
        if is_uniform(page) { self.0.get(&(language.tag(), page.slug())) } else { None }
    }
}

/// Whether nothing but a reference varies in a page's context (or nothing at all).
fn is_uniform(page: &Page) -> bool {
    match page {
        Page::Code(_)
        | Page::Blocked(_)
        | Page::NoAddress { .. }
        | Page::LogOutFirst(_)
        | Page::TooManyTries { .. }
        | Page::Factor(_)
        | Page::Account(_)
        | Page::StepUp(_)
        | Page::Enrol(_)
        | Page::Confirm(_)
        | Page::BackupCodes(_)
        | Page::TurnOff(_)
        | Page::TurnOffConfirm(_)
        | Page::NotMe(_)
        | Page::NotMeDone(_) => false,
        Page::CodeExpired
        | Page::ExplainChallenge
        | Page::Cancelled
        | Page::LoggedOut
        | Page::ConfirmElsewhere { .. }
        | Page::CodeAwaited { .. }
        | Page::StartAgain { .. }
        | Page::NoVerdict { .. }
        | Page::AccountsUnavailable { .. }
        | Page::StoreUnavailable { .. }
        | Page::ChangeNotMade { .. }
        | Page::PanelDown { .. }
        | Page::PanelSlow { .. }
        | Page::AccountNeedsLogin
        | Page::StepUpOver { .. }
        | Page::NotMeUnknown
        | Page::Refused(_) => true,
    }
}

/// Renders one page with two references and at two times of the year. An operator's template could
/// do something else with a reference than show it, or show the time's zone: such a page isn't
/// prepared but rendered each time.
fn prepare(pages: &Pages, voice: &Voice, one: (&Sample, Reference), other: (&Sample, Reference)) -> Option<Ready> {
    const HALF_A_YEAR: Duration = Duration::from_secs(182 * 86_400);
    let ((sample, reference), (twin, other)) = (one, other);
    let html = pages.html(voice, &sample.page, sample.now).ok()?;
    let pieces: Vec<String> = html.split(&reference.to_string()).map(str::to_owned).collect();
    let expected = pages.html(voice, &twin.page, twin.now + HALF_A_YEAR).ok()?;
    let (title, detail) = pages.explained(voice, &sample.page, sample.now).ok()?;
    (pieces.join(&other.to_string()) == expected).then_some(Ready { pieces, title, detail })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::proof::settings;
    use crate::page::{RefusalKind, samples};

    #[test]
    fn what_is_prepared_is_what_would_be_rendered() {
        let pages = Pages::load(settings()).unwrap();
        let mut ready = 0;
        for language in Language::ALL {
            for sample in samples() {
                let voice = pages.voice(language).unwrap();
                let rendered = pages.html(voice, &sample.page, sample.now).unwrap();
                if let Some(html) = pages.prepared().html(language, &sample.page) {
                    assert_eq!(html, rendered, "{}", sample.name);
                    ready += 1;
                }
                let words = pages.explained(voice, &sample.page, sample.now).unwrap();
                assert_eq!(pages.problem_words(&sample.page, language, sample.now), Some(words), "{}", sample.name);
            }
        }
        assert!(ready >= 2 * (RefusalKind::ALL.len() + 10), "{ready} are ready");
    }
}
