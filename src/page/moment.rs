//! Instants and durations as people read them: "10:42", "in 9 minutes".

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp as Instant, Zoned};

use crate::model::Timestamp;

use super::words::{Arg, Flavour, Words, WordsFailed};

/// The zone that times are shown in, summer time included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// A name that's no time zone's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no time zone is called {0:?} (a name like Europe/Paris, or UTC)")]
pub struct UnknownZone(String);

impl Zone {
    /// Universal time.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// The machine's own zone; universal time when it has none with a name.
    pub fn system() -> Self {
        TimeZone::try_system().ok().filter(|zone| zone.iana_name().is_some()).map_or(Self::UTC, Self)
    }

    /// What it's called: `Europe/Paris`, `UTC`.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    fn at(&self, at: Timestamp) -> Zoned {
        Instant::from_millisecond(at.as_millis()).unwrap_or(Instant::UNIX_EPOCH).to_zoned(self.0.clone())
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    /// A zone by its IANA name, in any case.
    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        if name.eq_ignore_ascii_case("utc") {
            return Ok(Self::UTC);
        }
        TimeZone::get(name).map(Self).map_err(|_| UnknownZone(name.to_owned()))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Puts instants and durations into words of one language.
pub(super) struct Teller<'a> {
    pub(super) words: &'a Words,
    pub(super) zone: &'a Zone,
    pub(super) now: Timestamp,
    pub(super) flavour: Flavour,
}

