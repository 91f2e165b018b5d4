use poterne::limit::Quota;

use crate::bed::{Bed, MINUTE, SECOND, net};

suite! {
    wrong_passwords_from_a_network_use_up_a_quota
}

async fn wrong_passwords_from_a_network_use_up_a_quota(mut bed: Bed) {
    let quota = Quota::of(20, 10 * MINUTE);
    let first_at = bed.now;
    for n in 1..=20 {
        assert_eq!(bed.store.password_retry_at(net(1), quota, bed.now).await.unwrap(), None);
        let retry_at = bed.store.record_wrong_password(net(1), quota, bed.now).await.unwrap();
        assert_eq!(retry_at, (n == 20).then_some(first_at + 10 * MINUTE), "{n}");
        bed.wait(SECOND);
    }
    bed.reopen().await;
    let retry_at = bed.store.password_retry_at(net(1), quota, bed.now).await.unwrap();
    assert_eq!(retry_at, Some(first_at + 10 * MINUTE));
    assert_eq!(bed.store.password_retry_at(net(2), quota, bed.now).await.unwrap(), None);
    bed.now = first_at + 10 * MINUTE;
    assert_eq!(bed.store.password_retry_at(net(1), quota, bed.now).await.unwrap(), None);
    bed.wait(10 * MINUTE);
    assert!(bed.purge().await > 0);
}
