//! The panel's scripts.

use http::{HeaderValue, Method, Response, StatusCode, header};
use minijinja::value::Serde;
use minijinja::{Value, context};

use super::pages::{HTML, Page};
use super::world::Account;
use super::{Panel, REMEMBER_COOKIE, Visit, reading, streams};
use crate::admin::http1::{Body, answer};

/// Shortest password that the panel takes for a new one, as panels of its time did.
const SHORTEST_PASSWORD: usize = 8;

impl Panel {
    /// Runs the script that a request asks for.
    pub(super) fn run(&self, visit: Visit) -> Response<Body> {
        let account = self.world.account_in(&visit.session);
        let posted = visit.parts.method == Method::POST;
        let script = visit.script.as_str();
        match (script, account) {
            ("/", account) => self.page(&visit, Page::Home, account.as_ref(), context! {}),
            ("/login.php", _) if posted => self.log_in(&visit),
            ("/login.php", account) => self.login_form(&visit, account.as_ref(), None),
            ("/logout.php", _) => {
                self.world.leave(&visit.session);
                let mut response = redirect("/login.php");
                forget_cookie(&mut response);
                response
            }
            ("/api/me", Some(account)) => {
                json(StatusCode::OK, &serde_json::json!({ "account": account.login, "email": account.email }))
            }
            ("/api/me" | "/events.php" | "/ws", None) => {
                json(StatusCode::UNAUTHORIZED, &serde_json::json!({ "error": "login" }))
            }
            ("/dashboard.php" | "/password.php" | "/upload.php" | "/download.bin", None) => {
                let wanted = visit.parts.uri.path_and_query().map_or("/dashboard.php", |target| target.as_str());
                let wanted: String = form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
                redirect(&format!("/login.php?next={wanted}"))
            }
            ("/dashboard.php", Some(account)) => self.page(&visit, Page::Dashboard, Some(&account), context! {}),
            ("/password.php", Some(account)) if posted => self.change_password(&visit, &account),
            ("/password.php", Some(account)) => self.page(&visit, Page::Password, Some(&account), context! {}),
            ("/upload.php", Some(account)) => match &visit.upload {
                None => self.page(&visit, Page::Upload, Some(&account), context! {}),
                Some(Ok(file)) => {
                    let file = Value::from(Serde(file));
                    self.page(&visit, Page::Upload, Some(&account), context! { file })
                }
                Some(Err(error)) => {
                    let mut response = self.page(&visit, Page::Upload, Some(&account), context! { error });
                    *response.status_mut() = StatusCode::BAD_REQUEST;
                    response
                }
            },
            ("/events.php", Some(_)) => self.events(&visit.parts),
            ("/ws", Some(_)) => self.websocket(visit),
            ("/download.bin", Some(_)) => streams::download(&visit.parts),
            (_, account) => {
                let mut response = self.page(&visit, Page::NotFound, account.as_ref(), context! {});
                *response.status_mut() = StatusCode::NOT_FOUND;
                response
            }
        }
    }

    fn page(&self, visit: &Visit, page: Page, account: Option<&Account>, more: Value) -> Response<Body> {
        let csrf = self.world.csrf(&visit.session);
        let html = self.pages.render(page, &visit.parts.headers, account, &csrf, more);
        let mut response = answer(StatusCode::OK, HTML, html);
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-cache"));
        response
    }

    fn login_form(&self, visit: &Visit, account: Option<&Account>, failed: Option<&str>) -> Response<Body> {
        let query = reading::fields(visit.parts.uri.query().unwrap_or_default().as_bytes());
        let form = reading::fields(&visit.form);
        let next = form.get("next").or_else(|| query.get("next"));
        let typed = form.get("username");
        self.page(visit, Page::Login, account, context! { next, typed, failed })
    }

    fn log_in(&self, visit: &Visit) -> Response<Body> {
        let form = reading::fields(&visit.form);
        let field = |name: &str| form.get(name).map_or("", String::as_str);
        if field("csrf") != self.world.csrf(&visit.session) {
            return self.login_form(visit, None, Some("csrf"));
        }
        let Some(login) = self.world.password_holds(field("username"), field("password")) else {
            return self.login_form(visit, None, Some("password"));
        };
        // The session id stays what it was: the very habit that a gate in front must live with.
        self.world.enter(&visit.session, login);
        let next = Some(field("next")).filter(|next| next.starts_with('/') && !next.starts_with("//"));
        let mut response = redirect(next.unwrap_or("/dashboard.php"));
        if !field("remember").is_empty()
            && let Some(token) = self.world.remember(login)
            && let Ok(cookie) = HeaderValue::from_str(&format!(
                "{REMEMBER_COOKIE}={token}; expires=Thu, 31-Dec-2037 23:55:55 GMT; path=/"
            ))
        {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }

    fn change_password(&self, visit: &Visit, account: &Account) -> Response<Body> {
        let form = reading::fields(&visit.form);
        let field = |name: &str| form.get(name).map_or("", String::as_str);
        let new = field("new");
        let failed = if field("csrf") != self.world.csrf(&visit.session) {
            Some("csrf")
        } else if self.world.password_holds(account.login, field("current")).is_none() {
            Some("current")
        } else if new != field("again") {
            Some("again")
        } else if new.chars().count() < SHORTEST_PASSWORD {
            Some("short")
        } else {
            None
        };
        if failed.is_none() {
            self.world.set_password(account.login, new);
        }
        self.page(visit, Page::Password, Some(account), context! { failed, changed => failed.is_none() })
    }
}

fn redirect(to: &str) -> Response<Body> {
    let mut response = answer(StatusCode::FOUND, HTML, "");
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, to);
    response
}

fn forget_cookie(response: &mut Response<Body>) {
    let gone = format!("{REMEMBER_COOKIE}=deleted; expires=Thu, 01-Jan-1970 00:00:01 GMT; path=/");
    if let Ok(cookie) = HeaderValue::from_str(&gone) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

fn json(status: StatusCode, value: &serde_json::Value) -> Response<Body> {
    answer(status, "application/json", value.to_string())
}
