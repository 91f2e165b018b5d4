//! What the demo's gate is configured with, and what the terminal says.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use minijinja::{Environment, context};

use crate::model::Language;

const CONFIG: &str = include_str!("../../../demo/poterne.toml");

/// The accounts that the demo's directory knows, as CSV: those of the demo's panel.
pub const ACCOUNTS: &str = include_str!("../../../demo/accounts.csv");

/// Where the parts of a running demo are.
#[derive(Clone, Debug)]
pub struct DemoPlaces {
    /// Where the gate listens: an IPv4 loopback address, and an IPv6 one where there is IPv6, so
    /// that a browser can come from two networks.
    pub gate: Vec<SocketAddr>,
    /// Where the panel is.
    pub panel: SocketAddr,
    /// Where the mailbox is.
    pub mailbox: SocketAddr,
    /// The temporary folder.
    pub folder: PathBuf,
}

impl DemoPlaces {
    /// The file that [`ACCOUNTS`] is to be written to.
    pub fn accounts(&self) -> PathBuf {
        self.folder.join("accounts.csv")
    }

    /// The folder that mails are written to.
    pub fn mails(&self) -> PathBuf {
        self.folder.join("mails")
    }

    /// The configuration of the gate, as TOML.
    ///
    /// # Errors
    /// Never with the built-in template.
    pub fn config(&self) -> Result<String, minijinja::Error> {
        let text = |path: &Path| toml_string(&path.to_string_lossy());
        let addresses: Vec<_> = self.gate.iter().map(|addr| toml_string(&addr.to_string())).collect();
        Environment::new().render_str(
            CONFIG,
            context! {
                addresses => format!("[{}]", addresses.join(", ")),
                upstream => toml_string(&format!("http://{}", self.panel)),
                accounts => text(&self.accounts()),
                mails => text(&self.mails()),
                store => text(&self.folder.join("poterne.db")),
                key => text(&self.folder.join("poterne.key")),
                socket => text(&self.folder.join("poterne.sock")),
            },
        )
    }

    /// Where people log in.
    pub fn gate_url(&self) -> String {
        self.gate.iter().find(|addr| addr.is_ipv4()).or(self.gate.first()).map(url).unwrap_or_default()
    }

    /// What the terminal says when everything is up: where to go, with which login, and what to try.
    pub fn welcome(&self, language: Language) -> String {
        // Under another name than the gate: browsers don't keep cookies apart by port, and whoever looked at the
        // unprotected panel would be logged out of the other.
        let panel = format!("http://localhost:{}/", self.panel.port());
        let (gate, mailbox) = (self.gate_url(), url(&self.mailbox));
        let elsewhere = self.elsewhere(language);
        match language {
            Language::Fr => format!(
                "\
Poterne tourne. Tout est sur cet ordinateur, et disparaît à la fin.

  L’espace client, derrière Poterne   {gate}
  La boîte aux lettres                {mailbox}
  Le même espace client, sans Poterne {panel}

  Identifiant  alice
  Mot de passe Correct-Horse-9

À essayer
  1. Connectez-vous : le mot de passe est juste, mais un code est demandé.
     Il attend dans la boîte aux lettres. Tapez-le : vous êtes chez vous.
  2. Déconnectez-vous et revenez : plus de code, ce réseau est connu.
  3. Venez d’un autre réseau : un code est demandé de nouveau.
{elsewhere}
  4. Trois codes faux : ce compte est bloqué une heure depuis ce réseau-là,
     et seulement depuis celui-là.

Ctrl-C pour arrêter.
"
            ),
            Language::En => format!(
                "\
Poterne is running. Everything is on this computer, and goes away at the end.

  The client area, behind Poterne     {gate}
  The mailbox                         {mailbox}
  The same client area, unprotected   {panel}

  Login    alice
  Password Correct-Horse-9

What to try
  1. Log in: the password is right, but a code is asked for.
     It's waiting in the mailbox. Type it, and you're in.
  2. Log out and come back: no code, this network is known now.
  3. Come from another network: a code is asked for again.
{elsewhere}
  4. Three wrong codes: this account is blocked for an hour from that
     network, and from that one only.

Ctrl-C stops it.
"
            ),
        }
    }

