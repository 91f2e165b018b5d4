//! The gate's clock: the only place that reads the machine's.
//!
//! Gate time starts at the wall clock, or at the newest instant that the store knows if that is
//! later, and from then on goes with the machine's steady clock. A wall clock that is set back
//! therefore doesn't lengthen a code, one that is set forward doesn't lift a block, and a restart
//! doesn't go back behind what was already written.
//!
//! Tests hold the time in their hands: [`Clock::manual`] inside the process, and, for the binary as
//! a whole, `Clock::following` (debug builds only).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use rustix::time::{ClockId, clock_gettime};

use crate::model::Timestamp;

/// How far gate time and wall clock may be apart before it's worth a warning: far below the
/// shortest time that a user is told (60 s), far above what NTP corrects in passing.
const DRIFT_WORTH_A_WARNING: i64 = 5_000;

/// Gate time. Clones are cheap and tell the same time.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    Steady(Arc<Steady>),
    Manual(Arc<AtomicI64>),
    #[cfg(debug_assertions)]
    Following(Arc<following::Following>),
}

#[derive(Debug)]
struct Steady {
    /// Gate time at the steady clock's zero, in milliseconds.
    base: i64,
    /// Whether gate and wall were far apart when last looked at, so that each change is told once.
    apart: AtomicBool,
}

impl Steady {
    fn start(floor: Timestamp) -> Self {
        let wall = wall_millis();
        let ahead = floor.as_millis().saturating_sub(wall);
        if ahead > DRIFT_WORTH_A_WARNING {
            tracing::warn!(
                ahead_s = ahead / 1000,
                "the machine's clock is behind what the store already knows; gate time goes on from there"
            );
        }
        Self { base: wall.max(floor.as_millis()).saturating_sub(steady_millis()), apart: AtomicBool::new(false) }
    }

    fn now(&self) -> i64 {
        self.base.saturating_add(steady_millis())
    }
}

impl Clock {
    /// The clock of a running gate. `floor` is the newest instant that the store knows (the epoch
    /// if it's empty): gate time never starts before it.
    pub fn start(floor: Timestamp) -> Self {
        Self(Source::Steady(Arc::new(Steady::start(floor))))
    }

    /// A clock that stands still until [`Self::advance`] moves it, for tests.
    pub fn manual(now: Timestamp) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(now.as_millis()))))
    }

    /// The time now. Cheap enough for every request; no lock, no system call on common machines.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(match &self.0 {
            Source::Steady(steady) => steady.now(),
            Source::Manual(now) => now.load(Ordering::Acquire),
            #[cfg(debug_assertions)]
            Source::Following(following) => following.now(),
        })
    }

    /// Moves a manual clock on; any other goes by itself and isn't touched.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual(now) = &self.0 {
            let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            // A clock that ran over would run backwards.
            let _ = now.fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| Some(now.saturating_add(by)));
        }
    }

    /// How far the wall clock is ahead of gate time, in milliseconds (negative: behind). To be
    /// called about once a minute: logs a warning when the two come to be more than 5 s apart, and
    /// a line when they're together again. Gate time is not changed by it.
    pub fn drift(&self) -> i64 {
        let Source::Steady(steady) = &self.0 else { return 0 };
        let drift = wall_millis().saturating_sub(steady.now());
        #[expect(clippy::cast_precision_loss, reason = "a number of seconds for people")]
        metrics::gauge!("poterne_clock_drift_seconds").set(drift as f64 / 1000.0);
        let apart = drift.abs() > DRIFT_WORTH_A_WARNING;
        if steady.apart.swap(apart, Ordering::AcqRel) != apart {
            if apart {
                tracing::warn!(
                    drift_s = drift / 1000,
                    "the machine's clock was set while the gate ran; the gate keeps its own time until it's restarted"
                );
            } else {
                tracing::info!("the machine's clock and the gate's time agree again");
            }
        }
        drift
    }
}

/// Milliseconds of a clock that nobody can set and that goes on while the machine sleeps: a code
/// must not outlive its ten minutes because the virtual machine was suspended meanwhile.
fn steady_millis() -> i64 {
    #[cfg(target_os = "linux")]
    let clock = ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    let clock = ClockId::Monotonic;
    let now = clock_gettime(clock);
    now.tv_sec.saturating_mul(1000).saturating_add(now.tv_nsec / 1_000_000)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the wall clock; everybody else is told the time"
)]
fn wall_millis() -> i64 {
    match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |millis| -millis),
    }
}

