//! The contract of a store: every engine passes the same behaviours.
//!
//! A behaviour is a function of a [`bed::Bed`], which holds a store behind `dyn Store` and a clock
//! that stands still until told otherwise; `suite!` makes a test of it for each engine. What only
//! SQLite can show (files, locks, kills) is in `sqlite` and `kills`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking; the lints see only that these helpers aren't tests themselves"
)]

/// Makes the tests of the listed behaviours, for each engine. One that isn't listed is dead code,
/// which the lints refuse.
macro_rules! suite {
    ($($behaviour:ident)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $behaviour() {
                let engine = crate::bed::Sqlite::fresh();
                super::$behaviour(crate::bed::Bed::new(Box::new(engine)).await).await;
            })*
        }
    };
}

mod alarms;
mod bed;
mod blocks;
mod claims;
mod codes;
mod confirmations;
mod factors;
mod formats;
mod kills;
mod mails;
mod networks;
mod notices;
mod owner;
mod owner_bed;
mod passwords;
mod purge;
mod races;
mod refusals;
mod restarts;
mod rotation;
mod secrets;
mod sessions;
mod sqlite;
