//! A typed second factor: a code of the app, or a backup code.

use std::sync::Arc;

use tracing::info;

use super::Flows;
use super::hashing::Secret;
use super::ports::account::{BackupCandidate, EventKind, FactorAnswer, FactorAnswered, FactorUse};
use super::ports::{CodeGrant, CodeMail, Notice, StoreFailed};
use super::sign_in::new_code;
use super::verify::{Asking, Verified};
use crate::challenge::backup::{BackupCode, NotABackupCode};
use crate::model::{AccountId, BrowserToken, TypedCode};

/// What was typed, as far as its form tells.
pub(super) enum TypedFactor {
    /// A code of the app.
    Totp(TypedCode),
    /// A backup code.
    Backup(BackupCode),
}

/// Why what was typed isn't a second factor. None of these is counted, and none says anything about
/// the codes that there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotAFactor {
    /// Neither digits nor a backup code.
    NotDigits,
    /// Letters, but not those of a backup code.
    NotABackupCode,
    /// A backup code with a character misread.
    Misread,
}

impl TypedFactor {
    /// Sixteen letters and digits are a backup code, digits alone a code of the app: people type
    /// either into either field.
    pub(super) fn parse(text: &str) -> Result<Self, NotAFactor> {
        match BackupCode::parse(text) {
            Ok(code) => return Ok(Self::Backup(code)),
            Err(NotABackupCode::Misread) => return Err(NotAFactor::Misread),
            Err(NotABackupCode::Shape) => {}
        }
        match TypedCode::parse(text) {
            Some(code) => Ok(Self::Totp(code)),
            None if text.chars().any(|c| c.is_ascii_alphabetic()) => Err(NotAFactor::NotABackupCode),
            None => Err(NotAFactor::NotDigits),
        }
    }

    /// What an event calls a login by it.
    const fn login(&self) -> EventKind {
        match self {
            Self::Totp(_) => EventKind::LoginByTotp,
            Self::Backup(_) => EventKind::LoginByBackup,
        }
    }
}

impl Flows {
    /// Compares and counts a second factor.
    pub(super) async fn judge_factor(
        self: &Arc<Self>,
        account: &AccountId,
        answer: FactorAnswer,
        typed: TypedFactor,
    ) -> Result<FactorAnswered, StoreFailed> {
        match typed {
            TypedFactor::Totp(code) => self.accounts.answer_totp(answer, code).await,
            TypedFactor::Backup(code) => {
                let (flows, account) = (Arc::clone(self), account.clone());
                // Not to be cancelled by its sender between the comparison and the count.
                let judging = tokio::spawn(async move { flows.judge_backup(&account, answer, &code).await });
                judging.await.map_err(|error| StoreFailed(error.to_string()))?
            }
        }
    }

    async fn judge_backup(
        &self,
        account: &AccountId,
        answer: FactorAnswer,
        code: &BackupCode,
    ) -> Result<FactorAnswered, StoreFailed> {
        let slot = code.slot();
        let _turn = self.turns.take(account).await;
        // The wait for the turn may have been long.
        let answer = FactorAnswer { now: self.now(), ..answer };
        let FactorAnswer { session, network, now, .. } = answer;
        match self.accounts.backup_candidate(session, network, answer.used_for.clone(), slot, now).await? {
            BackupCandidate::Not(answered) => Ok(answered),
            BackupCandidate::Try(kept) => {
                let right = self.hashing.verify(Secret::new(code.secret().to_vec()), kept.clone()).await?;
                self.accounts.answer_backup(answer, slot, kept.unwrap_or_default(), right).await
            }
        }
    }

