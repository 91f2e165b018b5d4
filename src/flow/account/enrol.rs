//! An authenticator app is enrolled (b67–b72). Nothing is kept before a code of it was right.

use std::sync::Arc;

use tracing::info;

use super::super::Flows;
use super::super::ports::account::{DEVICES_MAX, Enrolled, Enrolment, EventKind};
use super::super::ports::{Notice, StoreFailed};
use super::codes::FreshCodes;
use super::needs_mail;
use super::sealed::{self, Purpose};
use super::step_up::SteppedUp;
use crate::challenge::totp::{self, Compared, SECRET_BYTES, TotpSecret};
use crate::model::{DeviceId, Timestamp, TypedCode};

/// Longest name of a device, in characters: a phone's own name fits.
const NAME_MAX: usize = 60;

/// What the page of an enrolment shows and carries.
#[derive(Debug)]
pub struct EnrolForm {
    /// The account, as the app will name it.
    pub account: String,
    /// The issuer, as the app will name it.
    pub issuer: String,
    /// The secret in groups of four.
    pub secret: String,
    /// The `otpauth://` link.
    pub link: String,
    /// Secret, generation and time, sealed.
    pub sealed: String,
    /// Whether it's the account's first device.
    pub first: bool,
    /// Until when the form is good.
    pub ends_at: Timestamp,
}

/// Where an enrolment stands.
#[derive(Debug)]
pub enum EnrolStep {
    /// The form.
    Form(Box<EnrolForm>),
    /// A mailed code comes first.
    MailFirst,
    /// Enrolled as the account's first device: its backup codes, shown once.
    First {
        /// What its owner calls it.
        name: String,
        /// The codes.
        codes: FreshCodes,
    },
    /// Enrolled beside others.
    Added,
    /// There are as many as an account may have.
    TooMany,
    /// The code doesn't fit; the same form again.
    Wrong(Box<EnrolForm>),
    /// The phone's clock is off; the same form again.
    ClockOff {
        /// The form.
        form: Box<EnrolForm>,
        /// By so many seconds it's ahead; negative: behind.
        seconds: i64,
    },
    /// Not digits; the same form again.
    NotDigits(Box<EnrolForm>),
    /// The form was too old, or isn't one: a fresh one.
    Fresh(Box<EnrolForm>),
    /// Devices were changed meanwhile, in another tab: a fresh form.
    ChangedMeanwhile(Box<EnrolForm>),
}

/// What a form carries.
struct Carried {
    secret: TotpSecret,
    generation: u64,
    at: Timestamp,
}

impl Flows {
    /// An enrolment begins.
    ///
    /// # Errors
    /// When the store can't be asked.
    pub async fn begin_enrolment(&self, by: &SteppedUp) -> Result<EnrolStep, StoreFailed> {
        let now = self.now();
        let account = self.accounts.security(&by.asking().session.account, now).await?;
        if needs_mail(by.cleared_by()) {
            return Ok(EnrolStep::MailFirst);
        }
        if account.devices.len() >= DEVICES_MAX {
            return Ok(EnrolStep::TooMany);
        }
        let secret = TotpSecret::random(&mut rand::rng());
        let carried = Carried { secret, generation: account.generation, at: now };
        Ok(EnrolStep::Form(Box::new(self.enrol_form(by, &carried, account.devices.is_empty()))))
    }

