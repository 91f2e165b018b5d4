//! The gate's decision alone, and what a cleared session weighs.
//!
//! `cargo bench --bench gate`. A request is judged as the proxy does it: target parsed, gate token
//! verified and looked up, network compared, last use noted, doors looked at, the panel's `Cookie`
//! line chosen with its stamps verified. The `Cookie` header has six cookies in 400 bytes, two of
//! them stamped. Sessions are picked at random among all, so the maps are as cold as they would be;
//! only the request's own bytes are in the cache, as they are just after they were read.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a bench ends by panicking, measures time, and prints what it measured"
)]

#[path = "../tests/support/settings.rs"]
mod settings;

use std::borrow::Cow;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use http::{HeaderValue, Method};
use poterne::flow::ports::{SessionState, StoredSession};
use poterne::gate::cookie::{self, Bearer};
use poterne::gate::decide::{self, Decision, Request, Standing};
use poterne::gate::memo::Judged;
use poterne::gate::profile::PanelProfile;
use poterne::gate::stamp::{self, Owner};
use poterne::gate::target::Target;
use poterne::limit::SessionLimits;
use poterne::model::{AccountId, ClientAddr, Keys, MasterKey, Network, NetworkPrefix, SessionId};
use poterne::state::{Session, Sessions};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;

use settings::NOW;

/// Decisions between two looks at the clock.
const BATCH: usize = 64;
const BATCHES: usize = 3000;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The aims.
const HOT: f64 = 250.0;
const COLD: f64 = 600.0;
const FLAT: f64 = 2.0;
const BYTES_A_SESSION: f64 = 300.0;

const PANELS: [&str; 3] = ["wordpress", "dokuwiki", "cacti"];

fn profile(name: &str) -> PanelProfile {
    settings::settings(name, "").panel.profile
}

struct World {
    keys: Keys,
    profile: PanelProfile,
    sessions: Sessions,
    target: &'static str,
}

/// One browser: its cookies, and the connection's memory of them.
struct Browser {
    lines: Vec<HeaderValue>,
    client: ClientAddr,
    judged: Option<Arc<Judged<Arc<Session>>>>,
}

/// Six cookies in about 400 bytes, two of them stamped.
fn cookies(panel: &str, keys: &Keys, token: &str, session: SessionId, rng: &mut ChaCha20Rng) -> Vec<HeaderValue> {
    let random = |length: usize, rng: &mut ChaCha20Rng| {
        (0..length).map(|_| char::from(b"0123456789abcdefghijklmnopqrstuvwxyz"[rng.random_range(0..36)])).collect()
    };
    let stamped = |name: &str, value: String| {
        let value = stamp::stamp(keys.stamp(), name.as_bytes(), value.as_bytes(), Owner::Session(session));
        format!("{name}={}", String::from_utf8(value).unwrap())
    };
    let id: String = random(26, rng);
    let (first, second, other) = match panel {
        "wordpress" => (
            stamped("PHPSESSID", id),
            stamped(
                "wordpress_logged_in_5bd7a9c61cda6e66fc921a05bc80ee93",
                format!("alice%7C1800000000%7C{}%7C{}", random(43, rng), random(20, rng)),
            ),
            "wp_lang=fr_FR; wp-settings-time-1=1799999999; consent=yes",
        ),
        "dokuwiki" => (
            stamped("DokuWiki", id),
            stamped("DW5bd7a9c61cda6e66fc921a05bc80ee93", format!("{}%7C0%7C{}", random(12, rng), random(80, rng))),
            "DOKU_PREFS=sizeCtl%23300; lang=fr; consent=yes",
        ),
        _ => (
            stamped("Cacti", id),
            stamped("cacti_remembers", format!("1%2C0%2C{}", random(110, rng))),
            "CactiDateTime=2026; CactiTimeZone=60; consent=yes",
        ),
    };
    let mut line = format!("__Host-poterne={token}; {first}; {second}; {other}");
    while line.len() < 400 {
        line.push('x');
    }
    assert!((395..=430).contains(&line.len()), "{}", line.len());
    vec![HeaderValue::from_str(&line).unwrap()]
}

fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

fn client(n: u64) -> ClientAddr {
    ClientAddr::resolved([198, 18 + (n >> 16 & 1) as u8, (n >> 8) as u8, n as u8].into())
}

