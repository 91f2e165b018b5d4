//! The names that make a query worth a closer look.

use crate::login::name::{is_plain, plain_start};

/// The names of all query parameters that any rule of a profile asks for: session ids, the doors'
/// conditions, the fields of credentials.
///
/// Most queries have none of them, in any spelling; these needn't be read at all.
#[derive(Clone, Debug, Default)]
pub struct WatchedNames {
    names: Vec<Vec<u8>>,
    /// Lengths that a name has, longer ones aside.
    lengths: u64,
    /// A name can't be told by its letters alone: every query is worth a look.
    always: bool,
}

/// Longest query that is glanced at, in bytes: it can't have more parameters than
/// [`crate::login::form::MAX_FIELDS`], at which rules refuse it.
const LONGEST: usize = crate::login::form::MAX_FIELDS;

impl WatchedNames {
    /// These names.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut watched = Self::default();
        for name in names {
            let name = name.as_bytes();
            watched.always |= !is_plain(name);
            watched.lengths |= length_bit(name);
            if !watched.names.iter().any(|known| known == name) {
                watched.names.push(name.to_vec());
            }
        }
        watched
    }

    /// Whether it's certain that no parameter of `query` is one of these for any panel. `false`
    /// means that it has to be read.
    ///
    /// Plain letters, digits, `_` and `-` are what they are for everybody; only a parameter with
    /// anything else in its name could be read as another one.
    pub fn surely_not_in(&self, query: &str) -> bool {
        let query = query.as_bytes();
        if self.always || query.len() > LONGEST {
            return false;
        }
        let mut rest = query;
        while !rest.is_empty() {
            let (name, after) = rest.split_at_checked(plain_start(rest)).unwrap_or((rest, &[]));
            let odd = !matches!(after, [] | [b'=' | b'&', ..]);
            if odd || self.has(name) {
                return false;
            }
            let value = memchr::memchr2(b'&', b';', after);
            rest = match value.and_then(|at| after.get(at..)) {
                Some([b'&', next @ ..]) => next,
                // Some panels take it for `&`.
                Some(_) => return false,
                None => &[],
            };
        }
        true
    }

    fn has(&self, name: &[u8]) -> bool {
        self.lengths & length_bit(name) != 0 && self.names.iter().any(|watched| watched.eq_ignore_ascii_case(name))
    }
}

fn length_bit(name: &[u8]) -> u64 {
    1 << name.len().min(63)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::login::form::query_pairs;

    fn piece() -> impl Strategy<Value = String> {
        prop_oneof![
            6 => prop::sample::select(vec![
                "u", "U", "p", "pwd", "Pwd", "action", "ACTION", "user_login", "user.login", "user-login", "page", "&",
                "&", "=", "=", ";", "%", "%70", "%00", "%u0070", "[", "]", "+", "?", " ", "x", "PHPSESSID", ".", "_",
            ])
            .prop_map(str::to_owned),
            1 => "[!-~]{1,3}",
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(50_000))]

        /// A query that is passed over has nothing in it that a rule could ask for.
        #[test]
        fn r10_what_is_passed_over_meets_no_rule(
            pieces in prop::collection::vec(piece(), 0..14),
            names in prop::collection::vec(prop_oneof![
                8 => prop::sample::select(vec!["u", "p", "pwd", "action", "user_login", "PHPSESSID", "key"]),
                1 => prop::sample::select(vec!["user.login", "a[b]", "", "é", "x y"]),
            ], 0..4),
        ) {
            let query = pieces.concat();
            let watched = WatchedNames::of(names.iter().copied());
            let met = query_pairs(&query).any(|pair| names.iter().any(|name| pair.meets(name)));
            if watched.surely_not_in(&query) {
                prop_assert!(!met, "{query}");
            }
        }
    }

    #[test]
    fn ordinary_queries_are_passed_over_and_odd_ones_are_not() {
        let watched = WatchedNames::of(["PHPSESSID", "u", "pwd"]);
        for query in ["", "post_type=page&orderby=date", "id=a:b:c", "x", "a=%zz", "a=u=pwd", "&&a", "=u"] {
            assert!(watched.surely_not_in(query), "{query}");
        }
        let long = "a=b&".repeat(LONGEST);
        for query in ["u", "U=1", "a&phpsessid=", "a;b", "a[]=1", "%75=1", "a=b;u=c", "a+b=1", "a.b", long.as_str()] {
            assert!(!watched.surely_not_in(query), "{query}");
        }
    }
}
