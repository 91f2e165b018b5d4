mod example;
mod mangled;
mod mistakes;
mod profiles;

use std::path::Path;

use tempfile::TempDir;

use super::report::{Report, Warning};
use super::{Checked, load_with};

/// A folder with the files that the configurations of these tests name.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("accounts.csv"), "login,email\nalice,alice@example.test\n").unwrap();
    std::fs::write(folder.path().join("smtp.password"), "hunter2-from-a-file\n").unwrap();
    close(&folder.path().join("smtp.password"));
    std::fs::create_dir(folder.path().join("pages")).unwrap();
    std::fs::write(folder.path().join("mail-ca.pem"), "").unwrap();
    folder
}

fn close(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

fn environment(name: &str) -> Option<String> {
    (name == "SMTP_PASSWORD").then(|| "hunter2-from-the-environment".to_owned())
}

fn load(text: &str) -> Result<(Checked, Vec<Warning>), Report> {
    load_with(text, "poterne.toml", folder().path(), None, &environment)
}

/// Each mistake as `line:column key`.
fn keys(report: &Report) -> Vec<String> {
    report.mistakes().iter().map(|m| format!("{}:{} {}", m.place.line, m.place.column, m.key)).collect()
}

/// The least that has to be said, with `[section]` lines to add more to.
const LEAST: &str = r#"[listen]
addresses = ["127.0.0.1:8443"]
hosts = ["panel.example.net"]
[panel]
upstream = "http://127.0.0.1:8080"
profile = "dokuwiki"
[accounts]
source = "login"
[mail]
from = "Panel <no-reply@example.net>"
transport = "folder"
path = "mails"
[pages]
brand = "Panel"
support = "https://example.org/contact"
"#;

/// The least with more lines at the end of a section, or with a new section.
fn with(section: &str, lines: &str) -> String {
    let header = format!("[{section}]\n");
    match LEAST.split_once(&header) {
        Some((before, after)) => {
            // Later lines win over the least's own.
            let (own, rest) = after.split_at(after.find("\n[").map_or(after.len(), |at| at + 1));
            let given: Vec<_> = lines.lines().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key).collect();
            let kept: String = own
                .lines()
                .filter(|line| !line.split_once(" = ").is_some_and(|(key, _)| given.contains(&key)))
                .map(|line| format!("{line}\n"))
                .collect();
            format!("{before}{header}{kept}{lines}\n{rest}")
        }
        None => format!("{LEAST}{header}{lines}\n"),
    }
}
