//! Every metric of the gate: its name, what it counts, its labels.
//!
//! Other layers count through the `metrics` facade with these names as literals (imports go down
//! only); a test looks through the sources for names that aren't described here.

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

/// Upper bounds of the store's histogram, in seconds: from a commit in memory (0.1 ms) over one on
/// a good disk (1–5 ms) to what users notice (over 1 s).
const STORE_BUCKETS: [f64; 12] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5];

#[derive(Clone, Copy)]
enum Kind {
    Counter,
    Gauge,
    Histogram(Unit),
}

struct Metric {
    name: &'static str,
    kind: Kind,
    help: &'static str,
}

const fn counted(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, help }
}

const fn measured(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, help }
}

const METRICS: [Metric; 21] = [
    counted("poterne_requests_total", "Requests by what the gate decided (label decision)."),
    counted("poterne_refused_total", "Requests that were refused, by reason (label reason)."),
    counted("poterne_logins_total", "Logins seen at the panel's doors, by outcome (label outcome)."),
    counted("poterne_challenges_total", "E-mailed codes (label event: sent, passed, failed, superseded, expired)."),
    counted(
        "poterne_factors_total",
        "Second factors (label event: asked, totp, backup, failed, clock-off, enrolled, codes-renewed, turned-off).",
    ),
    counted(
        "poterne_step_up_total",
        "Passwords asked again before a change (label outcome: passed, failed, no-password); no-hash: none could be kept.",
    ),
    counted("poterne_reports_total", "Accounts whose owner said that it wasn't them."),
    counted("poterne_blocks_total", "Blocks that began, by reason (label reason)."),
    counted(
        "poterne_no_verdict_total",
        "Logins whose outcome could not be told (label reason); if it grows, the profile and the panel don't fit.",
    ),
    counted("poterne_panel_errors_total", "Requests that the panel did not answer properly, by kind (label kind)."),
    counted("poterne_directory_errors_total", "Look-ups that the directory of accounts could not answer."),
    counted("poterne_mail_total", "Mails by what became of them (label outcome)."),
    measured("poterne_mail_queue", "Mails that wait for delivery or for another try."),
    measured("poterne_mail_up", "1 if the mail server answered last time, else 0."),
    measured("poterne_sessions", "Gate sessions by state (label state: pending, cleared)."),
    counted(
        "poterne_refusals_unrecorded_total",
        "Refusals that are in the log only: too many of one network, or at once.",
    ),
    counted("poterne_store_decisions_total", "Decisions that the store made durable."),
    counted("poterne_store_failures_total", "Decisions that the store could not make durable."),
    measured("poterne_clock_drift_seconds", "How far the machine's clock is ahead of the gate's time."),
    measured("poterne_build_info", "Always 1; the running version (label version)."),
    Metric {
        name: "poterne_store_commit_seconds",
        kind: Kind::Histogram(Unit::Seconds),
        help: "How long a commit of the store took, with all decisions in it.",
    },
];

/// The recorder of this process's metrics, and what they're read through.
pub struct Metrics {
    recorder: PrometheusRecorder,
}

/// A recorder was installed in this process already.
#[derive(Debug, thiserror::Error)]
#[error("metrics are recorded in this process already")]
pub struct AlreadyInstalled;

impl Metrics {
    /// A recorder that knows all metrics; nothing is recorded before [`Self::install`].
    ///
    /// # Errors
    /// Never with the buckets above; they're checked by the library.
    pub fn new() -> Result<Self, BuildError> {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Full("poterne_store_commit_seconds".to_owned()), &STORE_BUCKETS)?
            .build_recorder();
        metrics::with_local_recorder(&recorder, describe);
        Ok(Self { recorder })
    }

    /// Records the whole process's metrics from here on.
    ///
    /// # Errors
    /// When another recorder does already.
    pub fn install(self) -> Result<PrometheusHandle, AlreadyInstalled> {
        let handle = self.recorder.handle();
        metrics::set_global_recorder(self.recorder).map_err(|_| AlreadyInstalled)?;
        Ok(handle)
    }

    /// Records only what `count` counts on this thread, for tests.
    pub fn record<T>(&self, count: impl FnOnce() -> T) -> T {
        metrics::with_local_recorder(&self.recorder, count)
    }

    /// What the metrics are read through.
    pub fn handle(&self) -> PrometheusHandle {
        self.recorder.handle()
    }
}

fn describe() {
    for Metric { name, kind, help } in METRICS {
        match kind {
            Kind::Counter => describe_counter!(name, help),
            Kind::Gauge => describe_gauge!(name, help),
            Kind::Histogram(unit) => describe_histogram!(name, unit, help),
        }
    }
    gauge!("poterne_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1);
    // Alerts on a rate need to see the zero before the first event.
    counter!("poterne_directory_errors_total").absolute(0);
    for event in ["sent", "passed", "failed", "superseded", "expired"] {
        counter!("poterne_challenges_total", "event" => event).absolute(0);
    }
    for event in ["asked", "totp", "backup", "failed", "clock-off", "enrolled", "codes-renewed", "turned-off"] {
        counter!("poterne_factors_total", "event" => event).absolute(0);
    }
    for outcome in ["passed", "failed", "no-password", "no-hash"] {
        counter!("poterne_step_up_total", "outcome" => outcome).absolute(0);
    }
    counter!("poterne_reports_total").absolute(0);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use metrics::histogram;
    use regex::Regex;

    use super::*;

    #[test]
    fn what_is_counted_can_be_read_by_prometheus() {
        let metrics = Metrics::new().unwrap();
        metrics.record(|| {
            counter!("poterne_requests_total", "decision" => "forward").increment(3);
            counter!("poterne_challenges_total", "event" => "sent").increment(1);
            gauge!("poterne_sessions", "state" => "pending").set(2.0);
            histogram!("poterne_store_commit_seconds").record(std::time::Duration::from_micros(400));
        });
        let text = metrics.handle().render();
        for line in [
            "# TYPE poterne_requests_total counter",
            "poterne_requests_total{decision=\"forward\"} 3",
            "poterne_challenges_total{event=\"sent\"} 1",
            "poterne_challenges_total{event=\"expired\"} 0",
            "poterne_directory_errors_total 0",
            "poterne_sessions{state=\"pending\"} 2",
            "# TYPE poterne_store_commit_seconds histogram",
            "poterne_store_commit_seconds_bucket{le=\"0.00025\"} 0",
            "poterne_store_commit_seconds_bucket{le=\"0.0005\"} 1",
            "poterne_store_commit_seconds_bucket{le=\"+Inf\"} 1",
            "poterne_store_commit_seconds_count 1",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}\nin\n{text}");
        }
        let sample = Regex::new(r#"^[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? -?[0-9.e+-]+$"#).unwrap();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            assert!(sample.is_match(line), "{line}");
        }
    }

    /// A name that's counted somewhere but described nowhere has a typing error in it.
    #[test]
    fn every_metric_in_the_sources_is_described_here() {
        let described: BTreeSet<_> = METRICS.iter().map(|metric| metric.name.to_owned()).collect();
        assert_eq!(described.len(), METRICS.len(), "a name stands twice");
        let mut found = BTreeSet::new();
        let used = Regex::new(r#"(?:counter|gauge|histogram)!\(\s*"([^"]+)""#).unwrap();
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|e| e == "rs") {
                    let source = std::fs::read_to_string(&path).unwrap();
                    found.extend(used.captures_iter(&source).map(|c| c[1].to_owned()));
                }
            }
        }
        assert!(found.contains("poterne_build_info"));
        let unknown: Vec<_> = found.difference(&described).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
