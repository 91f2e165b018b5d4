//! `[store]`: where what must last is kept.

use std::path::{Path, PathBuf};

use super::desk::Wrong;
use super::secret::warn_if_open;
use super::section::Section;
use super::value::text;

/// The embedded store's file, beside the configuration.
pub const PATH: &str = "poterne.db";
/// The key file, beside the configuration.
pub const KEY_FILE: &str = "poterne.key";

/// Where what must last is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoreSettings {
    /// The embedded store's file; made on first start.
    pub path: PathBuf,
    /// The file with the key for secrets at rest; made with mode 0600 on first start.
    pub key_file: PathBuf,
}

pub(super) fn read(section: Section<'_>) -> StoreSettings {
    section.not_yet("url", "this version keeps its store in a file: path = \"poterne.db\"");
    let desk = section.desk;
    let path = desk.path(section.or("path", text, PATH));
    let key = section.section("key");
    key.not_yet("env", "the key lives in a file: key = { file = \"poterne.key\" }");
    let key_file = desk.path(key.or("file", text, KEY_FILE));
    must_have_folder(&section, "path", &path);
    must_have_folder(&section, "key", &key_file);
    if path == key_file {
        section.wrong("key", Wrong::expected("a file of its own").found(path.display().to_string()));
    }
    warn_if_open(desk, &key.at_key("file"), &key_file);
    key.finish();
    section.finish();
    StoreSettings { path, key_file }
}

/// A file that is made on first start needs a folder to be made in.
pub(super) fn must_have_folder(section: &Section<'_>, key: &str, path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if path.is_dir() {
        section.wrong(key, Wrong::expected("a file").found(format!("{}, a folder", path.display())));
    } else if !folder.is_dir() {
        let found = format!("{}, which isn't there", folder.display());
        section.wrong(key, Wrong::expected("a file in a folder that exists").found(found));
    }
}
