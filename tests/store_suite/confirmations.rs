use futures_util::future::join_all;
use poterne::flow::ports::account::*;
use poterne::flow::ports::*;
use poterne::model::{EmailAddress, Network, Reference, SessionId, TypedCode};

use crate::bed::{Bed, MINUTE, account, net};

suite! {
    a_mailed_code_opens_the_first_enrolment_of_a_session_without_one
    b13_an_address_is_added_with_a_code_from_both_ends
    one_right_code_of_two_is_wrong
    codes_of_a_change_work_once_in_parallel_too
    a_newer_mail_ends_the_older_code_and_renews_no_tries
    three_wrong_ones_end_the_session_and_a_restart_gives_none_back
    codes_of_changes_count_in_the_mail_budget
    a_code_of_a_change_is_valid_ten_minutes_in_its_session_from_its_network
    three_added_addresses_and_none_twice
}

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

struct Asked {
    first: String,
    second: String,
    grant: CodeGrant,
}

impl Bed {
    async fn ask(&mut self, session: SessionId, from: Network, change: Change) -> Asked {
        let code = self.new_code();
        let second_code = matches!(change, Change::AddAddress(_)).then(|| self.new_code());
        let first = code.code.expose().to_owned();
        let second = second_code.as_ref().map(|code| code.code.expose().to_owned()).unwrap_or_default();
        let asked = NewConfirmation { session, network: from, change, code, second_code, now: self.now };
        Asked { first, second, grant: self.store.begin_confirmation(asked).await.unwrap() }
    }

    fn confirming(
        &mut self,
        session: SessionId,
        from: Network,
        first: &str,
        second: Option<&str>,
    ) -> ConfirmationAnswer {
        ConfirmationAnswer {
            session,
            account: account("alice"),
            network: from,
            typed: TypedCode::parse(first).unwrap(),
            second_typed: second.map(|second| TypedCode::parse(second).unwrap()),
            reference: Reference::random(&mut self.rng),
            now: self.now,
        }
    }

    async fn confirm(&mut self, session: SessionId, first: &str, second: Option<&str>) -> ConfirmationAnswered {
        let answer = self.confirming(session, net(1), first, second);
        self.store.answer_confirmation(answer).await.unwrap()
    }
}

const WRONG: &str = "12345678";

/// A session that a known network let in.
async fn straight_in(bed: &mut Bed) -> SessionId {
    bed.learn("alice", net(1)).await;
    let login = bed.login_to("alice", net(1)).await;
    assert!(matches!(login.opened, Opened::Cleared(_)));
    login.session
}

async fn a_mailed_code_opens_the_first_enrolment_of_a_session_without_one(mut bed: Bed) {
    let session = straight_in(&mut bed).await;
    let cleared_by = async |bed: &Bed| bed.store.session_security(session).await.unwrap().unwrap().cleared_by;
    assert_eq!(cleared_by(&bed).await, ClearedBy::Network);
    let asked = bed.ask(session, net(1), Change::Enrol).await;
    assert_eq!(asked.grant, CodeGrant::Granted { expires_at: bed.now + 10 * MINUTE });
    let status = bed.store.confirmation(session, bed.now).await.unwrap().unwrap();
    assert_eq!((status.change, status.tries_left, status.sent_at), (Change::Enrol, 3, bed.now));
    assert_eq!(status.next_mail_at, bed.now + MINUTE);
    bed.reopen().await;
    assert_eq!(bed.confirm(session, &asked.first, None).await, ConfirmationAnswered::Done(Change::Enrol));
    assert_eq!(cleared_by(&bed).await, ClearedBy::Mail);
    assert_eq!(bed.store.confirmation(session, bed.now).await.unwrap(), None);
    assert_eq!(bed.confirm(session, &asked.first, None).await, ConfirmationAnswered::Expired);
}

async fn b13_an_address_is_added_with_a_code_from_both_ends(mut bed: Bed) {
    let session = straight_in(&mut bed).await;
    let new = address("alice@other.test");
    let asked = bed.ask(session, net(1), Change::AddAddress(new.clone())).await;
    assert!(bed.store.choices(&account("alice")).await.unwrap().added_addresses.is_empty());
    let done = bed.confirm(session, &asked.first, Some(&asked.second)).await;
    assert_eq!(done, ConfirmationAnswered::Done(Change::AddAddress(new.clone())));
    bed.reopen().await;
    assert_eq!(bed.store.choices(&account("alice")).await.unwrap().added_addresses, std::slice::from_ref(&new));
    assert!(bed.store.choices(&account("bob")).await.unwrap().added_addresses.is_empty());
    assert!(!bed.store.remove_address(&account("bob"), &new).await.unwrap());
    assert!(bed.store.remove_address(&account("alice"), &new).await.unwrap());
    assert!(!bed.store.remove_address(&account("alice"), &new).await.unwrap());
    assert!(bed.store.choices(&account("alice")).await.unwrap().added_addresses.is_empty());
}

async fn one_right_code_of_two_is_wrong(mut bed: Bed) {
    let session = straight_in(&mut bed).await;
    let asked = bed.ask(session, net(1), Change::AddAddress(address("alice@other.test"))).await;
    let wrong = [(asked.first.as_str(), Some(WRONG)), (WRONG, Some(asked.second.as_str()))];
    for ((first, second), left) in wrong.into_iter().zip([2, 1]) {
        let answered = bed.confirm(session, first, second).await;
        assert_eq!(answered, ConfirmationAnswered::Wrong { tries_left: left });
    }
    assert_eq!(bed.confirm(session, &asked.first, None).await, ConfirmationAnswered::Over, "the second is missing");
    assert!(bed.store.choices(&account("alice")).await.unwrap().added_addresses.is_empty());
}

