//! What the decision about a typed TOTP code costs, without the store: its comparison with the devices
//! of an account.
//!
//! `cargo bench --bench totp`. Issue "account page": under 20 µs.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a bench ends by panicking, measures time, and prints what it measured"
)]

use std::hint::black_box;
use std::time::Instant;

use poterne::challenge::totp::{Compared, Step, TotpSecret, compare_all};
use poterne::model::{Timestamp, TypedCode};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const ROUNDS: u32 = 2_000;
/// Of several runs the quickest counts: others are at work on the machine.
const RUNS: u32 = 20;

fn measure(name: &str, devices: &[(TotpSecret, Option<Step>)], typed: &TypedCode, expected: fn(Compared) -> bool) {
    let (_, found) = compare_all(devices, typed, NOW);
    assert!(expected(found), "{name}: {found:?}");
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        let start = Instant::now();
        for _ in 0..ROUNDS {
            black_box(compare_all(black_box(devices), black_box(typed), NOW));
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS));
    }
    println!("{name:<36} {best:>6.2} µs");
}

fn main() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let devices: Vec<_> = (0..10).map(|_| (TotpSecret::random(&mut rng), Some(Step::of_number(1)))).collect();
    for count in [1, 10] {
        let devices = devices.get(..count).unwrap();
        let (last, _) = devices.last().unwrap();
        let right = TypedCode::parse(&last.code_at(Step::at(NOW))).unwrap();
        let wrong = TypedCode::parse("12345678").unwrap();
        measure(&format!("totp, right, {count} devices"), devices, &right, |found| matches!(found, Compared::Fits(_)));
        measure(&format!("totp, wrong, {count} devices"), devices, &wrong, |found| found == Compared::No);
    }
}
