//! Poterne: the door that lets an existing panel keep its own password login, and lets nobody use
//! the result of a login until the account's owner has been recognised.
//!
//! The layers, from the top; imports go down only, and `tests/layering.rs` enforces it:
//!
//! | layer | modules |
//! |---|---|
//! | wiring | [`app`], [`config`] |
//! | effects | [`proxy`], [`page`], [`upstream`], [`admin`], [`store`], [`directory`], [`mail`] |
//! | seam | [`flow`], [`state`] |
//! | pure | [`gate`], [`login`], [`challenge`], [`limit`], [`model`] |

pub mod admin;
pub mod app;
pub mod challenge;
pub mod config;
pub mod directory;
pub mod flow;
pub mod gate;
pub mod limit;
pub mod login;
pub mod mail;
pub mod model;
pub mod page;
pub mod proxy;
pub mod state;
pub mod store;
pub mod upstream;
