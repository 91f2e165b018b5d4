use futures_util::future::join_all;
use poterne::flow::ports::*;
use poterne::limit::Quota;

use crate::bed::{Bed, HOUR, MINUTE, net};

suite! {
    r8_of_a_thousand_guesses_at_once_three_are_evaluated
    r8_guesses_from_many_networks_at_once_stop_at_ten
    r8_the_right_code_among_many_wins_once
    r3_of_many_logins_on_one_value_at_once_one_gets_the_claim
    of_many_resends_at_once_one_is_mailed
    wrong_passwords_at_once_are_all_counted
    one_failing_decision_harms_no_other
    a_caller_that_goes_away_takes_nothing_along
}

async fn r8_of_a_thousand_guesses_at_once_three_are_evaluated(mut bed: Bed) {
    let login = bed.login("alice", net(1)).await;
    let beside = bed.login("alice", net(1)).await;
    let guesses: Vec<_> = (0..1000)
        .map(|n| {
            // None of them can be the right one: it has six digits.
            let session = if n % 2 == 0 { login.session } else { beside.session };
            bed.typed(session, &format!("9{n:06}"), net(1))
        })
        .collect();
    let answers = join_all(guesses.into_iter().map(|guess| bed.store.answer_code(guess))).await;
    let (mut wrong, mut fresh, mut blocked) = (0, 0, 0);
    for answer in answers {
        match answer.unwrap() {
            Answered::Wrong { .. } => wrong += 1,
            Answered::Blocked { fresh: true, .. } => fresh += 1,
            Answered::Blocked { fresh: false, .. } => blocked += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((wrong, fresh, blocked), (2, 1, 997));
}

async fn r8_guesses_from_many_networks_at_once_stop_at_ten(mut bed: Bed) {
    let login = bed.login("alice", net(1)).await;
    let guesses: Vec<_> = (0..200).map(|n| bed.typed(login.session, "99999999", net(n))).collect();
    let answers = join_all(guesses.into_iter().map(|guess| bed.store.answer_code(guess))).await;
    let evaluated =
        |answer: &Answered| matches!(answer, Answered::Wrong { .. } | Answered::Blocked { fresh: true, .. });
    assert_eq!(answers.iter().filter(|answer| evaluated(answer.as_ref().unwrap())).count(), 10);
    let answered = bed.answer(login.session, &login.code, net(300)).await;
    assert!(!matches!(answered, Answered::Cleared { .. }), "{answered:?}");
}

async fn r8_the_right_code_among_many_wins_once(mut bed: Bed) {
    let login = bed.login("alice", net(1)).await;
    let answers: Vec<_> = (0..200).map(|_| bed.typed(login.session, &login.code, net(1))).collect();
    let tokens: Vec<_> = answers.iter().map(|answer| answer.new_token).collect();
    let answers = join_all(answers.into_iter().map(|answer| bed.store.answer_code(answer))).await;
    let mut won = Vec::new();
    for (answer, token) in answers.into_iter().zip(tokens) {
        match answer.unwrap() {
            Answered::Cleared { session, sealed_jar, .. } => {
                assert!(sealed_jar.is_some());
                assert_eq!(session.token, token);
                won.push(token);
            }
            Answered::NotWanted => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(won.len(), 1);
    assert_eq!(bed.load().await.sessions[0].token, won[0]);
}

async fn r3_of_many_logins_on_one_value_at_once_one_gets_the_claim(mut bed: Bed) {
    let (shared, keys) = (bed.key(), (0..100).map(|_| bed.key()).collect::<Vec<_>>());
    let claims: Vec<_> = keys.iter().map(|own| bed.claiming(&[*own, shared], None)).collect();
    let outcomes = join_all(claims.into_iter().map(|claim| bed.store.claim(claim))).await;
    let claimed = outcomes.iter().filter(|outcome| matches!(outcome, Ok(ClaimOutcome::Claimed))).count();
    assert_eq!(claimed, 1);
    assert_eq!(bed.load().await.claims.len(), 2, "those that lost kept nothing");
}

async fn of_many_resends_at_once_one_is_mailed(mut bed: Bed) {
    let login = bed.login("alice", net(1)).await;
    bed.wait(MINUTE);
    let requests: Vec<_> = (0..50)
        .map(|_| {
            let code = bed.new_code();
            let reference = poterne::model::Reference::random(&mut bed.rng);
            NewCodeRequest { session: login.session, network: net(1), code, reference, now: bed.now }
        })
        .collect();
    let codes: Vec<_> = requests.iter().map(|request| request.code.clone()).collect();
    let grants = join_all(requests.into_iter().map(|request| bed.store.new_code(request))).await;
    let granted: Vec<_> = grants
        .iter()
        .zip(&codes)
        .filter(|(grant, _)| matches!(grant, Ok(CodeGrant::Granted { .. })))
        .map(|(_, code)| code)
        .collect();
    assert_eq!(granted.len(), 1);
    let newest = bed.waiting(login.session, net(1)).await.newest.unwrap();
    assert_eq!(newest.challenge, granted[0].challenge);
    let answered = bed.answer(login.session, granted[0].code.expose(), net(1)).await;
    assert!(matches!(answered, Answered::Cleared { .. }));
}

async fn wrong_passwords_at_once_are_all_counted(bed: Bed) {
    let quota = Quota::of(100, HOUR);
    let counting = (0..100).map(|_| bed.store.record_wrong_password(net(1), quota, bed.now));
    let full = join_all(counting).await.into_iter().filter(|retry_at| matches!(retry_at, Ok(Some(_)))).count();
    assert_eq!(full, 1);
}

async fn one_failing_decision_harms_no_other(mut bed: Bed) {
    let taken = bed.opening("alice", net(1));
    let token = taken.token;
    bed.open(taken).await;
    let openings: Vec<_> = (0..100)
        .map(|n| {
            let mut opening = bed.opening(&format!("customer{n}"), net(n));
            if n % 3 == 0 {
                opening.token = token;
            }
            opening
        })
        .collect();
    let opened = join_all(openings.into_iter().map(|opening| bed.store.open_session(opening))).await;
    for (n, opened) in opened.iter().enumerate() {
        assert_eq!(opened.is_err(), n % 3 == 0, "{n}: {opened:?}");
    }
    bed.reopen().await;
    assert_eq!(bed.load().await.sessions.len(), 1 + 66);
    // What failed left nothing behind: not even its mail was counted.
    for _ in 0..3 {
        bed.login("customer0", net(0)).await;
    }
}

async fn a_caller_that_goes_away_takes_nothing_along(mut bed: Bed) {
    let login = bed.login("alice", net(1)).await;
    for n in 0..200 {
        let guess = bed.typed(login.session, "99999999", net(1));
        let store = bed.store.clone();
        let caller = tokio::spawn(async move { store.answer_code(guess).await });
        if n % 3 > 0 {
            tokio::task::yield_now().await;
        }
        caller.abort();
        let _ = caller.await;
    }
    // What was handed over before this is done before it.
    bed.learn("bob", net(5)).await;
    // Whatever was begun is whole: counted, or blocked, or not begun.
    let standing = bed.standing("alice", net(1)).await;
    let left = match bed.status(login.session, net(1)).await {
        ChallengeStatus::Waiting(waiting) => waiting.tries_left,
        ChallengeStatus::Blocked(_) => 0,
        other => panic!("{other:?}"),
    };
    assert!(left <= 3);
    assert_eq!(left == 0, matches!(standing, NetworkStanding::Blocked(_)));
}