/// The decision as the proxy makes it: `proxy::at_once`, or, if it's `cold` (the connection has seen
/// nothing yet), `proxy::service`.
#[inline(never)]
fn judge<'a>(world: &World, browser: &'a Browser, method: &Method, cold: bool) -> Option<Cow<'a, HeaderValue>> {
    let target = Target::parse(world.target.as_bytes()).unwrap();
    let network = Network::of(browser.client, NetworkPrefix::default());
    let lines = || browser.lines.iter().map(HeaderValue::as_bytes);
    let known = browser.judged.as_deref().filter(|judged| {
        !cold
            && judged.is_for(browser.client, cookie::SECURE_NAME, lines())
            && world.sessions.still_live(judged.session(), NOW)
    });
    let found;
    let session = match known {
        Some(judged) => judged.session(),
        None => {
            found = world.sessions.named_in(lines(), cookie::SECURE_NAME, &world.keys, NOW).unwrap();
            &found
        }
    };
    assert!(session.is_cleared() && session.network == network);
    world.sessions.touch(session, NOW);
    let request = Request {
        method,
        target: &target,
        standing: Standing::Cleared,
        has_body: false,
        body_length: None,
        upgrade: false,
    };
    let Decision::Forward(_) = decide::decide(&world.profile, request) else { panic!("not forwarded") };
    match known {
        Some(judged) => judged.up().map(Cow::Borrowed),
        None => {
            let bearer = Bearer::Session(session.id);
            let chosen = cookie::select(lines(), &world.profile.cookies, &world.keys, bearer, NOW, false, |_| false);
            chosen.header.map(Cow::Owned)
        }
    }
}

/// Nanoseconds a call of `one`, the median over batches.
fn measure(world: &World, browsers: &[Browser], one: impl Fn(&World, &Browser)) -> f64 {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let mut times: Vec<f64> = (0..BATCHES)
        .map(|_| {
            let picked: Vec<&Browser> = (0..BATCH).map(|_| &browsers[rng.random_range(0..browsers.len())]).collect();
            for browser in &picked {
                black_box(browser.lines[0].as_bytes().iter().map(|b| u64::from(*b)).sum::<u64>());
            }
            let start = Instant::now();
            for browser in &picked {
                one(world, browser);
            }
            start.elapsed().as_nanos() as f64 / BATCH as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Puts the session of customer `n` in place; with its token.
fn session(sessions: &Sessions, keys: &Keys, n: u64, rng: &mut ChaCha20Rng) -> (String, Arc<Session>) {
    let id = SessionId::random(rng);
    let (token, hash) = keys.new_token(rng);
    let session = sessions.insert(StoredSession {
        id,
        token: hash,
        account: AccountId::canonical(&format!("customer{n}@example.net")).unwrap(),
        network: Network::of(client(n), NetworkPrefix::default()),
        state: SessionState::Cleared,
        created_at: NOW,
        last_seen_at: NOW,
    });
    (token.expose(), session)
}

/// Bytes of memory that a cleared session takes. To be asked first: later on, memory that was freed is
/// used again, and a session seems to weigh nothing.
fn weigh(count: u64) -> f64 {
    let keys = Keys::derive(&MasterKey::from_bytes([7; 32]));
    let mut rng = ChaCha20Rng::seed_from_u64(count);
    let sessions = Sessions::new(SessionLimits::default());
    let before = resident();
    (0..count).for_each(|n| drop(session(&sessions, &keys, n, &mut rng)));
    (resident() - before) as f64 / count as f64
}

fn world(panel: &str, count: u64) -> (World, Vec<Browser>) {
    let keys = Keys::derive(&MasterKey::from_bytes([7; 32]));
    let mut rng = ChaCha20Rng::seed_from_u64(count);
    let sessions = Sessions::new(SessionLimits::default());
    let target = match panel {
        "wordpress" => "/wp-admin/edit.php?post_type=page&orderby=date",
        "dokuwiki" => "/doku.php?id=projets:client:facturation",
        _ => "/cacti/graph_view.php?action=tree&node=tbranch-7",
    };
    let world = World { keys, profile: profile(panel), sessions, target };
    // Fewer browsers than sessions, spread over all of them.
    let every = (count / 50_000).max(1);
    let mut browsers = Vec::with_capacity((count / every) as usize + 1);
    for n in 0..count {
        let (token, session) = session(&world.sessions, &world.keys, n, &mut rng);
        if n % every == 0 {
            browsers.push((n, token, session));
        }
    }
    let browsers = browsers
        .into_iter()
        .map(|(n, token, session)| {
            let mut browser = Browser {
                lines: cookies(panel, &world.keys, &token, session.id, &mut rng),
                client: client(n),
                judged: None,
            };
            let lines = || browser.lines.iter().map(HeaderValue::as_bytes);
            let up = judge(&world, &browser, &Method::GET, true).map(Cow::into_owned);
            let passed = up.as_ref().unwrap().as_bytes().split(|b| *b == b';').count();
            assert_eq!(passed, 5, "all but the gate's own go up: {up:?}");
            browser.judged = Judged::of(browser.client, cookie::SECURE_NAME, lines, session, up.clone());
            assert_eq!(judge(&world, &browser, &Method::GET, false).as_deref(), up.as_ref());
            browser
        })
        .collect();
    (world, browsers)
}

/// `--instructions`: a few decisions of each kind on one profile, to be counted by
/// `valgrind --tool=callgrind --toggle-collect='*::judge'`.
fn for_callgrind(panel: &str) {
    let (world, browsers) = world(panel, 1_000);
    for _ in 0..3 {
        for browser in &browsers {
            black_box(hot(&world, browser));
        }
        for browser in &browsers {
            black_box(cold(&world, browser));
        }
    }
}

#[inline(never)]
fn hot<'a>(world: &World, browser: &'a Browser) -> Option<Cow<'a, HeaderValue>> {
    judge(world, browser, &Method::GET, false)
}

#[inline(never)]
fn cold<'a>(world: &World, browser: &'a Browser) -> Option<Cow<'a, HeaderValue>> {
    judge(world, browser, &Method::GET, true)
}

