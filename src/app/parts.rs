//! Checked settings, turned into what each part asks for.

use std::time::Duration;

use http::HeaderValue;
use pingora::upstreams::peer::HttpPeer;

use super::logging::{AccountNames, LogFilter, LogFormat, LogOptions};
use crate::config::{self, Checked, ClientAddressSource, HostHeader};
use crate::directory::CreationNetworks;
use crate::flow::FlowPolicy;
use crate::mail;
use crate::page;
use crate::proxy::ProxySettings;
use crate::proxy::client::{ClientPolicy, ClientSource};
use crate::proxy::front::ServeSettings;
use crate::upstream;

/// How long a claim lives: longer than any anonymous stamp (DESIGN R3).
const CLAIM_TTL: Duration = Duration::from_secs(48 * 3600);

pub(super) fn flow_policy(checked: &Checked) -> FlowPolicy {
    FlowPolicy {
        challenge: checked.challenge.clone(),
        wrong_passwords: checked.limits.wrong_passwords_per_network,
        relay_timeout: checked.panel.timeouts.login,
        probe_timeout: checked.panel.timeouts.probe,
        relay_max_body: checked.panel.max_login_answer,
        claim_ttl: CLAIM_TTL,
        on_network_change: checked.session.on_network_change,
    }
}

pub(super) fn proxy(checked: &Checked) -> ProxySettings {
    ProxySettings {
        hosts: checked.listen.hosts.clone(),
        client: ClientPolicy {
            trusted: checked.listen.trusted_proxies.clone(),
            source: match checked.listen.client_address {
                ClientAddressSource::Peer => ClientSource::Peer,
                ClientAddressSource::XForwardedFor => ClientSource::XForwardedFor,
                ClientAddressSource::Forwarded => ClientSource::Forwarded,
            },
        },
        network_prefix: checked.listen.network_prefix,
        prefix: checked.listen.prefix.clone(),
        host: match &checked.panel.host {
            HostHeader::Keep => None,
            HostHeader::Fixed(host) => HeaderValue::from_str(host).ok(),
        },
        panel_timeout: checked.panel.timeouts.read,
        connect_timeout: checked.panel.timeouts.connect,
    }
}

pub(super) fn serving(checked: &Checked) -> ServeSettings {
    let default = ServeSettings::default();
    ServeSettings { threads: checked.listen.threads.map_or(default.threads, std::num::NonZero::get), ..default }
}

/// The panel for pingora. Its name is resolved now, by the blocking resolver: not on a request.
pub(super) fn peer(checked: &Checked) -> std::io::Result<HttpPeer> {
    use std::net::ToSocketAddrs;
    let upstream = &checked.panel.upstream;
    let host = upstream.host();
    let address = (host, upstream.port())
        .to_socket_addrs()?
        .next()
        .ok_or_else(|| std::io::Error::new(std::io::ErrorKind::NotFound, format!("{host} has no address")))?;
    Ok(HttpPeer::new(address, false, host.to_owned()))
}

pub(super) fn panel(checked: &Checked) -> upstream::Settings {
    upstream::Settings {
        connect_timeout: checked.panel.timeouts.connect,
        ..upstream::Settings::new(checked.panel.upstream.clone())
    }
}

pub(super) fn pages(checked: &Checked) -> page::Settings {
    page::Settings {
        languages: checked.pages.languages.clone(),
        brand: checked.pages.brand.clone(),
        support: checked.pages.support.clone(),
        sender: match checked.mail.from.name() {
            Some(name) => format!("{name} <{}>", checked.mail.from.address().as_address()),
            None => checked.mail.from.address().as_address().to_string(),
        },
        prefix: checked.listen.prefix.clone(),
        panel_host: checked.listen.hosts.first().cloned().unwrap_or_else(|| checked.pages.brand.clone()),
        login: checked.panel.profile.login_page.replace("{target}", ""),
        landing: checked.panel.profile.landing.clone(),
        policy: checked.challenge.clone(),
        zone: checked.pages.zone.clone(),
        directory: checked.pages.directory.clone(),
    }
}

pub(super) fn mail(checked: &Checked) -> mail::Settings {
    mail::Settings::new(checked.mail.from.clone(), checked.mail.transport.clone())
}

pub(super) fn creation_networks(checked: &Checked) -> CreationNetworks {
    CreationNetworks {
        trust_private: checked.accounts.trust_private_networks,
        ..CreationNetworks::new(checked.listen.network_prefix)
    }
}

pub(super) fn logging(checked: &Checked) -> Result<LogOptions, String> {
    let filter: LogFilter = checked.log.level.to_string().to_lowercase().parse().map_err(|error| format!("{error}"))?;
    Ok(LogOptions {
        format: match checked.log.format {
            config::LogFormat::Text => LogFormat::Text,
            config::LogFormat::Json => LogFormat::Json,
        },
        filter,
        full_addresses: checked.log.addresses,
        accounts: AccountNames::default(),
    })
}
