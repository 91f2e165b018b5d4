//! What the panel remembers: accounts, sessions, remember-me tokens. All in memory, passwords in
//! plain, as a demo may.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rand::Rng;
use subtle::ConstantTimeEq;

/// Most sessions kept; the oldest go first.
const SESSIONS: usize = 10_000;
/// Most remember-me tokens kept.
const REMEMBERED: usize = 10_000;

#[derive(Clone, serde::Serialize)]
pub(super) struct Account {
    pub(super) login: &'static str,
    pub(super) email: &'static str,
    pub(super) holder: &'static str,
    pub(super) number: &'static str,
    pub(super) domains: Vec<Domain>,
    pub(super) invoices: Vec<Invoice>,
    #[serde(skip)]
    password: String,
}

#[derive(Clone, serde::Serialize)]
pub(super) struct Domain {
    name: &'static str,
    plan: &'static str,
    until: &'static str,
    disk: u8,
}

#[derive(Clone, serde::Serialize)]
pub(super) struct Invoice {
    number: &'static str,
    date: &'static str,
    amount: &'static str,
    paid: bool,
}

/// One visitor's session, logged in or not. Its id never changes, as in many panels of its time.
struct Session {
    account: Option<&'static str>,
    csrf: String,
    lock: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
pub(super) struct World(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    accounts: Vec<Account>,
    sessions: HashMap<String, Session>,
    oldest_sessions: VecDeque<String>,
    remembered: HashMap<String, &'static str>,
    oldest_remembered: VecDeque<String>,
}

impl World {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Inner { accounts: accounts(), ..Inner::default() }))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session with the id that the browser sent, made up by whomever; `true` if it's a new one
    /// because what was sent can't be an id.
    pub(super) fn session(&self, sent: Option<&str>) -> (String, bool) {
        let plausible =
            |id: &&str| (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let (id, fresh) = match sent.filter(plausible) {
            Some(id) => (id.to_owned(), false),
            None => (random_hex(16), true),
        };
        self.lock().ensure_session(&id);
        (id, fresh)
    }

    /// What requests of one session wait for.
    pub(super) fn session_lock(&self, id: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut inner = self.lock();
        Arc::clone(&inner.ensure_session(id).lock)
    }

    pub(super) fn csrf(&self, id: &str) -> String {
        self.lock().ensure_session(id).csrf.clone()
    }

    pub(super) fn account_in(&self, id: &str) -> Option<Account> {
        let inner = self.lock();
        let login = inner.sessions.get(id)?.account?;
        inner.accounts.iter().find(|account| account.login == login).cloned()
    }

    /// Logs `login` in within the session `id`; the id stays.
    pub(super) fn enter(&self, id: &str, login: &str) -> bool {
        let mut inner = self.lock();
        let Some(login) = inner.known(login) else { return false };
        inner.ensure_session(id).account = Some(login);
        true
    }

    /// Ends the login of a session; the browser keeps the id.
    pub(super) fn leave(&self, id: &str) {
        self.lock().ensure_session(id).account = None;
    }

    /// Whether that is the account's password. Logins are compared as a database would: without
    /// case, white space at the end ignored.
    pub(super) fn password_holds(&self, login: &str, password: &str) -> Option<&'static str> {
        let inner = self.lock();
        let login = inner.known(login)?;
        let account = inner.accounts.iter().find(|account| account.login == login)?;
        bool::from(account.password.as_bytes().ct_eq(password.as_bytes())).then_some(login)
    }

    pub(super) fn set_password(&self, login: &str, password: &str) {
        let mut inner = self.lock();
        if let Some(account) = inner.accounts.iter_mut().find(|account| account.login == login) {
            password.clone_into(&mut account.password);
        }
    }

    /// A token that logs `login` in by itself, until the panel is stopped.
    pub(super) fn remember(&self, login: &str) -> Option<String> {
        let mut inner = self.lock();
        let login = inner.known(login)?;
        if inner.oldest_remembered.len() == REMEMBERED
            && let Some(oldest) = inner.oldest_remembered.pop_front()
        {
            inner.remembered.remove(&oldest);
        }
        let token = random_hex(20);
        inner.remembered.insert(token.clone(), login);
        inner.oldest_remembered.push_back(token.clone());
        Some(token)
    }

    pub(super) fn remembered(&self, token: &str) -> Option<&'static str> {
        self.lock().remembered.get(token).copied()
    }
}

impl Inner {
    fn known(&self, login: &str) -> Option<&'static str> {
        self.accounts.iter().map(|account| account.login).find(|known| known.eq_ignore_ascii_case(login.trim_end()))
    }

    fn ensure_session(&mut self, id: &str) -> &mut Session {
        if !self.sessions.contains_key(id) {
            if self.oldest_sessions.len() == SESSIONS
                && let Some(oldest) = self.oldest_sessions.pop_front()
            {
                self.sessions.remove(&oldest);
            }
            self.oldest_sessions.push_back(id.to_owned());
        }
        self.sessions.entry(id.to_owned()).or_insert_with(|| Session {
            account: None,
            csrf: random_hex(16),
            lock: Arc::default(),
        })
    }
}

/// `bytes` random bytes in hexadecimal digits.
fn random_hex(bytes: usize) -> String {
    let mut random = vec![0; bytes];
    rand::rng().fill_bytes(&mut random);
    hex(&random)
}

/// Bytes in hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn accounts() -> Vec<Account> {
    vec![
        Account {
            login: "alice",
            email: "alice@example.test",
            holder: "Alice Durand",
            number: "EX-20417",
            password: "Correct-Horse-9".to_owned(),
            domains: vec![
                Domain { name: "boulangerie-durand.example", plan: "Perso 100 Go", until: "14/03/2027", disk: 37 },
                Domain { name: "alice-photo.example", plan: "Pro 250 Go", until: "02/11/2027", disk: 72 },
                Domain { name: "durand-family.example", plan: "—", until: "30/06/2028", disk: 0 },
            ],
            invoices: vec![
                Invoice { number: "FA-2026-0931", date: "02/11/2026", amount: "59,88", paid: false },
                Invoice { number: "FA-2026-0214", date: "14/03/2026", amount: "35,88", paid: true },
                Invoice { number: "FA-2025-0877", date: "02/11/2025", amount: "59,88", paid: true },
            ],
        },
        Account {
            login: "bob",
            email: "bob@example.test",
            holder: "Bob Martin",
            number: "EX-20522",
            password: "Battery-Staple-7".to_owned(),
            domains: vec![Domain { name: "garage-martin.example", plan: "Pro 250 Go", until: "21/01/2027", disk: 12 }],
            invoices: vec![Invoice { number: "FA-2026-0056", date: "21/01/2026", amount: "119,76", paid: true }],
        },
    ]
}
