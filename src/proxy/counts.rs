//! What passed, counted without looking a counter up each time.

use std::sync::OnceLock;

use crate::gate::decide::Passage;

/// Counters of what passed, looked up once.
#[derive(Default)]
pub(super) struct Counts(OnceLock<[metrics::Counter; 5]>);

impl Counts {
    pub(super) fn of(&self, passage: Passage) -> &metrics::Counter {
        let counter = |decision: &'static str| metrics::counter!("poterne_requests_total", "decision" => decision);
        let [cleared, public, door, open, own] =
            self.0.get_or_init(|| ["cleared", "public", "door", "open-door", "own"].map(counter));
        match passage {
            Passage::Cleared => cleared,
            Passage::Public => public,
            Passage::Door => door,
            Passage::Open => open,
            Passage::Own => own,
        }
    }
}
