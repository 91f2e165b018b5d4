use futures_util::future::join_all;
use poterne::challenge::backup::BackupCode;
use poterne::challenge::totp::Step;
use poterne::flow::ports::account::*;
use poterne::flow::ports::*;
use poterne::limit::{BlockReason, Quota};
use poterne::model::{BrowserToken, TypedCode};

use crate::bed::{Bed, DAY, HOUR, MINUTE, SECOND, account, net};
use crate::owner_bed::{Phone, is_cleared};

suite! {
    b66_an_enrolled_account_is_asked_for_its_code_from_known_networks_too
    b69_the_code_clears_under_a_new_token_and_makes_the_network_known
    no_mailed_code_passes_where_the_app_is_asked
    a_thousand_posts_of_one_right_code_clear_once_over_restarts_too
    a_thousand_wrong_codes_are_three_tries
    a_step_is_used_once_and_none_before_it
    one_same_answer_to_replayed_old_and_foreign_codes
    a_clock_that_is_off_is_told_and_counted
    two_phones_have_steps_of_their_own
    a_pending_login_waits_half_an_hour_for_the_app
    b72_a_backup_code_works_once_in_parallel_too
    a_backup_code_of_another_account_or_slot_is_wrong
    a_backup_code_that_was_renewed_meanwhile_is_wrong
    wrong_backup_codes_count_as_wrong_codes
    factor_then_mail_needs_both
    a_right_app_code_buys_no_guesses_at_the_mailed_one
    three_wrong_ones_block_a_known_network_and_others_go_on
    a_block_for_everywhere_leaves_known_networks_their_three_tries
    a_remembered_browser_skips_the_app_on_known_networks_only
    nobody_is_remembered_where_the_setting_is_off
    b73_confirming_a_change_needs_a_fresh_code_and_three_wrong_ones_end_the_session
    a_cleared_session_elsewhere_is_asked_for_the_app
    a_cleared_session_elsewhere_is_asked_for_both_where_it_is_set
    the_first_enrolment_confirmed_wins
    ten_devices_and_no_more
    the_last_device_takes_everything_along
    a_login_that_waits_for_the_mailed_code_alone_is_not_enough_after_enrolment
    turned_off_while_a_login_waits_for_the_app_leaves_the_mailed_code
    nothing_of_another_account_can_be_changed
}

async fn b66_an_enrolled_account_is_asked_for_its_code_from_known_networks_too(mut bed: Bed) {
    bed.learn("alice", net(1)).await;
    bed.enrol("alice").await;
    for from in [net(1), net(2)] {
        let login = bed.asked("Alice", from, Asks::Factor).await;
        let waiting = bed.waiting(login.session, from).await;
        assert_eq!((waiting.asks, waiting.backup_left, waiting.newest), (Asks::Factor, 10, None));
        assert_eq!(waiting.tries_left, 3);
        assert_eq!(bed.another(login.session, from).await.1, CodeGrant::NotWanted, "no mail goes out");
    }
    assert!(bed.store.choices(&account("alice")).await.unwrap().enrolled);
    assert!(!bed.store.choices(&account("bob")).await.unwrap().enrolled);
    bed.login("bob", net(1)).await;
}

async fn b69_the_code_clears_under_a_new_token_and_makes_the_network_known(mut bed: Bed) {
    let phone = bed.enrol("alice").await;
    let login = bed.asked("alice", net(1), Asks::Factor).await;
    let Opened::Pending { session: before, .. } = &login.opened else { panic!() };
    bed.wait(MINUTE);
    let code = phone.shows(&bed);
    match bed.totp(login.session, net(2), &code).await {
        FactorAnswered::Cleared { session, sealed_jar, backup_left, new_network } => {
            assert_ne!(session.token, before.token, "R1: a planted token is worth nothing");
            assert_eq!((session.state, session.network), (SessionState::Cleared, net(2)));
            assert_eq!(sealed_jar.as_deref(), Some(b"the parked jar".as_slice()));
            assert_eq!((backup_left, new_network), (None, true));
        }
        other => panic!("{other:?}"),
    }
    for known in [net(1), net(2)] {
        assert_eq!(bed.standing("alice", known).await, NetworkStanding::Known);
    }
    let security = bed.store.session_security(login.session).await.unwrap().unwrap();
    assert_eq!(security.cleared_by, ClearedBy::Totp);
    assert!(security.cleared_by.by_code());

    let login = bed.asked("alice", net(1), Asks::Factor).await;
    bed.wait(MINUTE);
    let code = phone.shows(&bed);
    let answered = bed.totp(login.session, net(1), &code).await;
    assert!(matches!(answered, FactorAnswered::Cleared { new_network: false, .. }), "{answered:?}");
}

