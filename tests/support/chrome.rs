//! A real browser: Chromium, driven through chromedriver, without a window.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::browser::PATIENCE;
use super::ports::free_address;

/// How a page is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Screen {
    /// 360 × 740 CSS pixels, as narrow phones have, two device pixels each, with touch.
    Phone,
    /// 1280 × 800.
    Desktop,
}

/// A browser with a fresh profile.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub screen: Screen,
    /// What it says in `Accept-Language`.
    pub language: &'static str,
    pub scripts: bool,
    /// Dark colours wanted.
    pub dark: bool,
}

impl Look {
    pub fn new(screen: Screen, language: &'static str) -> Self {
        Self { screen, language, scripts: true, dark: false }
    }

    pub fn without_scripts(self) -> Self {
        Self { scripts: false, ..self }
    }

    pub fn dark(self) -> Self {
        Self { dark: true, ..self }
    }
}

/// A running Chromium.
pub struct Chrome {
    pub client: Client,
    scripts: bool,
    // In the order of their end: the driver ends the browser, whose files go last.
    _driver: Driver,
    _profile: TempDir,
}

/// A shell around the driver, in a process group of its own: it ends the whole group, the browser's many processes
/// included, when its standard input ends, which it does however this test ends.
struct Driver(Child);

const DRIVER: &str = r#"chromedriver --port="$0" --verbose </dev/null >driver.log 2>&1 & cat >/dev/null; kill -KILL 0"#;

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _killed = self.0.wait();
    }
}

impl Chrome {
    pub async fn start(look: Look) -> Self {
        let profile = tempfile::Builder::new().prefix("poterne-chrome.").tempdir().unwrap();
        let addr = free_address();
        let child = Command::new("bash")
            .args(["-c", DRIVER, &addr.port().to_string()])
            .current_dir(profile.path())
            .env("HOME", profile.path())
            .env("TMPDIR", profile.path())
            .stdin(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let driver = Driver(child);
        let connecting = async {
            while tokio::net::TcpStream::connect(addr).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            ClientBuilder::new(HttpConnector::new())
                .capabilities(capabilities(look, profile.path()))
                .connect(&format!("http://{addr}"))
                .await
        };
        let client = tokio::time::timeout(PATIENCE, connecting).await;
        let client = client.unwrap_or_else(|_| panic!("no chromedriver (scripts/install-packages test)")).unwrap();
        let chrome = Self { client, scripts: look.scripts, _driver: driver, _profile: profile };
        if look.dark {
            let features = json!([{ "name": "prefers-color-scheme", "value": "dark" }]);
            chrome.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await;
        }
        chrome
    }

    /// Goes to a page, and waits until it's loaded.
    pub async fn goto(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// Writes into the field that the selector finds.
    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Clicks on what the selector finds.
    pub async fn click(&self, css: &str) {
        let element = self.find(css).await;
        if self.scripts {
            return element.click().await.unwrap();
        }
        // The driver's own click waits for a script's timer, which never comes where scripts are off.
        let scroll = "arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' })";
        self.client.execute(scroll, vec![serde_json::to_value(&element).unwrap()]).await.unwrap();
        let (x, y, width, height) = element.rectangle().await.unwrap();
        let metrics = self.devtools("Page.getLayoutMetrics", json!({})).await;
        let scrolled = |key: &str| metrics["cssLayoutViewport"][key].as_f64().unwrap();
        let (x, y) = (x + width / 2.0 - scrolled("pageX"), y + height / 2.0 - scrolled("pageY"));
        for event in ["mousePressed", "mouseReleased"] {
            let mouse = json!({ "type": event, "x": x, "y": y, "button": "left", "clickCount": 1 });
            self.devtools("Input.dispatchMouseEvent", mouse).await;
        }
    }

    /// What the selector finds, once it's there.
    pub async fn find(&self, css: &str) -> fantoccini::elements::Element {
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(css)).await;
        match found {
            Ok(element) => element,
            Err(error) => panic!("no {css}: {error}\n{}", self.client.source().await.unwrap_or_default()),
        }
    }

    /// The text that a reader sees.
    pub async fn text(&self) -> String {
        self.find("body").await.text().await.unwrap()
    }

    /// The path that it's at.
    pub async fn path(&self) -> String {
        self.client.current_url().await.unwrap().path().to_owned()
    }

    /// Whether the page is wider than the screen: readers would have to scroll sideways.
    pub async fn overflows(&self) -> bool {
        let metrics = self.devtools("Page.getLayoutMetrics", json!({})).await;
        metrics["cssContentSize"]["width"].as_f64().unwrap()
            > metrics["cssLayoutViewport"]["clientWidth"].as_f64().unwrap()
    }

    /// The whole page as a picture, in `target/screenshots/<name>.png`.
    pub async fn screenshot(&self, name: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        let wanted = json!({ "format": "png", "captureBeyondViewport": true });
        let shot = self.devtools("Page.captureScreenshot", wanted).await;
        let picture = BASE64.decode(shot["data"].as_str().unwrap()).unwrap();
        let path = folder.join(name).with_extension("png");
        std::fs::write(&path, picture).unwrap();
        path
    }

    /// A command of Chromium's own protocol.
    pub async fn devtools(&self, command: &'static str, parameters: Value) -> Value {
        self.client.issue_cmd(DevTools { command, parameters }).await.unwrap()
    }

    /// Ends it.
    pub async fn close(self) {
        self.client.clone().close().await.unwrap();
    }
}

fn capabilities(look: Look, profile: &Path) -> Capabilities {
    let (width, height) = match look.screen {
        Screen::Phone => (360, 740),
        Screen::Desktop => (1280, 800),
    };
    let mut options = json!({
        "args": [
            "--headless=new",
            // Chromium refuses to sandbox itself when root runs it, as in a container.
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--force-color-profile=srgb",
            "--hide-scrollbars",
            format!("--lang={}", look.language),
            format!("--window-size={width},{height}"),
            format!("--user-data-dir={}", profile.join("profile").display()),
        ],
        "prefs": { "intl.accept_languages": look.language, "intl.selected_languages": look.language },
    });
    if look.screen == Screen::Phone {
        let metrics = json!({ "width": width, "height": height, "pixelRatio": 2.0, "touch": true, "mobile": true });
        options["mobileEmulation"] = json!({ "deviceMetrics": metrics });
    }
    if !look.scripts {
        options["prefs"]["profile.managed_default_content_settings.javascript"] = json!(2);
    }
    Capabilities::from_iter([("goog:chromeOptions".to_owned(), options)])
}

#[derive(Debug)]
struct DevTools {
    command: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        let body = json!({ "cmd": self.command, "params": self.parameters });
        (http::Method::POST, Some(body.to_string()))
    }
}
