//! Second factors and the account's own pages, as somebody could meet them.

use std::time::Duration;

use super::{after, ago};
use crate::flow::ports::account::EventKind;
use crate::model::{Language, Reference, Timestamp};
use crate::page::context::{
    AccountDone, AccountPage, AddressLine, BackupCodesPage, CodeReason, ConfirmChange, ConfirmNotice, ConfirmPage,
    DeviceLine, EnrolNotice, EnrolPage, EventLine, FactorNotice, FactorPage, NetworkLine, NotMeDonePage, NotMePage,
    OpenSessionLine, Page, StepUpPage, TurnOff, TurnOffConfirmPage, TurnOffPage,
};
use crate::page::qr::qr_svg;

const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:142.0) Gecko/20100101 Firefox/142.0";
const SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                      Version/18.0 Mobile/15E148 Safari/604.1";
const DAY: u64 = 86_400;

fn token() -> String {
    "c2FtcGxlLXRva2Vu".to_owned()
}

fn account() -> String {
    "alice@example.test".to_owned()
}

pub(super) fn pages(reference: Reference) -> Vec<(&'static str, Page)> {
    let mut pages = Vec::new();
    pages.extend(factors().into_iter().map(|(name, page)| (name, Page::Factor(page))));
    pages.extend(accounts().into_iter().map(|(name, page)| (name, Page::Account(Box::new(page)))));
    pages.push(("account-needs-login", Page::AccountNeedsLogin));
    let step_up =
        |has_password, wrong| Page::StepUp(StepUpPage { token: token(), account: account(), has_password, wrong });
    pages.push(("step-up", step_up(true, None)));
    pages.push(("step-up-wrong", step_up(true, Some(2))));
    pages.push(("step-up-last", step_up(true, Some(1))));
    pages.push(("step-up-missing", step_up(false, None)));
    pages.push(("step-up-over", Page::StepUpOver { reference }));
    pages.extend(enrolments().into_iter().map(|(name, page)| (name, Page::Enrol(Box::new(page)))));
    pages.extend(confirmations().into_iter().map(|(name, page)| (name, Page::Confirm(Box::new(page)))));
    pages.extend(backup_codes());
    pages.extend(turn_offs());
    pages.extend(not_me());
    pages
}

fn factors() -> Vec<(&'static str, FactorPage)> {
    let factor = || FactorPage {
        token: token(),
        account: account(),
        reason: CodeReason::NewNetwork,
        backup: false,
        backup_left: 8,
        tries_left: 3,
        ends_at: after(1700),
        mail_follows: false,
        remember_for: None,
        notice: None,
    };
    let backup = || FactorPage { backup: true, ..factor() };
    let wrong = |notice, tries_left| FactorPage { notice: Some(notice), tries_left, ..factor() };
    vec![
        ("factor", factor()),
        ("factor-remember", FactorPage { remember_for: Some(Duration::from_secs(30 * DAY)), ..factor() }),
        ("factor-mail-follows", FactorPage { mail_follows: true, ..factor() }),
        ("factor-network-changed", FactorPage { reason: CodeReason::NetworkChanged, ..factor() }),
        ("factor-wrong", wrong(FactorNotice::Wrong, 2)),
        ("factor-wrong-last-try", wrong(FactorNotice::Wrong, 1)),
        ("factor-clock-ahead", wrong(FactorNotice::ClockOff { seconds: 240 }, 2)),
        ("factor-clock-behind", wrong(FactorNotice::ClockOff { seconds: -90 }, 1)),
        ("factor-not-digits", wrong(FactorNotice::NotDigits, 3)),
        ("factor-no-backup", FactorPage { backup_left: 0, ..factor() }),
        ("factor-backup", backup()),
        ("factor-backup-one", FactorPage { backup_left: 1, ..backup() }),
        ("factor-backup-none", FactorPage { backup_left: 0, ..backup() }),
        ("factor-backup-wrong", FactorPage { notice: Some(FactorNotice::Wrong), tries_left: 2, ..backup() }),
        ("factor-backup-shape", FactorPage { notice: Some(FactorNotice::NotABackupCode), ..backup() }),
        ("factor-backup-misread", FactorPage { notice: Some(FactorNotice::Misread), ..backup() }),
    ]
}