async fn no_mailed_code_passes_where_the_app_is_asked(mut bed: Bed) {
    bed.enrol("alice").await;
    let login = bed.asked("alice", net(1), Asks::Factor).await;
    for typed in [login.code.as_str(), "12345678"] {
        let answered = bed.answer(login.session, typed, net(1)).await;
        assert!(matches!(answered, Answered::NotWanted), "{answered:?}");
    }
    assert_eq!(bed.waiting(login.session, net(1)).await.tries_left, 3);
    // And the other way round: the app's code isn't taken for a mailed one.
    let login = bed.login("bob", net(1)).await;
    let answered = bed.totp(login.session, net(1), "123456").await;
    assert!(matches!(answered, FactorAnswered::NotWanted), "{answered:?}");
}

async fn a_thousand_posts_of_one_right_code_clear_once_over_restarts_too(mut bed: Bed) {
    bed.policy.tries = 2000;
    bed.policy.wrong_per_account = Quota::of(5000, HOUR);
    bed.policy.support_after = 5000;
    bed.reopen().await;
    let phone = bed.enrol("alice").await;
    let code = phone.shows(&bed);
    // Half of them for one login, half for logins of their own.
    let shared = bed.asked("alice", net(1), Asks::Factor).await;
    let mut posts = Vec::new();
    for n in 0..1000 {
        let session =
            if n % 2 == 0 { shared.session } else { bed.asked("alice", net(2 + n), Asks::Factor).await.session };
        let used_for = bed.clear();
        posts.push((bed.factor(session, net(1), used_for), TypedCode::parse(&code).unwrap()));
    }
    let answers = join_all(posts.iter().cloned().map(|(answer, typed)| bed.store.answer_totp(answer, typed))).await;
    let won: Vec<_> = answers.iter().filter(|answered| is_cleared(answered.as_ref().unwrap())).collect();
    assert_eq!(won.len(), 1);
    assert_eq!(bed.load().await.sessions.iter().filter(|s| s.state == SessionState::Cleared).count(), 1);

    bed.reopen().await;
    let answers = join_all(posts.into_iter().map(|(answer, typed)| bed.store.answer_totp(answer, typed))).await;
    let late: Vec<_> = answers.iter().filter(|answered| is_cleared(answered.as_ref().unwrap())).collect();
    assert_eq!(late.len(), 0, "a used step stays used");
}

async fn a_thousand_wrong_codes_are_three_tries(mut bed: Bed) {
    let phone = bed.enrol("alice").await;
    bed.learn_by_app("alice", net(1), &phone).await;
    let login = bed.asked("alice", net(1), Asks::Factor).await;
    let mut posts = Vec::new();
    for _ in 0..1000 {
        let used_for = bed.clear();
        posts.push(bed.factor(login.session, net(1), used_for));
    }
    let wrong = TypedCode::parse("12345678").unwrap();
    let answers = join_all(posts.into_iter().map(|answer| bed.store.answer_totp(answer, wrong.clone()))).await;
    let evaluated = |answered: &FactorAnswered| {
        matches!(answered, FactorAnswered::Wrong { .. } | FactorAnswered::Blocked { fresh: true, .. })
    };
    assert_eq!(answers.iter().filter(|answered| evaluated(answered.as_ref().unwrap())).count(), 3);
    let code = phone.shows(&bed);
    let answered = bed.totp(login.session, net(1), &code).await;
    assert!(matches!(answered, FactorAnswered::Blocked { fresh: false, .. }), "{answered:?}");
    bed.reopen().await;
    let opening = bed.opening("alice", net(1));
    assert!(matches!(bed.open(opening).await.opened, Opened::Blocked(_)), "known, and blocked all the same");
}

async fn a_step_is_used_once_and_none_before_it(mut bed: Bed) {
    let phone = bed.enrol("alice").await;
    // The next step is in the window; once it's used, the present one and those before it aren't good.
    let login = bed.asked("alice", net(1), Asks::Factor).await;
    let code = phone.shows_at(&bed, 1);
    assert!(is_cleared(&bed.totp(login.session, net(1), &code).await));
    let login = bed.asked("alice", net(1), Asks::Factor).await;
    for steps in [1, 0] {
        let code = phone.shows_at(&bed, steps);
        let answered = bed.totp(login.session, net(1), &code).await;
        assert!(matches!(answered, FactorAnswered::Wrong { clock_off: None, .. }), "{steps}: {answered:?}");
    }
    bed.wait(60 * SECOND);
    let code = phone.shows(&bed);
    assert!(is_cleared(&bed.totp(login.session, net(1), &code).await));
}

