//! The README says what is so: its configuration is taken, its names are the program's, its files are there.

#![cfg(test)]

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

const README: &str = include_str!("../README.md");

/// The blocks of code in this language, in order.
fn blocks(language: &str) -> Vec<String> {
    let fence = regex::Regex::new(&format!(r"(?ms)^```{language}\n(.*?)^```$")).unwrap();
    fence.captures_iter(README).map(|found| found[1].to_owned()).collect()
}

fn metrics_in(text: &str) -> BTreeSet<String> {
    let name = regex::Regex::new(r"\bpoterne_[a-z_]*[a-z]\b").unwrap();
    name.find_iter(text).map(|found| found.as_str().to_owned()).collect()
}

#[test]
fn the_configuration_and_the_profile_are_taken_by_check() {
    let [config, profile] = <[String; 2]>::try_from(blocks("toml")).unwrap();
    let [accounts] = <[String; 1]>::try_from(blocks("csv")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    // The store's folder is there when the package or systemd made it; here it's the test's own.
    let config = config.replace("/var/lib/poterne", folder.path().to_str().unwrap());
    let own = config.replace("profile = \"dokuwiki\"", "profile = \"own.toml\"");
    assert_ne!(own, config);
    write("accounts.csv", &accounts);
    write("smtp.password", "secret\n");
    let only_ours = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(folder.path().join("smtp.password"), only_ours).unwrap();
    write("own.toml", &profile);
    write("built-in.toml", &config);
    write("with-own-profile.toml", &own);
    for name in ["built-in.toml", "with-own-profile.toml"] {
        let checked = Command::new(env!("CARGO_BIN_EXE_poterne"))
            .args(["check", "--config", name])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&checked.stdout).into_owned() + &String::from_utf8_lossy(&checked.stderr);
        assert!(checked.status.success(), "{name}: {said}");
        assert_eq!(said, format!("{name}: no mistakes\n"), "a warning");
    }
}

#[test]
fn every_metric_is_listed_and_none_that_is_not_there() {
    let sources = include_str!("../src/admin/metrics.rs").split("#[cfg(test)]").next().unwrap();
    assert_eq!(metrics_in(README), metrics_in(sources));
}

#[test]
fn every_file_and_target_that_is_named_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let link = regex::Regex::new(r"\]\(([^)#:]+)\)").unwrap();
    let named: Vec<_> = link.captures_iter(README).map(|found| found[1].to_owned()).collect();
    assert!(named.len() >= 5, "{named:?}");
    for file in named {
        assert!(root.join(&file).is_file(), "{file}");
    }
    let makefile = std::fs::read_to_string(root.join("Makefile")).unwrap();
    let target = regex::Regex::new(r"\bmake ([a-z]+)\b").unwrap();
    for shell in blocks("sh") {
        for found in target.captures_iter(&shell) {
            let name = &found[1];
            assert!(makefile.lines().any(|line| line.starts_with(&format!("{name}:"))), "make {name}");
        }
    }
}
