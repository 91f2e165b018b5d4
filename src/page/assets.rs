//! The style sheet, the logo and what else is served as it is.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::HeaderValue;

use super::files::Files;

/// For a year, and not asked for again: another content has another name.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// A file that is served as it is, under a name that its content determines.
#[derive(Clone, Debug)]
pub struct Asset {
    /// Its content.
    pub bytes: Bytes,
    /// `Content-Type`.
    pub content_type: HeaderValue,
    /// `ETag`, in quotes.
    pub etag: HeaderValue,
    /// `Cache-Control`, in place of the one in [`security_headers`](super::security_headers).
    pub cache_control: HeaderValue,
}

/// All assets.
#[derive(Debug)]
pub(super) struct Assets {
    by_hashed_name: BTreeMap<String, Asset>,
    hashed_names: BTreeMap<String, String>,
}

impl Assets {
    pub(super) fn of(files: &Files) -> Self {
        let mut assets = Self { by_hashed_name: BTreeMap::new(), hashed_names: BTreeMap::new() };
        for (name, (content_type, content)) in files.statics() {
            // 64 bits tell versions of one file apart.
            let hash = blake3::hash(&content).to_hex().chars().take(16).collect::<String>();
            let hashed = match name.rsplit_once('.') {
                Some((stem, ending)) => format!("{stem}.{hash}.{ending}"),
                None => format!("{name}.{hash}"),
            };
            let etag = HeaderValue::try_from(format!("\"{hash}\"")).unwrap_or(HeaderValue::from_static("\"\""));
            let asset = Asset {
                bytes: content.into(),
                content_type: HeaderValue::from_static(content_type),
                etag,
                cache_control: IMMUTABLE,
            };
            assets.by_hashed_name.insert(hashed.clone(), asset);
            assets.hashed_names.insert(name, hashed);
        }
        assets
    }

    /// The asset of a hashed name (`style.0123456789abcdef.css`).
    pub(super) fn lookup(&self, hashed_name: &str) -> Option<Asset> {
        self.by_hashed_name.get(hashed_name).cloned()
    }

    /// Plain names and their hashed ones.
    pub(super) fn names(&self) -> &BTreeMap<String, String> {
        &self.hashed_names
    }

    /// Hashed names and contents.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Asset)> {
        self.by_hashed_name.iter().map(|(name, asset)| (name.as_str(), asset))
    }
}