impl Teller<'_> {
    /// "10:42"; of another day than today "10:42 on 23 November". A `<time>` in HTML.
    pub(super) fn clock(&self, at: Timestamp) -> Result<Arg, WordsFailed> {
        let (local, today) = (self.zone.at(at), self.zone.at(self.now));
        let clock = local.strftime("%H:%M").to_string();
        let shown = if local.date() == today.date() {
            clock
        } else {
            self.say("other-day", &[("clock", Arg::text(clock)), day(&local), ("month", self.month(&local)?)])?
        };
        Ok(self.timed(&local, shown))
    }

    /// "today at 10:42", "on 3 March at 10:42", with the year where it isn't this one. A `<time>` in
    /// HTML.
    pub(super) fn moment(&self, at: Timestamp) -> Result<Arg, WordsFailed> {
        let (local, today) = (self.zone.at(at), self.zone.at(self.now));
        let clock = || ("clock", Arg::text(local.strftime("%H:%M").to_string()));
        let shown = if local.date() == today.date() {
            self.say("when-today", &[clock()])?
        } else if local.year() == today.year() {
            self.say("when-day", &[clock(), day(&local), ("month", self.month(&local)?)])?
        } else {
            let year = ("year", Arg::text(local.year().to_string()));
            self.say("when-year", &[clock(), day(&local), ("month", self.month(&local)?), year])?
        };
        Ok(self.timed(&local, shown))
    }

    fn timed(&self, local: &Zoned, shown: String) -> Arg {
        match self.flavour {
            Flavour::Text => Arg::text(shown),
            Flavour::Html => Arg::markup(format!(
                "<time datetime=\"{}\">{}</time>",
                local.strftime("%Y-%m-%dT%H:%M:%S%:z"),
                super::words::escape(&shown)
            )),
        }
    }

    /// "Sunday 22 November 2026 at 10:42".
    pub(super) fn full(&self, at: Timestamp) -> Result<Arg, WordsFailed> {
        let local = self.zone.at(at);
        let weekday = i64::from(local.weekday().to_monday_one_offset());
        let args = [
            ("weekday", Arg::text(self.say("weekday", &[("weekday", Arg::Number(weekday))])?)),
            day(&local),
            ("month", self.month(&local)?),
            // As text: a year is no quantity.
            ("year", Arg::text(local.year().to_string())),
            ("clock", Arg::text(local.strftime("%H:%M").to_string())),
        ];
        Ok(Arg::text(self.say("full-date", &args)?))
    }

    fn month(&self, local: &Zoned) -> Result<Arg, WordsFailed> {
        Ok(Arg::text(self.say("month", &[("month", Arg::Number(i64::from(local.month())))])?))
    }

    /// "in 9 minutes", rounded down: what is promised still holds then.
    pub(super) fn left(&self, until: Timestamp) -> Result<Arg, WordsFailed> {
        let left = until.since(self.now);
        if left < Duration::from_secs(60) {
            return Ok(Arg::text(self.say("in-moment", &[])?));
        }
        self.within(left.as_secs() / 60 * 60)
    }

    /// "in 43 seconds", rounded up: it's possible by then.
    pub(super) fn wait(&self, from: Timestamp) -> Result<Arg, WordsFailed> {
        let wait = from.since(self.now);
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.within(if seconds > 90 { seconds.div_ceil(60) * 60 } else { seconds.max(1) })
    }

    fn within(&self, seconds: u64) -> Result<Arg, WordsFailed> {
        Ok(Arg::text(self.say("in-span", &[("span", self.span(Duration::from_secs(seconds))?)])?))
    }

    /// "10 minutes", "1 hour and 30 minutes".
    pub(super) fn span(&self, span: Duration) -> Result<Arg, WordsFailed> {
        let seconds = span.as_secs();
        let one = |key, n: u64| self.say(key, &[("n", Arg::count(n))]);
        let said = match seconds {
            0..60 => one("span-seconds", seconds),
            // "90 seconds" is clearer than "1 minute and 30 seconds".
            61..=90 => one("span-seconds", seconds),
            60..3600 => one("span-minutes", seconds / 60),
            3600..86_400 => match (seconds / 3600, seconds % 3600 / 60) {
                (hours, 0) => one("span-hours", hours),
                (hours, minutes) => {
                    self.say("span-hours-minutes", &[("hours", Arg::count(hours)), ("minutes", Arg::count(minutes))])
                }
            },
            _ => one("span-days", seconds.div_ceil(86_400)),
        };
        said.map(Arg::text)
    }

    /// "Europe/Paris, UTC+1", as it is at `now`.
    pub(super) fn zone(&self) -> Result<Arg, WordsFailed> {
        let seconds = self.zone.at(self.now).offset().seconds();
        // Debian's servers call it "Etc/UTC".
        if self.zone.name().strip_prefix("Etc/").unwrap_or(self.zone.name()) == "UTC" {
            return Ok(Arg::text("UTC".to_owned()));
        }
        let (sign, minutes) = (if seconds < 0 { '−' } else { '+' }, seconds.unsigned_abs() / 60);
        let offset = match (minutes / 60, minutes % 60) {
            (0, 0) => "UTC".to_owned(),
            (hours, 0) => format!("UTC{sign}{hours}"),
            (hours, minutes) => format!("UTC{sign}{hours}:{minutes:02}"),
        };
        let args = [("name", Arg::text(self.zone.name().to_owned())), ("offset", Arg::text(offset))];
        Ok(Arg::text(self.say("zone", &args)?))
    }

    /// Plain words: whoever puts them in a page escapes them.
    fn say(&self, key: &str, args: &[(&str, Arg)]) -> Result<String, WordsFailed> {
        self.words.say(Flavour::Text, key, args)
    }
}

