//! A cookie jar that follows `Set-Cookie` as browsers do, for one host.

use cookie::{Cookie, Expiration};
use time::OffsetDateTime;

/// A cookie as it's kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    pub name: String,
    pub value: String,
    pub path: String,
}

/// The cookies of one browser for one host, in the order they came.
#[derive(Clone, Default, Debug)]
pub struct Jar(Vec<Kept>);

impl Jar {
    /// Takes one `Set-Cookie` line of an answer to a request for `target`.
    pub fn take(&mut self, line: &str, target: &str) {
        let Ok(cookie) = Cookie::parse(line.to_owned()) else { return };
        // Over plain HTTP a browser keeps nothing that is marked Secure, nor what may only come with it.
        if cookie.secure() == Some(true) || cookie.name().starts_with("__") {
            return;
        }
        let path = match cookie.path() {
            Some(path) if path.starts_with('/') => path.to_owned(),
            _ => default_path(target),
        };
        let gone = match (cookie.max_age(), cookie.expires()) {
            (Some(age), _) => !age.is_positive(),
            (None, Some(Expiration::DateTime(at))) => at <= OffsetDateTime::now_utc(),
            _ => false,
        };
        let same = |kept: &Kept| kept.name == cookie.name() && kept.path == path;
        if gone {
            self.0.retain(|kept| !same(kept));
        } else if let Some(kept) = self.0.iter_mut().find(|kept| same(kept)) {
            cookie.value().clone_into(&mut kept.value);
        } else {
            self.0.push(Kept { name: cookie.name().to_owned(), value: cookie.value().to_owned(), path });
        }
    }

    /// The `Cookie` header for `target`; `None` if there's nothing to send.
    pub fn header(&self, target: &str) -> Option<String> {
        let path = target.split(['?', '#']).next().unwrap_or(target);
        let mut sent: Vec<&Kept> = self.0.iter().filter(|kept| path_matches(path, &kept.path)).collect();
        sent.sort_by_key(|kept| std::cmp::Reverse(kept.path.len()));
        (!sent.is_empty())
            .then(|| sent.iter().map(|kept| format!("{}={}", kept.name, kept.value)).collect::<Vec<_>>().join("; "))
    }

    /// The value of the cookie with this name.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|kept| kept.name == name).map(|kept| kept.value.as_str())
    }

    /// The first cookie whose name starts so.
    pub fn starting(&self, start: &str) -> Option<&Kept> {
        self.0.iter().find(|kept| kept.name.starts_with(start))
    }

    /// Every name, as it came.
    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(|kept| kept.name.as_str()).collect()
    }

    pub fn all(&self) -> &[Kept] {
        &self.0
    }

    /// A cookie for every path, as somebody plants it.
    pub fn plant(&mut self, name: &str, value: &str) {
        self.0.retain(|kept| kept.name != name);
        self.0.push(Kept { name: name.to_owned(), value: value.to_owned(), path: "/".to_owned() });
    }

    pub fn forget(&mut self, name: &str) {
        self.0.retain(|kept| kept.name != name);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn default_path(target: &str) -> String {
    let path = target.split(['?', '#']).next().unwrap_or(target);
    match path.rfind('/') {
        None | Some(0) => "/".to_owned(),
        Some(at) => path[..at].to_owned(),
    }
}

fn path_matches(path: &str, cookie_path: &str) -> bool {
    path == cookie_path
        || (path.starts_with(cookie_path)
            && (cookie_path.ends_with('/') || path.as_bytes().get(cookie_path.len()) == Some(&b'/')))
}

#[test]
fn a_jar_follows_paths_renewals_and_deletions() {
    let mut jar = Jar::default();
    jar.take("Cacti=one; path=/cacti/; HttpOnly; SameSite=Strict", "/cacti/index.php");
    jar.take("here=two", "/a/b/c?d=/e/f");
    jar.take("all=three; Path=/; Max-Age=10", "/a");
    assert_eq!(jar.header("/cacti/graph.php?x"), Some("Cacti=one; all=three".to_owned()));
    assert_eq!(jar.header("/a/b"), Some("here=two; all=three".to_owned()));
    assert_eq!(jar.header("/a/bc"), Some("all=three".to_owned()));
    jar.take("Cacti=four; path=/cacti/", "/");
    assert_eq!(jar.value("Cacti"), Some("four"));
    jar.take("Cacti=deleted; expires=Thu, 01 Jan 1970 00:00:01 GMT; path=/cacti/", "/");
    jar.take("all=; Max-Age=0; path=/", "/");
    assert_eq!(jar.names(), ["here"]);
    jar.take("safe=1; Secure; path=/", "/");
    jar.take("__Host-poterne=1; Secure; path=/", "/");
    assert_eq!(jar.names(), ["here"]);
}
