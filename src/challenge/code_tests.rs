//! The rules against a model that keeps every event and reads DESIGN §4 literally.

use std::time::Duration;

use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::*;
use crate::limit::Quota;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn code(seed: u64, sent: i64, expires: i64, superseded: bool) -> KeptCode {
    let challenge = ChallengeId::random(&mut ChaCha20Rng::seed_from_u64(seed));
    KeptCode { challenge, hash: [seed as u8; 32], sent_at: at(sent), expires_at: at(expires), superseded }
}

#[test]
fn b57_only_the_newest_code_counts() {
    let (old, new) = (code(1, 0, 600, true), code(2, 60, 660, false));
    let codes = [old.clone(), new.clone()];
    let typed = |codes: &[KeptCode], typed: u8, now| compare(codes, at(now), |code| code.hash == [typed; 32]);
    assert_eq!(typed(&codes, 2, 100), Compared::Newest);
    assert_eq!(typed(&codes, 1, 100), Compared::Superseded { newest_sent_at: at(60) });
    assert_eq!(typed(&codes, 3, 100), Compared::Neither);
    assert_eq!(typed(&codes, 2, 659), Compared::Newest);
    for any in 1..=3 {
        assert_eq!(typed(&codes, any, 660), Compared::NothingValid, "b11: valid ten minutes, not longer");
        assert_eq!(typed(&[], any, 0), Compared::NothingValid);
        assert_eq!(typed(std::slice::from_ref(&old), any, 100), Compared::NothingValid);
    }
}

#[test]
fn every_code_is_compared_whatever_the_others_gave() {
    let codes = [code(1, 0, 600, false), code(2, 0, 600, true), code(3, 0, 600, true)];
    let mut compared = 0;
    compare(&codes, at(1), |_| {
        compared += 1;
        true
    });
    assert_eq!(compared, 3);
}

#[test]
fn b12_the_third_wrong_code_blocks_for_an_hour_and_then_there_are_three_new_tries() {
    let policy = ChallengePolicy::default();
    let mut tallies = Tallies::default();
    let hour = 3_600_000;
    for start in [0, hour] {
        assert_eq!(tallies.tries_left(&policy, at(start)), 3);
        let now = at(start);
        let judged: Vec<_> = (0..3).map(|_| tallies.judge(&policy, Compared::Neither, now)).collect();
        let block = NewBlock { reason: BlockReason::WrongCodes, until: Some(at(start + hour)) };
        assert_eq!(
            judged,
            [Judged::Wrong { tries_left: 2 }, Judged::Wrong { tries_left: 1 }, Judged::Blocks(vec![block])]
        );
    }
}

#[test]
fn a_code_ends_with_its_pending_login() {
    let policy = ChallengePolicy::default();
    let minutes = |n: i64| at(n * 60_000);
    assert_eq!(code_ends_at(&policy, minutes(0), minutes(0)), minutes(10));
    assert_eq!(code_ends_at(&policy, minutes(0), minutes(25)), minutes(30));
}

#[derive(Clone, Debug)]
enum Event {
    Wrong(usize),
    Right(usize),
    Older(usize),
    Late(usize),
    Mail(usize),
    Wait(u64),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(
        prop_oneof![
            6 => (0_usize..3).prop_map(Event::Wrong),
            1 => (0_usize..3).prop_map(Event::Right),
            1 => (0_usize..3).prop_map(Event::Older),
            1 => (0_usize..3).prop_map(Event::Late),
            2 => (0_usize..3).prop_map(Event::Mail),
            4 => (0_u64..80).prop_map(Event::Wait),
        ],
        1..120,
    )
}

/// Everything that ever happened, and the rules as DESIGN §4 words them.
#[derive(Default)]
struct Model {
    /// Wrong codes that were counted, with their network, since the last success.
    wrong: Vec<(usize, Timestamp)>,
    /// Wrong codes from everywhere since the last success.
    since_success: Vec<Timestamp>,
    mails: Vec<(usize, Timestamp)>,
    /// Network (or everywhere) and end.
    blocks: Vec<(Option<usize>, Option<Timestamp>)>,
}

impl Model {
    fn blocked(&self, network: usize, now: Timestamp) -> bool {
        self.blocks.iter().any(|(on, until)| on.is_none_or(|on| on == network) && until.is_none_or(|until| now < until))
    }

