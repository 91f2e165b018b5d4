//! Notices last until they have left.

use poterne::flow::ports::account::{AccountEvent, EventKind};
use poterne::flow::ports::{Notice, Notifying};
use poterne::model::{EmailAddress, Language};

use crate::bed::{Bed, Sqlite, account, net};

fn notice(bed: &Bed, notice: Notice, kind: EventKind, also: &[&str]) -> Notifying {
    Notifying {
        notice,
        of: AccountEvent {
            account: account("alice"),
            at: bed.now,
            kind,
            network: net(7),
            browser: "Mozilla/5.0 (\"X11\"; 'é')".to_owned(),
            detail: also.first().map(|address| (*address).to_owned()),
        },
        fallback: Language::Fr,
        also: also.iter().map(|address| EmailAddress::parse(address).unwrap()).collect(),
    }
}

#[tokio::test]
async fn a_notice_is_kept_over_restarts_until_it_has_left() {
    let mut bed = Bed::new(Box::new(Sqlite::fresh())).await;
    let notices = [
        notice(&bed, Notice::TotpOn { device: "Téléphone d'Alice".to_owned() }, EventKind::TotpOn, &[]),
        notice(
            &bed,
            Notice::AddressRemoved { address: "s***@example.test".to_owned() },
            EventKind::AddressRemoved,
            &["second@example.test", "third@example.test"],
        ),
        notice(&bed, Notice::NewNetwork, EventKind::LoginByMail, &[]),
    ];
    let mut ids = Vec::new();
    for notice in &notices {
        ids.push(bed.store.keep_notice(notice.clone()).await.unwrap());
    }
    bed.reopen().await;
    let kept = bed.store.notices_kept().await.unwrap();
    assert_eq!(kept, ids.iter().copied().zip(notices.clone()).collect::<Vec<_>>(), "oldest first");
    bed.store.notice_left(ids[1]).await.unwrap();
    bed.store.notice_left(ids[1]).await.unwrap();
    bed.reopen().await;
    let left: Vec<_> = bed.store.notices_kept().await.unwrap().into_iter().map(|(id, _)| id).collect();
    assert_eq!(left, [ids[0], ids[2]]);
}