async fn one_same_answer_to_replayed_old_and_foreign_codes(mut bed: Bed) {
    let phone = bed.enrol("alice").await;
    let other = bed.enrol("bob").await;
    let used = phone.shows(&bed);
    let login = bed.asked("alice", net(1), Asks::Factor).await;
    assert!(is_cleared(&bed.totp(login.session, net(1), &used).await));
    bed.wait(30 * SECOND);
    for (n, code) in [used, phone.shows_at(&bed, -1000), other.shows(&bed), "12345678".to_owned()].iter().enumerate() {
        let from = net(10 + u32::try_from(n).unwrap());
        let login = bed.asked("alice", from, Asks::Factor).await;
        let answered = bed.totp(login.session, from, code).await;
        assert!(matches!(answered, FactorAnswered::Wrong { tries_left: 2, clock_off: None }), "{n}: {answered:?}");
    }
}

async fn a_clock_that_is_off_is_told_and_counted(mut bed: Bed) {
    let phone = bed.enrol("alice").await;
    bed.wait(HOUR);
    let login = bed.asked("alice", net(1), Asks::Factor).await;
    let ahead = phone.shows_at(&bed, 4);
    match bed.totp(login.session, net(1), &ahead).await {
        FactorAnswered::Wrong { tries_left: 2, clock_off: Some(seconds) } => assert_eq!(seconds, 120),
        other => panic!("{other:?}"),
    }
    let behind = phone.shows_at(&bed, -2);
    let answered = bed.totp(login.session, net(1), &behind).await;
    assert!(matches!(answered, FactorAnswered::Wrong { tries_left: 1, clock_off: Some(-60) }), "{answered:?}");
}

async fn two_phones_have_steps_of_their_own(mut bed: Bed) {
    let one = bed.enrol("alice").await;
    let two = bed.enrol("alice").await;
    for phone in [&one, &two] {
        let login = bed.asked("alice", net(1), Asks::Factor).await;
        let code = phone.shows(&bed);
        assert!(is_cleared(&bed.totp(login.session, net(1), &code).await));
        let login = bed.asked("alice", net(2), Asks::Factor).await;
        assert!(!is_cleared(&bed.totp(login.session, net(2), &code).await));
    }
    let devices = bed.security("alice").await.devices;
    assert_eq!(devices.iter().map(|device| device.id).collect::<Vec<_>>().len(), 2);
    assert!(devices.iter().all(|device| device.last_used_at == bed.now));
}

async fn a_pending_login_waits_half_an_hour_for_the_app(mut bed: Bed) {
    let phone = bed.enrol("alice").await;
    let (early, late) =
        (bed.asked("alice", net(1), Asks::Factor).await, bed.asked("alice", net(2), Asks::Factor).await);
    let Opened::Pending { session, .. } = &early.opened else { panic!() };
    assert_eq!(session.state, SessionState::Pending { until: bed.now + 30 * MINUTE });
    bed.wait(30 * MINUTE - SECOND);
    let code = phone.shows(&bed);
    assert!(is_cleared(&bed.totp(early.session, net(1), &code).await));
    bed.wait(MINUTE);
    let code = phone.shows(&bed);
    let answered = bed.totp(late.session, net(2), &code).await;
    assert!(matches!(answered, FactorAnswered::Expired), "{answered:?}");
}

async fn b72_a_backup_code_works_once_in_parallel_too(mut bed: Bed) {
    bed.policy.tries = 2000;
    bed.policy.wrong_per_account = Quota::of(5000, HOUR);
    bed.policy.support_after = 5000;
    bed.reopen().await;
    let phone = bed.enrol("alice").await;
    let code = &phone.backup[3];
    let mut posts = Vec::new();
    for n in 0..200 {
        let login = bed.asked("alice", net(n), Asks::Factor).await;
        let used_for = bed.clear();
        let candidate =
            bed.store.backup_candidate(login.session, net(n), used_for.clone(), code.slot(), bed.now).await.unwrap();
        let BackupCandidate::Try(Some(kept)) = candidate else { panic!("{candidate:?}") };
        posts.push((bed.factor(login.session, net(n), used_for), kept));
    }
    let post = |(answer, kept): (FactorAnswer, String)| bed.store.answer_backup(answer, code.slot(), kept, true);
    let answers = join_all(posts.clone().into_iter().map(post)).await;
    let won: Vec<_> = answers.iter().filter(|answered| is_cleared(answered.as_ref().unwrap())).collect();
    assert_eq!(won.len(), 1);
    let Ok(FactorAnswered::Cleared { backup_left, session, .. }) = won[0] else { panic!() };
    assert_eq!(*backup_left, Some(9));
    assert_eq!(bed.security("alice").await.backup_left, Some(9));
    let cleared_by = bed.store.session_security(session.id).await.unwrap().unwrap().cleared_by;
    assert_eq!(cleared_by, ClearedBy::Backup);

    bed.reopen().await;
    let post = |(answer, kept): (FactorAnswer, String)| bed.store.answer_backup(answer, code.slot(), kept, true);
    let late = join_all(posts.into_iter().map(post)).await;
    assert!(!late.iter().any(|answered| is_cleared(answered.as_ref().unwrap())), "used for good");
    let login = bed.asked("alice", net(1000), Asks::Factor).await;
    let used_for = bed.clear();
    let again = bed.backup(login.session, net(1000), used_for, code).await;
    assert!(matches!(again, FactorAnswered::Wrong { .. }), "{again:?}");
}

