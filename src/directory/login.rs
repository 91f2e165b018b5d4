//! The login is the address.

use async_trait::async_trait;

use super::OwnDomains;
use crate::flow::ports::{AccountRecord, Directory, DirectoryUnavailable};
use crate::model::{AccountId, EmailAddress};

/// For panels whose logins are e-mail addresses: codes go to the login itself. ASCII addresses only,
/// since a look-alike letter that the panel folds away would send the code to somebody else.
#[derive(Clone, Debug, Default)]
pub struct LoginDirectory {
    own_domains: OwnDomains,
}

impl LoginDirectory {
    /// A directory that leaves out mailboxes in `own_domains`.
    pub fn new(own_domains: OwnDomains) -> Self {
        Self { own_domains }
    }
}

#[async_trait]
impl Directory for LoginDirectory {
    async fn lookup(&self, account: &AccountId) -> Result<Option<AccountRecord>, DirectoryUnavailable> {
        let Ok(address) = EmailAddress::parse(account.as_str()) else { return Ok(None) };
        let addresses = if self.own_domains.serve(&address) { Vec::new() } else { vec![address] };
        Ok(Some(AccountRecord {
            account: account.clone(),
            addresses,
            language: None,
            customer_type: None,
            created_from: None,
            billing: None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn b04_the_login_is_the_address_where_it_is_one() {
        let directory = LoginDirectory::new(OwnDomains::parse(["behind.test"]).unwrap());
        for (login, addresses) in [
            ("Alice@Example.test", Some(vec!["alice@example.test"])),
            ("bob@behind.test", Some(vec![])),
            ("alice", None),
            ("alicé@example.test", None),
            ("alice@exаmple.test", None),
            ("alice@example.test,eve@example.org", None),
        ] {
            let account = AccountId::canonical(login).unwrap();
            let record = directory.lookup(&account).await.unwrap();
            let expected =
                addresses.map(|list| list.iter().map(|a| EmailAddress::parse(a).unwrap()).collect::<Vec<_>>());
            assert_eq!(record.as_ref().map(|record| record.addresses.clone()), expected, "{login}");
            assert!(record.is_none_or(|record| record.account == account));
        }
    }
}
