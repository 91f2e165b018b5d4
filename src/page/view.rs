//! From a page's context to what its template sees.

mod account;

use minijinja::{Value, context};

use crate::flow::ports::MailStatus;
use crate::flow::ports::account::EventKind;
use crate::model::Reference;

use super::browser;
use super::context::{
    BlockedPage, CodeNotice, CodePage, CodeReason, Elsewhere, LogOutFirst, Page, Refusal, RefusalKind,
};
use super::moment::Teller;
use super::settings::is_direction_mark;
use super::voice::Voice;
use super::words::{Arg, Flavour, WordsFailed, escape};

/// The template of a page, and what it sees.
pub(super) fn view(page: &Page, voice: &Voice, teller: &Teller<'_>) -> Result<(&'static str, Value), WordsFailed> {
    let (template, own) = match page {
        Page::Code(code) => ("code.html", code_view(code, voice, teller)?),
        Page::Blocked(blocked) => ("blocked.html", blocked_view(blocked, voice, teller)?),
        Page::LogOutFirst(LogOutFirst { token, .. }) => {
            let message = message_view(page, voice, teller)?;
            ("log-out-first.html", context! { token, ..message })
        }
        _ => match account::view(page, voice, teller)? {
            Some(view) => view,
            None => ("message.html", message_view(page, voice, teller)?),
        },
    };
    let reference = page.reference().map(|r| r.to_string());
    let account_link = has_account_link(page);
    let zone = value(teller.zone()?);
    Ok((template, context! { slug => page.slug(), reference, account_link, zone, ..own }))
}

/// Whether a page leads to the account's own: not where it couldn't be opened, since the session has
/// just ended in a block or the host isn't ours.
fn has_account_link(page: &Page) -> bool {
    !matches!(page, Page::Blocked(_) | Page::Refused(Refusal { kind: RefusalKind::UnknownHost, .. }))
}

/// Title, what happened, what to do: all that most pages have.
fn message_view(page: &Page, voice: &Voice, teller: &Teller<'_>) -> Result<Value, WordsFailed> {
    let said = message(page, voice, teller)?;
    let [title, what, next] = said.map(Value::from_safe_string);
    let times = matches!(page, Page::TooManyTries { .. });
    Ok(context! { title, what, next, action => action(page), times })
}

/// Title, what happened and what to do, in the teller's flavour; problems for scripts use it too.
pub(super) fn message(page: &Page, voice: &Voice, teller: &Teller<'_>) -> Result<[String; 3], WordsFailed> {
    let mut args = Vec::new();
    match page {
        Page::NoAddress { account, .. } | Page::LogOutFirst(LogOutFirst { account, .. }) => {
            args.push(("account", shown_account(account, teller.flavour)));
        }
        _ => {}
    }
    if let Some(at) = page.retry_at() {
        args.push(("until", teller.clock(at)?));
        args.push(("wait", teller.wait(at)?));
    }
    let say = |part: &str| voice.say(teller.flavour, &format!("{}-{part}", page.slug()), &args);
    if is_for_people(page) {
        let other = |key: &str| voice.say(teller.flavour, key, &args);
        return Ok([say("title")?, other("people-what")?, other("people-next")?]);
    }
    let next = match page {
        // Its HTML page says more than one thing here, by the reason of the block.
        Page::Blocked(_) => voice.say(teller.flavour, "blocked-unchanged", &args)?,
        _ => say("next")?,
    };
    Ok([say("title")?, say("what")?, next])
}

/// Whether a page is forms and lists, which a script can only be told about.
pub(super) fn is_for_people(page: &Page) -> bool {
    matches!(
        page,
        Page::Account(_)
            | Page::StepUp(_)
            | Page::Enrol(_)
            | Page::Confirm(_)
            | Page::BackupCodes(_)
            | Page::TurnOff(_)
            | Page::TurnOffConfirm(_)
            | Page::NotMe(_)
            | Page::NotMeDone(_)
    )
}

/// The one thing to click on a page without a form.
fn action(page: &Page) -> &'static str {
    match page {
        Page::ConfirmElsewhere { first: Elsewhere::EnterCode, .. } | Page::CodeAwaited { .. } => "challenge",
        Page::ConfirmElsewhere { first: Elsewhere::LogIn | Elsewhere::LogInAndLook, .. } => "login-elsewhere",
        Page::PanelDown { .. } | Page::PanelSlow { .. } => "reload",
        Page::Refused(refusal) => match refusal.kind {
            RefusalKind::TooManyConnections | RefusalKind::TooManyRequests | RefusalKind::Internal => "reload",
            RefusalKind::UnknownHost => "none",
            _ => "login",
        },
        Page::NoAddress { .. } | Page::TooManyTries { .. } => "none",
        Page::ChangeNotMade { .. } => "account",
        _ => "login",
    }
}