fn main() {
    if std::env::args().any(|argument| argument == "--instructions") {
        return PANELS.into_iter().for_each(for_callgrind);
    }
    let mut short = Vec::new();
    let weight = weigh(1_000_000);
    println!("{weight:.0} bytes of memory for each of 1,000,000 cleared sessions");
    if weight > BYTES_A_SESSION {
        short.push(format!("{weight:.0} bytes a session, at most {BYTES_A_SESSION}"));
    }
    println!("{:<10} {:>9} {:>9} {:>9}", "panel", "sessions", "seen ns", "new ns");
    for panel in PANELS {
        let mut first = None;
        for count in [1_000, 100_000, 1_000_000] {
            if panel != "wordpress" && count == 100_000 {
                continue;
            }
            let (world, browsers) = world(panel, count);
            let hot = measure(&world, &browsers, |w, b| drop(black_box(judge(w, b, &Method::GET, false))));
            let cold = measure(&world, &browsers, |w, b| drop(black_box(judge(w, b, &Method::GET, true))));
            println!("{panel:<10} {count:>9} {hot:>9.0} {cold:>9.0}");
            let (hot_first, cold_first) = *first.get_or_insert((hot, cold));
            for (what, is, most) in [
                ("seen", hot, HOT),
                ("new", cold, COLD),
                ("seen, against 1,000 sessions", hot / hot_first, FLAT),
                ("new, against 1,000 sessions", cold / cold_first, FLAT),
            ] {
                if is > most {
                    short.push(format!("{panel}, {count} sessions, {what}: {is:.1}, at most {most}"));
                }
            }
            if count == 1_000 {
                parts(&world, &browsers);
            }
        }
    }
    for line in &short {
        println!("falls short: {line}");
    }
}

/// Where the time goes.
fn parts(world: &World, browsers: &[Browser]) {
    let lines = |b: &Browser| b.lines[0].as_bytes().to_owned();
    let tokens: Vec<Vec<u8>> =
        browsers.iter().map(|b| cookie::gate_tokens(&lines(b), cookie::SECURE_NAME).next().unwrap().to_vec()).collect();
    let show = |what: &str, ns: f64| println!("           {what:<34} {ns:>6.0}");
    show("target", measure(world, browsers, |w, _| drop(black_box(Target::parse(w.target.as_bytes())))));
    let target = Target::parse(world.target.as_bytes()).unwrap();
    show(
        "doors",
        measure(world, browsers, |w, _| {
            let request = Request {
                method: &Method::GET,
                target: &target,
                standing: Standing::Cleared,
                has_body: false,
                body_length: None,
                upgrade: false,
            };
            black_box(decide::decide(&w.profile, request));
        }),
    );
    let hash = world.keys.verify_token(&tokens[0]).unwrap();
    show(
        "token",
        measure(world, browsers, |w, _| {
            let _ = black_box(w.keys.verify_token(black_box(&tokens[0])));
        }),
    );
    show("look-up", measure(world, browsers, |w, _| drop(black_box(w.sessions.lookup(black_box(&hash), NOW)))));
    show(
        "cookies chosen, stamps verified",
        measure(world, browsers, |w, b| {
            let lines = b.lines.iter().map(HeaderValue::as_bytes);
            let bearer = Bearer::Session(b.judged.as_ref().unwrap().session().id);
            black_box(cookie::select(lines, &w.profile.cookies, &w.keys, bearer, NOW, false, |_| false));
        }),
    );
    show(
        "the connection's memory compared",
        measure(world, browsers, |_, b| {
            let lines = b.lines.iter().map(HeaderValue::as_bytes);
            black_box(b.judged.as_ref().unwrap().is_for(b.client, cookie::SECURE_NAME, lines));
        }),
    );
}
