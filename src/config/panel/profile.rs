//! What the gate has to know about the panel, out of the merged `[panel]`.

use http::HeaderName;

use crate::config::desk::{At, Wrong};
use crate::config::section::Section;
use crate::config::source::Node;
use crate::config::value::{boolean, text};
use crate::gate::doors::Doors;
use crate::gate::pattern::{NamePattern, PathPattern};
use crate::gate::profile::{LogoutRequest, Watched};
use crate::gate::{CookieRules, PanelProfile};
use crate::login::Door;

use super::door::{is_under, read_doors, read_probe};
use super::rules;

/// Where a login ends when the panel doesn't lead anywhere of its own.
pub const LANDING: &str = "/";
/// File endings that a glob in `public` never matches; `.php` is always one of them (DESIGN R4).
pub const SCRIPTS: [&str; 10] = [".php", ".phtml", ".phar", ".cgi", ".fcgi", ".pl", ".py", ".asp", ".aspx", ".jsp"];
/// Query keys that carry a session id, besides the names of the session cookies: PHP's default.
pub const SESSION_KEYS: [&str; 1] = ["PHPSESSID"];
/// Headers that carry credentials, besides what the profile names (DESIGN R5).
pub const CREDENTIAL_HEADERS: [HeaderName; 2] = [http::header::AUTHORIZATION, http::header::PROXY_AUTHORIZATION];

/// The placeholder for the wanted page in `login_page`.
const TARGET: &str = "{target}";

pub(super) fn read(panel: &Section<'_>, prefix: &str) -> Option<PanelProfile> {
    let what = "where somebody who isn't logged in is sent, like \"/login.php\"";
    let login_page = panel.required("login_page", what, |node| login_page(node, prefix));
    let landing = panel.or("landing", |node| target(node, prefix), LANDING.to_owned());
    let scripts = scripts(panel);
    let public = panel.list("public", "paths", public_path).unwrap_or_default();
    rules::check_public(panel, &public, &scripts, prefix);
    let anywhere = panel.or("anywhere", boolean, false);
    let doors = read_doors(panel, prefix);
    let cookies = read_cookies(panel, anywhere, &doors);
    let session_keys = session_keys(panel, &cookies);
    let credential_headers = credential_headers(panel);
    let serves_mail = panel.or("serves_mail", boolean, false);
    let probe = read_probe(panel, prefix);
    let logout = read_logout(panel, prefix);
    let public = public.into_iter().map(|(pattern, _)| pattern).collect();
    let doors = Doors::from(doors);
    let watched = Watched::of(&doors, &session_keys, anywhere);
    let profile = PanelProfile {
        login_page: login_page.unwrap_or_default(),
        landing,
        public,
        scripts,
        cookies,
        doors,
        probe,
        logout,
        anywhere,
        serves_mail,
        session_keys,
        watched,
        credential_headers,
    };
    rules::check(panel, &profile);
    Some(profile)
}

/// A path and query of the panel.
pub(super) fn target(node: &Node, prefix: &str) -> Result<String, Wrong> {
    let text = text(node)?;
    check_target(text, prefix)?;
    Ok(text.to_owned())
}

fn check_target(text: &str, prefix: &str) -> Result<(), Wrong> {
    let expected = "a canonical path of the panel, with a query if need be, like \"/index.php?page=home\"";
    let path = text.split('?').next().unwrap_or_default();
    let canonical = PathPattern::parse(path).is_some_and(|pattern| !pattern.is_glob());
    let fits = text.bytes().all(|b| b.is_ascii_graphic() && b != b'#')
        && text.parse::<http::uri::PathAndQuery>().is_ok_and(|parsed| parsed.as_str() == text);
    match (canonical && fits, is_under(path, prefix)) {
        (true, false) => Ok(()),
        (true, true) => Err(Wrong::expected(expected).hint(format!("below {prefix} are the gate's own pages"))),
        (false, _) => Err(Wrong::expected(expected)),
    }
}

fn login_page(node: &Node, prefix: &str) -> Result<String, Wrong> {
    let text = text(node)?;
    check_target(&text.replacen(TARGET, "x", 1), prefix)?;
    let in_path = text.split('?').next().is_some_and(|path| path.contains(TARGET));
    match in_path || text.matches(TARGET).count() > 1 {
        true => Err(Wrong::expected("{target} once, and in the query").found(node.describe())),
        false => Ok(text.to_owned()),
    }
}