    /// A second factor typed on the challenge page.
    pub(super) async fn answer_factor(
        self: &Arc<Self>,
        asking: &Asking,
        typed: &str,
        remember: bool,
    ) -> Result<Verified, StoreFailed> {
        let event = |event: &'static str| metrics::counter!("poterne_factors_total", "event" => event).increment(1);
        let typed = match TypedFactor::parse(typed) {
            Ok(typed) => typed,
            Err(not) => return Ok(Verified::NotAFactor(not)),
        };
        let kind = typed.login();
        let (token, hash) = self.keys.new_token(&mut rand::rng());
        let remembered =
            (remember && self.policy.factors.remember_for.is_some()).then(|| BrowserToken::random(&mut rand::rng()));
        let next_code = new_code(self.policy.challenge.digits, &mut rand::rng());
        let answer = FactorAnswer {
            session: asking.session.id,
            network: asking.network,
            used_for: FactorUse::Clear {
                new_token: hash,
                remember: remembered.as_ref().map(BrowserToken::hash),
                next_code: next_code.clone(),
            },
            reference: asking.reference,
            now: self.now(),
        };
        Ok(match self.judge_factor(&asking.session.account, answer, typed).await? {
            FactorAnswered::Cleared { session, sealed_jar, backup_left, new_network } => {
                event(if backup_left.is_some() { "backup" } else { "totp" });
                info!(network = %asking.network, "a second factor was right: the session is cleared");
                self.passed(asking, kind, new_network, backup_left).await;
                let mut released = self.release_session(asking, token, session, sealed_jar);
                released.remembered = remembered;
                Verified::Released(Box::new(released))
            }
            FactorAnswered::MailNext { session, grant, addresses, language, backup_left } => {
                event(if backup_left.is_some() { "backup" } else { "totp" });
                if let CodeGrant::Granted { expires_at } = grant {
                    metrics::counter!("poterne_challenges_total", "event" => "sent").increment(1);
                    self.note(asking.happening(EventKind::CodeSent, None)).await;
                    self.courier.send(CodeMail {
                        challenge: next_code.challenge,
                        to: addresses,
                        language,
                        code: next_code.code,
                        account: session.account.clone(),
                        asked_at: self.now(),
                        expires_at,
                        network: asking.network,
                        browser: asking.browser.clone(),
                    });
                }
                if let Some(left) = backup_left {
                    self.tell(asking, Notice::BackupUsed { left }, kind, None).await;
                }
                self.sessions.replace(&asking.session, session);
                Verified::MailNext { remembered }
            }
            // A confirmation is what was not asked for here.
            FactorAnswered::Confirmed { .. } | FactorAnswered::NotWanted => Verified::NotWanted,
            FactorAnswered::Wrong { tries_left, clock_off } => {
                event("failed");
                match clock_off {
                    Some(seconds) => {
                        event("clock-off");
                        Verified::ClockOff { seconds }
                    }
                    None => Verified::Wrong { tries_left },
                }
            }
            FactorAnswered::Expired => Verified::Expired,
            FactorAnswered::Blocked { block, fresh } => {
                if fresh {
                    event("failed");
                }
                self.blocked(asking, block, fresh).await?
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;

    #[test]
    fn what_people_type_is_told_apart_by_its_form() {
        let kind = |typed: &str| match TypedFactor::parse(typed) {
            Ok(TypedFactor::Totp(_)) => "totp",
            Ok(TypedFactor::Backup(_)) => "backup",
            Err(NotAFactor::NotDigits) => "not digits",
            Err(NotAFactor::NotABackupCode) => "not a backup code",
            Err(NotAFactor::Misread) => "misread",
        };
        let code = BackupCode::random(3, &mut ChaCha20Rng::seed_from_u64(1)).expose();
        let misread = format!("{}{}", code.get(..18).unwrap(), if code.ends_with('A') { 'B' } else { 'A' });
        for (typed, expected) in [
            (" 123 456 ", "totp"),
            ("1234567", "totp"),
            (code.as_str(), "backup"),
            (misread.as_str(), "misread"),
            ("7K2M-Q9XD", "not a backup code"),
            ("abc", "not a backup code"),
            ("", "not digits"),
            ("12,34", "not digits"),
        ] {
            assert_eq!(kind(typed), expected, "{typed}");
        }
    }
}
