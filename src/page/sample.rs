//! One of every page and mail, in its different states: what the rehearsal at the start renders,
//! and what an operator looks at while changing templates.

mod account;

use std::time::Duration;

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use crate::flow::ports::account::EventKind;
use crate::flow::ports::{CodeMail, ConfirmationMail, ConfirmationPurpose, MailStatus, Notice, NoticeMail};
use crate::limit::{Block, BlockReason};
use crate::model::{
    AccountId, ChallengeId, ClientAddr, EmailAddress, Language, Network, NetworkPrefix, OneTimeCode, Reference,
    Timestamp,
};

use super::context::{
    BlockedPage, CodeLine, CodeNotice, CodePage, CodeReason, Elsewhere, LogOutFirst, Page, Refusal, RefusalKind,
};

/// A page as somebody could meet it.
#[derive(Clone, Debug)]
pub struct Sample {
    /// What it's called: the page and its state.
    pub name: &'static str,
    /// The page.
    pub page: Page,
    /// The instant at which it's looked at.
    pub now: Timestamp,
}

/// 2026-11-22 09:43:20 UTC, a Sunday.
const NOW: Timestamp = Timestamp::from_millis(1_795_340_600_000);

fn ago(seconds: u64) -> Timestamp {
    NOW.before(Duration::from_secs(seconds))
}

fn after(seconds: u64) -> Timestamp {
    NOW + Duration::from_secs(seconds)
}

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(20)
}

fn waiting() -> CodePage {
    CodePage {
        token: "c2FtcGxlLXRva2Vu".to_owned(),
        account: "alice@example.test".to_owned(),
        addresses: vec!["a…e@e…e.test".to_owned()],
        reason: CodeReason::NewNetwork,
        code: Some(CodeLine { sent_at: ago(80), expires_at: after(520), mail: MailStatus::Sent }),
        tries_left: 3,
        next_mail_at: ago(20),
        ends_at: after(1700),
        notice: None,
    }
}

fn code_pages() -> Vec<(&'static str, CodePage)> {
    let newest = CodeLine { sent_at: ago(5), expires_at: after(595), mail: MailStatus::Queued };
    vec![
        ("code", waiting()),
        ("code-queued", CodePage { code: Some(newest), next_mail_at: after(55), ..waiting() }),
        ("code-wrong", CodePage { notice: Some(CodeNotice::Wrong), tries_left: 2, ..waiting() }),
        ("code-wrong-last-try", CodePage { notice: Some(CodeNotice::Wrong), tries_left: 1, ..waiting() }),
        ("code-superseded", CodePage { notice: Some(CodeNotice::Superseded { newest_sent_at: ago(80) }), ..waiting() }),
        ("code-not-digits", CodePage { notice: Some(CodeNotice::NotDigits), ..waiting() }),
        (
            "code-resent",
            CodePage { code: Some(newest), next_mail_at: after(55), notice: Some(CodeNotice::Resent), ..waiting() },
        ),
        ("code-not-yet", CodePage { next_mail_at: after(43), notice: Some(CodeNotice::NotYet), ..waiting() }),
        ("code-mail-retrying", CodePage { code: Some(CodeLine { mail: MailStatus::Retrying, ..newest }), ..waiting() }),
        ("code-mail-unknown", CodePage { code: Some(CodeLine { mail: MailStatus::Unknown, ..newest }), ..waiting() }),
        ("code-mail-failed", CodePage { code: Some(CodeLine { mail: MailStatus::Failed, ..newest }), ..waiting() }),
        ("code-no-more-mail", CodePage { next_mail_at: after(2400), ..waiting() }),
        ("code-budget", CodePage { code: None, next_mail_at: after(2400), ..waiting() }),
        ("code-budget-soon", CodePage { code: None, next_mail_at: after(900), ..waiting() }),
        (
            "code-network-changed",
            CodePage {
                reason: CodeReason::NetworkChanged,
                addresses: vec!["a…e@e…e.test".to_owned(), "d…n@s…p.example".to_owned()],
                ..waiting()
            },
        ),
        (
            "code-network-changed-expired",
            CodePage { reason: CodeReason::NetworkChanged, code: None, notice: Some(CodeNotice::Expired), ..waiting() },
        ),
    ]
}

/// One of every page, in every state that has words of its own.
pub fn samples() -> Vec<Sample> {
    samples_with(Reference::random(&mut rng()))
}