fn devices() -> Vec<DeviceLine> {
    vec![
        DeviceLine {
            id: "AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
            name: "Téléphone d’Alice".to_owned(),
            added_at: ago(400 * DAY),
            last_used_at: ago(3600),
        },
        DeviceLine {
            id: "AAAAAAAAAAAAAAAAAAAAAQ".to_owned(),
            // What somebody can type as a name, longer than a line of a phone.
            name: "<script>alert('tablet')</script>-of-the-office-behind-the-kitchen".to_owned(),
            added_at: ago(20 * DAY),
            last_used_at: ago(2 * DAY),
        },
    ]
}

fn accounts() -> Vec<(&'static str, AccountPage)> {
    let session = |id: &str, browser: &str, network: &str, ago_created, ago_seen, current| OpenSessionLine {
        id: id.to_owned(),
        browser: browser.to_owned(),
        network: network.to_owned(),
        created_at: ago(ago_created),
        last_seen_at: ago(ago_seen),
        current,
    };
    let network = |network: &str, since, last, current| NetworkLine {
        network: network.to_owned(),
        since: ago(since * DAY),
        last_used_at: ago(last * DAY),
        current,
    };
    let event = |at: usize, kind: EventKind| EventLine {
        kind,
        at: ago(60 + at as u64 * 30_000),
        network: if at.is_multiple_of(3) { "2001:db8:1234:5678::/64" } else { "203.0.113.7" }.to_owned(),
        browser: if at.is_multiple_of(2) { FIREFOX } else { "<script>URGENT call +33 1</script>" }.to_owned(),
        detail: match kind {
            EventKind::DeviceAdded | EventKind::TotpOn => Some("Téléphone <b>d’Alice</b>".to_owned()),
            EventKind::NetworkForgotten => Some("2001:db8:1234:5678::/64".to_owned()),
            EventKind::AddressAdded => Some("a…e@s…e.example".to_owned()),
            _ => None,
        },
    };
    let plain = || AccountPage {
        token: token(),
        account: account(),
        done: None,
        open_until: None,
        has_password: true,
        may_enrol: true,
        devices: Vec::new(),
        backup_left: None,
        remembered_browsers: 0,
        networks: vec![network("203.0.113.7", 400, 0, true), network("2001:db8:1234:5678::/64", 20, 3, false)],
        sessions: vec![session("AAAAAAAAAAAAAAAAAAAAAA", FIREFOX, "203.0.113.7", 3000, 5, true)],
        events: EventKind::ALL.iter().take(4).enumerate().map(|(at, kind)| event(at, *kind)).collect(),
        addresses: vec![AddressLine { masked: "a…e@e…e.test".to_owned(), id: None }],
        addresses_known: true,
        may_add_address: true,
        language: None,
        suspected_since: None,
    };
    let full = || AccountPage {
        open_until: Some(after(540)),
        devices: devices(),
        backup_left: Some(8),
        remembered_browsers: 2,
        sessions: vec![
            session("AAAAAAAAAAAAAAAAAAAAAA", FIREFOX, "203.0.113.7", 3000, 5, true),
            session("AAAAAAAAAAAAAAAAAAAAAQ", SAFARI, "2001:db8:1234:5678::/64", 40_000, 1800, false),
            session("AAAAAAAAAAAAAAAAAAAAAg", "<img src=x onerror=alert(1)>", "198.51.100.23", 50_000, 50_000, false),
        ],
        events: EventKind::ALL.iter().enumerate().map(|(at, kind)| event(at, *kind)).collect(),
        addresses: vec![
            AddressLine { masked: "a…e@e…e.test".to_owned(), id: None },
            AddressLine { masked: "a…e@s…e.example".to_owned(), id: Some("0".to_owned()) },
        ],
        language: Some(Language::Fr),
        ..plain()
    };
    let mut pages = vec![
        ("account", plain()),
        ("account-open", AccountPage { open_until: Some(after(540)), ..plain() }),
        ("account-enrolled", full()),
        ("account-enrolled-closed", AccountPage { open_until: None, ..full() }),
        ("account-no-backup", AccountPage { backup_left: Some(0), may_add_address: false, ..full() }),
        ("account-no-enrolment", AccountPage { may_enrol: false, open_until: Some(after(540)), ..plain() }),
        ("account-no-password", AccountPage { has_password: false, ..plain() }),
        ("account-suspected", AccountPage { suspected_since: Some(ago(2 * DAY)), ..plain() }),
        (
            "account-addresses-unknown",
            AccountPage { addresses: Vec::new(), addresses_known: false, may_add_address: false, ..plain() },
        ),
        (
            "account-empty",
            AccountPage {
                networks: Vec::new(),
                sessions: Vec::new(),
                events: Vec::new(),
                addresses: Vec::new(),
                ..plain()
            },
        ),
    ];
    pages.extend(AccountDone::ALL.iter().map(|done| {
        let name = match done {
            AccountDone::SteppedUp => "account-done-open",
            AccountDone::TurnedOff => "account-done-off",
            AccountDone::DeviceAdded => "account-done-device-added",
            AccountDone::DeviceRemoved => "account-done-device-removed",
            AccountDone::NetworkForgotten => "account-done-network-forgotten",
            AccountDone::SessionEnded => "account-done-session-ended",
            AccountDone::OthersEnded => "account-done-others-ended",
            AccountDone::BrowsersForgotten => "account-done-browsers-forgotten",
            AccountDone::AddressAdded => "account-done-address-added",
            AccountDone::AddressRemoved => "account-done-address-removed",
            AccountDone::AddressNotPossible => "account-done-address-not-possible",
            AccountDone::LanguageChanged => "account-done-language",
            AccountDone::Gone => "account-done-gone",
            AccountDone::TooManyDevices => "account-done-too-many-devices",
            AccountDone::NoDevice => "account-done-no-device",
        };
        (name, AccountPage { done: Some(*done), open_until: Some(after(540)), ..plain() })
    }));
    pages
}

