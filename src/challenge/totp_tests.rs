use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::*;

/// RFC 6238 appendix B, SHA-1, cut to six digits as RFC 4226 §5.3 does.
const VECTORS: [(i64, &str); 6] = [
    (59, "287082"),
    (1_111_111_109, "081804"),
    (1_111_111_111, "050471"),
    (1_234_567_890, "005924"),
    (2_000_000_000, "279037"),
    (20_000_000_000, "353130"),
];

fn secret() -> TotpSecret {
    TotpSecret::from_slice(b"12345678901234567890").unwrap()
}

fn typed(text: &str) -> TypedCode {
    TypedCode::parse(text).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

#[test]
fn the_vectors_of_rfc_6238_hold() {
    for (seconds, code) in VECTORS {
        assert_eq!(secret().code_at(Step::at(at(seconds))), code, "at {seconds}");
        assert_eq!(
            compare(&secret(), &typed(code), None, at(seconds)),
            Compared::Fits(Step::at(at(seconds))),
            "at {seconds}"
        );
    }
}

/// Against the implementation that codes are shown with.
#[test]
fn what_is_compared_is_what_is_shown() {
    let mut rng = ChaCha20Rng::seed_from_u64(9);
    for n in 0..500 {
        let secret = TotpSecret::random(&mut rng);
        let step = Step::of_number(n * 1_234_567);
        let code = Codes::of(&secret).at(step).unwrap();
        assert_eq!(std::str::from_utf8(&code).unwrap(), secret.code_at(step));
    }
}

#[test]
fn of_several_devices_the_one_whose_code_it_is_counts() {
    let mut rng = ChaCha20Rng::seed_from_u64(10);
    let now = at(1_800_000_000);
    let mut devices: Vec<_> = (0..10).map(|_| (TotpSecret::random(&mut rng), None)).collect();
    let shown: Vec<_> = devices.iter().map(|(secret, _)| typed(&secret.code_at(Step::at(now)))).collect();
    for (n, code) in shown.iter().enumerate() {
        assert_eq!(compare_all(&devices, code, now), (n, Compared::Fits(Step::at(now))));
        devices[n].1 = Some(Step::at(now));
        assert_eq!(compare_all(&devices, code, now).1, Compared::No, "replayed");
    }
    let ahead = |steps| typed(&devices[7].0.code_at(Step::of_number(Step::at(now).number() + steps)));
    let off = ahead(3);
    assert_eq!(compare_all(&devices, &off, now), (7, Compared::ClockOff { seconds: 90 }));
    assert_eq!(compare_all(&devices, &ahead(4), now).1, Compared::No, "the ten share what is looked at");
    assert_eq!(compare_all(&devices[7..8], &ahead(20), now), (0, Compared::ClockOff { seconds: 600 }));
    assert_eq!(compare_all(&devices[6..8], &ahead(11), now), (1, Compared::ClockOff { seconds: 330 }));
    assert_eq!(compare_all(&[], &off, now).1, Compared::No);
}

#[test]
fn a_step_is_accepted_once_and_one_step_early_or_late() {
    let now = at(1_800_000_000);
    let step = Step::at(now).number();
    let code = |step| typed(&secret().code_at(Step::of_number(step)));
    for near in [step - 1, step, step + 1] {
        assert_eq!(compare(&secret(), &code(near), None, now), Compared::Fits(Step::of_number(near)));
        assert_eq!(compare(&secret(), &code(near), Some(Step::of_number(near)), now), Compared::No, "replayed");
        assert_eq!(compare(&secret(), &code(near), Some(Step::of_number(step + 1)), now), Compared::No, "older");
    }
    assert_eq!(compare(&secret(), &code(step + 2), None, now), Compared::ClockOff { seconds: 60 });
    assert_eq!(compare(&secret(), &code(step - 20), None, now), Compared::ClockOff { seconds: -600 });
    assert_eq!(compare(&secret(), &code(step - 20), Some(Step::of_number(step - 20)), now), Compared::No);
    assert_eq!(compare(&secret(), &code(step + 21), None, now), Compared::No);
    for malformed in ["1", "12345", "0000000", "1234567890123456"] {
        assert_eq!(compare(&secret(), &typed(malformed), None, now), Compared::No, "{malformed}");
    }
}

#[test]
fn b68_the_secret_is_readable_and_the_link_names_issuer_and_account() {
    assert_eq!(secret().in_groups(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
    let link = secret().link("Espace client: L'Exemple & Fils", "alice@example.test");
    assert!(link.starts_with("otpauth://totp/"), "{link}");
    assert!(link.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), "{link}");
    let parsed = url::Url::parse(&link).unwrap();
    let issuer = parsed.query_pairs().find(|(name, _)| name == "issuer").unwrap().1.into_owned();
    assert_eq!(issuer, "Espace client  L'Exemple & Fils");
    assert!(parsed.path().ends_with("alice%40example.test"), "{link}");
    assert_eq!(format!("{:?}", secret()), "TotpSecret(…)");
}

#[derive(Clone, Debug)]
enum Event {
    /// The gate's clock goes on by so many seconds.
    Wait(i64),
    /// The gate starts again with a clock that is so far off (never before what it was).
    Jump(i64),
    /// A code of the step so far from the present is typed.
    Type(i64),
    /// The last typed one again.
    Again,
}

proptest! {
    /// Whatever the clock does, no step is accepted twice, none before one that was accepted, and
    /// none outside of the window.
    #[test]
    fn no_step_is_accepted_twice_whatever_the_clock_does(
        seed in any::<u64>(),
        events in prop::collection::vec(prop_oneof![
            3 => (0_i64..90).prop_map(Event::Wait),
            1 => (0_i64..100_000).prop_map(Event::Jump),
            6 => (-25_i64..25).prop_map(Event::Type),
            3 => Just(Event::Again),
        ], 1..60),
    ) {
        let secret = TotpSecret::random(&mut ChaCha20Rng::seed_from_u64(seed));
        let mut now = 1_800_000_000_i64;
        let mut last_used: Option<Step> = None;
        let mut accepted = std::collections::HashSet::new();
        let mut last_typed = None;
        for event in events {
            let code = match event {
                Event::Wait(seconds) | Event::Jump(seconds) => { now += seconds; continue }
                Event::Type(away) => secret.code_at(Step::of_number((now / 30 + away) as u64)),
                Event::Again => match &last_typed { Some(code) => String::clone(code), None => continue },
            };
            if let Compared::Fits(step) = compare(&secret, &typed(&code), last_used, at(now)) {
                prop_assert!(accepted.insert(step), "accepted twice");
                prop_assert!(last_used.is_none_or(|last| step > last), "an older step");
                prop_assert!((now / 30 - step.number() as i64).abs() <= 1, "outside of the window");
                last_used = Some(step);
            }
            last_typed = Some(code);
        }
    }
}
