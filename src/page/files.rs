//! The built-in files of `/pages`, and an operator's over them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::model::Language;

use super::settings::InvalidPages;

/// Largest file that an operator may hand in, in bytes: pages load on phones.
const FILE_MAX: u64 = 512 * 1024;
/// Most files in `static/`.
const STATIC_MAX: usize = 32;

macro_rules! builtin {
    ($($name:literal)*) => {
        /// Name below `/pages`, and content.
        const BUILTIN: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../pages/", $name)))),*];
    };
}

builtin! {
    "templates/layout.html"
    "templates/code.html"
    "templates/blocked.html"
    "templates/log-out-first.html"
    "templates/message.html"
    "templates/factor.html"
    "templates/account.html"
    "templates/step-up.html"
    "templates/enrol.html"
    "templates/confirm.html"
    "templates/backup-codes.html"
    "templates/turn-off.html"
    "templates/turn-off-confirm.html"
    "templates/not-me.html"
    "templates/not-me-done.html"
    "templates/mail/code.html"
    "templates/mail/code.txt"
    "templates/mail/confirmation.html"
    "templates/mail/confirmation.txt"
    "templates/mail/layout.html"
    "templates/mail/notice.html"
    "templates/mail/notice.txt"
    "words/fr.ftl"
    "words/en.ftl"
    "static/style.css"
    "static/brand.css"
    "static/logo.svg"
}

/// File endings that may stand in `static/` beside the built-in names, and their types.
const STATIC_TYPES: &[(&str, &str)] = &[
    ("css", "text/css; charset=utf-8"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("webp", "image/webp"),
    ("jpg", "image/jpeg"),
    ("ico", "image/x-icon"),
    ("woff2", "font/woff2"),
];

/// Every file that pages are made from, by its name below `/pages`.
#[derive(Debug)]
pub(super) struct Files {
    builtin: BTreeMap<&'static str, &'static str>,
    own: BTreeMap<String, Vec<u8>>,
}

impl Files {
    /// The built-in files, and those of `directory` over them.
    pub(super) fn load(directory: Option<&Path>) -> Result<Self, InvalidPages> {
        let mut files = Self { builtin: BUILTIN.iter().copied().collect(), own: BTreeMap::new() };
        if let Some(directory) = directory {
            files.read_folder(directory, "")?;
            let extra = files.own.keys().filter(|name| name.starts_with("static/")).count();
            if extra > STATIC_MAX {
                return Err(InvalidPages::Unreadable {
                    path: directory.join("static"),
                    reason: format!("more than {STATIC_MAX} files"),
                });
            }
        }
        Ok(files)
    }

    fn read_folder(&mut self, folder: &Path, below: &str) -> Result<(), InvalidPages> {
        let unreadable =
            |path: &Path, e: std::io::Error| InvalidPages::Unreadable { path: path.to_owned(), reason: e.to_string() };
        for entry in fs::read_dir(folder).map_err(|e| unreadable(folder, e))? {
            let entry = entry.map_err(|e| unreadable(folder, e))?;
            let path = entry.path();
            let file_name = entry.file_name().to_string_lossy().into_owned();
            // Version control, editors, and notes for colleagues.
            if file_name.starts_with('.') || file_name.ends_with('~') || file_name.starts_with("README") {
                continue;
            }
            let name = format!("{below}{file_name}");
            if path.is_dir() {
                if !self.is_folder(&name) {
                    return Err(self.unknown(path, &name));
                }
                self.read_folder(&path, &format!("{name}/"))?;
            } else if self.builtin.contains_key(name.as_str()) || is_static(&name) {
                let content = read_bounded(&path).map_err(|e| unreadable(&path, e))?;
                if !is_static(&name) && std::str::from_utf8(&content).is_err() {
                    return Err(InvalidPages::Unreadable { path, reason: "it isn't UTF-8".to_owned() });
                }
                self.own.insert(name, content);
            } else {
                return Err(self.unknown(path, &name));
            }
        }
        Ok(())
    }

    fn is_folder(&self, name: &str) -> bool {
        self.builtin.keys().any(|file| file.strip_prefix(name).is_some_and(|rest| rest.starts_with('/')))
    }

    fn unknown(&self, path: PathBuf, name: &str) -> InvalidPages {
        let near = self
            .builtin
            .keys()
            .map(|known| (strsim::normalized_damerau_levenshtein(known, name), *known))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        InvalidPages::UnknownFile { path, hint: near.filter(|(score, _)| *score > 0.5).map(|(_, k)| k.to_owned()) }
    }

    /// The text of a built-in name: the operator's if there is one.
    pub(super) fn text(&self, name: &str) -> &str {
        self.own_text(name).or_else(|| self.builtin.get(name).copied()).unwrap_or_default()
    }

    /// The operator's text of a name.
    pub(super) fn own_text(&self, name: &str) -> Option<&str> {
        self.own.get(name).and_then(|content| std::str::from_utf8(content).ok())
    }

    /// Names of all templates, below `templates/`.
    pub(super) fn templates(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.builtin.keys().filter_map(|name| Some((name.strip_prefix("templates/")?, self.text(name))))
    }

    /// Name (below `static/`), type and content of all that is served as it is. The style sheet has
    /// the operator's `brand.css` at its end.
    pub(super) fn statics(&self) -> BTreeMap<String, (&'static str, Vec<u8>)> {
        let mut statics = BTreeMap::new();
        let builtin = self.builtin.iter().map(|(name, text)| (*name, text.as_bytes()));
        let own = self.own.iter().map(|(name, content)| (name.as_str(), content.as_slice()));
        for (name, content) in builtin.chain(own) {
            if let Some(below) = name.strip_prefix("static/").filter(|below| *below != "brand.css")
                && let Some(content_type) = static_type(below)
            {
                statics.insert(below.to_owned(), (content_type, content.to_vec()));
            }
        }
        if let (Some(brand), Some((_, style))) = (self.own_text("static/brand.css"), statics.get_mut("style.css")) {
            style.push(b'\n');
            style.extend_from_slice(brand.as_bytes());
        }
        statics
    }
}

/// The built-in catalogue of a language.
pub(super) fn builtin_words(language: Language) -> &'static str {
    let name = words_file(language);
    BUILTIN.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text)
}

