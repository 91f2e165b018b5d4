//! Credentials at any URL (DESIGN R5): some panels log in whoever sends the right two fields with
//! whatever request.
//!
//! The scan looks for the *names* of credential fields in the query and, while it streams by, in a
//! form body of any size, in constant memory. It must never miss what PHP would see; what it takes
//! for a field that PHP wouldn't costs at most a refusal of something that no browser sends.

use super::form::Pair;
use super::name;

mod multipart;
mod urlencoded;

use multipart::PartStream;
use urlencoded::NameStream;

/// What is known so far. Once it isn't clean it stays so.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ScanState {
    /// No pair of credential fields yet.
    Clean,
    /// A username field and its password field: refused outside a watched door.
    Found,
    /// A multipart body that no browser would write and that panels would read in different ways:
    /// refused.
    Unreadable,
}

/// A look-out for credential fields over the query and the body of one request.
#[derive(Debug)]
pub struct CredentialScan {
    wanted: Vec<Wanted>,
    body: Body,
    unreadable: bool,
}

/// A pair of fields, and which of the two were seen.
#[derive(Debug)]
struct Wanted {
    username: String,
    password: String,
    username_seen: bool,
    password_seen: bool,
}

#[derive(Debug)]
enum Body {
    /// PHP reads no fields from a body of this type.
    Opaque,
    UrlEncoded(NameStream),
    Multipart(PartStream),
}

/// A field's name that came by.
enum Name<'a> {
    /// This one, decoded.
    Plain(&'a [u8]),
    /// One that some servers would decode further: it may be any.
    Any,
}

impl CredentialScan {
    /// A scan for these pairs of username field and password field. The query's parameters count
    /// too: PHP's `$_REQUEST` merges them with the form's.
    pub fn new<'a, 'q>(
        fields: impl IntoIterator<Item = (&'a str, &'a str)>,
        query: impl Iterator<Item = Pair<'q>>,
        content_type: Option<&[u8]>,
    ) -> Self {
        let wanted: Vec<Wanted> = fields
            .into_iter()
            .map(|(username, password)| Wanted {
                username: username.to_owned(),
                password: password.to_owned(),
                username_seen: false,
                password_seen: false,
            })
            .collect();
        let content_type = content_type.unwrap_or_default().trim_ascii_start();
        let is = |media_type: &str| {
            content_type.get(..media_type.len()).is_some_and(|start| start.eq_ignore_ascii_case(media_type.as_bytes()))
        };
        let (body, unreadable) = if is("application/x-www-form-urlencoded") {
            (Body::UrlEncoded(NameStream::default()), false)
        } else if is("multipart/form-data") {
            match multipart::boundary(content_type) {
                Some(boundary) => (Body::Multipart(PartStream::new(boundary)), false),
                None => (Body::Opaque, true),
            }
        } else {
            (Body::Opaque, false)
        };
        let mut scan = Self { wanted, body, unreadable };
        for pair in query {
            for wanted in &mut scan.wanted {
                wanted.username_seen |= pair.meets(&wanted.username);
                wanted.password_seen |= pair.meets(&wanted.password);
            }
        }
        scan
    }

    /// Whether PHP finds fields in a body of this type, so that it must be fed. A body of another
    /// type has nothing to find.
    pub const fn reads_body(&self) -> bool {
        !matches!(self.body, Body::Opaque)
    }

    /// Takes a name from elsewhere into account: a cookie's, since PHP without a `php.ini` puts
    /// cookies into `$_REQUEST` too.
    pub fn see_name(&mut self, name: &[u8]) {
        see(&mut self.wanted, &Name::Plain(name));
    }

    /// What is known so far.
    pub fn state(&self) -> ScanState {
        if self.wanted.iter().any(|wanted| wanted.username_seen && wanted.password_seen) {
            ScanState::Found
        } else if self.unreadable {
            ScanState::Unreadable
        } else {
            ScanState::Clean
        }
    }

    /// Looks at the next piece of the body, however it is cut.
    pub fn feed(&mut self, chunk: &[u8]) -> ScanState {
        let Self { wanted, body, unreadable } = self;
        let mut found = |name: Name<'_>| see(wanted, &name);
        match body {
            Body::Opaque => {}
            Body::UrlEncoded(stream) => stream.feed(chunk, &mut found),
            Body::Multipart(stream) => *unreadable |= stream.feed(chunk, &mut found).is_err(),
        }
        self.state()
    }

    /// The body is over: what was under way at its end counts as well.
    pub fn finish(&mut self) -> ScanState {
        let Self { wanted, body, .. } = self;
        let mut found = |name: Name<'_>| see(wanted, &name);
        match body {
            Body::Opaque => {}
            Body::UrlEncoded(stream) => stream.finish(&mut found),
            Body::Multipart(stream) => stream.finish(&mut found),
        }
        self.state()
    }
}

fn see(wanted: &mut [Wanted], found: &Name<'_>) {
    let meets = |wanted: &str| match found {
        Name::Plain(found) => name::meets(found, wanted),
        Name::Any => true,
    };
    for wanted in wanted {
        wanted.username_seen |= meets(&wanted.username);
        wanted.password_seen |= meets(&wanted.password);
    }
}

#[cfg(test)]
mod tests;
