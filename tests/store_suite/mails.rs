use poterne::flow::ports::*;

use crate::bed::{Bed, HOUR, MINUTE, SECOND, net};

suite! {
    the_next_mail_is_possible_after_sixty_seconds
    three_mails_an_hour_from_a_network_first_ones_included
    ten_mails_an_hour_for_an_account_however_it_is_spelt
    budgets_survive_a_restart
    a_refused_mail_costs_nothing
}

async fn the_next_mail_is_possible_after_sixty_seconds(mut bed: Bed) {
    let login = bed.login("alice", net(1)).await;
    let at = bed.now + MINUTE;
    bed.wait(59 * SECOND);
    assert_eq!(bed.another(login.session, net(1)).await.1, CodeGrant::NotBefore { at });
    bed.wait(SECOND);
    assert!(matches!(bed.another(login.session, net(1)).await.1, CodeGrant::Granted { .. }));
    assert_eq!(bed.another(login.session, net(1)).await.1, CodeGrant::NotBefore { at: bed.now + MINUTE });
}

async fn three_mails_an_hour_from_a_network_first_ones_included(mut bed: Bed) {
    let first_at = bed.now;
    bed.login("alice", net(1)).await;
    let login = bed.login("alice", net(1)).await;
    bed.wait(MINUTE);
    assert!(matches!(bed.another(login.session, net(1)).await.1, CodeGrant::Granted { .. }));
    bed.wait(MINUTE);
    let at = first_at + HOUR;
    assert_eq!(bed.another(login.session, net(1)).await.1, CodeGrant::NotBefore { at });
    assert_eq!(bed.waiting(login.session, net(1)).await.next_mail_at, at);
    let opening = bed.opening("alice", net(1));
    let fourth = bed.open(opening).await;
    let Opened::Pending { grant, session, .. } = fourth.opened else { panic!() };
    assert_eq!(grant, CodeGrant::NotBefore { at });
    assert_eq!(session.state, SessionState::Pending { until: bed.now + 30 * MINUTE }, "a pending login all the same");
    assert_eq!(bed.waiting(fourth.session, net(1)).await.newest, None);
    bed.login("bob", net(1)).await;
    bed.login("alice", net(2)).await;
    bed.now = at;
    bed.login("alice", net(1)).await;
}

async fn ten_mails_an_hour_for_an_account_however_it_is_spelt(mut bed: Bed) {
    let first_at = bed.now;
    for n in 0..10 {
        let spelling = if n % 2 == 0 { "alice" } else { "alicé" };
        bed.login(spelling, net(n)).await;
        bed.wait(SECOND);
    }
    let opening = bed.opening("ALICE", net(20));
    let Opened::Pending { grant, .. } = bed.open(opening).await.opened else { panic!() };
    assert_eq!(grant, CodeGrant::NotBefore { at: first_at + HOUR });
}

async fn budgets_survive_a_restart(mut bed: Bed) {
    for _ in 0..3 {
        bed.login("alice", net(1)).await;
    }
    bed.reopen().await;
    let opening = bed.opening("alice", net(1));
    assert!(matches!(bed.open(opening).await.opened, Opened::Pending { grant: CodeGrant::NotBefore { .. }, .. }));
}

async fn a_refused_mail_costs_nothing(mut bed: Bed) {
    let first_at = bed.now;
    for _ in 0..3 {
        bed.login("alice", net(1)).await;
    }
    for _ in 0..20 {
        bed.wait(MINUTE);
        let opening = bed.opening("alice", net(1));
        bed.open(opening).await;
    }
    bed.now = first_at + HOUR;
    bed.login("alice", net(1)).await;
}
