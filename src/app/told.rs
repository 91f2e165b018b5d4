//! What the command line tells of an account, as text and as JSON.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::flow::ports::account::{AccountEvent, KnownNetwork};
use crate::model::{AccountId, Timestamp};
use crate::store::support::{AccountReport, BlockedFrom};

/// Events that the text shows; JSON has all.
const EVENTS: usize = 10;
/// Networks that the text shows; JSON has all.
const NETWORKS: usize = 10;

/// An instant in UTC, as logs write it.
pub fn shown(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.as_secs()).map_or_else(|_| at.as_secs().to_string(), |at| at.to_string())
}

/// How an account stands, for people.
pub fn account_as_text(account: &AccountId, report: &AccountReport) -> String {
    let security = &report.security;
    let mut text = format!("account     {account}");
    let mut line = |name: &str, value: &str| {
        // Writing to a string can't fail.
        let _ = write!(text, "\n{name:<11} {}", printable(value));
    };
    if report.blocks.is_empty() {
        line("blocks", "none");
    }
    for BlockedFrom { block, network } in &report.blocks {
        let until = block.until.map_or_else(|| "support lifts it".to_owned(), shown);
        let place = if block.reason.everywhere() { "every unknown network".to_owned() } else { network.to_string() };
        line("block", &format!("{} for {place}, until {until}, reference {}", block.reason.as_str(), block.reference));
    }
    match security.choices.suspected_since {
        Some(since) => line("password", &format!("suspected to be stolen since {}", shown(since))),
        None => line("password", "not suspected"),
    }
    match security.backup_left {
        Some(left) => line("factors", &format!("{} devices, {left} backup codes left", security.devices.len())),
        None => line("factors", "none"),
    }
    for device in &security.devices {
        line(
            "device",
            &format!("{}, since {}, last used {}", device.name, shown(device.added_at), shown(device.last_used_at)),
        );
    }
    for address in &security.choices.added_addresses {
        line("address", &format!("{} (added)", address.masked()));
    }
    line("sessions", &security.sessions.len().to_string());
    line("networks", &format!("{} known", security.networks.len()));
    for known in security.networks.iter().take(NETWORKS) {
        line(
            "network",
            &format!("{}, since {}, last used {}", known.network, shown(known.since), shown(known.last_used_at)),
        );
    }
    for event in security.events.iter().take(EVENTS) {
        let detail = event.detail.as_deref().map(|detail| format!(" ({detail})")).unwrap_or_default();
        line("event", &format!("{} {}{detail} from {}", shown(event.at), event.kind.slug(), event.network));
    }
    text
}

/// What customers called their things must not command the terminal of who looks at it.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// How an account stands, for programs.
pub fn account_as_json(account: &AccountId, report: &AccountReport) -> Value {
    let security = &report.security;
    json!({
        "account": account.as_str(),
        "blocks": report.blocks.iter().map(block).collect::<Vec<_>>(),
        "suspected_since": security.choices.suspected_since.map(shown),
        "devices": security.devices.iter().map(|device| json!({
            "name": device.name,
            "added_at": shown(device.added_at),
            "last_used_at": shown(device.last_used_at),
        })).collect::<Vec<_>>(),
        "backup_codes_left": security.backup_left,
        "remembered_browsers": security.remembered_browsers,
        "added_addresses": security.choices.added_addresses.iter().map(|address| address.masked()).collect::<Vec<_>>(),
        "language": security.choices.language.map(|language| language.tag()),
        "sessions": security.sessions.iter().map(|session| json!({
            "network": session.network.to_string(),
            "browser": session.browser,
            "since": shown(session.created_at),
            "last_used_at": shown(session.last_seen_at),
        })).collect::<Vec<_>>(),
        "known_networks": security.networks.iter().map(network).collect::<Vec<_>>(),
        "events": security.events.iter().map(event).collect::<Vec<_>>(),
    })
}

fn block(blocked: &BlockedFrom) -> Value {
    json!({
        "reason": blocked.block.reason.as_str(),
        "network": blocked.network.to_string(),
        "everywhere": blocked.block.reason.everywhere(),
        "since": shown(blocked.block.since),
        "until": blocked.block.until.map(shown),
        "reference": blocked.block.reference.to_string(),
    })
}

fn network(known: &KnownNetwork) -> Value {
    json!({
        "network": known.network.to_string(),
        "since": shown(known.since),
        "last_used_at": shown(known.last_used_at),
    })
}

fn event(event: &AccountEvent) -> Value {
    json!({
        "at": shown(event.at),
        "kind": event.kind.slug(),
        "network": event.network.to_string(),
        "browser": event.browser,
        "detail": event.detail,
    })
}