/// The same with another reference.
pub(super) fn samples_with(reference: Reference) -> Vec<Sample> {
    let account = "alice@example.test".to_owned();
    let block = |reason, until| Block { reason, since: ago(60), until, reference };
    let blocked =
        |reason, until| Page::Blocked(BlockedPage { account: Some(account.clone()), block: block(reason, until) });
    let mut pages: Vec<(&'static str, Page)> = vec![
        ("code-expired", Page::CodeExpired),
        ("blocked", blocked(BlockReason::WrongCodes, Some(after(3540)))),
        ("blocked-everywhere", blocked(BlockReason::WrongCodesEverywhere, Some(after(15 * 3600)))),
        ("blocked-support", blocked(BlockReason::SupportNeeded, None)),
        ("blocked-reported", blocked(BlockReason::Reported, Some(after(30 * 86_400)))),
        (
            "blocked-nameless",
            Page::Blocked(BlockedPage { account: None, block: block(BlockReason::WrongCodes, Some(after(30))) }),
        ),
        ("no-address", Page::NoAddress { account: account.clone(), reference }),
        ("explain", Page::ExplainChallenge),
        ("cancelled", Page::Cancelled),
        ("log-out-first", Page::LogOutFirst(LogOutFirst { token: "c2FtcGxlLXRva2Vu".to_owned(), account, reference })),
        ("logged-out", Page::LoggedOut),
        ("confirm-code", Page::ConfirmElsewhere { first: Elsewhere::EnterCode, reference }),
        ("confirm-login", Page::ConfirmElsewhere { first: Elsewhere::LogIn, reference }),
        ("session-over", Page::ConfirmElsewhere { first: Elsewhere::LogInAndLook, reference }),
        ("code-awaited", Page::CodeAwaited { reference }),
        ("start-again", Page::StartAgain { reference }),
        ("no-verdict", Page::NoVerdict { reference }),
        ("too-many-tries", Page::TooManyTries { retry_at: after(400), reference }),
        ("accounts-unavailable", Page::AccountsUnavailable { reference }),
        ("store-unavailable", Page::StoreUnavailable { reference }),
        ("change-not-made", Page::ChangeNotMade { reference }),
        ("panel-down", Page::PanelDown { reference }),
        ("panel-slow", Page::PanelSlow { reference }),
    ];
    pages.extend(code_pages().into_iter().map(|(name, page)| (name, Page::Code(page))));
    pages.extend(account::pages(reference));
    for kind in RefusalKind::ALL {
        let retry_at = (kind.status() == http::StatusCode::TOO_MANY_REQUESTS).then(|| after(10));
        pages.push((kind.slug(), Page::Refused(Refusal { kind: *kind, reference, retry_at })));
    }
    pages.into_iter().map(|(name, page)| Sample { name, page, now: NOW }).collect()
}

/// A mail with a code. (There always is one: the sample's account is a good one.)
pub fn sample_mail(language: Language) -> Option<CodeMail> {
    Some(CodeMail {
        challenge: ChallengeId::random(&mut rng()),
        to: EmailAddress::parse("alice@example.test").into_iter().collect(),
        language,
        code: OneTimeCode::random(6, &mut rng()),
        account: AccountId::canonical("alice@example.test").ok()?,
        asked_at: ago(80),
        expires_at: after(520),
        network: Network::of(ClientAddr::resolved([203, 0, 113, 7].into()), NetworkPrefix::default()),
        browser: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:142.0) Gecko/20100101 Firefox/142.0".to_owned(),
    })
}

/// A mail for each purpose of a code that confirms a change, by what it's called.
pub fn sample_confirmation_mails(language: Language) -> Vec<(&'static str, ConfirmationMail)> {
    let address = || "a…e@s…e.example".to_owned();
    [
        ("enrol", ConfirmationPurpose::Enrol),
        ("renew-codes", ConfirmationPurpose::RenewCodes),
        ("add-address", ConfirmationPurpose::AddAddress { address: address() }),
        ("new-address", ConfirmationPurpose::NewAddress),
    ]
    .into_iter()
    .filter_map(|(name, purpose)| Some((name, ConfirmationMail { code: sample_mail(language)?, purpose })))
    .collect()
}

/// A mail for each notice, by what it's called.
pub fn sample_notice_mails(language: Language) -> Vec<(&'static str, NoticeMail)> {
    const LINK: &str = "https://panel.example.net/_poterne/not-me?alarm=c2FtcGxlLWFsYXJtLXRva2VuLW9mLTI1Ni1iaXRzLXh4";
    let device = || "Téléphone d’Alice".to_owned();
    let address = || "a…e@s…e.example".to_owned();
    let notices = [
        ("totp-on", Notice::TotpOn { device: device() }),
        ("totp-off", Notice::TotpOff),
        ("totp-off-by-support", Notice::TotpOffBySupport),
        ("device-added", Notice::DeviceAdded { device: device() }),
        ("device-removed", Notice::DeviceRemoved { device: device() }),
        ("backup-renewed", Notice::BackupRenewed),
        ("backup-used", Notice::BackupUsed { left: 7 }),
        ("backup-used-few", Notice::BackupUsed { left: 2 }),
        ("backup-used-one", Notice::BackupUsed { left: 1 }),
        ("backup-used-last", Notice::BackupUsed { left: 0 }),
        ("address-added", Notice::AddressAdded { address: address() }),
        ("address-removed", Notice::AddressRemoved { address: address() }),
        ("new-network", Notice::NewNetwork),
        ("factor-failed", Notice::FactorFailed),
        ("reported", Notice::Reported { what: EventKind::LoginByMail }),
    ];
    let of = |(name, notice): (&'static str, Notice)| {
        let CodeMail { to, account, network, browser, .. } = sample_mail(language)?;
        // What support did has no link, and neither has what was reported already.
        let linked = !matches!(notice, Notice::TotpOffBySupport | Notice::Reported { .. });
        let not_me = linked.then(|| LINK.to_owned());
        let (at, until) = (ago(80), after(86_320));
        Some((name, NoticeMail { to, language, notice, account, at, network, browser, not_me, until }))
    };
    notices.into_iter().filter_map(of).collect()
}
