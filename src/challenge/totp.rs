//! Codes of an authenticator app: RFC 6238 with SHA-1, six digits and steps of 30 seconds, which is
//! what every app takes.

use std::fmt;

use rand::CryptoRng;
use subtle::ConstantTimeEq;
use totp_rs::{Builder, Totp};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::model::{Timestamp, TypedCode};

/// Seconds of a step (RFC 6238 §4.1).
pub const STEP_SECONDS: u64 = 30;
/// Digits of a code (RFC 4226 §5.3; more aren't shown by common apps).
pub const DIGITS: u8 = 6;
/// Steps before and after the present one whose code is accepted (RFC 6238 §5.2: at most one for
/// the network's delay; the one after is for phones that are a little ahead).
pub const SKEW: u64 = 1;
/// Steps before and after the present one that are looked at to tell somebody that the phone's clock
/// is off: ten minutes. A code found there isn't accepted.
pub const DRIFT: u64 = 20;
/// Bytes of a secret (RFC 4226 §4: 160 bits recommended).
pub const SECRET_BYTES: usize = 20;

/// The number of a step: 30-second intervals since the Unix epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Step(u64);

impl Step {
    /// The step that `at` lies in.
    pub fn at(at: Timestamp) -> Self {
        Self(u64::try_from(at.as_secs()).unwrap_or(0) / STEP_SECONDS)
    }

    /// One read back from the store.
    pub const fn of_number(number: u64) -> Self {
        Self(number)
    }

    /// What the store keeps.
    pub const fn number(self) -> u64 {
        self.0
    }

    const fn seconds(self) -> u64 {
        self.0.saturating_mul(STEP_SECONDS)
    }
}

/// What an authenticator app and the gate share: 160 random bits. Wiped when dropped, not printable.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct TotpSecret([u8; SECRET_BYTES]);

impl TotpSecret {
    /// A fresh one.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; SECRET_BYTES];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// One that was sealed.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes, to be sealed only.
    pub fn expose(&self) -> &[u8; SECRET_BYTES] {
        &self.0
    }

    /// The secret as people type it into an app: base 32 in groups of four.
    pub fn in_groups(&self) -> String {
        let text = totp_rs::Secret::new_stack(self.0).to_base32();
        let mut grouped = String::with_capacity(text.len() * 5 / 4);
        for (at, letter) in text.chars().enumerate() {
            if at > 0 && at % 4 == 0 {
                grouped.push(' ');
            }
            grouped.push(letter);
        }
        grouped
    }

    /// The code of `step`.
    pub fn code_at(&self, step: Step) -> String {
        self.totp(None).map_or_else(|| "000000".to_owned(), |totp| totp.generate(step.seconds()).to_string())
    }

    /// The `otpauth://` link that apps read, also as a QR code. `issuer` says whose panel it is,
    /// `account` which login; colons in them, which separate the two in the link, become spaces.
    pub fn link(&self, issuer: &str, account: &str) -> String {
        self.totp(Some((issuer, account))).and_then(|totp| totp.to_url().ok()).unwrap_or_default()
    }

    /// `None` never happens: the secret's length and the digits are those of the RFC.
    fn totp(&self, label: Option<(&str, &str)>) -> Option<Totp> {
        let mut builder = Builder::new()
            .with_secret(totp_rs::Secret::new_stack(self.0))
            .with_digits(DIGITS)
            .with_step_duration(STEP_SECONDS)
            .with_skew(0);
        if let Some((issuer, account)) = label {
            builder = builder.with_issuer(Some(issuer.replace(':', " "))).with_account_name(account.replace(':', " "));
        }
        builder.build().ok()
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

/// What a typed code is for one device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Compared {
    /// The code of this step, which lies in the window and wasn't used: to be burnt.
    Fits(Step),
    /// The code of a step outside of the window but near it, and not used: the phone's clock is off.
    ClockOff {
        /// By how many seconds the phone is ahead; negative: behind.
        seconds: i64,
    },
    /// No code of this device, or one that was used.
    No,
}

/// Compares a typed code with those of one device. `last_used` is the last step that was accepted
/// from it: neither that step nor one before it is ever accepted again (RFC 6238 §5.2).
///
/// Every step near `now` is computed and compared in constant time, whatever the others gave.
pub fn compare(secret: &TotpSecret, typed: &TypedCode, last_used: Option<Step>, now: Timestamp) -> Compared {
    let present = Step::at(now);
    let Some(totp) = secret.totp(None) else { return Compared::No };
    let mut found = Compared::No;
    // From far to near: what lies nearest to the present is what counts.
    for distance in (0..=DRIFT).rev() {
        for step in [present.0.checked_sub(distance), present.0.checked_add(distance)].into_iter().flatten().map(Step) {
            let code = totp.generate(step.seconds()).to_string();
            let same: bool = code.as_bytes().ct_eq(typed.expose().as_bytes()).into();
            if !same || last_used.is_some_and(|last| step <= last) {
                continue;
            }
            found = if distance <= SKEW {
                Compared::Fits(step)
            } else {
                let away = i64::try_from(distance * STEP_SECONDS).unwrap_or(i64::MAX);
                Compared::ClockOff { seconds: if step > present { away } else { -away } }
            };
        }
    }
    found
}

#[cfg(test)]
#[path = "totp_tests.rs"]
mod tests;