fn enrolments() -> Vec<(&'static str, EnrolPage)> {
    let link = "otpauth://totp/Espace%20client%20Exemple:alice%40example.test\
                ?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Espace%20client%20Exemple";
    let qr = qr_svg(link).unwrap_or_default();
    let enrol = || EnrolPage {
        token: token(),
        account: account(),
        issuer: "Espace client Exemple".to_owned(),
        qr: qr.clone(),
        secret: "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP".to_owned(),
        link: link.to_owned(),
        enrolment: "c2VhbGVkLWVucm9sbWVudA".to_owned(),
        name: String::new(),
        first: true,
        ends_at: after(1700),
        notice: None,
    };
    let failed = |notice| EnrolPage { name: "Pixel \"<9>\"".to_owned(), notice: Some(notice), ..enrol() };
    vec![
        ("enrol", enrol()),
        ("enrol-another", EnrolPage { first: false, ..enrol() }),
        ("enrol-wrong", failed(EnrolNotice::Wrong)),
        ("enrol-clock-behind", failed(EnrolNotice::ClockOff { seconds: -300 })),
        ("enrol-clock-ahead", failed(EnrolNotice::ClockOff { seconds: 60 })),
        ("enrol-not-digits", failed(EnrolNotice::NotDigits)),
        ("enrol-fresh", failed(EnrolNotice::Fresh)),
        ("enrol-changed-meanwhile", EnrolPage { first: false, ..failed(EnrolNotice::ChangedMeanwhile) }),
    ]
}

fn confirmations() -> Vec<(&'static str, ConfirmPage)> {
    let enrol = || ConfirmPage {
        token: token(),
        account: account(),
        change: ConfirmChange::Enrol,
        addresses: vec!["a…e@e…e.test".to_owned()],
        sent_at: Some(ago(70)),
        expires_at: Some(after(530)),
        next_mail_at: ago(10),
        tries_left: 3,
        notice: None,
    };
    let address = || ConfirmPage {
        change: ConfirmChange::AddAddress { address: "a…e@s…e.example".to_owned() },
        addresses: vec!["a…e@e…e.test".to_owned(), "d…n@s…p.example".to_owned()],
        ..enrol()
    };
    let told = |notice| ConfirmPage { notice: Some(notice), ..enrol() };
    let unsent = || ConfirmPage { sent_at: None, expires_at: None, ..enrol() };
    vec![
        ("confirm-enrol", enrol()),
        ("confirm-enrol-wrong", ConfirmPage { tries_left: 2, ..told(ConfirmNotice::Wrong) }),
        ("confirm-enrol-not-digits", told(ConfirmNotice::NotDigits)),
        ("confirm-enrol-expired", ConfirmPage { notice: Some(ConfirmNotice::Expired), ..unsent() }),
        ("confirm-enrol-resent", ConfirmPage { next_mail_at: after(55), ..told(ConfirmNotice::Resent) }),
        ("confirm-enrol-not-yet", ConfirmPage { next_mail_at: after(43), ..told(ConfirmNotice::NotYet) }),
        ("confirm-enrol-budget", ConfirmPage { next_mail_at: after(2400), ..unsent() }),
        ("confirm-renew-codes", ConfirmPage { change: ConfirmChange::RenewCodes, ..enrol() }),
        ("confirm-address", address()),
        ("confirm-address-wrong", ConfirmPage { notice: Some(ConfirmNotice::Wrong), tries_left: 1, ..address() }),
        ("confirm-address-not-digits", ConfirmPage { notice: Some(ConfirmNotice::NotDigits), ..address() }),
    ]
}