async fn a_backup_code_of_another_account_or_slot_is_wrong(mut bed: Bed) {
    let alices = bed.enrol("alice").await;
    let bobs = bed.enrol("bob").await;
    let login = bed.asked("alice", net(1), Asks::Factor).await;
    let used_for = bed.clear();
    let answered = bed.backup(login.session, net(1), used_for, &bobs.backup[0]).await;
    assert!(matches!(answered, FactorAnswered::Wrong { tries_left: 2, .. }), "{answered:?}");
    let unknown = BackupCode::random(30, &mut bed.rng);
    let used_for = bed.clear();
    let answered = bed.backup(login.session, net(1), used_for, &unknown).await;
    assert!(matches!(answered, FactorAnswered::Wrong { tries_left: 1, .. }), "{answered:?}");
    let used_for = bed.clear();
    assert!(is_cleared(&bed.backup(login.session, net(1), used_for, &alices.backup[0]).await));
}

async fn a_backup_code_that_was_renewed_meanwhile_is_wrong(mut bed: Bed) {
    let phone = bed.enrol("alice").await;
    let login = bed.asked("alice", net(1), Asks::Factor).await;
    let code = &phone.backup[0];
    let used_for = bed.clear();
    let candidate =
        bed.store.backup_candidate(login.session, net(1), used_for.clone(), code.slot(), bed.now).await.unwrap();
    let BackupCandidate::Try(Some(kept)) = candidate else { panic!("{candidate:?}") };
    let fresh = (0..10).map(|n| format!("hash {n}")).collect();
    assert!(bed.store.replace_backup_codes(&account("alice"), fresh, bed.now).await.unwrap());
    let answer = bed.factor(login.session, net(1), used_for);
    let answered = bed.store.answer_backup(answer, code.slot(), kept, true).await.unwrap();
    assert!(matches!(answered, FactorAnswered::Wrong { .. }), "{answered:?}");
    assert_eq!(bed.security("alice").await.backup_left, Some(10));
    assert!(!bed.store.replace_backup_codes(&account("bob"), Vec::new(), bed.now).await.unwrap(), "no device");
}

async fn wrong_backup_codes_count_as_wrong_codes(mut bed: Bed) {
    let phone = bed.enrol("alice").await;
    let login = bed.asked("alice", net(1), Asks::Factor).await;
    bed.totp(login.session, net(1), "12345678").await;
    let other = BackupCode::random(0, &mut bed.rng);
    let used_for = bed.clear();
    let answered = bed.backup(login.session, net(1), used_for, &other).await;
    assert!(matches!(answered, FactorAnswered::Wrong { tries_left: 1, clock_off: None }), "{answered:?}");
    let used_for = bed.clear();
    let answered = bed.backup(login.session, net(1), used_for, &other).await;
    assert!(matches!(answered, FactorAnswered::Blocked { fresh: true, .. }), "{answered:?}");
    let used_for = bed.clear();
    let answered = bed.backup(login.session, net(1), used_for, &phone.backup[0]).await;
    assert!(matches!(answered, FactorAnswered::Blocked { fresh: false, .. }), "{answered:?}");
    assert_eq!(bed.security("alice").await.backup_left, Some(10));
}

