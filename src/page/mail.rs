//! The mail with the code.

use std::fmt;

use minijinja::context;

use crate::flow::ports::CodeMail;

use super::browser;
use super::render::Pages;
use super::view::{shown_account, support_shown, value};
use super::voice::{RenderFailed, Voice};
use super::words::{Arg, Flavour};

/// A mail in words. The code is in all three parts (b14), and nothing in it is a link (b64, b65).
#[derive(Clone)]
pub struct MailText {
    /// One line, without control characters.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

impl fmt::Debug for MailText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailText(…)")
    }
}

impl Pages {
    /// Puts a mail into words, in its language or else the first that is offered.
    pub fn code_mail(&self, mail: &CodeMail) -> MailText {
        let worded = self.voice(mail.language).map(|voice| self.worded(voice, mail));
        match worded {
            Some(Ok(text)) => text,
            failed => {
                if let Some(Err(error)) = failed {
                    tracing::error!(%error, "a mail can't be put into words");
                }
                // The rehearsal at the start has excluded it; the code must arrive nevertheless.
                let code = mail.code.expose();
                let subject = format!("{code} – {}", self.settings.brand.trim());
                MailText { text: format!("{subject}\r\n"), html: format!("<p>{code}</p>\r\n"), subject }
            }
        }
    }

    pub(super) fn worded(&self, voice: &Voice, mail: &CodeMail) -> Result<MailText, RenderFailed> {
        let code = mail.code.expose();
        let browser = browser_line(voice, &mail.browser)?;
        let fill = |template: &str, flavour: Flavour| {
            let teller = self.teller(voice, flavour, mail.asked_at);
            let view = context! {
                code,
                account => value(shown_account(mail.account.as_str(), flavour)),
                asked_at => value(teller.full(mail.asked_at)?),
                until => value(teller.clock(mail.expires_at)?),
                zone => value(teller.zone()?),
                network => mail.network.to_string(),
                browser => browser.as_str(),
                support => support_shown(&self.settings.support),
            };
            voice.fill(template, view)
        };
        let subject = voice.say(Flavour::Text, "mail-subject", &[("code", Arg::text(code.to_owned()))])?;
        Ok(MailText {
            subject: subject.split_whitespace().collect::<Vec<_>>().join(" "),
            text: fill("mail/code.txt", Flavour::Text)?,
            html: fill("mail/code.html", Flavour::Html)?,
        })
    }
}

/// "Firefox on Windows", from what is recognised.
fn browser_line(voice: &Voice, user_agent: &str) -> Result<String, RenderFailed> {
    Ok(match browser::recognise(user_agent) {
        (Some(family), Some(system)) => {
            let args = [("family", Arg::text(family.to_owned())), ("system", Arg::text(system.to_owned()))];
            voice.say(Flavour::Text, "mail-browser-both", &args)?
        }
        (Some(known), None) | (None, Some(known)) => known.to_owned(),
        (None, None) => voice.say(Flavour::Text, "mail-browser-unknown", &[])?,
    })
}