fn public_path(node: &Node) -> Result<PathPattern, Wrong> {
    let expected = "a canonical path like \"/login.php\", or a glob like \"/assets/**\"";
    PathPattern::parse(text(node)?).ok_or_else(|| Wrong::expected(expected))
}

fn scripts(panel: &Section<'_>) -> Vec<String> {
    let ending = |node: &Node| {
        let text = text(node)?;
        let fits = text.len() > 1 && text.starts_with('.') && text.bytes().skip(1).all(|b| b.is_ascii_alphanumeric());
        if fits {
            Ok(text.to_ascii_lowercase())
        } else {
            Err(Wrong::expected("a file ending with its dot, like \".php\""))
        }
    };
    let default = SCRIPTS.map(str::to_owned).to_vec();
    let mut scripts = panel.list_or("scripts", "file endings", ending, default);
    let php = ".php".to_owned();
    if !scripts.contains(&php) {
        scripts.push(php);
    }
    scripts
}

fn read_cookies(panel: &Section<'_>, anywhere: bool, doors: &[Door]) -> CookieRules {
    let section = panel.section("cookies");
    let names = |key| section.list(key, "cookie names", cookie_name).unwrap_or_default();
    let (session, login, other) = (names("session"), names("login"), names("other"));
    let mut never: Vec<_> = names("never").into_iter().map(|(name, _)| name).collect();
    rules::check_cookies(&section, &session, &login, &other);
    section.finish();
    let plain = |list: Vec<(NamePattern, At)>| list.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let (session, login, other) = (plain(session), plain(login), plain(other));
    if anywhere {
        // A panel that looks for credentials everywhere may look for them in cookies as well.
        let listed = |name: &NamePattern| {
            let lists = [&session, &login, &other];
            lists.iter().any(|list| list.iter().any(|pattern| pattern.matches(name.as_str().as_bytes())))
        };
        let fields = doors.iter().flat_map(|door| [&door.username, &door.password]).flatten();
        let derived: Vec<_> =
            fields.filter_map(|field| NamePattern::parse(field)).filter(|name| !listed(name)).collect();
        for name in derived {
            if !never.contains(&name) {
                never.push(name);
            }
        }
    }
    CookieRules::new(session, login, other, never)
}

fn cookie_name(node: &Node) -> Result<NamePattern, Wrong> {
    let text = text(node)?;
    let name = NamePattern::parse(text).ok_or_else(|| Wrong::expected("a cookie's name, with * for any characters"))?;
    match name.matches(b"__Host-poterne") || name.matches(b"poterne") {
        true => Err(Wrong::expected("a name of the panel's cookies").hint("the gate's own cookie is called so")),
        false => Ok(name),
    }
}

fn session_keys(panel: &Section<'_>, cookies: &CookieRules) -> Vec<String> {
    let key = |node: &Node| text(node).map(str::to_owned);
    let given = panel.list_or("session_keys", "query keys", key, SESSION_KEYS.map(str::to_owned).to_vec());
    let literal = cookies.session().iter().filter(|name| name.is_literal()).map(|name| name.as_str().to_owned());
    let mut keys: Vec<String> = Vec::new();
    for key in given.into_iter().chain(literal) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

fn credential_headers(panel: &Section<'_>) -> Vec<HeaderName> {
    let header = |node: &Node| {
        let name = text(node)?.parse::<HeaderName>().map_err(|_| Wrong::expected("a header's name"))?;
        let needed = ["cookie", "host", "connection", "content-type", "content-length", "transfer-encoding", "upgrade"];
        match needed.contains(&name.as_str()) {
            true => Err(Wrong::expected("a header that carries credentials").hint("without this one nothing works")),
            false => Ok(name),
        }
    };
    let mut headers = CREDENTIAL_HEADERS.to_vec();
    for name in panel.list_or("credential_headers", "header names", header, Vec::new()) {
        if !headers.contains(&name) {
            headers.push(name);
        }
    }
    headers
}

fn read_logout(panel: &Section<'_>, prefix: &str) -> Option<LogoutRequest> {
    let section = panel.section("logout");
    if !section.is_given() {
        return None;
    }
    let path = section.required("path", "the page that logs out, like \"/logout.php\"", |node| target(node, prefix));
    section.finish();
    path.map(|target| LogoutRequest { target })
}