    /// How to come from another network on one computer.
    fn elsewhere(&self, language: Language) -> String {
        let mut ways = String::new();
        if let Some(v6) = self.gate.iter().find(|addr| addr.is_ipv6()) {
            let in_the_browser = match language {
                Language::Fr => "dans le navigateur",
                Language::En => "in the browser",
            };
            ways.push_str(&format!("     {in_the_browser}: {}\n", url(v6)));
        }
        let v4 = self.gate.iter().find(|addr| matches!(addr.ip(), IpAddr::V4(_)));
        if let Some(gate) = v4.map(url) {
            // Two requests as a browser makes them: the form (with its token), then the login.
            ways.push_str(&format!(
                "     G={gate}login.php; J=$(mktemp)
     c() {{ curl -s --interface 127.0.0.2 -H Accept:text/html -b $J -c $J \"$@\"; }}
     T=$(c $G | grep -oE '[0-9a-f]{{32}}')
     c -i -d \"csrf=$T&username=alice&password=Correct-Horse-9\" $G\n"
            ));
        }
        ways.trim_end().to_owned()
    }
}

fn url(addr: &SocketAddr) -> String {
    format!("http://{addr}/")
}

/// Text as a TOML string, quotes included.
fn toml_string(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;
    use crate::app::demo::{DemoPanel, PanelOptions};

    fn places(folder: &str) -> DemoPlaces {
        DemoPlaces {
            gate: vec!["127.0.0.1:8088".parse().unwrap(), "[::1]:8088".parse().unwrap()],
            panel: "127.0.0.1:8081".parse().unwrap(),
            mailbox: "127.0.0.1:8025".parse().unwrap(),
            folder: folder.into(),
        }
    }

    #[test]
    fn the_configuration_is_toml_wherever_the_folder_lies() {
        for folder in ["/tmp/demo", "/tmp/a \"b\" \\ 'c' é\n", "/tmp/{{ x }}"] {
            let places = places(folder);
            let config: toml::Table = places.config().unwrap().parse().unwrap();
            assert_eq!(config["listen"]["addresses"].as_array().unwrap().len(), 2);
            assert_eq!(config["panel"]["upstream"].as_str(), Some("http://127.0.0.1:8081"));
            assert_eq!(config["mail"]["path"].as_str().map(Path::new), Some(places.mails().as_path()), "{folder:?}");
            assert_eq!(config["panel"]["login_page"].as_str(), Some("/login.php?next={target}"));
        }
    }

    #[test]
    fn the_gate_takes_the_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let places = places(folder.path().to_str().unwrap());
        std::fs::write(places.accounts(), ACCOUNTS).unwrap();
        let text = places.config().unwrap();
        match crate::config::load_str(&text, "poterne.toml", folder.path()) {
            Ok((_, warnings)) => assert!(warnings.is_empty(), "{warnings:?}"),
            Err(mistakes) => panic!("{mistakes}"),
        }
    }

    #[test]
    fn the_terminal_says_where_to_go_and_what_to_try() {
        for language in Language::ALL {
            let text = places("/tmp/demo").welcome(language);
            for needed in [
                "http://127.0.0.1:8088/\n",
                "http://127.0.0.1:8025/\n",
                "http://localhost:8081/\n",
                "http://[::1]:8088/\n",
                "Correct-Horse-9",
                "--interface 127.0.0.2",
                "Ctrl-C",
            ] {
                assert!(text.contains(needed), "{language:?}: {needed}\n{text}");
            }
            assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        }
    }

    /// The profile's patterns against what the panel really answers.
    #[tokio::test]
    async fn the_profile_fits_the_panel() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};

        let panel = DemoPanel::start(([127, 0, 0, 1], 0).into(), PanelOptions::default()).await.unwrap();
        let session = panel.session_of("alice");
        let fetch = async |request: String| {
            let mut stream = tokio::net::TcpStream::connect(panel.addr).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer
        };
        let config: toml::Table = places("/tmp/demo").config().unwrap().parse().unwrap();
        let probe = &config["panel"]["probe"];
        for language in ["fr", "en"] {
            let page = fetch(format!(
                "GET {} HTTP/1.0\r\nAccept-Language: {language}\r\nCookie: PANELSESS={session}\r\n\r\n",
                probe["path"].as_str().unwrap()
            ))
            .await;
            assert!(page.starts_with("HTTP/1.0 200"), "{page}");
            assert!(Regex::new(probe["inside"][0]["body"].as_str().unwrap()).unwrap().is_match(&page));
            let account = Regex::new(probe["account"].as_str().unwrap()).unwrap();
            assert_eq!(&account.captures(&page).unwrap()["account"], "alice");
        }
        let outside = fetch("GET /dashboard.php HTTP/1.0\r\n\r\n".to_owned()).await;
        assert!(outside.starts_with("HTTP/1.0 302"), "{outside}");
        let login = &config["panel"]["doors"][0];
        let wrong = fetch("POST /login.php HTTP/1.0\r\nContent-Length: 12\r\n\r\nusername=bob".to_owned()).await;
        assert!(wrong.starts_with("HTTP/1.0 200"), "{wrong}");
        assert!(Regex::new(login["refused"][0]["body"].as_str().unwrap()).unwrap().is_match(&wrong));
        for path in config["panel"]["public"].as_array().unwrap() {
            let page = fetch(format!("GET {} HTTP/1.0\r\n\r\n", path.as_str().unwrap())).await;
            assert!(page.starts_with("HTTP/1.0 200"), "{path}: {page}");
        }
        let mut directory = csv::Reader::from_reader(ACCOUNTS.as_bytes());
        for row in directory.records().map(Result::unwrap) {
            let (login, email) = (row.get(0).unwrap(), row.get(1).unwrap());
            let me =
                fetch(format!("GET /api/me HTTP/1.0\r\nCookie: PANELSESS={}\r\n\r\n", panel.session_of(login))).await;
            assert!(me.contains(email), "{me}");
        }
    }
}