    /// A code of the app confirms it. Codes aren't counted here: the secret stands on the page.
    ///
    /// # Errors
    /// When the store can't be written, or too many hashes wait: then nothing was enrolled.
    pub async fn confirm_enrolment(
        self: &Arc<Self>,
        by: &SteppedUp,
        sealed: &str,
        name: &str,
        typed: &str,
    ) -> Result<EnrolStep, StoreFailed> {
        let now = self.now();
        let asking = by.asking();
        let account = self.accounts.security(&asking.session.account, now).await?;
        if needs_mail(by.cleared_by()) {
            return Ok(EnrolStep::MailFirst);
        }
        let first = account.devices.is_empty();
        let Some(carried) = self.carried(by, sealed) else {
            return Ok(match self.begin_enrolment(by).await? {
                EnrolStep::Form(form) => EnrolStep::Fresh(form),
                other => other,
            });
        };
        if carried.generation != account.generation {
            return self.changed_meanwhile(by).await;
        }
        let form = || Box::new(self.enrol_form(by, &carried, first));
        let Some(typed) = TypedCode::parse(typed) else {
            return Ok(EnrolStep::NotDigits(form()));
        };
        let step = match totp::compare(&carried.secret, &typed, None, now) {
            Compared::Fits(step) => step,
            Compared::ClockOff { seconds } => return Ok(EnrolStep::ClockOff { form: form(), seconds }),
            Compared::No => return Ok(EnrolStep::Wrong(form())),
        };
        let codes = if first { Some(self.fresh_codes(&asking.session).await?) } else { None };
        let name = device_name(name, account.devices.len());
        let enrolment = Enrolment {
            account: asking.session.account.clone(),
            device: DeviceId::random(&mut rand::rng()),
            name: name.clone(),
            secret: carried.secret.clone(),
            step,
            generation: carried.generation,
            backup_hashes: codes.as_ref().map(|(_, hashes)| hashes.clone()).unwrap_or_default(),
            now,
        };
        match self.accounts.enrol(enrolment).await? {
            Enrolled::Done => {}
            Enrolled::ChangedMeanwhile => return self.changed_meanwhile(by).await,
            Enrolled::TooMany => return Ok(EnrolStep::TooMany),
        }
        metrics::counter!("poterne_factors_total", "event" => "enrolled").increment(1);
        info!(network = %asking.network, "an authenticator app was enrolled");
        let (kind, notice) = if first {
            (EventKind::TotpOn, Notice::TotpOn { device: name.clone() })
        } else {
            (EventKind::DeviceAdded, Notice::DeviceAdded { device: name.clone() })
        };
        self.note(asking.happening(kind, Some(name.clone()))).await;
        self.tell(asking, notice, kind, Some(name.clone())).await;
        Ok(match codes {
            Some((codes, _)) => EnrolStep::First { name, codes },
            None => EnrolStep::Added,
        })
    }

    async fn changed_meanwhile(&self, by: &SteppedUp) -> Result<EnrolStep, StoreFailed> {
        Ok(match self.begin_enrolment(by).await? {
            EnrolStep::Form(form) => EnrolStep::ChangedMeanwhile(form),
            other => other,
        })
    }

    fn enrol_form(&self, by: &SteppedUp, carried: &Carried, first: bool) -> EnrolForm {
        let session = &by.asking().session;
        let mut content = zeroize::Zeroizing::new(Vec::with_capacity(8 + SECRET_BYTES));
        content.extend_from_slice(&carried.generation.to_be_bytes());
        content.extend_from_slice(carried.secret.expose());
        let (issuer, account) = (self.policy.issuer.clone(), session.account.to_string());
        EnrolForm {
            secret: carried.secret.in_groups(),
            link: carried.secret.link(&issuer, &account),
            sealed: sealed::seal(&self.keys, Purpose::Enrolment, session.id, carried.at, &content),
            first,
            ends_at: by.until(),
            issuer,
            account,
        }
    }

    /// What a form carried back; `None` if it isn't this session's. It's as good as the session: what
    /// ends sooner is the step-up.
    fn carried(&self, by: &SteppedUp, text: &str) -> Option<Carried> {
        let (at, content) = sealed::open(&self.keys, Purpose::Enrolment, by.asking().session.id, text)?;
        let (generation, secret) = content.split_first_chunk::<8>()?;
        Some(Carried { secret: TotpSecret::from_slice(secret)?, generation: u64::from_be_bytes(*generation), at })
    }
}

/// A device's name as its owner typed it: one line, no marks that turn the direction of text, cut. Who
/// types nothing gets a number.
fn device_name(typed: &str, others: usize) -> String {
    let plain = typed.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    let plain = plain.filter(|c| {
        !c.is_control() && !matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    });
    let words: String =
        plain.collect::<String>().split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let name: String = words.chars().take(NAME_MAX).collect();
    if name.is_empty() { format!("TOTP {}", others + 1) } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_devices_name_is_one_plain_line() {
        for (typed, expected) in [
            ("  my\tphone\r\n ", "my phone"),
            ("", "TOTP 3"),
            ("\u{202e}\u{200b}", "TOTP 3"),
            ("Pixel \u{202e}8", "Pixel 8"),
            ("<b>", "<b>"),
        ] {
            assert_eq!(device_name(typed, 2), expected, "{typed:?}");
        }
        assert_eq!(device_name(&"é".repeat(100), 0).chars().count(), NAME_MAX);
    }
}
