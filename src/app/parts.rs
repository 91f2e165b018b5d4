//! Checked settings, turned into what each part asks for.

use std::time::Duration;

use http::HeaderValue;
use pingora::upstreams::peer::HttpPeer;

use super::logging::{AccountNames, LogFilter, LogFormat, LogOptions};
use crate::config::{self, Checked, ClientAddressSource, HostHeader, MailTransport, NetworkChange, SmtpProtection};
use crate::directory::{CreationNetworks, OwnDomains};
use crate::flow::{FlowPolicy, OnNetworkChange};
use crate::limit::SessionLimits;
use crate::mail;
use crate::page;
use crate::proxy::ProxySettings;
use crate::proxy::client::{ClientPolicy, ClientSource};
use crate::proxy::front::{FrontSettings, ServeSettings};
use crate::upstream::{self, Upstream};

/// How long a claim lives: longer than any anonymous stamp (DESIGN R3).
const CLAIM_TTL: Duration = Duration::from_secs(48 * 3600);

pub(super) fn session_limits(checked: &Checked) -> SessionLimits {
    SessionLimits { idle: checked.session.idle, max: checked.session.max }
}

pub(super) fn flow_policy(checked: &Checked) -> FlowPolicy {
    FlowPolicy {
        challenge: checked.challenge.clone(),
        wrong_passwords: checked.limits.wrong_passwords_per_network,
        relay_timeout: checked.panel.timeouts.login,
        probe_timeout: checked.panel.timeouts.probe,
        relay_max_body: checked.panel.max_login_answer,
        claim_ttl: CLAIM_TTL,
        on_network_change: match checked.session.on_network_change {
            NetworkChange::Challenge => OnNetworkChange::Challenge,
            NetworkChange::Allow => OnNetworkChange::Allow,
        },
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

pub(super) fn front(checked: &Checked) -> FrontSettings {
    FrontSettings {
        header_timeout: checked.listen.header_timeout,
        max_header: checked.listen.max_header,
        idle_timeout: checked.listen.idle_timeout,
        connections_per_network: checked.listen.connections_per_network,
        prefix: checked.listen.network_prefix,
        trusted_proxies: checked.listen.trusted_proxies.clone(),
        ..FrontSettings::default()
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
    let host = upstream.host.trim_matches(['[', ']']);
    let address = (host, upstream.port)
        .to_socket_addrs()?
        .next()
        .ok_or_else(|| std::io::Error::new(std::io::ErrorKind::NotFound, format!("{host} has no address")))?;
    Ok(HttpPeer::new(address, false, host.to_owned()))
}

pub(super) fn panel(checked: &Checked) -> upstream::Settings {
    let at = &checked.panel.upstream;
    upstream::Settings {
        connect_timeout: checked.panel.timeouts.connect,
        ..upstream::Settings::new(Upstream::new(false, &at.host, at.port))
    }
}

pub(super) fn pages(checked: &Checked) -> page::Settings {
    page::Settings {
        languages: checked.pages.languages.clone(),
        brand: checked.pages.brand.clone(),
        support: checked.pages.support.clone(),
        sender: match &checked.mail.from.name {
            Some(name) => format!("{name} <{}>", checked.mail.from.address.as_address()),
            None => checked.mail.from.address.as_address().to_string(),
        },
        prefix: checked.listen.prefix.clone(),
        panel_host: checked.listen.hosts.first().cloned().unwrap_or_else(|| checked.pages.brand.clone()),
        login: checked.panel.profile.login_page.replace("{target}", ""),
        landing: checked.panel.profile.landing.clone(),
        policy: checked.challenge.clone(),
        zone: page::Zone::system(),
        directory: checked.pages.directory.clone(),
    }
}

/// The mail settings; an error is a setting that only the mail part can judge.
pub(super) fn mail(checked: &Checked) -> Result<mail::Settings, String> {
    let from = mail::Sender::new(checked.mail.from.name.as_deref(), checked.mail.from.address.clone())
        .map_err(|error| error.to_string())?;
    let transport = match &checked.mail.transport {
        MailTransport::Folder { path } => mail::Transport::Folder { path: path.clone() },
        MailTransport::Smtp(smtp) => {
            let security = match smtp.protection {
                SmtpProtection::Tls => mail::SmtpSecurity::Tls,
                SmtpProtection::StartTls => mail::SmtpSecurity::StartTls,
                SmtpProtection::None => mail::SmtpSecurity::Plain,
            };
            let (user, password) = smtp.credentials.clone().unzip();
            let server =
                mail::SmtpServer::new(security, &smtp.host, smtp.port, user).map_err(|error| error.to_string())?;
            let access = mail::SmtpAccess::new(server, password).map_err(|error| error.to_string())?;
            let mut settings = mail::SmtpSettings::new(access);
            settings.timeout = checked.mail.timeout;
            mail::Transport::Smtp(settings)
        }
    };
    Ok(mail::Settings::new(from, transport))
}

pub(super) fn own_domains(checked: &Checked) -> Result<OwnDomains, String> {
    OwnDomains::parse(&checked.mail.own_domains).map_err(|error| error.to_string())
}

pub(super) fn creation_networks(checked: &Checked) -> CreationNetworks {
    CreationNetworks::new(checked.listen.network_prefix)
}

pub(super) fn logging(checked: &Checked) -> Result<LogOptions, String> {
    let filter: LogFilter = checked.log.level.to_string().to_lowercase().parse().map_err(|error| format!("{error}"))?;
    Ok(LogOptions {
        format: match checked.log.format {
            config::LogFormat::Text => LogFormat::Text,
            config::LogFormat::Json => LogFormat::Json,
        },
        filter,
        accounts: AccountNames::default(),
        full_addresses: checked.log.addresses,
    })
}
