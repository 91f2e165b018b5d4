//! An answer as a browser sees it: status, header, text, forms.

use std::sync::LazyLock;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use regex::Regex;

/// An answer, read to its end.
#[derive(Clone)]
pub struct Page {
    /// The path and query that were asked for.
    pub target: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Page {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn contains(&self, needle: &str) -> bool {
        self.text().contains(needle)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The path and query that it redirects to; whatever stands before them must be this very host.
    pub fn location(&self) -> Option<String> {
        let location = self.header("location")?;
        match location.split_once("://") {
            None => Some(resolve(&self.target, location)),
            Some((_, rest)) => Some(rest.find('/').map_or("/".to_owned(), |at| rest[at..].to_owned())),
        }
    }

    /// What it sets cookies to, line by line.
    pub fn set_cookies(&self) -> Vec<String> {
        self.headers.get_all("set-cookie").iter().map(|line| String::from_utf8_lossy(line.as_bytes()).into()).collect()
    }

    /// Every form, in order.
    pub fn forms(&self) -> Vec<Form> {
        static FORM: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?is)<form\b([^>]*)>(.*?)</form>").unwrap());
        static FIELD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?is)<(?:input|button)\b([^>]*)>").unwrap());
        let text = self.text();
        FORM.captures_iter(&text)
            .map(|form| Form {
                action: attribute(&form[1], "action").unwrap_or_default(),
                method: attribute(&form[1], "method").unwrap_or_else(|| "get".to_owned()).to_lowercase(),
                fields: FIELD
                    .captures_iter(&form[2])
                    .filter_map(|field| {
                        let kind = attribute(&field[1], "type").unwrap_or_default().to_lowercase();
                        let name = attribute(&field[1], "name")?;
                        // What's switched off isn't sent.
                        let off = Regex::new(r"(?i)(^|\s)disabled(\s|=|$)").unwrap().is_match(&field[1]);
                        let sent =
                            !off && !matches!(kind.as_str(), "checkbox" | "radio" | "submit" | "button" | "file");
                        sent.then(|| (name, attribute(&field[1], "value").unwrap_or_default()))
                    })
                    .collect(),
                page: self.target.clone(),
            })
            .collect()
    }

    /// The form that is sent to exactly this path.
    pub fn form(&self, action: &str) -> Form {
        self.form_where(action, |form| form.target() == action)
    }

    /// The form with a field of this name.
    pub fn form_with(&self, field: &str) -> Form {
        self.form_where(field, |form| form.value(field).is_some())
    }

    pub fn has_form(&self, action: &str) -> bool {
        self.forms().iter().any(|form| form.target() == action)
    }

    fn form_where(&self, what: &str, fits: impl Fn(&Form) -> bool) -> Form {
        let forms = self.forms();
        let found = forms.iter().find(|form| fits(form));
        found.cloned().unwrap_or_else(|| panic!("no form with {what} in {self:?}, only {forms:?}"))
    }

    /// Which of the gate's own pages or problems it is, by its name; `None` if it's the panel's.
    pub fn slug(&self) -> Option<String> {
        static MAIN: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r#"<main class="([a-z-]+)">|"type":\s*"urn:poterne:problem:([a-z-]+)""#).unwrap()
        });
        let text = self.text();
        let found = MAIN.captures(&text)?;
        found.get(1).or(found.get(2)).map(|slug| slug.as_str().to_owned())
    }

    /// Whether it leads to the page that wants a code.
    pub fn wants_code(&self) -> bool {
        self.status == StatusCode::SEE_OTHER && self.location().as_deref() == Some("/_poterne/challenge")
    }

    /// The reference that it shows, for support.
    pub fn reference(&self) -> Option<String> {
        static REFERENCE: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r#"<strong class="reference">([^<]+)</strong>"#).unwrap());
        REFERENCE.captures(&self.text()).map(|found| found[1].to_owned())
    }
}

impl std::fmt::Debug for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text: String = self.text().chars().take(3000).collect();
        write!(f, "answer to {}: {}\n{:#?}\n{text}", self.target, self.status, self.headers)
    }
}

/// A form, with the values that it would send.
#[derive(Clone, Debug)]
pub struct Form {
    pub action: String,
    pub method: String,
    pub fields: Vec<(String, String)>,
    page: String,
}

impl Form {
    /// Fills in a field.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Where it's sent.
    pub fn target(&self) -> String {
        match self.action.split_once("://") {
            Some((_, rest)) => rest.find('/').map_or("/".to_owned(), |at| rest[at..].to_owned()),
            None if self.action.is_empty() => self.page.clone(),
            None => resolve(&self.page, &self.action),
        }
    }
}

fn resolve(page: &str, reference: &str) -> String {
    if reference.starts_with('/') {
        return reference.to_owned();
    }
    let path = page.split('?').next().unwrap_or(page);
    if reference.starts_with('?') {
        return format!("{path}{reference}");
    }
    let folder = path.rfind('/').map_or("", |at| &path[..at]);
    format!("{folder}/{}", reference.trim_start_matches("./"))
}

fn attribute(attributes: &str, name: &str) -> Option<String> {
    static ATTRIBUTE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?is)([a-z][a-z0-9_-]*)\s*(?:=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?"#).unwrap()
    });
    ATTRIBUTE.captures_iter(attributes).find(|found| found[1].eq_ignore_ascii_case(name)).map(|found| {
        let value = found.get(2).or(found.get(3)).or(found.get(4)).map_or("", |value| value.as_str());
        unescape(value)
    })
}

fn unescape(text: &str) -> String {
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"&#(x?)([0-9a-fA-F]+);").unwrap());
    NUMBER
        .replace_all(text, |found: &regex::Captures<'_>| {
            let radix = if found[1].is_empty() { 10 } else { 16 };
            u32::from_str_radix(&found[2], radix).ok().and_then(char::from_u32).map_or(String::new(), String::from)
        })
        .replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

#[test]
fn a_form_is_read_with_its_hidden_values() {
    let page = Page {
        target: "/cacti/index.php?x=1".to_owned(),
        status: StatusCode::OK,
        headers: HeaderMap::new(),
        body: Bytes::from_static(
            b"<form method='post' action='index.php'><input type=hidden name='__csrf' value=\"sid:a&amp;b&#x2F;c\">\
              <input name=user><input type=checkbox name=remember></form><form action=\"/_poterne/logout\"></form>",
        ),
    };
    let form = page.form_with("user");
    assert_eq!(form.target(), "/cacti/index.php");
    assert_eq!(form.method, "post");
    assert_eq!(form.fields, [("__csrf".into(), "sid:a&b/c".into()), ("user".to_owned(), String::new())]);
    assert_eq!(page.form("/_poterne/logout").method, "get");
}
