//! Codes of an authenticator app: RFC 6238 with SHA-1, six digits and steps of 30 seconds, which is
//! what every app takes.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use rand::CryptoRng;
use sha1::Sha1;
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
/// is off: ten minutes. A code found there isn't accepted. Several devices share them, so that a wrong
/// code costs about the same however many there are.
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
pub fn compare(secret: &TotpSecret, typed: &TypedCode, last_used: Option<Step>, now: Timestamp) -> Compared {
    let codes = Codes::of(secret);
    let found = codes.in_window(typed, last_used, now);
    if found == Compared::No { codes.near(typed, last_used, now, DRIFT) } else { found }
}

/// Compares a typed code with those of every device of an account, each given with the last step that
/// was accepted from it. Says what it is, and for which of them.
///
/// All windows are looked at before any clock that may be off: what decides costs three codes a device.
pub fn compare_all(devices: &[(TotpSecret, Option<Step>)], typed: &TypedCode, now: Timestamp) -> (usize, Compared) {
    let devices: Vec<_> = devices.iter().map(|(secret, last_used)| (Codes::of(secret), *last_used)).collect();
    let drift = SKEW + (DRIFT - SKEW).div_ceil(u64::try_from(devices.len()).unwrap_or(u64::MAX).max(1));
    match first(&devices, |codes, last_used| codes.in_window(typed, last_used, now)) {
        (_, Compared::No) => first(&devices, |codes, last_used| codes.near(typed, last_used, now, drift)),
        found => found,
    }
}

/// The first device for which a look finds something; each is looked at whatever the others gave.
fn first(devices: &[(Codes, Option<Step>)], look: impl Fn(&Codes, Option<Step>) -> Compared) -> (usize, Compared) {
    let mut found = (0, Compared::No);
    for (at, (codes, last_used)) in devices.iter().enumerate() {
        let compared = look(codes, *last_used);
        if found.1 == Compared::No {
            found = (at, compared);
        }
    }
    found
}

/// The codes of one secret, its key scheduled once for all of them (RFC 4226 §5.3).
struct Codes(Option<Hmac<Sha1>>);

impl Codes {
    fn of(secret: &TotpSecret) -> Self {
        // Keys of any length are taken: `None` never happens.
        Self(Hmac::new_from_slice(secret.expose()).ok())
    }

    fn at(&self, step: Step) -> Option<[u8; DIGITS as usize]> {
        let mac = self.0.clone()?.chain_update(step.0.to_be_bytes()).finalize().into_bytes();
        let offset = usize::from(mac.last()? & 0xf);
        let truncated = u32::from_be_bytes(mac.get(offset..offset + 4)?.try_into().ok()?) & 0x7fff_ffff;
        let mut digits = [0; DIGITS as usize];
        let mut rest = truncated;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + u8::try_from(rest % 10).unwrap_or_default();
            rest /= 10;
        }
        Some(digits)
    }

    fn fits(&self, typed: &TypedCode, last_used: Option<Step>, step: Step) -> bool {
        let same = self.at(step).is_some_and(|code| code.as_slice().ct_eq(typed.expose().as_bytes()).into());
        same && last_used.is_none_or(|last| step > last)
    }

    /// Every step of the window is compared, whatever the others gave; the nearest one counts.
    fn in_window(&self, typed: &TypedCode, last_used: Option<Step>, now: Timestamp) -> Compared {
        let mut found = Compared::No;
        for (step, _) in around(now, 0, SKEW) {
            if self.fits(typed, last_used, step) {
                found = Compared::Fits(step);
            }
        }
        found
    }

    /// The same around the window, as far as `drift`.
    fn near(&self, typed: &TypedCode, last_used: Option<Step>, now: Timestamp, drift: u64) -> Compared {
        let mut found = Compared::No;
        for (step, seconds) in around(now, SKEW + 1, drift) {
            if self.fits(typed, last_used, step) {
                found = Compared::ClockOff { seconds };
            }
        }
        found
    }
}

/// Steps that lie so far from the present one, the farthest first, and by how many seconds each is
/// ahead.
fn around(now: Timestamp, from: u64, to: u64) -> impl Iterator<Item = (Step, i64)> {
    let present = Step::at(now).0;
    (from..=to).rev().flat_map(move |distance| {
        let seconds = i64::try_from(distance * STEP_SECONDS).unwrap_or(i64::MAX);
        let behind = present.checked_sub(distance).map(|step| (Step(step), -seconds));
        let ahead = present.checked_add(distance).map(|step| (Step(step), seconds));
        behind.into_iter().chain(ahead.filter(|_| distance > 0))
    })
}

#[cfg(test)]
#[path = "totp_tests.rs"]
mod tests;
