//! Who asks: the client behind its proxies, its network, and the language of what it's told.

use http::HeaderValue;
use http::header::ACCEPT_LANGUAGE;
use pingora::proxy::Session as Exchange;

use super::client::{self, Scheme};
use super::release::Route;
use super::service::GateProxy;
use crate::model::{ClientAddr, Language, Network, PeerAddr};

/// Who asks, resolved once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker {
    pub client: ClientAddr,
    pub network: Network,
    pub scheme: Scheme,
    pub route: Route,
    /// The language that the account's owner chose, once it was looked up.
    pub chosen: Option<Language>,
}

impl GateProxy {
    pub(super) fn asker(&self, exchange: &Exchange) -> Asker {
        let headers = &exchange.req_header().headers;
        let peer = exchange
            .client_addr()
            .and_then(|address| address.as_inet())
            .map_or_else(|| PeerAddr::of(([0, 0, 0, 0], 0).into()), |address| PeerAddr::of(*address));
        let client = client::resolve(peer, headers, &self.settings.client);
        let scheme = client::scheme(peer, headers, &self.settings.client);
        self.one_client.warn(client);
        Asker {
            client,
            network: Network::of(client, self.settings.network_prefix),
            scheme,
            route: Route::of(scheme, peer, client),
            chosen: None,
        }
    }

    /// The language of a page: what the owner chose, else what the browser asks for.
    pub(super) fn language_of(&self, exchange: &Exchange, asker: &Asker) -> Language {
        asker.chosen.unwrap_or_else(|| self.language(exchange))
    }

    /// The language of a page for this browser.
    pub(super) fn language(&self, exchange: &Exchange) -> Language {
        let accepted = exchange.req_header().headers.get(ACCEPT_LANGUAGE);
        self.pages.negotiate(accepted.map(HeaderValue::as_bytes))
    }
}
