//! Accounts as they're kept, and the rules that a line of a file must pass to become one.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::OwnDomains;
use super::mistake::{AccountMistake, Mistake};
use crate::flow::ports::AccountRecord;
use crate::model::{AccountId, ClientAddr, EmailAddress, Language, Network, NetworkPrefix};

/// Most addresses of one account: each code goes to all of them.
const MAX_EMAILS: usize = 10;
/// Longest customer type, in characters.
const MAX_TYPE: usize = 64;
/// Most accounts that may share a trusted creation network (DESIGN §3): beyond that it's an office
/// of the operator's own, a reseller or an import, not a customer's home.
const SHARED_BY: usize = 3;

/// Which creation networks are trusted (b8, DESIGN §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreationNetworks {
    /// What makes an address's network; the same as for clients, or none would ever be met again.
    pub prefix: NetworkPrefix,
    /// At most so many accounts may share one.
    pub shared_by: usize,
    /// Also trusts private and loopback networks: for panels on an intranet and for tests.
    pub trust_private: bool,
}

impl CreationNetworks {
    /// The rules of the design for networks of this size.
    pub fn new(prefix: NetworkPrefix) -> Self {
        Self { prefix, shared_by: SHARED_BY, trust_private: false }
    }
}

/// One account as a file names it, not looked at yet.
#[derive(Default)]
pub(super) struct RawAccount<'a> {
    pub(super) line: u64,
    pub(super) login: &'a str,
    /// Empty ones count as absent.
    pub(super) emails: Vec<&'a str>,
    pub(super) language: &'a str,
    pub(super) customer_type: &'a str,
    pub(super) created_from: &'a str,
    pub(super) billing: &'a str,
}

/// Checked accounts, by canonical login.
#[derive(Default)]
pub(super) struct Accounts {
    by_login: HashMap<AccountId, Kept>,
}

/// An account as it's kept, without its login.
struct Kept {
    addresses: Box<[EmailAddress]>,
    language: Option<Language>,
    customer_type: Option<Arc<str>>,
    created_from: Option<Network>,
    billing: Option<Box<EmailAddress>>,
}

/// What the operator should hear of although it's no mistake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Remarks {
    /// Accounts without any address.
    pub(super) without_address: usize,
    /// Lines of accounts whose only addresses lie behind the gate.
    pub(super) behind_gate: Vec<u64>,
    /// Accounts whose creation network isn't global unicast.
    pub(super) private_networks: usize,
    /// Accounts whose creation network is shared by too many.
    pub(super) shared_networks: usize,
}

impl Accounts {
    pub(super) fn len(&self) -> usize {
        self.by_login.len()
    }

    pub(super) fn record(&self, account: &AccountId) -> Option<AccountRecord> {
        let (account, kept) = self.by_login.get_key_value(account)?;
        Some(AccountRecord {
            account: account.clone(),
            addresses: kept.addresses.to_vec(),
            language: kept.language,
            customer_type: kept.customer_type.as_deref().map(str::to_owned),
            created_from: kept.created_from,
            billing: kept.billing.as_deref().cloned(),
        })
    }
}

/// Builds [`Accounts`] line by line; what is wrong is gathered, not returned at the first.
pub(super) struct Builder<'s> {
    own_domains: &'s OwnDomains,
    creation: CreationNetworks,
    accounts: HashMap<AccountId, (u64, Kept)>,
    types: HashSet<Arc<str>>,
    mistakes: Vec<Mistake>,
    remarks: Remarks,
}

impl<'s> Builder<'s> {
    pub(super) fn new(own_domains: &'s OwnDomains, creation: CreationNetworks) -> Self {
        Self {
            own_domains,
            creation,
            accounts: HashMap::new(),
            types: HashSet::new(),
            mistakes: Vec::new(),
            remarks: Remarks::default(),
        }
    }

    pub(super) fn mistake(&mut self, line: u64, what: AccountMistake) {
        self.mistakes.push(Mistake { line, what });
    }

    pub(super) fn add(&mut self, raw: &RawAccount<'_>) {
        let login = AccountId::canonical(raw.login).map_err(AccountMistake::from);
        let addresses = self.addresses(raw);
        let language = language(raw.language);
        let customer_type = self.customer_type(raw.customer_type);
        let created_from = self.created_from(raw.created_from);
        let billing = billing(raw.billing);
        match (login, addresses, language, customer_type, created_from, billing) {
            (Ok(login), Ok(addresses), Ok(language), Ok(customer_type), Ok(created_from), Ok(billing)) => {
                match self.accounts.entry(login) {
                    Entry::Occupied(first) => {
                        let first = first.get().0;
                        self.mistake(raw.line, AccountMistake::SameLogin { first });
                    }
                    Entry::Vacant(entry) => {
                        entry.insert((raw.line, Kept { addresses, language, customer_type, created_from, billing }));
                    }
                }
            }
            (login, addresses, language, customer_type, created_from, billing) => {
                let all = [
                    login.err(),
                    addresses.err(),
                    language.err(),
                    customer_type.err(),
                    created_from.err(),
                    billing.err(),
                ];
                for what in all.into_iter().flatten() {
                    self.mistake(raw.line, what);
                }
            }
        }
    }

