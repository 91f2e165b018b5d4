//! The directory in a file: what is taken, what is refused and where, and what a change of the file does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use poterne::directory::{
    AccountMistake as M, CreationNetworks, FileDirectory, InvalidAccountsFile, OwnDomains, Reload, Settings,
};
use poterne::flow::ports::{AccountRecord, Directory};
use poterne::model::{AccountId, EmailAddress, Language, NetworkPrefix};
use tempfile::TempDir;

struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }
}

fn settings(path: &Path) -> Settings {
    Settings {
        path: path.to_owned(),
        own_domains: OwnDomains::parse(["behind.test"]).unwrap(),
        creation: CreationNetworks::new(NetworkPrefix::default()),
    }
}

fn open(name: &str, content: impl AsRef<[u8]>) -> Result<FileDirectory, InvalidAccountsFile> {
    FileDirectory::open(settings(&Files::new().put(name, content)))
}

async fn find(directory: &FileDirectory, login: &str) -> Option<AccountRecord> {
    directory.lookup(&AccountId::canonical(login).unwrap()).await.unwrap()
}

fn addresses(record: &AccountRecord) -> Vec<String> {
    record.addresses.iter().map(|address| address.as_address().to_string()).collect()
}

fn mistakes(name: &str, content: impl AsRef<[u8]>) -> Vec<(u64, M)> {
    match open(name, content) {
        Err(InvalidAccountsFile::Mistakes { mistakes, .. }) => mistakes.into_iter().map(|m| (m.line, m.what)).collect(),
        Err(other) => panic!("{other}"),
        Ok(_) => Vec::new(),
    }
}

#[tokio::test]
async fn b04_b13_an_account_has_what_its_line_says() {
    let bare = "alice,alice@example.test,Alice@Example.ORG,fr,company,91.216.107.20,billing@example.test\nBob,bob@example.test\n";
    let named = "\u{feff}Email,created_from,LOGIN,type,email2,language,Billing\r\n\
        alice@example.test,91.216.107.20,alice,company,Alice@Example.ORG,fr-CA,billing@example.test\r\n\
        bob@example.test,,bob,,,de,\r\n";
    let toml = r#"
        [[account]]
        login = "Alice"
        emails = ["alice@example.test", "Alice@Example.ORG"]
        language = "fr"
        type = "company"
        created_from = "91.216.107.20"
        billing = "billing@example.test"
        [[account]]
        login = "bob"
        emails = ["bob@example.test"]
    "#;
    for (name, content) in [("a.csv", bare), ("a.txt", named), ("a.toml", toml)] {
        let directory = open(name, content).unwrap();
        let alice = find(&directory, " ALICE ").await.unwrap();
        assert_eq!(alice.account, AccountId::canonical("alice").unwrap());
        assert_eq!(addresses(&alice), ["alice@example.test", "Alice@example.org"], "{name}");
        assert_eq!(alice.language, Some(Language::Fr));
        assert_eq!(alice.customer_type.as_deref(), Some("company"));
        assert_eq!(alice.created_from.unwrap().to_string(), "91.216.107.20");
        assert_eq!(alice.billing, Some(EmailAddress::parse("billing@example.test").unwrap()), "b71");
        let bob = find(&directory, "bob").await.unwrap();
        assert_eq!(addresses(&bob), ["bob@example.test"]);
        assert_eq!(bob.billing, None);
        assert_eq!((bob.language, bob.customer_type, bob.created_from), (None, None, None));
        assert_eq!(find(&directory, "carol").await, None);
    }
}

#[tokio::test]
async fn mailboxes_behind_the_gate_are_left_out() {
    let directory = open("a.csv", "alice,alice@behind.test,alice@example.test\nbob,bob@behind.test\ncarol,\n").unwrap();
    assert_eq!(addresses(&find(&directory, "alice").await.unwrap()), ["alice@example.test"]);
    for login in ["bob", "carol"] {
        assert!(find(&directory, login).await.unwrap().addresses.is_empty(), "known, but with nowhere to send a code");
    }
}