async fn factor_then_mail_needs_both(mut bed: Bed) {
    bed.factors.mail_too = true;
    bed.reopen().await;
    let phone = bed.enrol("alice").await;
    let login = bed.asked("alice", net(1), Asks::FactorThenMail).await;
    assert!(matches!(bed.answer(login.session, &login.code, net(1)).await, Answered::NotWanted), "not yet");
    let used_for = bed.clear();
    let FactorUse::Clear { next_code, .. } = &used_for else { panic!() };
    let mailed = next_code.code.expose().to_owned();
    let answer = bed.factor(login.session, net(1), used_for);
    let code = phone.shows(&bed);
    let answered = bed.store.answer_totp(answer, TypedCode::parse(&code).unwrap()).await.unwrap();
    let FactorAnswered::MailNext { session, grant, addresses, .. } = answered else { panic!("{answered:?}") };
    assert_eq!(grant, CodeGrant::Granted { expires_at: bed.now + 10 * MINUTE });
    assert_eq!(session.state, SessionState::Pending { until: bed.now + 10 * MINUTE });
    assert_eq!(addresses.len(), 2);
    assert_eq!(bed.standing("alice", net(1)).await, NetworkStanding::Unknown);
    assert_eq!(bed.waiting(login.session, net(1)).await.asks, Asks::Mail);
    bed.reopen().await;
    // The app's code is done; what was passed isn't asked again, and nothing of it passes for the rest.
    bed.wait(30 * SECOND);
    let code = phone.shows(&bed);
    assert!(matches!(bed.totp(login.session, net(1), &code).await, FactorAnswered::NotWanted));
    assert!(matches!(bed.wrong(login.session, net(1)).await, Answered::Wrong { tries_left: 2 }));
    assert!(matches!(bed.answer(login.session, &mailed, net(1)).await, Answered::Cleared { new_network: true, .. }));
    // A known network asks for the app only.
    bed.asked("alice", net(1), Asks::Factor).await;
}

async fn a_right_app_code_buys_no_guesses_at_the_mailed_one(mut bed: Bed) {
    bed.factors.mail_too = true;
    bed.reopen().await;
    let phone = bed.enrol("alice").await;
    for tries_left in [2, 1] {
        let login = bed.asked("alice", net(1), Asks::FactorThenMail).await;
        let code = phone.shows(&bed);
        assert!(matches!(bed.totp(login.session, net(1), &code).await, FactorAnswered::MailNext { .. }));
        let answered = bed.wrong(login.session, net(1)).await;
        assert!(matches!(answered, Answered::Wrong { tries_left: left } if left == tries_left), "{answered:?}");
        bed.wait(MINUTE);
    }
    let login = bed.asked("alice", net(1), Asks::FactorThenMail).await;
    let code = phone.shows(&bed);
    bed.totp(login.session, net(1), &code).await;
    assert!(matches!(bed.wrong(login.session, net(1)).await, Answered::Blocked { fresh: true, .. }));
}

async fn three_wrong_ones_block_a_known_network_and_others_go_on(mut bed: Bed) {
    let phone = bed.enrol("alice").await;
    for n in [1, 2] {
        bed.learn_by_app("alice", net(n), &phone).await;
    }
    let live = bed.asked("alice", net(1), Asks::Factor).await;
    bed.wait(MINUTE);
    let code = phone.shows(&bed);
    assert!(is_cleared(&bed.totp(live.session, net(1), &code).await));
    let login = bed.asked("alice", net(1), Asks::Factor).await;
    for _ in 0..2 {
        bed.totp(login.session, net(1), "12345678").await;
    }
    let FactorAnswered::Blocked { block, fresh: true } = bed.totp(login.session, net(1), "12345678").await else {
        panic!()
    };
    assert_eq!((block.reason, block.until), (BlockReason::WrongCodes, Some(bed.now + HOUR)));
    assert_eq!(bed.standing("alice", net(1)).await, NetworkStanding::Blocked(block));
    assert_eq!(bed.standing("alice", net(2)).await, NetworkStanding::Known);
    let sessions = bed.load().await.sessions;
    assert!(sessions.iter().any(|session| session.id == live.session), "who is in stays in");
    let login = bed.asked("alice", net(2), Asks::Factor).await;
    bed.wait(MINUTE);
    let code = phone.shows(&bed);
    assert!(is_cleared(&bed.totp(login.session, net(2), &code).await));
    bed.wait(HOUR);
    bed.asked("alice", net(1), Asks::Factor).await;
}

async fn a_block_for_everywhere_leaves_known_networks_their_three_tries(mut bed: Bed) {
    bed.policy.wrong_per_account = Quota::of(2, HOUR);
    bed.reopen().await;
    let phone = bed.enrol("alice").await;
    bed.learn_by_app("alice", net(1), &phone).await;
    let login = bed.asked("alice", net(9), Asks::Factor).await;
    bed.totp(login.session, net(9), "12345678").await;
    let answered = bed.totp(login.session, net(9), "12345678").await;
    let FactorAnswered::Blocked { block, fresh: true } = answered else { panic!("{answered:?}") };
    assert_eq!(block.reason, BlockReason::WrongCodesEverywhere);
    let login = bed.asked("alice", net(1), Asks::Factor).await;
    for tries_left in [2, 1] {
        let answered = bed.totp(login.session, net(1), "12345678").await;
        assert!(matches!(answered, FactorAnswered::Wrong { tries_left: left, .. } if left == tries_left));
    }
    let answered = bed.totp(login.session, net(1), "12345678").await;
    let FactorAnswered::Blocked { block, fresh: true } = answered else { panic!("{answered:?}") };
    assert_eq!(block.reason, BlockReason::WrongCodes, "told of what holds here");
}

