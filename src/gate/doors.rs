//! The doors of a panel, ready to be looked up by path.
//!
//! Every request is held against every door, and nearly none is for one: what can be made ready
//! when the profile is read is made ready then. [`crate::gate::knock()`] says what a door that was
//! found here means.

use std::borrow::Cow;
use std::ops::Deref;

use unicode_normalization::UnicodeNormalization;

use crate::login::Door;

use super::profile::LetterSet;

/// Doors whose place in the list a [`Here`] keeps as a bit; later ones are looked at again.
const NEAR: usize = 64;

/// A panel's doors, the most specific first.
#[derive(Clone, Debug, Default)]
pub struct Doors {
    doors: Vec<Door>,
    /// The different paths of the first [`NEAR`] doors, and which doors are at each.
    near: Vec<(DoorPath, u64)>,
    /// The path of each later door.
    far: Vec<DoorPath>,
    /// The first letters of their paths. Most requests are through with one look.
    firsts: LetterSet,
}

impl From<Vec<Door>> for Doors {
    fn from(doors: Vec<Door>) -> Self {
        let paths: Vec<DoorPath> = doors.iter().map(|door| DoorPath::of(&door.path)).collect();
        let firsts = LetterSet::of(paths.iter().map(DoorPath::first));
        let mut near: Vec<(DoorPath, u64)> = Vec::new();
        let mut far = Vec::new();
        for (index, path) in paths.into_iter().enumerate() {
            match (index < NEAR, near.iter_mut().find(|(known, _)| *known == path)) {
                (false, _) => far.push(path),
                (true, Some((_, doors))) => *doors |= 1 << index,
                (true, None) => near.push((path, 1 << index)),
            }
        }
        Self { doors, near, far, firsts }
    }
}

impl Deref for Doors {
    type Target = [Door];

    fn deref(&self) -> &[Door] {
        &self.doors
    }
}

impl Doors {
    /// The doors that a request for `path` (decoded, as [`super::target::Target::path`] gives it)
    /// can reach, as [`door_path_matches`] has it.
    pub fn at<'d, 'a>(&'d self, path: &'a str) -> Here<'d, 'a> {
        let mut here = Here { doors: &self.doors, far: &self.far, near: 0, path: Cow::Borrowed(path) };
        let ascii = path.is_ascii();
        if ascii && !self.may_be_at(path) {
            here.far = &[];
            return here;
        }
        if !ascii {
            here.path = Cow::Owned(fold(path));
        }
        let asked = Asked::of(&here.path);
        for (door, doors) in &self.near {
            if door.matches(&asked) {
                here.near |= doors;
            }
        }
        here
    }

    /// Whether a door can be at `path`, which is ASCII. Only a path that begins with a letter can be told by it:
    /// `/` (and `//`) may be an index, and what isn't ASCII is folded into something else.
    fn may_be_at(&self, path: &str) -> bool {
        match path.as_bytes() {
            [b'/', first, ..] if *first != b'/' => self.firsts.contains(*first),
            _ => true,
        }
    }
}

/// The doors at one path.
#[derive(Clone, Debug)]
pub struct Here<'d, 'a> {
    doors: &'d [Door],
    near: u64,
    far: &'d [DoorPath],
    path: Cow<'a, str>,
}

impl<'d> Here<'d, '_> {
    /// Whether there's none.
    pub fn is_empty(&self) -> bool {
        self.doors().next().is_none()
    }

    /// Them, in order.
    pub fn doors(&self) -> impl Iterator<Item = &'d Door> {
        let Self { doors, near, far, path } = self;
        let mut left = *near;
        let near = std::iter::from_fn(move || {
            let next = left.trailing_zeros() as usize;
            // The lowest bit goes; of nothing, nothing.
            left &= left.wrapping_sub(1);
            doors.get(next).filter(|_| next < NEAR)
        });
        let far = far.iter().zip(doors.iter().skip(NEAR));
        near.chain(far.filter(|(at, _)| at.matches(&Asked::of(path))).map(|(_, door)| door))
    }
}

/// Whether a request for `path` (decoded, as [`super::target::Target::path`] gives it) can reach
/// the door at `door_path`.
///
/// Meant to match too much rather than too little, since that closes at most a neighbour's door:
///
/// - case, trailing dots and spaces of a segment, `::$DATA` and a trailing slash don't count
///   (Windows and most frameworks), neither do compatibility forms (`ｌogin.php`);
/// - a script's door (`/login.php`) is also everything below it, since PHP servers run the script
///   for `/login.php/x.css`; its name without the ending, which Apache's MultiViews and nginx's
///   `try_files` complete; and, if it's an index, its folder;
/// - a route's door (`/login`) is also `/login.json`, as frameworks pick a format that way.
pub fn door_path_matches(door_path: &str, path: &str) -> bool {
    let door = DoorPath::of(door_path);
    if path.is_ascii() { door.matches(&Asked::of(path)) } else { door.matches(&Asked::of(&fold(path))) }
}