#[tokio::test]
async fn b08_a_creation_network_is_trusted_where_it_can_be_one_customers() {
    let accounts = [
        ("public", "91.216.107.20", Some("91.216.107.20")),
        ("v6", "2a01:e0a:1:2:3::4", Some("2a01:e0a:1:2::/64")),
        ("v6-network", "2a01:e0a:1:3::/64", Some("2a01:e0a:1:3::/64")),
        ("mapped", "::ffff:91.216.107.21", Some("91.216.107.21")),
        ("private", "192.168.1.1", None),
        ("shared-a", "8.8.8.8", Some("8.8.8.8")),
        ("shared-b", "8.8.8.8", Some("8.8.8.8")),
        ("shared-c", "8.8.8.8", Some("8.8.8.8")),
        ("crowd-a", "2a01:e0a:9:9::1", None),
        ("crowd-b", "2a01:e0a:9:9::2", None),
        ("crowd-c", "2a01:e0a:9:9::3", None),
        ("crowd-d", "2a01:e0a:9:9::4", None),
    ];
    let lines: String =
        accounts.iter().map(|(login, from, _)| format!("{login},{login}@example.test,,,,{from}\n")).collect();
    let files = Files::new();
    let path = files.put("a.csv", lines);
    let directory = FileDirectory::open(settings(&path)).unwrap();
    for (login, _, trusted) in accounts {
        let created_from = find(&directory, login).await.unwrap().created_from.map(|network| network.to_string());
        assert_eq!(created_from.as_deref(), trusted, "{login}");
    }
    let mut lenient = settings(&path);
    lenient.creation.trust_private = true;
    let directory = FileDirectory::open(lenient).unwrap();
    assert_eq!(find(&directory, "private").await.unwrap().created_from.unwrap().to_string(), "192.168.1.1");
}

#[test]
fn every_mistake_is_reported_with_its_line() {
    let csv = "alice,alice@example.test\n\
        ,nobody@example.test\n\
        bob,bob\n\
        carol,carol@example.test,carol@@example.test,french!\n\
        ALICE,other@example.test\n\
        \n\
        dave;dave@example.test;\n\
        erin\n\
        frank,frank@example.test,,fr,company,91.216.107.20,billing@example.test,more\n\
        grace,grace@example.test,,,,here\n\
        heidi,heidi@example.test,,,,91.216.107.0/24\n\
        ivan,ivan@example.test\r\n";
    assert_eq!(
        mistakes("a.csv", csv),
        [
            (2, M::Login(poterne::model::InvalidAccount::Empty)),
            (3, M::Email(1)),
            (4, M::Email(2)),
            (4, M::Language),
            (5, M::SameLogin { first: 1 }),
            (7, M::Semicolons),
            (8, M::OneField),
            (9, M::TooManyFields { found: 8, columns: 7 }),
            (10, M::CreatedFrom),
            (11, M::CreatedFromWidth),
        ]
    );
    assert_eq!(mistakes("a.csv", "\u{feff}a,a@b.test\r\n\r\n\"b\",b\r\nc,c"), [(3, M::Email(1)), (4, M::Email(1))]);
    assert_eq!(mistakes("a.csv", b"a,a@b.test\nb,\xff@b.test\n"), [(2, M::NotUtf8)]);
    assert_eq!(mistakes("a.csv", "a,a@b.test\nb,\"b@b.test\nc,c@b.test\n"), [(2, M::Control)]);
    assert_eq!(
        mistakes("a.csv", "login,emial,type,type\na,a@b.test,x,y\n"),
        [
            (1, M::UnknownColumn { name: "emial".into(), nearest: Some("email") }),
            (1, M::ColumnTwice("type".into())),
            (1, M::ColumnMissing("email")),
        ]
    );
    assert_eq!(mistakes("a.csv", "login,login@example.test\n"), [], "a customer may be called login");
}

#[test]
fn every_mistake_in_toml_is_reported_with_its_line() {
    let toml = "[[account]]\nlogin = \"alice\"\nemails = [\"alice\"]\n\n[[account]]\nlogin = \"bob\"\nemial = []\n\n\
        [[account]]\nlogin = 5\n\n[[account]]\nlogin = \"ALICE\"\n[[account]]\nlogin = \"alice\"\n";
    let found = mistakes("a.toml", toml);
    assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 5, 9, 14], "{found:?}");
    assert_eq!(found[0].1, M::Email(1));
    assert!(matches!(&found[1].1, M::Toml(words) if words.contains("emial")));
    assert!(matches!(&found[2].1, M::Toml(words) if words.contains("string")));
    assert_eq!(found[3].1, M::SameLogin { first: 12 });
    assert_eq!(mistakes("a.toml", "[[account]]\nlogin = \"a\"\n[[acount]]\n").first().unwrap().0, 3);
    assert_eq!(mistakes("a.toml", "[[account]]\nlogin = \n").first().unwrap().0, 2);
    assert_eq!(mistakes("a.toml", b"[[account]]\nlogin = \"\xff\"\n"), [(2, M::NotUtf8)]);
}

#[test]
fn a_report_names_lines_but_no_addresses() {
    let lines: String = (0..60).map(|i| format!("user{i},secret-name{i}@@example.test\n")).collect();
    let report = open("a.csv", lines).err().unwrap().to_string();
    assert!(report.contains("a.csv: 60 mistakes\n  line 1: e-mail address 1"), "{report}");
    assert!(report.ends_with("and 10 more"));
    assert!(!report.contains("secret-name"));
}