async fn a_remembered_browser_skips_the_app_on_known_networks_only(mut bed: Bed) {
    bed.factors.remember_for = Some(30 * DAY);
    bed.reopen().await;
    let phone = bed.enrol("alice").await;
    let token = BrowserToken::random(&mut bed.rng);
    let login = bed.asked("alice", net(1), Asks::Factor).await;
    let used_for = bed.clear_remembering(token.hash());
    let answer = bed.factor(login.session, net(1), used_for);
    let code = phone.shows(&bed);
    assert!(is_cleared(&bed.store.answer_totp(answer, TypedCode::parse(&code).unwrap()).await.unwrap()));
    assert_eq!(bed.security("alice").await.remembered_browsers, 1);
    let from = |bed: &mut Bed, name: &str, network, token: &BrowserToken| {
        let mut opening = bed.opening(name, network);
        opening.remembered = Some(token.hash());
        opening
    };
    bed.reopen().await;
    let opening = from(&mut bed, "alice", net(1), &token);
    let login = bed.open(opening).await;
    assert!(matches!(login.opened, Opened::Cleared(_)), "{:?}", login.opened);
    let security = bed.store.session_security(login.session).await.unwrap().unwrap();
    assert_eq!(security.cleared_by, ClearedBy::Network, "no code was shown in this session");
    let other = BrowserToken::random(&mut bed.rng);
    let unknown = from(&mut bed, "alice", net(2), &token);
    let another = from(&mut bed, "alice", net(1), &other);
    bed.enrol("bob").await;
    let bobs = from(&mut bed, "bob", net(1), &token);
    for opening in [unknown, another, bobs] {
        let login = bed.open(opening).await;
        assert!(matches!(login.opened, Opened::Pending { asks: Asks::Factor, .. }), "{:?}", login.opened);
    }
    bed.wait(30 * DAY);
    let opening = from(&mut bed, "alice", net(1), &token);
    assert!(matches!(bed.open(opening).await.opened, Opened::Pending { asks: Asks::Factor, .. }), "30 days");
    bed.purge().await;
    assert_eq!(bed.store.forget_browsers(&account("alice")).await.unwrap(), 0, "purged");
}

async fn nobody_is_remembered_where_the_setting_is_off(mut bed: Bed) {
    let phone = bed.enrol("alice").await;
    let token = BrowserToken::random(&mut bed.rng);
    let login = bed.asked("alice", net(1), Asks::Factor).await;
    let used_for = bed.clear_remembering(token.hash());
    let answer = bed.factor(login.session, net(1), used_for);
    let code = phone.shows(&bed);
    assert!(is_cleared(&bed.store.answer_totp(answer, TypedCode::parse(&code).unwrap()).await.unwrap()));
    let mut opening = bed.opening("alice", net(1));
    opening.remembered = Some(token.hash());
    assert!(matches!(bed.open(opening).await.opened, Opened::Pending { asks: Asks::Factor, .. }));
}

async fn b73_confirming_a_change_needs_a_fresh_code_and_three_wrong_ones_end_the_session(mut bed: Bed) {
    let phone = bed.enrol("alice").await;
    let login = bed.asked("alice", net(1), Asks::Factor).await;
    let used = phone.shows(&bed);
    assert!(matches!(bed.confirm_totp(login.session, net(1), &used).await, FactorAnswered::NotWanted), "pending");
    assert!(is_cleared(&bed.totp(login.session, net(1), &used).await));
    let answered = bed.confirm_totp(login.session, net(1), &used).await;
    assert!(matches!(answered, FactorAnswered::Wrong { tries_left: 2, .. }), "its step is burnt: {answered:?}");
    let used_for = FactorUse::Confirm;
    let answered = bed.backup(login.session, net(1), used_for, &phone.backup[9]).await;
    assert!(matches!(answered, FactorAnswered::Confirmed { backup_left: Some(9) }), "{answered:?}");
    bed.wait(MINUTE);
    let code = phone.shows(&bed);
    let elsewhere = bed.confirm_totp(login.session, net(2), &code).await;
    assert!(matches!(elsewhere, FactorAnswered::NotWanted), "{elsewhere:?}");
    let answered = bed.confirm_totp(login.session, net(1), &code).await;
    assert!(matches!(answered, FactorAnswered::Confirmed { backup_left: None }), "{answered:?}");
    for _ in 0..2 {
        assert!(matches!(bed.confirm_totp(login.session, net(1), "12345678").await, FactorAnswered::Wrong { .. }));
    }
    let answered = bed.confirm_totp(login.session, net(1), "12345678").await;
    assert!(matches!(answered, FactorAnswered::Blocked { fresh: true, .. }), "{answered:?}");
    assert!(bed.load().await.sessions.is_empty(), "the session is over");
}

