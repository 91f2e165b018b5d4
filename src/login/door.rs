//! The doors of a panel, as its profile declares them.

use std::collections::BTreeMap;

use http::Method;
use regex::bytes::Regex;

use super::Matcher;

/// What a door is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DoorKind {
    /// Presents a password: watched.
    Login,
    /// Asks for a new password or sets one: watched, since some panels log in with it.
    Reset,
    /// Makes an account: watched, since some panels log in with it.
    Register,
    /// Changes the password of who is logged in: for cleared sessions.
    Password,
    /// Ends the panel's session: the gate's session ends with it.
    Logout,
    /// Takes credentials from programs (XML-RPC, Basic, tokens): closed unless `open`.
    Api,
}

/// What the last value of a query key or form field must be for a door to match (DESIGN §7:
/// "keys that must be so").
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KeyRule {
    /// One of these values; the empty string stands for "absent or empty" too.
    OneOf(Vec<String>),
    /// Present, with any value that isn't empty.
    Present,
}

impl KeyRule {
    /// Whether a key or field with this value fits; `None` is one that wasn't sent.
    pub fn holds(&self, value: Option<&str>) -> bool {
        let value = value.unwrap_or_default();
        match self {
            Self::OneOf(values) => values.iter().any(|wanted| wanted == value),
            Self::Present => !value.is_empty(),
        }
    }
}

/// One way of presenting a password or token to the panel.
#[derive(Clone, Debug)]
pub struct Door {
    /// What it's for.
    pub kind: DoorKind,
    /// Canonical, decoded path. A script's door (`/login.php`) is also every path below it
    /// (`/login.php/x.css`), since PHP servers run the script for these.
    pub path: String,
    /// Methods it takes; any other method at its path is refused if it carries the credentials.
    pub methods: Vec<Method>,
    /// Query keys that must be so.
    pub query: BTreeMap<String, KeyRule>,
    /// Form fields that must be so.
    pub fields: BTreeMap<String, KeyRule>,
    /// The field that carries the login.
    pub username: Option<String>,
    /// The field that carries the password.
    pub password: Option<String>,
    /// The panel reads these fields from a JSON body too. Where it doesn't, such a body can't be a
    /// login, and is refused.
    pub json: bool,
    /// Any entry that holds speaks for acceptance; never enough without evidence (R6).
    pub accepted: Vec<Matcher>,
    /// Any entry that holds means refusal, unless a `login` cookie was gained.
    pub refused: Vec<Matcher>,
    /// An `api` door that the operator opened on purpose: forwarded as it is, without the panel's
    /// cookies.
    pub open: bool,
    /// For scripted logins: hand the panel's JSON answer (at most 4 KiB) to the caller instead of
    /// the gate's 401 (R7). For an exact path and query only.
    pub hand_over_answer: bool,
}

/// A page of the panel that shows who is logged in (DESIGN R6).
#[derive(Clone, Debug)]
pub struct Probe {
    /// Path and query to fetch with the resulting cookies.
    pub target: String,
    /// Any entry that holds means that somebody is inside.
    pub inside: Vec<Matcher>,
    /// Finds the account's name in the page: the group `account`.
    pub account: Option<Regex>,
    /// Finds the account's e-mail address in the page: the group `email`.
    pub email: Option<Regex>,
}