    /// All that was added, or all mistakes in the order of lines.
    pub(super) fn finish(mut self) -> Result<(Accounts, Remarks), Vec<Mistake>> {
        if !self.mistakes.is_empty() {
            self.mistakes.sort_by_key(|mistake| mistake.line);
            return Err(self.mistakes);
        }
        let mut by_login: HashMap<_, _> = self.accounts.into_iter().map(|(login, (_, kept))| (login, kept)).collect();
        let mut sharers: HashMap<Network, usize> = HashMap::new();
        for network in by_login.values().filter_map(|kept| kept.created_from) {
            *sharers.entry(network).or_default() += 1;
        }
        sharers.retain(|_, count| *count > self.creation.shared_by);
        for kept in by_login.values_mut() {
            if kept.created_from.is_some_and(|network| sharers.contains_key(&network)) {
                kept.created_from = None;
                self.remarks.shared_networks += 1;
            }
        }
        by_login.shrink_to_fit();
        Ok((Accounts { by_login }, self.remarks))
    }

    fn addresses(&mut self, raw: &RawAccount<'_>) -> Result<Box<[EmailAddress]>, AccountMistake> {
        let given = raw.emails.iter().enumerate().filter(|(_, text)| !text.trim().is_empty());
        let mut addresses: Vec<EmailAddress> = Vec::with_capacity(raw.emails.len().min(MAX_EMAILS));
        let mut behind_gate = false;
        for (i, text) in given {
            let address = EmailAddress::parse(text).map_err(|_| AccountMistake::Email(i + 1))?;
            if self.own_domains.serve(&address) {
                behind_gate = true;
            } else if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        if addresses.len() > MAX_EMAILS {
            return Err(AccountMistake::TooManyEmails(MAX_EMAILS));
        }
        if addresses.is_empty() {
            self.remarks.without_address += 1;
            if behind_gate {
                self.remarks.behind_gate.push(raw.line);
            }
        }
        Ok(addresses.into())
    }

    fn customer_type(&mut self, text: &str) -> Result<Option<Arc<str>>, AccountMistake> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        if text.chars().count() > MAX_TYPE {
            return Err(AccountMistake::TypeTooLong(MAX_TYPE));
        }
        if text.chars().any(char::is_control) {
            return Err(AccountMistake::Control);
        }
        // A handful of words for all accounts.
        if let Some(known) = self.types.get(text) {
            return Ok(Some(Arc::clone(known)));
        }
        let new: Arc<str> = text.into();
        self.types.insert(Arc::clone(&new));
        Ok(Some(new))
    }

    fn created_from(&mut self, text: &str) -> Result<Option<Network>, AccountMistake> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let address = text.split_once('/').map_or(text, |(address, _)| address);
        let ip: IpAddr = address.parse().map_err(|_| AccountMistake::CreatedFrom)?;
        let network = Network::of(ClientAddr::resolved(ip), self.creation.prefix);
        if text != address {
            let written = Network::parse(text).ok_or(AccountMistake::CreatedFrom)?;
            if written != network {
                return Err(AccountMistake::CreatedFromWidth);
            }
        }
        if !network.is_global_unicast() && !self.creation.trust_private {
            self.remarks.private_networks += 1;
            return Ok(None);
        }
        Ok(Some(network))
    }
}

/// Who is told of what happens to the account's security besides its addresses (b71). It may lie
/// behind the gate: no code goes there.
fn billing(text: &str) -> Result<Option<Box<EmailAddress>>, AccountMistake> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    EmailAddress::parse(text).map(|address| Some(Box::new(address))).map_err(|_| AccountMistake::Billing)
}

/// A language tag; one that the gate doesn't speak counts as none.
fn language(text: &str) -> Result<Option<Language>, AccountMistake> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let mut subtags = text.split(['-', '_']);
    let primary = subtags.next().unwrap_or_default();
    let well_formed = (2..=3).contains(&primary.len())
        && primary.bytes().all(|b| b.is_ascii_alphabetic())
        && subtags.all(|subtag| (1..=8).contains(&subtag.len()) && subtag.bytes().all(|b| b.is_ascii_alphanumeric()));
    if well_formed { Ok(Language::of_tag(text)) } else { Err(AccountMistake::Language) }
}