async fn a_cleared_session_elsewhere_is_asked_for_the_app(mut bed: Bed) {
    let phone = bed.enrol("alice").await;
    let session = bed.cleared_by_app("alice", net(1), &phone).await;
    let waiting = bed.waiting(session, net(2)).await;
    assert_eq!((waiting.asks, waiting.newest), (Asks::Factor, None));
    assert_eq!(bed.another(session, net(2)).await.1, CodeGrant::NotWanted);
    bed.wait(MINUTE);
    let code = phone.shows(&bed);
    match bed.totp(session, net(2), &code).await {
        FactorAnswered::Cleared { session: moved, sealed_jar: None, new_network: true, .. } => {
            assert_eq!((moved.id, moved.network), (session, net(2)));
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(bed.status(session, net(1)).await, ChallengeStatus::NotWanted), "known: goes on");
}

async fn a_cleared_session_elsewhere_is_asked_for_both_where_it_is_set(mut bed: Bed) {
    bed.factors.mail_too = true;
    bed.reopen().await;
    let phone = bed.enrol("alice").await;
    let login = bed.asked("alice", net(1), Asks::FactorThenMail).await;
    let used_for = bed.clear();
    let FactorUse::Clear { next_code, .. } = &used_for else { panic!() };
    let mailed = next_code.code.expose().to_owned();
    let answer = bed.factor(login.session, net(1), used_for);
    let code = TypedCode::parse(&phone.shows(&bed)).unwrap();
    bed.store.answer_totp(answer, code).await.unwrap();
    assert!(matches!(bed.answer(login.session, &mailed, net(1)).await, Answered::Cleared { .. }));

    bed.wait(2 * MINUTE);
    assert_eq!(bed.waiting(login.session, net(2)).await.asks, Asks::FactorThenMail);
    let used_for = bed.clear();
    let FactorUse::Clear { next_code, .. } = &used_for else { panic!() };
    let mailed = next_code.code.expose().to_owned();
    let answer = bed.factor(login.session, net(2), used_for);
    let code = TypedCode::parse(&phone.shows(&bed)).unwrap();
    let answered = bed.store.answer_totp(answer, code).await.unwrap();
    assert!(
        matches!(&answered, FactorAnswered::MailNext { session, grant: CodeGrant::Granted { .. }, .. }
            if session.state == SessionState::Cleared),
        "{answered:?}"
    );
    assert_eq!(bed.waiting(login.session, net(2)).await.asks, Asks::Mail);
    assert_eq!(bed.waiting(login.session, net(3)).await.asks, Asks::FactorThenMail, "passed from there only");
    let answered = bed.answer(login.session, &mailed, net(3)).await;
    assert!(matches!(answered, Answered::NotWanted), "{answered:?}");
    assert!(matches!(bed.answer(login.session, &mailed, net(2)).await, Answered::Cleared { .. }));
}

async fn the_first_enrolment_confirmed_wins(mut bed: Bed) {
    let generation = bed.security("alice").await.generation;
    let (one, first) = bed.enrolment("alice", generation);
    let (_, second) = bed.enrolment("alice", generation);
    let (first, second) = tokio::join!(bed.store.enrol(first), bed.store.enrol(second));
    let mut outcomes = [first.unwrap(), second.unwrap()];
    assert!(matches!(outcomes, [Enrolled::Done, _]) || outcomes[1] == Enrolled::Done);
    outcomes.sort_by_key(|outcome| *outcome != Enrolled::Done);
    assert_eq!(outcomes, [Enrolled::Done, Enrolled::ChangedMeanwhile]);
    let security = bed.security("alice").await;
    assert_eq!((security.devices.len(), security.backup_left), (1, Some(10)));
    assert!(security.generation > generation);
    // Turned off and on again in between: the form of before isn't good either.
    let (_, stale) = bed.enrolment("alice", security.generation);
    assert!(bed.store.turn_off(&account("alice"), bed.now).await.unwrap());
    assert_eq!(bed.store.enrol(stale).await.unwrap(), Enrolled::ChangedMeanwhile);
    drop(one);
}

async fn ten_devices_and_no_more(mut bed: Bed) {
    for _ in 0..DEVICES_MAX {
        bed.enrol("alice").await;
    }
    let security = bed.security("alice").await;
    assert_eq!((security.devices.len(), security.backup_left), (10, Some(10)), "the first one's codes stay");
    let (_, more) = bed.enrolment("alice", security.generation);
    assert_eq!(bed.store.enrol(more).await.unwrap(), Enrolled::TooMany);
}

async fn the_last_device_takes_everything_along(mut bed: Bed) {
    let one = bed.enrol("alice").await;
    let two = bed.enrol("alice").await;
    let alice = account("alice");
    assert!(bed.store.remove_device(&alice, one.device, bed.now).await.unwrap());
    assert!(!bed.store.remove_device(&alice, one.device, bed.now).await.unwrap());
    let security = bed.security("alice").await;
    assert_eq!((security.devices.len(), security.backup_left), (1, Some(10)));
    assert_eq!((security.devices[0].id, security.devices[0].name.as_str()), (two.device, "phone"));
    let login = bed.asked("alice", net(1), Asks::Factor).await;
    let code = one.shows(&bed);
    assert!(!is_cleared(&bed.totp(login.session, net(1), &code).await), "taken away");
    assert!(bed.store.remove_device(&alice, two.device, bed.now).await.unwrap());
    let security = bed.security("alice").await;
    assert_eq!((security.devices.len(), security.backup_left), (0, None));
    assert!(!bed.store.turn_off(&alice, bed.now).await.unwrap(), "off already");
    bed.login("alice", net(7)).await;
}

async fn a_login_that_waits_for_the_mailed_code_alone_is_not_enough_after_enrolment(mut bed: Bed) {
    let login = bed.login("alice", net(1)).await;
    let phone = bed.enrol("alice").await;
    assert!(matches!(bed.answer(login.session, &login.code, net(1)).await, Answered::NotWanted));
    let code = phone.shows(&bed);
    assert!(is_cleared(&bed.totp(login.session, net(1), &code).await));
}

async fn turned_off_while_a_login_waits_for_the_app_leaves_the_mailed_code(mut bed: Bed) {
    let phone = bed.enrol("alice").await;
    let login = bed.asked("alice", net(1), Asks::Factor).await;
    assert!(bed.store.turn_off(&account("alice"), bed.now).await.unwrap());
    let code = phone.shows(&bed);
    assert!(matches!(bed.totp(login.session, net(1), &code).await, FactorAnswered::NotWanted));
    assert_eq!(bed.waiting(login.session, net(1)).await.asks, Asks::Mail);
    let (code, grant) = bed.another(login.session, net(1)).await;
    assert!(matches!(grant, CodeGrant::Granted { .. }));
    assert!(matches!(bed.answer(login.session, &code, net(1)).await, Answered::Cleared { .. }));
}

async fn nothing_of_another_account_can_be_changed(mut bed: Bed) {
    let phone = bed.enrol("alice").await;
    let session = bed.cleared_by_app("alice", net(1), &phone).await;
    let bob = account("bob");
    assert!(!bed.store.remove_device(&bob, phone.device, bed.now).await.unwrap());
    assert!(!bed.store.forget_network(&bob, net(1)).await.unwrap());
    for which in [Which::Only(session), Which::AllBut(bed.cleared("bob", net(1)).await)] {
        assert!(bed.store.end_sessions(&bob, which, bed.now).await.unwrap().is_empty());
    }
    assert_eq!(bed.security("alice").await.devices.len(), 1);
    assert_eq!(bed.security("alice").await.sessions.len(), 1);
    assert_eq!(bed.security("alic\u{e9}").await.devices.len(), 0, "no skeletons here: another account");
}

impl Bed {
    /// A session that the app cleared.
    pub async fn cleared_by_app(
        &mut self,
        name: &str,
        from: poterne::model::Network,
        phone: &Phone,
    ) -> poterne::model::SessionId {
        self.wait(MINUTE);
        let login = self.asked(name, from, Asks::Factor).await;
        let code = phone.secret.code_at(Step::at(self.now));
        assert!(is_cleared(&self.totp(login.session, from, &code).await));
        login.session
    }

    /// Makes `network` known for an enrolled account.
    pub async fn learn_by_app(&mut self, name: &str, network: poterne::model::Network, phone: &Phone) {
        self.cleared_by_app(name, network, phone).await;
        self.wait(MINUTE);
    }
}
