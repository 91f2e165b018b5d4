//! Short words for what accounts' owners do.

use poterne::challenge::backup::BackupCode;
use poterne::challenge::hashing::{self, HashCost};
use poterne::challenge::totp::{Step, TotpSecret};
use poterne::flow::ports::account::*;
use poterne::flow::ports::*;
use poterne::model::{AlarmToken, BrowserHash, DeviceId, Network, Reference, SessionId, TypedCode};

use crate::bed::{Bed, Login, account};

/// A phone with an app on it, and what was printed for the case that it's lost.
pub struct Phone {
    pub secret: TotpSecret,
    pub device: DeviceId,
    pub backup: Vec<BackupCode>,
}

impl Phone {
    /// What the app shows now.
    pub fn shows(&self, bed: &Bed) -> String {
        self.secret.code_at(Step::at(bed.now))
    }

    /// What it shows so many steps later (or before).
    pub fn shows_at(&self, bed: &Bed, steps: i64) -> String {
        let step = Step::at(bed.now).number().checked_add_signed(steps).unwrap();
        self.secret.code_at(Step::of_number(step))
    }
}

/// Cheap, since what is tested isn't the cost.
pub fn hash(secret: &[u8], bed: &mut Bed) -> String {
    hashing::hash(secret, HashCost { memory: 64, passes: 1 }, &mut bed.rng).unwrap()
}

impl Bed {
    pub fn enrolment(&mut self, name: &str, generation: u64) -> (Phone, Enrolment) {
        let secret = TotpSecret::random(&mut self.rng);
        let backup = BackupCode::set(&mut self.rng);
        let backup_hashes = backup.iter().map(|code| hash(&code.secret(), self)).collect();
        let device = DeviceId::random(&mut self.rng);
        let enrolment = Enrolment {
            account: account(name),
            device,
            name: "phone".to_owned(),
            secret: secret.clone(),
            // Long ago, so that what the app shows now is good.
            step: Step::of_number(Step::at(self.now).number() - 10),
            generation,
            backup_hashes,
            now: self.now,
        };
        (Phone { secret, device, backup }, enrolment)
    }

    /// Enrols a phone, which must work.
    pub async fn enrol(&mut self, name: &str) -> Phone {
        let security = self.security(name).await;
        let (phone, mut enrolment) = self.enrolment(name, security.generation);
        if !security.devices.is_empty() {
            enrolment.backup_hashes.clear();
        }
        assert_eq!(self.store.enrol(enrolment).await.unwrap(), Enrolled::Done);
        phone
    }

    pub async fn security(&self, name: &str) -> AccountSecurity {
        self.store.security(&account(name), self.now).await.unwrap()
    }

    /// A login, whatever becomes of it.
    pub async fn login_to(&mut self, name: &str, from: Network) -> Login {
        let opening = self.opening(name, from);
        self.open(opening).await
    }

    /// A login that must ask for this.
    pub async fn asked(&mut self, name: &str, from: Network, expected: Asks) -> Login {
        let login = self.login_to(name, from).await;
        match &login.opened {
            Opened::Pending { asks, grant, .. } => {
                assert_eq!(*asks, expected);
                assert_eq!(*grant == CodeGrant::NotWanted, expected != Asks::Mail, "{grant:?}");
            }
            other => panic!("{other:?}"),
        }
        login
    }

    /// A session that is cleared, by whatever it takes.
    pub async fn cleared(&mut self, name: &str, from: Network) -> SessionId {
        let login = self.login_to(name, from).await;
        if !matches!(login.opened, Opened::Cleared(_)) {
            self.pass(&login, from).await;
        }
        login.session
    }

    pub fn clear(&mut self) -> FactorUse {
        FactorUse::Clear { new_token: self.keys.new_token(&mut self.rng).1, remember: None, next_code: self.new_code() }
    }

    pub fn clear_remembering(&mut self, browser: BrowserHash) -> FactorUse {
        match self.clear() {
            FactorUse::Clear { new_token, next_code, .. } => {
                FactorUse::Clear { new_token, remember: Some(browser), next_code }
            }
            FactorUse::Confirm => panic!(),
        }
    }

    pub fn factor(&mut self, session: SessionId, from: Network, used_for: FactorUse) -> FactorAnswer {
        FactorAnswer { session, network: from, used_for, reference: Reference::random(&mut self.rng), now: self.now }
    }

    pub async fn totp(&mut self, session: SessionId, from: Network, code: &str) -> FactorAnswered {
        let used_for = self.clear();
        let answer = self.factor(session, from, used_for);
        self.store.answer_totp(answer, TypedCode::parse(code).unwrap()).await.unwrap()
    }

    pub async fn confirm_totp(&mut self, session: SessionId, from: Network, code: &str) -> FactorAnswered {
        let answer = self.factor(session, from, FactorUse::Confirm);
        self.store.answer_totp(answer, TypedCode::parse(code).unwrap()).await.unwrap()
    }

    /// A backup code, compared as the flows do it.
    pub async fn backup(
        &mut self,
        session: SessionId,
        from: Network,
        used_for: FactorUse,
        code: &BackupCode,
    ) -> FactorAnswered {
        let candidate =
            self.store.backup_candidate(session, from, used_for.clone(), code.slot(), self.now).await.unwrap();
        match candidate {
            BackupCandidate::Not(answered) => answered,
            BackupCandidate::Try(kept) => {
                let right = kept.as_deref().is_some_and(|kept| hashing::verify(&code.secret(), kept));
                let answer = self.factor(session, from, used_for);
                self.store.answer_backup(answer, code.slot(), kept.unwrap_or_default(), right).await.unwrap()
            }
        }
    }

    pub fn new_alarm(&mut self, name: &str, network: Network) -> (AlarmToken, NewAlarm) {
        let token = AlarmToken::random(&mut self.rng);
        let alarm = NewAlarm {
            alarm: token.hash(),
            account: account(name),
            kind: EventKind::LoginByMail,
            network,
            browser: "Firefox on Linux".to_owned(),
            at: self.now,
            until: self.now + ALARM_LASTS,
        };
        (token, alarm)
    }

    pub async fn raise(&mut self, name: &str, network: Network) -> AlarmToken {
        let (token, alarm) = self.new_alarm(name, network);
        self.store.raise_alarm(alarm).await.unwrap();
        token
    }

    pub async fn press(&mut self, token: &AlarmToken) -> Option<AlarmUsed> {
        let reference = Reference::random(&mut self.rng);
        self.store.use_alarm(token.hash(), reference, self.now).await.unwrap()
    }
}

pub fn is_cleared(answered: &FactorAnswered) -> bool {
    matches!(answered, FactorAnswered::Cleared { .. })
}
