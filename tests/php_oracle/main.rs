//! PHP itself as the oracle for what is read from targets and forms (DESIGN R9, R10).
//!
//! The claim: whenever the gate reads a value, PHP reads the same; whenever the gate says that a
//! field isn't there, PHP doesn't see it either; whenever PHP sees credentials, the scan of a stream
//! found them; whenever PHP runs a door's script, the gate takes the path for that door. Otherwise
//! the gate refused. Over 100,000 cases a run, biased to what has been used in attacks.
//!
//! `ORACLE_SEED` repeats a run with another seed; the seed stands in every failure.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "an oracle that can't go on must stop, and its tallies are worth reading"
)]

mod generate;
mod php;

use std::collections::BTreeMap;
use std::thread;

use poterne::gate::doors::door_path_matches;
use poterne::gate::target::Target;
use poterne::login::form::{Ambiguous, Form, query_pairs, value_in};
use poterne::login::scan::{CredentialScan, ScanState};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use generate::WANTED;
use php::{ParseStr, Server};

const URLENCODED: &[u8] = b"application/x-www-form-urlencoded";

/// Pairs of credential fields that the scan looks for: any two of the fields.
const CREDENTIALS: [(&str, &str); 2] = [("log", "pwd"), ("user_name", "login[user]")];

fn seed() -> u64 {
    std::env::var("ORACLE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_122)
}

/// What PHP read: the path of each leaf (`a[b][c]`) and its value.
type Read = BTreeMap<Vec<u8>, Vec<u8>>;

/// Whether PHP sees a field, as a text or as an array.
fn sees(read: &Read, field: &str) -> bool {
    let array = [field.as_bytes(), b"["].concat();
    read.keys().any(|key| key == field.as_bytes() || key.starts_with(&array))
}

/// How often the gate had an answer, so that a parser that refuses everything doesn't pass.
#[derive(Default, Debug)]
struct Tally {
    cases: usize,
    values: usize,
    absent: usize,
    refused: usize,
    /// The scan found credentials, or PHP ran a script that we read as its door.
    found: usize,
    /// PHP saw credentials.
    seen: usize,
    /// PHP saw credentials in a body that the scan refused as unreadable.
    unreadable: usize,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.cases += other.cases;
        self.values += other.values;
        self.absent += other.absent;
        self.refused += other.refused;
        self.found += other.found;
        self.seen += other.seen;
        self.unreadable += other.unreadable;
    }

    /// Checks one reading of a field against PHP's.
    fn check(&mut self, ours: Result<Option<&[u8]>, Ambiguous>, field: &str, read: &Read, case: &dyn Fn() -> String) {
        match ours {
            Ok(Some(value)) => {
                self.values += 1;
                assert_eq!(read.get(field.as_bytes()).map(Vec::as_slice), Some(value), "{field} of {}", case());
            }
            Ok(None) => {
                self.absent += 1;
                assert!(!sees(read, field), "PHP sees {field} in {}: {read:?}", case());
            }
            Err(_) => self.refused += 1,
        }
    }

    fn check_form(&mut self, content_type: &[u8], body: &[u8], read: &Read) {
        let case = || format!("seed {}: {} | {}", seed(), content_type.escape_ascii(), body.escape_ascii());
        self.cases += 1;
        let form = Form::parse(Some(content_type), body);
        for field in WANTED {
            match &form {
                Ok(form) => self.check(form.bytes(field), field, read, &case),
                Err(_) => self.refused += 1,
            }
        }
        // In pieces of some length: the scan must not depend on it.
        let mut scan = CredentialScan::new(CREDENTIALS, query_pairs(""), Some(content_type));
        for piece in body.chunks(1 + body.len() % 97) {
            scan.feed(piece);
        }
        let state = scan.finish();
        self.found += usize::from(state == ScanState::Found);
        for (username, password) in CREDENTIALS {
            if sees(read, username) && sees(read, password) {
                self.seen += 1;
                self.unreadable += usize::from(state == ScanState::Unreadable);
                assert_ne!(state, ScanState::Clean, "the scan missed {username}, {password} in {}", case());
            }
        }
    }
}

/// Two threads with a PHP server each, sharing the cases.
fn on_servers(cases: usize, stream: u64, one: impl Fn(&Server, &mut ChaCha8Rng, &mut Tally) + Sync) -> Tally {
    let mut total = Tally::default();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..2)
            .map(|half| {
                let one = &one;
                scope.spawn(move || {
                    let server = Server::start();
                    let mut rng = ChaCha8Rng::seed_from_u64(seed());
                    rng.set_stream(stream * 2 + half);
                    let mut tally = Tally::default();
                    for _ in 0..cases / 2 {
                        one(&server, &mut rng, &mut tally);
                    }
                    tally
                })
            })
            .collect();
        for thread in threads {
            total.add(&thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
    });
    total
}