    /// Failures from a network, walking back until a gap of `block` or longer.
    fn failures(&self, network: usize, policy: &ChallengePolicy, now: Timestamp) -> u32 {
        let mut later = now;
        let mut count = 0;
        for (_, at) in self.wrong.iter().rev().filter(|(on, _)| *on == network) {
            if later.since(*at) >= policy.block {
                break;
            }
            later = *at;
            count += 1;
        }
        count
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_rules_hold_over_random_events_and_times(events in events(), support_after in 5_u32..20) {
        let period = Duration::from_millis(100);
        let policy = ChallengePolicy {
            block: period,
            resend_after: Duration::from_millis(7),
            mails_per_network: Quota::of(2, period),
            mails_per_account: Quota::of(4, period),
            wrong_per_account: Quota::of(5, period),
            support_after,
            ..ChallengePolicy::default()
        };
        let mut model = Model::default();
        let mut networks: [NetworkTally; 3] = Default::default();
        let mut account = AccountTally::default();
        let mut last_sent = None;
        let mut now = at(0);

        for event in events {
            let network = match event {
                Event::Wait(millis) => { now = now + Duration::from_millis(millis); continue; }
                Event::Wrong(n) | Event::Right(n) | Event::Older(n) | Event::Late(n) | Event::Mail(n) => n,
            };
            if model.blocked(network, now) {
                continue; // the store refuses before it asks
            }
            let mut tallies = Tallies { network: networks[network].clone(), account: account.clone() };
            let before = tallies.clone();
            match event {
                Event::Wait(_) => {}
                Event::Right(_) => {
                    prop_assert_eq!(tallies.judge(&policy, Compared::Newest, now), Judged::Right);
                    model.wrong.retain(|(on, _)| *on != network);
                    // Failures from elsewhere stay with their network, but the account's end.
                    model.since_success.clear();
                    prop_assert_eq!(tallies.tries_left(&policy, now), policy.tries.min(support_after));
                }
                Event::Older(_) => {
                    let older = Compared::Superseded { newest_sent_at: now };
                    prop_assert_eq!(tallies.judge(&policy, older, now), Judged::Superseded { newest_sent_at: now });
                    prop_assert_eq!(&tallies, &before, "an older code costs nothing");
                }
                Event::Late(_) => {
                    prop_assert_eq!(tallies.judge(&policy, Compared::NothingValid, now), Judged::Expired);
                    prop_assert_eq!(&tallies, &before);
                }
                Event::Mail(_) => {
                    let recent = |on: Option<usize>| model.mails.iter()
                        .filter(|(n, at)| on.is_none_or(|on| on == *n) && now.since(*at) < period).count();
                    let free = recent(Some(network)) < 2 && recent(None) < 4
                        && last_sent.is_none_or(|sent| now.since(sent) >= policy.resend_after);
                    match tallies.next_mail_at(&policy, last_sent, now) {
                        None => {
                            prop_assert!(free);
                            tallies.count_mail(&policy, now);
                            model.mails.push((network, now));
                            last_sent = Some(now);
                        }
                        Some(at) => { prop_assert!(!free); prop_assert!(at > now); }
                    }
                }
                Event::Wrong(_) => {
                    let left_before = tallies.tries_left(&policy, now);
                    model.wrong.push((network, now));
                    model.since_success.push(now);
                    let here = model.failures(network, &policy, now);
                    let judged = tallies.judge(&policy, Compared::Neither, now);
                    let in_window = model.since_success.iter().filter(|at| now.since(**at) < period).count();
                    prop_assert!(here <= policy.tries, "no fourth try");
                    let third = here == policy.tries;
                    let everywhere = in_window >= 5;
                    let support = model.since_success.len() >= support_after as usize;
                    match judged {
                        Judged::Wrong { tries_left } => {
                            prop_assert!(!third && !everywhere && !support);
                            prop_assert!(tries_left >= 1 && tries_left < left_before.max(2));
                        }
                        Judged::Blocks(blocks) => {
                            prop_assert_eq!(blocks.iter().any(|b| b.reason == BlockReason::WrongCodes), third);
                            prop_assert_eq!(blocks.iter().any(|b| b.reason == BlockReason::SupportNeeded), support);
                            for block in blocks {
                                prop_assert!(block.until.is_none_or(|until| until > now && until <= now + period));
                                model.blocks.push(((!block.reason.everywhere()).then_some(network), block.until));
                            }
                        }
                        other => prop_assert!(false, "{other:?}"),
                    }
                }
            }
            networks[network] = tallies.network;
            account = tallies.account;
        }
    }

    /// What an attacker can get out of any number of tries from any number of networks.
    #[test]
    fn no_window_sees_more_than_ten_wrong_codes(steps in prop::collection::vec((0_usize..200, 0_u64..30_000), 1..300)) {
        let policy = ChallengePolicy::default();
        let mut networks = vec![(NetworkTally::default(), None::<Timestamp>); 200];
        let mut account = AccountTally::default();
        let mut blocked_until = None::<Timestamp>;
        let mut support = false;
        let mut counted: Vec<Timestamp> = Vec::new();
        let mut now = at(0);
        for (network, step) in steps {
            now = now + Duration::from_millis(step);
            let (tally, until) = &mut networks[network];
            if support || until.is_some_and(|until| now < until) || blocked_until.is_some_and(|until| now < until) {
                continue;
            }
            let mut tallies = Tallies { network: tally.clone(), account: account.clone() };
            if let Judged::Blocks(blocks) = tallies.judge(&policy, Compared::Neither, now) {
                for block in blocks {
                    match block.reason {
                        BlockReason::WrongCodes => *until = block.until,
                        BlockReason::WrongCodesEverywhere => blocked_until = block.until,
                        BlockReason::SupportNeeded => support = true,
                        BlockReason::Reported => panic!("nobody reported anything"),
                    }
                }
            }
            *tally = tallies.network;
            account = tallies.account;
            counted.push(now);
            let in_hour = counted.iter().filter(|at| now.since(**at) < Duration::from_secs(3600)).count();
            prop_assert!(in_hour <= 10);
            prop_assert!(counted.len() <= 100);
        }
    }
}
