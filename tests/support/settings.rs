//! The settings of a gate that isn't started: for tests and benches of what is inside it.

#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::panic, reason = "a test's support fails loudly")]

use std::path::Path;

use poterne::config::{self, Checked};
use poterne::model::Timestamp;

/// The gate's time, which stands still.
pub const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// The settings of a gate in front of a panel with a built-in profile; `panel` is more of its section.
pub fn settings(profile: &str, panel: &str) -> Checked {
    let text = format!(
        r#"
        [listen]
        addresses = ["127.0.0.1:0"]
        hosts = ["panel.example.net"]
        [panel]
        upstream = "http://127.0.0.1:8080"
        profile = "{profile}"
        {panel}
        [accounts]
        source = "login"
        [mail]
        from = "a@panel.example"
        transport = "folder"
        path = "mails"
        [store]
        path = "poterne.db"
        key = {{ file = "poterne.key" }}
        [pages]
        brand = "x"
        support = "https://example.net/contact"
        "#
    );
    match config::load_str(&text, "test.toml", Path::new("/tmp")) {
        Ok((checked, _)) => checked,
        Err(report) => panic!("{report}"),
    }
}