/// The catalogue of a language, below `/pages`.
pub(super) const fn words_file(language: Language) -> &'static str {
    match language {
        Language::Fr => "words/fr.ftl",
        Language::En => "words/en.ftl",
    }
}

fn read_bounded(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    fs::File::open(path)?.take(FILE_MAX + 1).read_to_end(&mut content)?;
    if content.len() as u64 > FILE_MAX {
        return Err(std::io::Error::other(format!("it's larger than {} KiB", FILE_MAX / 1024)));
    }
    Ok(content)
}

fn static_type(name: &str) -> Option<&'static str> {
    let (stem, ending) = name.rsplit_once('.')?;
    let plain = !stem.is_empty() && stem.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    STATIC_TYPES.iter().find(|(known, _)| plain && *known == ending).map(|(_, content_type)| *content_type)
}

fn is_static(name: &str) -> bool {
    name.strip_prefix("static/").and_then(static_type).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        folder
    }

    #[test]
    fn an_operators_file_stands_in_for_the_built_in_one() {
        let folder = folder(&[
            ("templates/message.html", b"own"),
            ("static/brand.css", b"body { color: red }"),
            ("static/shop.png", b"\x89PNG"),
            ("README.md", b"notes"),
            (".git/config", b"x"),
        ]);
        let files = Files::load(Some(folder.path())).unwrap();
        assert_eq!(files.text("templates/message.html"), "own");
        assert!(files.text("templates/code.html").contains("one-time-code"));
        let statics = files.statics();
        assert!(String::from_utf8_lossy(&statics["style.css"].1).ends_with("body { color: red }"));
        assert_eq!(statics["shop.png"].0, "image/png");
        assert!(!statics.contains_key("brand.css"));
    }

    #[test]
    fn a_file_that_stands_in_for_nothing_is_an_error() {
        let misspelt = folder(&[("templates/mesage.html", b"x")]);
        match Files::load(Some(misspelt.path())) {
            Err(InvalidPages::UnknownFile { hint, .. }) => assert_eq!(hint.as_deref(), Some("templates/message.html")),
            other => panic!("{other:?}"),
        }
        for name in ["static/run.js", "static/a b.png", "static/.hidden.x/y.png", "other/x.css"] {
            let folder = folder(&[(name, b"x")]);
            let loaded = Files::load(Some(folder.path()));
            if !name.contains("/.") {
                assert!(matches!(loaded, Err(InvalidPages::UnknownFile { .. })), "{name}");
            }
        }
        assert!(matches!(Files::load(Some(Path::new("/nowhere/at/all"))), Err(InvalidPages::Unreadable { .. })));
        let latin = folder(&[("words/fr.ftl", b"a = \xe9")]);
        assert!(matches!(Files::load(Some(latin.path())), Err(InvalidPages::Unreadable { .. })));
        let large = folder(&[("static/big.png", &vec![0; 600 * 1024])]);
        assert!(matches!(Files::load(Some(large.path())), Err(InvalidPages::Unreadable { .. })));
    }
}