/// Compatibility forms and case taken out. Of ASCII, that's lower case.
fn fold(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).nfkc().collect()
}

/// A door's path, folded and cut into what [`door_path_matches`] compares.
#[derive(Clone, Debug, PartialEq, Eq)]
struct DoorPath {
    folders: Vec<Vec<u8>>,
    /// `None`: the door is `/`.
    last: Option<Last>,
}

/// A door's last segment.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Last {
    whole: Vec<u8>,
    /// Of a script, its name without the ending.
    stem: Option<Vec<u8>>,
    /// A server runs it for its folder.
    index: bool,
}

impl DoorPath {
    fn of(path: &str) -> Self {
        let folded = fold(path);
        let mut folders: Vec<Vec<u8>> = segments(&folded).map(<[u8]>::to_vec).collect();
        let last = folders.pop().map(|whole| Last {
            stem: stem_of(&whole).map(<[u8]>::to_vec),
            index: is_index(&whole),
            whole,
        });
        Self { folders, last }
    }

    /// The first letter of every path that can reach it but those that need a closer look; `None`
    /// if there's no such letter.
    fn first(&self) -> Option<u8> {
        let Some(last) = &self.last else { return None };
        match (self.folders.first(), &last.stem) {
            (Some(folder), _) => folder.first().copied(),
            (None, Some(stem)) => stem.first().copied(),
            (None, None) => last.whole.first().copied(),
        }
    }

    /// Whether a request for a path can reach it.
    fn matches(&self, asked: &Asked<'_>) -> bool {
        let depth = self.folders.len();
        let folders_fit =
            self.folders.iter().enumerate().all(|(at, folder)| asked.get(at).is_some_and(|asked| same(asked, folder)));
        if !folders_fit {
            return false;
        }
        match (&self.last, asked.get(depth)) {
            (None, asked) => asked.is_none(),
            (Some(last), None) => last.index,
            (Some(last), Some(asked_last)) => match &last.stem {
                Some(stem) => same(asked_last, &last.whole) || same(asked_last, stem),
                None => {
                    let asked_stem = stem_of(asked_last).unwrap_or(asked_last);
                    same(asked_stem, &last.whole) && asked.get(depth + 1).is_none()
                }
            },
        }
    }
}

/// Whether two segments are the same but for their case. The first letters tell in most cases.
fn same(asked: &[u8], folded: &[u8]) -> bool {
    asked.len() == folded.len()
        && asked.first().map(u8::to_ascii_lowercase) == folded.first().copied()
        && asked.eq_ignore_ascii_case(folded)
}

/// Segments of a path that are cut once for all doors, which lie no deeper, as a rule.
const SHALLOW: usize = 4;

/// A requested path, in ASCII or folded, cut into its segments once for all doors.
struct Asked<'a> {
    path: &'a str,
    first: [&'a [u8]; SHALLOW],
    count: usize,
}

impl<'a> Asked<'a> {
    fn of(path: &'a str) -> Self {
        let mut first: [&[u8]; SHALLOW] = [&[]; SHALLOW];
        let mut count = 0;
        for (place, segment) in first.iter_mut().zip(segments(path)) {
            *place = segment;
            count += 1;
        }
        Self { path, first, count }
    }

    fn get(&self, at: usize) -> Option<&'a [u8]> {
        if at < SHALLOW {
            return self.first.get(at).copied().filter(|_| at < self.count);
        }
        segments(self.path).nth(at)
    }
}

/// A path's segments, without what Windows ignores in them; a trailing slash makes none. In bytes:
/// every request's path is cut up here, and what it's cut at is ASCII.
fn segments(path: &str) -> impl Iterator<Item = &[u8]> {
    let path = path.as_bytes();
    let path = path.strip_prefix(b"/").unwrap_or(path);
    let path = path.strip_suffix(b"/").unwrap_or(path);
    let mut left = Some(path).filter(|path| !path.is_empty());
    std::iter::from_fn(move || {
        let rest = left?;
        let cut = rest.iter().position(|b| *b == b'/').and_then(|at| Some((rest.get(..at)?, rest.get(at + 1..)?)));
        let (segment, rest) = cut.map_or((rest, None), |(segment, rest)| (segment, Some(rest)));
        left = rest;
        let mut segment = before_stream(segment);
        while let [shorter @ .., b'.' | b' '] = segment {
            segment = shorter;
        }
        Some(segment)
    })
}

/// A segment without the name of a stream, as Windows writes it (`login.php::$DATA`).
fn before_stream(segment: &[u8]) -> &[u8] {
    // Hardly any path has a colon in it.
    if segment.contains(&b':') {
        segment.windows(2).position(|pair| pair == b"::").and_then(|at| segment.get(..at)).unwrap_or(segment)
    } else {
        segment
    }
}

/// A segment up to its first dot, if it has one.
fn stem_of(segment: &[u8]) -> Option<&[u8]> {
    segment.iter().position(|b| *b == b'.').and_then(|at| segment.get(..at))
}

