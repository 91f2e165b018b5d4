//! What people do at the gate, whatever panel stands behind it.

use std::sync::LazyLock;

use mail_parser::MessageParser;
use regex::Regex;

use super::browser::Browser;
use super::page::{Form, Page};
use super::smtp::Received;

pub const CHALLENGE: &str = "/_poterne/challenge";
pub const RESEND: &str = "/_poterne/challenge/resend";
pub const CANCEL: &str = "/_poterne/challenge/cancel";
pub const LOGOUT: &str = "/_poterne/logout";
/// The gate's own cookie, on plain HTTP from this machine.
pub const GATE_COOKIE: &str = "poterne";

/// The code in a mail; it must be in the subject, the text and the HTML alike (b14).
pub fn code_in(mail: &Received) -> String {
    static CODE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b\d{6}\b").unwrap());
    let mail = MessageParser::default().parse(&mail.data).unwrap();
    let find = |text: &str| CODE.find(text).map(|found| found.as_str().to_owned());
    let code = find(mail.subject().unwrap()).unwrap_or_else(|| panic!("no code in {:?}", mail.subject()));
    for body in [mail.body_text(0).unwrap(), mail.body_html(0).unwrap()] {
        assert!(body.contains(&code), "no {code} in {body}");
    }
    code
}

/// Another code than this one; `nth` of them, from 1.
pub fn wrong(code: &str, nth: u32) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + nth) % 1_000_000)
}

/// The fields of a form, as they're sent.
pub fn fields(form: &Form) -> Vec<(&str, &str)> {
    form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// Types a code into the gate's page; the page that this leads to, or where the panel had sent the browser.
pub async fn enter_code(browser: &mut Browser, code: &str) -> Page {
    let page = browser.get(CHALLENGE).await;
    submit_code(browser, &page.form(CHALLENGE).with("code", code)).await
}

/// Sends a form of the gate's own, and goes on to the page of the gate's that says what came of it. What's still a
/// redirect then leads back to the panel, so the code was right.
pub async fn submit_code(browser: &mut Browser, form: &Form) -> Page {
    let answer = browser.submit(form).await;
    match answer.location() {
        Some(next) if answer.status == 303 && next.starts_with("/_poterne/") => browser.get(&next).await,
        _ => answer,
    }
}

/// Whether an answer to a code, or to a login, is what follows clearance: the way to the panel.
pub fn is_cleared(answer: &Page) -> bool {
    answer.status == 303 && answer.location().is_some_and(|next| !next.starts_with("/_poterne/"))
}

/// Every way to send what this browser holds: its cookies as they are, without the gate's, each alone.
pub fn cookie_headers(browser: &Browser) -> Vec<String> {
    let all: Vec<String> = browser.jar.all().iter().map(|kept| format!("{}={}", kept.name, kept.value)).collect();
    let of_gate = format!("{GATE_COOKIE}=");
    let without_gate: Vec<&str> = all.iter().map(String::as_str).filter(|pair| !pair.starts_with(&of_gate)).collect();
    let mut headers = vec![all.join("; "), without_gate.join("; ")];
    headers.extend(all);
    headers.sort();
    headers.dedup();
    headers
}

/// Spellings of a script's path that some server runs as that script (R9).
pub fn spellings(path: &str) -> Vec<String> {
    let bare = path.trim_start_matches('/');
    let (stem, ending) = path.rsplit_once('.').unwrap_or((path, ""));
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    vec![
        path.to_owned(),
        format!("/{path}"),
        format!("{path}/"),
        format!("{path}/x"),
        format!("{path}/x.css"),
        format!("/.{path}"),
        format!("/a/..{path}"),
        format!("{folder}/a/../{file}"),
        format!("/%{:02x}{}", bare.as_bytes()[0], &bare[1..]),
        format!("{stem}%2e{ending}"),
        format!("{stem}%2E{ending}"),
        format!("{path}%2fx"),
        format!("/%2f{bare}"),
        format!("/pub/..%2f{bare}"),
        format!("/pub/%2e%2e/{bare}"),
        format!("/style.css/..{path}"),
        format!("/style.css/%2e%2e{path}"),
        format!("/style.css%2f..{path}"),
        format!("{path}?x=/style.css"),
        format!("{path};a=b"),
        format!("{path}%00.css"),
        format!("{path}%20"),
        format!("{path}%0a"),
        format!("{path}."),
        format!("{path}::$DATA"),
        format!("{path}%3fx.css"),
        format!("{path}%23x.css"),
        path.to_uppercase(),
        path.replace('/', "\\"),
        format!("\\{bare}"),
        format!("//x{path}"),
        format!("///{bare}"),
        format!("{path}#x"),
        format!("http://127.0.0.1{path}"),
        format!("http://evil.example{path}"),
        format!("%2f{bare}"),
        format!("%252f{bare}"),
        format!("/%25{:02x}{}", bare.as_bytes()[0], &bare[1..]),
        bare.to_owned(),
        format!("/\u{ff0f}{bare}"),
        "*".to_owned(),
    ]
}
