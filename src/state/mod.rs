//! The hot maps: sessions, claims, requests under way; backed by the store.
