use poterne::flow::ports::RefusalRecord;
use poterne::model::{AccountId, Reference};

use crate::bed::{Bed, DAY, HOUR, net};

suite! {
    b15_a_refusal_is_found_by_its_reference
    b15_a_block_is_found_with_the_request_that_met_it
    refusals_are_forgotten_after_thirty_days_and_blocks_later
}

fn refusal(bed: &mut Bed, n: u32) -> RefusalRecord {
    RefusalRecord {
        reference: Reference::random(&mut bed.rng),
        at: bed.now,
        reason: "too-many-passwords".to_owned(),
        status: 429,
        account: None,
        network: net(n),
        request: "POST /login.php".to_owned(),
        until: None,
    }
}

async fn b15_a_refusal_is_found_by_its_reference(mut bed: Bed) {
    let mut refusals: Vec<_> = (0..500).map(|n| refusal(&mut bed, n)).collect();
    refusals[7].account = Some(AccountId::canonical("alice").unwrap());
    refusals[7].until = Some(bed.now + HOUR);
    bed.store.record_refusals(refusals.clone()).await.unwrap();
    bed.store.record_refusals(Vec::new()).await.unwrap();
    bed.reopen().await;
    for refusal in refusals {
        assert_eq!(bed.store.lookup_reference(refusal.reference).await.unwrap(), Some(refusal));
    }
    let unknown = Reference::random(&mut bed.rng);
    assert_eq!(bed.store.lookup_reference(unknown).await.unwrap(), None);
}

async fn b15_a_block_is_found_with_the_request_that_met_it(mut bed: Bed) {
    let block = bed.block("alice", net(1)).await;
    let mut record = refusal(&mut bed, 1);
    (record.reference, record.status, record.request) = (block.reference, 403, "POST /challenge".to_owned());
    bed.store.record_refusals(vec![record]).await.unwrap();
    let found = bed.store.lookup_reference(block.reference).await.unwrap().unwrap();
    assert_eq!((found.status, found.request.as_str()), (403, "POST /challenge"));
    assert_eq!((found.reason.as_str(), found.until), ("wrong-codes", block.until));
    assert_eq!(found.account, Some(AccountId::canonical("alice").unwrap()));
}

async fn refusals_are_forgotten_after_thirty_days_and_blocks_later(mut bed: Bed) {
    let record = refusal(&mut bed, 1);
    bed.store.record_refusals(vec![record.clone()]).await.unwrap();
    let block = bed.block("alice", net(1)).await;
    bed.wait(30 * DAY - HOUR);
    bed.purge().await;
    assert!(bed.store.lookup_reference(record.reference).await.unwrap().is_some());
    bed.wait(HOUR);
    bed.purge().await;
    assert_eq!(bed.store.lookup_reference(record.reference).await.unwrap(), None);
    assert!(bed.store.lookup_reference(block.reference).await.unwrap().is_some());
    bed.wait(HOUR);
    bed.purge().await;
    assert_eq!(bed.store.lookup_reference(block.reference).await.unwrap(), None);
}