#[cfg(debug_assertions)]
mod following {
    //! A clock that a test outside the process can move on.

    use std::path::{Path, PathBuf};
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::{Clock, Source, Steady};
    use crate::model::Timestamp;

    #[derive(Debug)]
    pub(super) struct Following {
        steady: Steady,
        file: PathBuf,
        /// The furthest that the file ever said, so that time doesn't run backwards.
        ahead: AtomicI64,
    }

    impl Following {
        pub(super) fn now(&self) -> i64 {
            let said = std::fs::read_to_string(&self.file).ok().and_then(|text| text.trim().parse::<i64>().ok());
            let ahead = match said {
                Some(said) => self.ahead.fetch_max(said, Ordering::AcqRel).max(said),
                None => self.ahead.load(Ordering::Acquire),
            };
            self.steady.now().saturating_add(ahead)
        }
    }

    impl Clock {
        /// A clock that runs ahead by as many milliseconds as stand in `file`, read anew each time:
        /// who writes `600000` there (to another file first, then renamed) has let ten minutes
        /// pass for the very next request. A missing or unreadable file changes nothing, a smaller
        /// number neither.
        ///
        /// For journeys against the real binary. It doesn't exist in release builds, where nobody
        /// can tell the gate the time; and it starts with a warning in the log.
        pub fn following(file: &Path, floor: Timestamp) -> Self {
            tracing::warn!(file = %file.display(), "time comes from a file: this is for tests only");
            Self(Source::Following(std::sync::Arc::new(Following {
                steady: Steady::start(floor),
                file: file.to_owned(),
                ahead: AtomicI64::new(0),
            })))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH: Timestamp = Timestamp::from_millis(0);

    #[test]
    fn gate_time_starts_at_the_wall_clock_and_never_runs_backwards() {
        let clock = Clock::start(EPOCH);
        let start = clock.now();
        assert!((start.as_millis() - wall_millis()).abs() < 5_000);
        assert!(start.as_millis() > 1_700_000_000_000, "a date after 2023: {start:?}");
        let mut last = start;
        for _ in 0..10_000 {
            let now = clock.now();
            assert!(now >= last);
            last = now;
        }
    }

    #[test]
    fn a_wall_clock_set_back_before_a_restart_gives_nobody_more_time() {
        let written = Timestamp::from_millis(wall_millis()) + Duration::from_secs(3600);
        let clock = Clock::start(written);
        assert!(clock.now() >= written, "an hour set back at a restart");
        assert!(clock.now().since(written) < Duration::from_secs(60));
        assert!(clock.drift() < -3_590_000, "and the difference is seen");
    }

    #[test]
    fn drift_is_small_while_nobody_sets_the_clock() {
        assert!(Clock::start(EPOCH).drift().abs() < 1_000);
        assert_eq!(Clock::manual(EPOCH).drift(), 0);
    }

    #[test]
    fn a_manual_clock_stands_still_until_it_is_moved() {
        let clock = Clock::manual(Timestamp::from_millis(1_000));
        let same = clock.clone();
        assert_eq!(clock.now(), clock.now());
        clock.advance(Duration::from_secs(600));
        assert_eq!(same.now(), Timestamp::from_millis(601_000));
        clock.advance(Duration::MAX);
        assert_eq!(same.now(), Timestamp::from_millis(i64::MAX));
        let real = Clock::start(EPOCH);
        real.advance(Duration::from_secs(3600));
        assert!(real.drift().abs() < 1_000, "nobody can move a real clock");
    }

    #[test]
    #[cfg(debug_assertions)]
    fn a_test_outside_can_let_time_pass_but_not_turn_it_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ahead");
        let clock = Clock::following(&file, EPOCH);
        let start = clock.now();
        assert!(clock.now().since(start) < Duration::from_secs(60), "no file, no difference");
        for (text, least, most) in [
            ("600000\n", 600, 660),
            ("5", 600, 660),
            ("-9000000", 600, 660),
            ("nonsense", 600, 660),
            ("3600000", 3600, 3660),
        ] {
            std::fs::write(&file, text).unwrap();
            let passed = clock.now().since(start).as_secs();
            assert!((least..most).contains(&passed), "{text:?}: {passed} s");
        }
    }
}