fn day(local: &Zoned) -> (&'static str, Arg) {
    ("day", Arg::Number(i64::from(local.day())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Language;
    use crate::page::words::tests::words;

    /// 2026-11-22 09:42:00 UTC.
    const MORNING: Timestamp = Timestamp::from_millis(1_795_340_520_000);

    fn text(arg: Arg) -> String {
        match arg {
            Arg::Text(text) | Arg::Markup(text) => text.to_string(),
            Arg::Number(n) => n.to_string(),
        }
    }

    #[test]
    fn a_time_is_the_clock_on_the_readers_wall() {
        let (words, zone) = (words(Language::Fr), "Europe/Paris".parse().unwrap());
        let teller = Teller { words: &words, zone: &zone, now: MORNING, flavour: Flavour::Text };
        assert_eq!(text(teller.clock(MORNING).unwrap()), "10:42");
        assert_eq!(
            text(teller.clock(MORNING + Duration::from_secs(14 * 3600)).unwrap()),
            "00:42 le 23\u{a0}novembre".replace('\u{a0}', " ")
        );
        assert_eq!(text(teller.full(MORNING).unwrap()), "dimanche 22 novembre 2026 à 10:42");
        assert_eq!(text(teller.zone().unwrap()), "Europe/Paris, UTC+1");
        let summer = MORNING.before(Duration::from_secs(120 * 86_400));
        assert_eq!(text(teller.clock(summer).unwrap()), "11:42 le 25 juillet", "summer time");
        let day = Duration::from_secs(86_400);
        assert_eq!(text(teller.moment(MORNING).unwrap()), "aujourd’hui à 10:42");
        assert_eq!(text(teller.moment(MORNING.before(21 * day)).unwrap()), "le 1er novembre à 10:42");
        assert_eq!(text(teller.moment(MORNING.before(365 * day)).unwrap()), "le 22 novembre 2025 à 10:42");
        let html = Teller { flavour: Flavour::Html, ..teller };
        assert_eq!(text(html.clock(MORNING).unwrap()), "<time datetime=\"2026-11-22T10:42:00+01:00\">10:42</time>");
    }

    #[test]
    fn zones_are_named_with_their_offset() {
        let words = words(Language::En);
        for (name, label) in [
            ("UTC", "UTC"),
            ("utc", "UTC"),
            ("Etc/UTC", "UTC"),
            ("Asia/Kolkata", "Asia/Kolkata, UTC+5:30"),
            ("America/Martinique", "America/Martinique, UTC−4"),
            ("Europe/London", "Europe/London, UTC"),
        ] {
            let zone: Zone = name.parse().unwrap();
            let teller = Teller { words: &words, zone: &zone, now: MORNING, flavour: Flavour::Text };
            assert_eq!(text(teller.zone().unwrap()), label);
        }
        assert!("Europe/Pariss".parse::<Zone>().is_err());
        assert!("/etc/passwd".parse::<Zone>().is_err());
    }

    #[test]
    fn a_promise_is_rounded_down_and_a_wait_up() {
        let (words, zone) = (words(Language::En), Zone::UTC);
        let teller = Teller { words: &words, zone: &zone, now: MORNING, flavour: Flavour::Text };
        let after = |millis| MORNING + Duration::from_millis(millis);
        for (millis, left, wait) in [
            (599_999, "in 9 minutes", "in 10 minutes"),
            (600_000, "in 10 minutes", "in 10 minutes"),
            (60_000, "in 1 minute", "in 1 minute"),
            (59_999, "in less than a minute", "in 1 minute"),
            (42_001, "in less than a minute", "in 43 seconds"),
            (75_000, "in 1 minute", "in 75 seconds"),
            (0, "in less than a minute", "in 1 second"),
            (3_600_000, "in 1 hour", "in 1 hour"),
            (3_540_001, "in 59 minutes", "in 1 hour"),
            (5_400_000, "in 1 hour and 30 minutes", "in 1 hour and 30 minutes"),
            (172_800_000, "in 2 days", "in 2 days"),
        ] {
            assert_eq!(text(teller.left(after(millis)).unwrap()), left, "{millis}");
            assert_eq!(text(teller.wait(after(millis)).unwrap()), wait, "{millis}");
        }
    }

    #[test]
    fn no_instant_is_too_far() {
        let (words, zone) = (words(Language::Fr), "Pacific/Apia".parse().unwrap());
        let teller = Teller { words: &words, zone: &zone, now: MORNING, flavour: Flavour::Html };
        for at in [i64::MIN, i64::MAX, 0] {
            let at = Timestamp::from_millis(at);
            teller.clock(at).unwrap();
            teller.full(at).unwrap();
            teller.moment(at).unwrap();
            teller.left(at).unwrap();
            teller.wait(at).unwrap();
        }
    }
}