/// Whether a server runs this script for its folder.
fn is_index(segment: &[u8]) -> bool {
    let stem = stem_of(segment).unwrap_or_default();
    ["index", "default", "home"].iter().any(|name| stem.eq_ignore_ascii_case(name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::login::DoorKind;

    /// A path's segments, without what Windows ignores in them; a trailing slash makes none.
    fn obvious_segments(path: &str) -> impl Iterator<Item = &str> {
        let path = path.strip_prefix('/').unwrap_or(path);
        let path = path.strip_suffix('/').unwrap_or(path);
        path.split('/')
            .map(|segment| obvious_before_stream(segment).trim_end_matches(['.', ' ']))
            .filter(move |_| !path.is_empty())
    }

    /// A segment without the name of a stream, as Windows writes it (`login.php::$DATA`).
    fn obvious_before_stream(segment: &str) -> &str {
        segment.split_once("::").map_or(segment, |(name, _)| name)
    }

    /// The same rule written down a second time, as it reads, with nothing made ready.
    fn obvious(door_path: &str, path: &str) -> bool {
        let (door_path, path) = (fold(door_path), fold(path));
        let mut door = obvious_segments(&door_path).peekable();
        let mut asked = obvious_segments(&path).peekable();
        loop {
            let Some(door_segment) = door.next() else { return asked.peek().is_none() };
            let last = door.peek().is_none();
            let Some(asked_segment) = asked.next() else { return last && is_index(door_segment.as_bytes()) };
            if !last {
                if door_segment != asked_segment {
                    return false;
                }
                continue;
            }
            let below = asked.peek().is_some();
            return match door_segment.split_once('.') {
                Some((stem, _)) => door_segment == asked_segment || stem == asked_segment,
                None => !below && Some(door_segment) == asked_segment.split('.').next(),
            };
        }
    }

    fn door(path: &str) -> Door {
        Door {
            kind: DoorKind::Api,
            path: path.to_owned(),
            methods: Vec::new(),
            query: BTreeMap::new(),
            fields: BTreeMap::new(),
            username: None,
            password: None,
            accepted: Vec::new(),
            refused: Vec::new(),
            open: false,
            hand_over_answer: false,
            json: false,
        }
    }

    fn path() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "/",
            "/",
            "/",
            "login",
            "Login",
            "LOGIN",
            "login.php",
            "login.PHP",
            ".php",
            ".json",
            ".",
            "..",
            " ",
            ":",
            "::$DATA",
            "index",
            "index.php",
            "home",
            "default.aspx",
            "admin",
            "ADMIN",
            "a",
            "A",
            "x",
            "ｌogin",
            "É",
            "é",
            "e\u{301}",
            "\u{212a}",
            "k",
            "ß",
            "İ",
            ".well-known",
            "／",
            "．",
        ]);
        prop::collection::vec(piece, 0..7).prop_map(|pieces| format!("/{}", pieces.concat()))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        /// What is made ready finds the doors that looking at each one finds, in the same order.
        #[test]
        fn r9_the_prepared_doors_are_the_obvious_ones(
            doors in prop::collection::vec(path(), 0..6),
            path in path(),
            respelt in any::<bool>(),
            many in prop::bool::weighted(0.02),
        ) {
            let mut doors: Vec<Door> = doors.iter().map(|path| door(path)).collect();
            if many {
                doors = doors.iter().cycle().take(if doors.is_empty() { 0 } else { 150 }).cloned().collect();
            }
            // Half of the time a door's own path in capitals.
            let path = match doors.first() {
                Some(door) if respelt => door.path.to_uppercase(),
                _ => path,
            };
            let expected: Vec<*const Door> =
                doors.iter().filter(|door| obvious(&door.path, &path)).map(std::ptr::from_ref).collect();
            let places: Vec<usize> = expected
                .iter()
                .map(|wanted| doors.iter().position(|door| std::ptr::eq(door, *wanted)).unwrap())
                .collect();
            for door in &doors {
                prop_assert_eq!(door_path_matches(&door.path, &path), obvious(&door.path, &path), "{} {}", door.path, path);
            }
            let ready = Doors::from(doors);
            let here = ready.at(&path);
            let found: Vec<usize> = here
                .doors()
                .map(|found| ready.iter().position(|door| std::ptr::eq(door, found)).unwrap())
                .collect();
            prop_assert_eq!(found, places, "{}", path);
        }
    }

    #[test]
    fn doors_beyond_the_sixty_fourth_are_found_too() {
        let doors: Doors = (0..200).map(|n| door(&format!("/door{}.php", n % 100))).collect::<Vec<_>>().into();
        for n in [0, 1, 63, 64, 65, 99] {
            let path = format!("/DOOR{n}.php/x");
            let here = doors.at(&path);
            let found: Vec<&str> = here.doors().map(|door| door.path.as_str()).collect();
            assert_eq!(found, [format!("/door{n}.php"), format!("/door{n}.php")]);
        }
        assert_eq!(doors.at("/x").doors().count(), 0);
    }
}