#[test]
fn r10_queries_and_forms_are_read_as_parse_str_reads_them() {
    let mut rng = ChaCha8Rng::seed_from_u64(seed());
    let mut parse_str = ParseStr::start();
    let mut tally = Tally::default();
    for _ in 0..100 {
        let cases: Vec<_> = (0..1000).map(|_| generate::urlencoded(&mut rng)).collect();
        for (case, read) in cases.iter().zip(parse_str.read(&cases)) {
            tally.check_form(URLENCODED, case, &read);
            let Ok(query) = std::str::from_utf8(case) else { continue };
            for field in WANTED {
                let ours = value_in(query_pairs(query), field);
                let ours = ours.as_ref().map(|value| value.as_ref().map(|value| value.as_bytes())).map_err(|e| *e);
                tally.check(ours, field, &read, &|| format!("seed {}: the query {}", seed(), query.escape_debug()));
            }
        }
    }
    assert!(
        tally.cases == 100_000 && tally.values > 50_000 && tally.refused > 50_000 && tally.found > 1000,
        "{tally:?}"
    );
}

#[test]
fn r10_multipart_is_read_as_a_php_server_reads_it() {
    let tally = on_servers(100_000, 1, |server, rng, tally| {
        let (content_type, body) = generate::multipart(rng);
        let read = server.post(&content_type, &body);
        tally.check_form(&content_type, &body, &read);
    });
    assert!(
        tally.values > 20_000 && tally.refused > 20_000 && tally.seen > 5_000 && tally.unreadable < tally.seen / 20,
        "{tally:?}"
    );
    eprintln!("{tally:?}");
}

#[test]
fn r10_urlencoded_bodies_are_read_as_a_php_server_reads_them() {
    let types: &[&[u8]] = &[
        URLENCODED,
        b"Application/X-WWW-FORM-urlencoded",
        b"application/x-www-form-urlencoded; charset=utf-8",
        b"application/x-www-form-urlencoded junk",
        b"application/x-www-form-urlencoded,x",
        b"application/x-www-form-urlencoded;charset=utf-7",
        b"application/json",
        b"text/plain",
    ];
    let tally = on_servers(20_000, 2, |server, rng, tally| {
        let mut body = generate::urlencoded(rng);
        // What parse_str can't be given.
        if rng.random_ratio(1, 4) && !body.is_empty() {
            let at = rng.random_range(0..body.len());
            body[at] = 0;
        }
        let plain = rng.random_ratio(1, 2);
        let content_type = if plain { URLENCODED } else { types[rng.random_range(0..types.len())] };
        let read = server.post(content_type, &body);
        tally.check_form(content_type, &body, &read);
    });
    assert!(tally.values > 2_000 && tally.refused > 2_000, "{tally:?}");
    eprintln!("{tally:?}");
}

#[test]
fn r9_targets_are_read_as_a_php_server_reads_them() {
    let tally = on_servers(100_000, 3, |server, rng, tally| {
        let raw = generate::target(rng);
        let case = || format!("seed {}: {}", seed(), raw.escape_ascii());
        let ran = server.get(&raw);
        tally.cases += 1;
        let target = Target::parse(&raw);
        tally.refused += usize::from(target.is_err());
        let (Ok(target), Some(ran)) = (target, ran) else { return };
        assert!(door_path_matches(&ran.script, target.path()), "PHP runs {} for {}", ran.script, case());
        assert_eq!(ran.path, target.path().as_bytes(), "the path of {}", case());
        tally.found += 1;
        for field in WANTED {
            let ours = value_in(target.query_pairs(), field);
            let ours = ours.as_ref().map(|value| value.as_ref().map(|value| value.as_bytes())).map_err(|e| *e);
            tally.check(ours, field, &ran.query, &case);
        }
    });
    assert!(tally.found > 20_000 && tally.values > 2_000 && tally.refused > 20_000, "{tally:?}");
    eprintln!("{tally:?}");
}

/// One of `choices`.
fn pick<'a, T: ?Sized>(rng: &mut impl Rng, choices: &[&'a T]) -> &'a T {
    choices[rng.random_range(0..choices.len())]
}