fn backup_codes() -> Vec<(&'static str, Page)> {
    // As many as there are, none of them one that could be made: the letters U, L, O and I aren't used.
    let codes: Vec<String> = (0..10).map(|n| format!("{n}A2B-3C4D-5E6F-7G8U")).collect();
    let made = |enrolled: Option<&str>| {
        Page::BackupCodes(BackupCodesPage {
            token: token(),
            account: account(),
            codes: codes.clone(),
            sealed: "c2VhbGVkLWNvZGVz".to_owned(),
            enrolled: enrolled.map(str::to_owned),
            made_at: ago(2),
        })
    };
    vec![("backup-codes-enrolled", made(Some("Téléphone d’Alice"))), ("backup-codes-renewed", made(None))]
}

fn turn_offs() -> Vec<(&'static str, Page)> {
    let device =
        || TurnOff::Device { id: "AAAAAAAAAAAAAAAAAAAAAA".to_owned(), name: "Téléphone d’Alice".to_owned() };
    let ask = |what, backup, tries_left, notice| {
        Page::TurnOff(TurnOffPage { token: token(), account: account(), what, backup, tries_left, notice })
    };
    let confirm = |what, devices: &[&str], backup_left| {
        Page::TurnOffConfirm(TurnOffConfirmPage {
            token: token(),
            account: account(),
            what,
            ticket: "c2VhbGVkLXRpY2tldA".to_owned(),
            devices: devices.iter().map(|name| (*name).to_owned()).collect(),
            backup_left,
        })
    };
    let wrong = Some(FactorNotice::Wrong);
    vec![
        ("turn-off", ask(TurnOff::Everything, false, None, None)),
        ("turn-off-wrong", ask(TurnOff::Everything, false, Some(1), wrong)),
        ("turn-off-clock", ask(TurnOff::Everything, false, Some(2), Some(FactorNotice::ClockOff { seconds: 120 }))),
        ("turn-off-backup", ask(TurnOff::Everything, true, None, None)),
        ("turn-off-backup-wrong", ask(TurnOff::Everything, true, Some(2), wrong)),
        ("turn-off-device", ask(device(), false, Some(3), None)),
        ("turn-off-device-backup", ask(device(), true, Some(3), Some(FactorNotice::Misread))),
        ("turn-off-confirm", confirm(TurnOff::Everything, &["Téléphone d’Alice", "<i>tablet</i>"], 8)),
        ("turn-off-confirm-one", confirm(TurnOff::Everything, &["Téléphone d’Alice"], 0)),
        ("turn-off-confirm-device", confirm(device(), &["Téléphone d’Alice"], 8)),
    ]
}

fn not_me() -> Vec<(&'static str, Page)> {
    let done = |ended, used_at: Timestamp, before| {
        Page::NotMeDone(NotMeDonePage { account: account(), network: "203.0.113.7".to_owned(), ended, used_at, before })
    };
    let ask = |kind, browser: &str| {
        Page::NotMe(NotMePage {
            alarm: "c2FtcGxlLWFsYXJtLXRva2VuLW9mLTI1Ni1iaXRzLXh4".to_owned(),
            account: account(),
            kind,
            network: "203.0.113.7".to_owned(),
            browser: browser.to_owned(),
            at: ago(5000),
        })
    };
    vec![
        ("not-me", ask(EventKind::LoginByMail, FIREFOX)),
        ("not-me-unrecognised", ask(EventKind::DeviceAdded, "<script>URGENT call +33 1</script>")),
        ("not-me-done", done(2, ago(0), false)),
        ("not-me-done-none", done(0, ago(0), false)),
        ("not-me-done-before", done(0, ago(2 * DAY), true)),
        ("not-me-unknown", Page::NotMeUnknown),
    ]
}