async fn codes_of_a_change_work_once_in_parallel_too(mut bed: Bed) {
    let session = straight_in(&mut bed).await;
    let asked = bed.ask(session, net(1), Change::AddAddress(address("alice@other.test"))).await;
    let answers: Vec<_> =
        (0..200).map(|_| bed.confirming(session, net(1), &asked.first, Some(&asked.second))).collect();
    let answers = join_all(answers.into_iter().map(|answer| bed.store.answer_confirmation(answer))).await;
    let done = answers.iter().filter(|a| matches!(a.as_ref().unwrap(), ConfirmationAnswered::Done(_))).count();
    let over = answers.iter().filter(|a| *a.as_ref().unwrap() == ConfirmationAnswered::Expired).count();
    assert_eq!((done, over), (1, 199));
    assert_eq!(bed.store.choices(&account("alice")).await.unwrap().added_addresses.len(), 1);
}

async fn a_newer_mail_ends_the_older_code_and_renews_no_tries(mut bed: Bed) {
    let session = straight_in(&mut bed).await;
    let first = bed.ask(session, net(1), Change::Enrol).await;
    assert_eq!(bed.ask(session, net(1), Change::Enrol).await.grant, CodeGrant::NotBefore { at: bed.now + MINUTE });
    assert_eq!(bed.confirm(session, WRONG, None).await, ConfirmationAnswered::Wrong { tries_left: 2 });
    bed.wait(MINUTE);
    let second = bed.ask(session, net(1), Change::Enrol).await;
    assert!(matches!(second.grant, CodeGrant::Granted { .. }));
    assert_eq!(bed.confirm(session, &first.first, None).await, ConfirmationAnswered::Wrong { tries_left: 1 });
    assert_eq!(bed.confirm(session, &second.first, None).await, ConfirmationAnswered::Done(Change::Enrol));
}

async fn three_wrong_ones_end_the_session_and_a_restart_gives_none_back(mut bed: Bed) {
    let session = straight_in(&mut bed).await;
    let asked = bed.ask(session, net(1), Change::Enrol).await;
    for left in [2, 1] {
        assert_eq!(bed.confirm(session, WRONG, None).await, ConfirmationAnswered::Wrong { tries_left: left });
        bed.reopen().await;
    }
    assert_eq!(bed.confirm(session, WRONG, None).await, ConfirmationAnswered::Over);
    assert_eq!(bed.store.session_security(session).await.unwrap(), None, "the session is over");
    assert_eq!(bed.confirm(session, &asked.first, None).await, ConfirmationAnswered::Expired);
}

async fn codes_of_changes_count_in_the_mail_budget(mut bed: Bed) {
    let session = straight_in(&mut bed).await;
    // One went out for the login that made the network known.
    for _ in 0..2 {
        assert!(matches!(bed.ask(session, net(1), Change::Enrol).await.grant, CodeGrant::Granted { .. }));
        bed.wait(MINUTE);
    }
    assert!(matches!(bed.ask(session, net(1), Change::Enrol).await.grant, CodeGrant::NotBefore { .. }));
    let nobody = SessionId::random(&mut bed.rng);
    assert_eq!(bed.ask(nobody, net(1), Change::Enrol).await.grant, CodeGrant::NotWanted);
}

async fn a_code_of_a_change_is_valid_ten_minutes_in_its_session_from_its_network(mut bed: Bed) {
    let session = straight_in(&mut bed).await;
    let other = bed.login_to("alice", net(1)).await.session;
    let asked = bed.ask(session, net(1), Change::Enrol).await;
    assert_eq!(bed.confirm(other, &asked.first, None).await, ConfirmationAnswered::Expired);
    let elsewhere = bed.confirming(session, net(2), &asked.first, None);
    assert_eq!(bed.store.answer_confirmation(elsewhere).await.unwrap(), ConfirmationAnswered::Expired);
    let mut somebodys = bed.confirming(session, net(1), &asked.first, None);
    somebodys.account = account("bob");
    assert_eq!(bed.store.answer_confirmation(somebodys).await.unwrap(), ConfirmationAnswered::Expired);
    bed.wait(10 * MINUTE);
    assert_eq!(bed.confirm(session, &asked.first, None).await, ConfirmationAnswered::Expired);
    assert_eq!(bed.store.confirmation(session, bed.now).await.unwrap(), None);
}

async fn three_added_addresses_and_none_twice(mut bed: Bed) {
    bed.policy.mails_per_network = poterne::limit::Quota::of(50, MINUTE);
    bed.policy.mails_per_account = poterne::limit::Quota::of(50, MINUTE);
    bed.reopen().await;
    let session = straight_in(&mut bed).await;
    let tries = [
        ("alice@example.test", false), // on record
        ("one@other.test", true),
        ("one@other.test", false),
        ("two@other.test", true),
        ("three@other.test", true),
        ("four@other.test", false),
    ];
    for (new, possible) in tries {
        bed.wait(MINUTE);
        let asked = bed.ask(session, net(1), Change::AddAddress(address(new))).await;
        let answered = bed.confirm(session, &asked.first, Some(&asked.second)).await;
        let expected = if possible {
            ConfirmationAnswered::Done(Change::AddAddress(address(new)))
        } else {
            ConfirmationAnswered::NotPossible
        };
        assert_eq!(answered, expected, "{new}");
    }
    assert_eq!(bed.security("alice").await.choices.added_addresses.len(), ADDED_ADDRESSES_MAX);
}