#[test]
fn a_file_that_cannot_be_read_is_said_so() {
    let files = Files::new();
    let missing = FileDirectory::open(settings(&files.path("none.csv")));
    assert!(matches!(missing, Err(InvalidAccountsFile::Unreadable { .. })));
    let folder = FileDirectory::open(settings(files.0.path()));
    assert!(matches!(folder, Err(InvalidAccountsFile::Unreadable { .. })));
    assert_eq!(mistakes("empty.csv", ""), [], "an empty file is one without accounts");
}

#[tokio::test]
async fn a_changed_file_is_taken_over_once_it_is_at_rest() {
    let files = Files::new();
    let path = files.put("a.csv", "alice,alice@example.test\n");
    let directory = FileDirectory::open(settings(&path)).unwrap();
    assert!(matches!(directory.reload(), Reload::Unchanged));

    files.put("a.csv", "alice,alice@example.org\nbob,bob@example.test\n");
    assert!(matches!(directory.reload(), Reload::Settling));
    fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"carol,carol@example.test\n").unwrap();
    assert!(matches!(directory.reload(), Reload::Settling), "still being written");
    assert!(matches!(directory.reload(), Reload::Replaced { accounts: 3 }));
    assert!(matches!(directory.reload(), Reload::Unchanged));
    assert_eq!(addresses(&find(&directory, "alice").await.unwrap()), ["alice@example.org"]);

    // As careful editors and `mv` do it: another inode.
    let inode = fs::metadata(&path).unwrap().ino();
    fs::rename(files.put("new.csv", "alice,alice@example.net\n"), &path).unwrap();
    assert_ne!(fs::metadata(&path).unwrap().ino(), inode);
    assert!(matches!(directory.reload(), Reload::Settling));
    assert!(matches!(directory.reload(), Reload::Replaced { accounts: 1 }));
    assert_eq!(find(&directory, "bob").await, None);
}

#[tokio::test]
async fn a_changed_file_with_mistakes_changes_nothing() {
    let files = Files::new();
    let path = files.put("a.csv", "alice,alice@example.test\n");
    let directory = FileDirectory::open(settings(&path)).unwrap();
    let still_there = async || addresses(&find(&directory, "alice").await.unwrap()) == ["alice@example.test"];

    files.put("a.csv", "alice,alice@example.org\nbob,bob\n");
    assert!(matches!(directory.reload(), Reload::Settling));
    let Reload::Kept(InvalidAccountsFile::Mistakes { mistakes, .. }) = directory.reload() else { panic!() };
    assert_eq!(mistakes[0].line, 2);
    assert!(matches!(directory.reload(), Reload::Unchanged), "said once");
    assert!(still_there().await);

    files.put("a.csv", "");
    assert!(matches!(directory.reload(), Reload::Settling));
    assert!(matches!(directory.reload(), Reload::Kept(InvalidAccountsFile::Emptied { .. })));
    assert!(still_there().await);

    fs::remove_file(&path).unwrap();
    assert!(matches!(directory.reload(), Reload::Kept(InvalidAccountsFile::Unreadable { .. })));
    assert!(matches!(directory.reload(), Reload::Unchanged), "said once");
    assert!(still_there().await);

    files.put("a.csv", "alice,alice@example.org\n");
    assert!(matches!(directory.reload(), Reload::Settling));
    assert!(matches!(directory.reload(), Reload::Replaced { accounts: 1 }));
    assert!(!still_there().await);
}

#[tokio::test]
async fn the_file_is_watched_in_the_background() {
    let files = Files::new();
    let path = files.put("a.csv", "alice,alice@example.test\n");
    let directory = Arc::new(FileDirectory::open(settings(&path)).unwrap());
    directory.keep_fresh(Duration::from_millis(1), &tokio::runtime::Handle::current());
    files.put("a.csv", "alice,alice@example.test\nbob,bob@example.test\n");
    let seen = async {
        while find(&directory, "bob").await.is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), seen).await.unwrap();
}

#[tokio::test]
async fn a_hundred_thousand_accounts_are_read() {
    let mut content = String::with_capacity(10_000_000);
    for i in 0..100_000_u32 {
        let [_, a, b, c] = i.to_be_bytes();
        content += &format!(
            "customer{i},contact{i}@example{}.test,second{i}@example.org,fr,company,9{}.{a}.{b}.{c}\n",
            i % 977,
            i % 7
        );
    }
    let directory = open("a.csv", content).unwrap();
    assert_eq!(find(&directory, "customer99999").await.unwrap().addresses.len(), 2);
}
