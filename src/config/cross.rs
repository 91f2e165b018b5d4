//! Rules over several sections.

use url::Url;

use crate::directory::OwnDomains;
use crate::model::EmailAddress;

use super::Checked;
use super::desk::Wrong;
use super::section::Section;
use super::value::parse_host;

pub(super) fn check(root: &Section<'_>, checked: &Checked) {
    let desk = root.desk;
    check_support(root, checked);
    if checked.panel.profile.serves_mail && checked.mail.own_domains == OwnDomains::default() {
        let wrong = Wrong::expected("the domains of the mailboxes behind this gate, own_domains = [\"example.net\"]");
        let hint = "the panel serves mail: a code sent there could be read only by who is logged in already";
        desk.mistake(&root.section("mail").at(), wrong.found("none").hint(hint));
    }
    let metrics = checked.admin.metrics;
    if let Some(address) = metrics.filter(|metrics| checked.listen.addresses.contains(metrics)) {
        let wrong = Wrong::expected("an address of its own").found(format!("{address}, on which visitors come in"));
        root.section("admin").wrong("metrics", wrong);
    }
    let upstream = checked.panel.upstream.to_string();
    if checked.listen.addresses.iter().any(|address| address.to_string() == upstream) {
        let wrong = Wrong::expected("the panel's own address").found("an address that the gate itself listens on");
        root.section("panel").wrong("upstream", wrong);
    }
}

/// Who is blocked is shown the contact: it must not lie behind the door that is shut.
fn check_support(root: &Section<'_>, checked: &Checked) {
    let Ok(url) = Url::parse(&checked.pages.support) else { return };
    let behind = match url.scheme() {
        "mailto" => {
            let address = EmailAddress::parse(url.path()).ok();
            address.filter(|address| checked.mail.own_domains.serve(address)).map(|address| address.domain().to_owned())
        }
        _ => url.host_str().and_then(parse_host).filter(|host| checked.listen.hosts.contains(host)),
    };
    if let Some(host) = behind {
        let text = format!(
            "{host} lies behind this gate: somebody who is blocked can't reach help there; \
             the contact must be reachable without the panel"
        );
        root.desk.warn(&root.section("pages").at_key("support"), text);
    }
}