fn code_view(page: &CodePage, voice: &Voice, teller: &Teller<'_>) -> Result<Value, WordsFailed> {
    // With the newest code the login ends, unless another one can be sent before.
    let ends_at = page.code.map_or(page.ends_at, |code| code.expires_at.min(page.ends_at));
    let resend = if page.next_mail_at <= teller.now {
        "now"
    } else if page.next_mail_at < ends_at {
        "later"
    } else {
        "never"
    };
    let code = match page.code {
        None => None,
        Some(code) => Some(context! {
            sent_at => value(teller.clock(code.sent_at)?),
            expires_at => value(teller.clock(code.expires_at)?),
            left => value(teller.left(code.expires_at)?),
            mail => match code.mail {
                MailStatus::Queued => "queued",
                MailStatus::Unknown => "unknown",
                MailStatus::Sent => "sent",
                MailStatus::Retrying => "retrying",
                MailStatus::Failed => "failed",
            },
        }),
    };
    let notice = match page.notice {
        None => None,
        Some(notice) => Some(notice_view(notice, page, voice, teller)?),
    };
    let title = match (&code, resend) {
        (Some(_), _) => "code-title",
        (None, "now") => "code-title-ask",
        (None, _) => "code-title-waiting",
    };
    let title = Value::from_safe_string(voice.say(teller.flavour, title, &[])?);
    let addresses: Value = page.addresses.iter().map(String::as_str).collect();
    Ok(context! {
        title,
        error => page.notice.is_some_and(is_error),
        token => &page.token,
        account => value(shown_account(&page.account, teller.flavour)),
        addresses,
        reason => match page.reason {
            CodeReason::NewNetwork => "new-network",
            CodeReason::NetworkChanged => "network-changed",
        },
        code,
        tries_left => page.tries_left,
        resend,
        next_at => value(teller.clock(page.next_mail_at)?),
        wait => value(teller.wait(page.next_mail_at)?),
        ends_at => value(teller.clock(ends_at)?),
        notice,
        times => true,
    })
}

fn is_error(notice: CodeNotice) -> bool {
    !matches!(notice, CodeNotice::Resent)
}

fn notice_view(notice: CodeNotice, page: &CodePage, voice: &Voice, teller: &Teller<'_>) -> Result<Value, WordsFailed> {
    let say = |key: &str, args: &[(&'static str, Arg)]| voice.say(teller.flavour, key, args);
    let (text, of_code) = match notice {
        CodeNotice::Wrong => (say("notice-wrong", &[("left", Arg::count(page.tries_left))])?, true),
        CodeNotice::Superseded { newest_sent_at } => {
            (say("notice-superseded", &[("at", teller.clock(newest_sent_at)?)])?, true)
        }
        CodeNotice::NotDigits => (say("notice-not-digits", &[])?, true),
        CodeNotice::Resent => (say("notice-resent", &[])?, false),
        CodeNotice::NotYet => {
            let args = [("next", teller.clock(page.next_mail_at)?), ("wait", teller.wait(page.next_mail_at)?)];
            (say("notice-not-yet", &args)?, false)
        }
        CodeNotice::Expired => (say("notice-expired", &[])?, false),
    };
    // Only what is wrong with the typed code belongs to the field.
    Ok(context! { text => Value::from_safe_string(text), of_code, error => is_error(notice) })
}

fn blocked_view(page: &BlockedPage, voice: &Voice, teller: &Teller<'_>) -> Result<Value, WordsFailed> {
    let block = &page.block;
    let title = if block.until.is_some() { "blocked-title" } else { "blocked-title-support" };
    let title = Value::from_safe_string(voice.say(teller.flavour, title, &[])?);
    let (until, wait) = match block.until {
        Some(until) => (Some(value(teller.clock(until)?)), Some(value(teller.wait(until)?))),
        None => (None, None),
    };
    Ok(context! {
        title,
        account => page.account.as_deref().map(|account| value(shown_account(account, teller.flavour))),
        reason => block.reason.as_str(),
        since => value(teller.clock(block.since)?),
        until,
        wait,
        times => true,
    })
}

/// Where support is: the link, with the reference in a mail's subject, and what is shown of it.
pub(super) fn support(url: &str, reference: Option<Reference>) -> Value {
    let shown = support_shown(url);
    let link = match reference {
        Some(reference) if url.starts_with("mailto:") && !url.contains('?') => format!("{url}?subject={reference}"),
        _ => url.to_owned(),
    };
    // Escaped for attributes here, since the templates' own way escapes slashes too.
    context! { link => Value::from_safe_string(escape(&link).into_owned()), shown }
}

/// A support URL as people would write it down.
pub(super) fn support_shown(url: &str) -> &str {
    let bare = ["https://", "http://", "mailto:", "tel:"].iter().find_map(|scheme| url.strip_prefix(scheme));
    let bare = bare.unwrap_or(url);
    let bare = bare.split('?').next().unwrap_or(bare);
    bare.strip_suffix('/').unwrap_or(bare)
}

/// An account's name, held apart from the sentence around it whatever letters it's made of.
pub(super) fn shown_account(account: &str, flavour: Flavour) -> Arg {
    shown_name(account, flavour)
}

/// What an event is called.
pub(super) fn event_key(kind: EventKind) -> String {
    format!("event-{}", kind.slug())
}

/// "Firefox on Windows", from what is recognised; else the words behind `unknown`.
pub(super) fn browser_line(voice: &Voice, user_agent: &str, unknown: &str) -> Result<String, WordsFailed> {
    Ok(match browser::recognise(user_agent) {
        (Some(family), Some(system)) => {
            let args = [("family", Arg::text(family.to_owned())), ("system", Arg::text(system.to_owned()))];
            voice.say(Flavour::Text, "mail-browser-both", &args)?
        }
        (Some(known), None) | (None, Some(known)) => known.to_owned(),
        (None, None) => voice.say(Flavour::Text, unknown, &[])?,
    })
}

/// A name that somebody chose (a login, a device's), held apart from the sentence around it whatever
/// letters it's made of.
pub(super) fn shown_name(name: &str, flavour: Flavour) -> Arg {
    let name: String = name.chars().filter(|c| !c.is_control() && !is_direction_mark(*c)).collect();
    match flavour {
        Flavour::Html => Arg::markup(format!("<bdi class=\"name\">{}</bdi>", escape(&name))),
        Flavour::Text => Arg::text(name),
    }
}

pub(super) fn value(arg: Arg) -> Value {
    match arg {
        Arg::Number(n) => Value::from(n),
        Arg::Text(text) => Value::from(text),
        Arg::Markup(html) => Value::from_safe_string(html.to_string()),
    }
}
