//! Matchers: what a panel's answer must look like.

use regex::bytes::Regex;

/// How much of a body matchers look at, in bytes (DESIGN §7).
pub const BODY_LIMIT: usize = 1024 * 1024;

/// Conditions on an answer of the panel; all that are given must hold.
#[derive(Clone, Debug, Default)]
pub struct Matcher {
    /// The status.
    pub status: Option<u16>,
    /// A regular expression that must be found in `Location`.
    pub location: Option<Regex>,
    /// A regular expression that must be found in the first [`BODY_LIMIT`] bytes of the body.
    pub body: Option<Regex>,
    /// A regular expression that must *not* be found there.
    pub body_not: Option<Regex>,
}

/// What matchers see of an answer.
#[derive(Clone, Copy, Debug)]
pub struct AnswerView<'a> {
    /// The status.
    pub status: u16,
    /// The `Location` header, if there is one.
    pub location: Option<&'a [u8]>,
    /// The body; only its first [`BODY_LIMIT`] bytes count.
    pub body: &'a [u8],
}

impl Matcher {
    /// Whether all conditions hold. A matcher without conditions never holds.
    pub fn holds(&self, answer: AnswerView<'_>) -> bool {
        let body = answer.body.get(..BODY_LIMIT).unwrap_or(answer.body);
        let mut conditions = [
            self.status.map(|status| status == answer.status),
            self.location.as_ref().map(|pattern| answer.location.is_some_and(|value| pattern.is_match(value))),
            self.body.as_ref().map(|pattern| pattern.is_match(body)),
            self.body_not.as_ref().map(|pattern| !pattern.is_match(body)),
        ]
        .into_iter()
        .flatten()
        .peekable();
        conditions.peek().is_some() && conditions.all(|holds| holds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_conditions_of_an_entry_must_hold() {
        let answer = AnswerView { status: 302, location: Some(b"/index.php"), body: b"" };
        let status = Matcher { status: Some(302), ..Matcher::default() };
        assert!(status.holds(answer));
        let both = Matcher { location: Some(Regex::new("^/admin").unwrap()), ..status.clone() };
        assert!(!both.holds(answer));
        assert!(!Matcher::default().holds(answer), "an empty matcher says nothing");
        let no_location = AnswerView { location: None, ..answer };
        assert!(!Matcher { location: Some(Regex::new("").unwrap()), ..Matcher::default() }.holds(no_location));
    }

    #[test]
    fn only_the_first_mebibyte_counts() {
        let mut body = vec![b' '; BODY_LIMIT];
        body.extend_from_slice(b"welcome");
        let matcher = Matcher { body: Some(Regex::new("welcome").unwrap()), ..Matcher::default() };
        assert!(!matcher.holds(AnswerView { status: 200, location: None, body: &body }));
    }
}
