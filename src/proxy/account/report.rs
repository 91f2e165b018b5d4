//! "It wasn't me": `{prefix}/not-me`.

use std::sync::Arc;

use pingora::proxy::Session as Exchange;
use tracing::warn;

use super::super::after::parameter;
use super::super::asker::Asker;
use super::super::endpoints::without_gate_cookie;
use super::super::reply::Reply;
use super::super::request;
use super::super::service::GateProxy;
use super::Posted;
use crate::flow::account::AlarmLooked;
use crate::flow::ports::account::Alarm;
use crate::gate::target::Target;
use crate::page::{NotMeDonePage, NotMePage, Page};
use crate::state::Session;

impl GateProxy {
    /// The page behind a link in a mail. Nothing is done by opening it: mail security does so too.
    pub(in super::super) async fn show_alarm(&self, exchange: &Exchange, asker: &Asker, target: &Target<'_>) -> Reply {
        let token = parameter(target, "alarm").unwrap_or_default();
        let page = match self.flows.look_at_alarm(&token).await {
            Ok(AlarmLooked::Ready(alarm)) => {
                let Alarm { account, kind, network, browser, at, used_at: _ } = alarm;
                let (account, network) = (account.to_string(), network.to_string());
                Page::NotMe(NotMePage { alarm: token, account, kind, network, browser, at })
            }
            Ok(AlarmLooked::Used(alarm)) => self.reported_page(&alarm, 0, true),
            Ok(AlarmLooked::Unknown) => Page::NotMeUnknown,
            Err(error) => {
                warn!(%error, "a link \"it wasn't me\" could not be looked up");
                let page = Page::StoreUnavailable { reference: request::reference() };
                return self.say(exchange, asker, None, &page);
            }
        };
        Reply::page(self.pages.render(&page, self.language_of(exchange, asker), self.flows.now()))
    }

    /// The button on that page. The link is all the authority that it needs.
    pub(in super::super) async fn report(
        &self,
        exchange: &mut Exchange,
        asker: &Asker,
        session: Option<Arc<Session>>,
    ) -> pingora::Result<Reply> {
        let form = match self.own_form(exchange, asker).await? {
            Ok(form) => Posted(form),
            Err(reply) => return Ok(reply),
        };
        let browser = request::browser(&exchange.req_header().headers);
        let reference = request::reference();
        let token = form.text("alarm");
        let reported =
            self.flows.report(token, asker.network, browser, self.language_of(exchange, asker), reference).await;
        Ok(match reported {
            Ok(Some(reported)) => {
                let page = self.reported_page(&reported.alarm, reported.ended, reported.before);
                let reply = Reply::page(self.pages.render(&page, self.language_of(exchange, asker), self.flows.now()));
                let own = session.is_some_and(|session| session.account == reported.alarm.account);
                if own && !reported.before { without_gate_cookie(reply, asker) } else { reply }
            }
            Ok(None) => {
                Reply::page(self.pages.render(&Page::NotMeUnknown, self.language_of(exchange, asker), self.flows.now()))
            }
            Err(error) => {
                warn!(%error, "\"it wasn't me\" could not be taken");
                self.say(exchange, asker, None, &Page::StoreUnavailable { reference })
            }
        })
    }

    fn reported_page(&self, alarm: &Alarm, ended: usize, before: bool) -> Page {
        Page::NotMeDone(NotMeDonePage {
            account: alarm.account.to_string(),
            network: alarm.network.to_string(),
            ended,
            used_at: alarm.used_at.unwrap_or_else(|| self.flows.now()),
            before,
        })
    }
}
