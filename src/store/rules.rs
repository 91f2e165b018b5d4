use crate::challenge::ChallengePolicy;
use crate::flow::ports::account::FactorPolicy;
use crate::limit::SessionLimits;
use crate::model::Keys;

/// What decisions are made by, shared by all jobs.
pub(super) struct Rules {
    pub(super) keys: Keys,
    pub(super) challenge: ChallengePolicy,
    pub(super) session: SessionLimits,
    pub(super) factors: FactorPolicy,
}
