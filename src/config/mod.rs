//! From the TOML to checked settings: every mistake at once, each with its place.
