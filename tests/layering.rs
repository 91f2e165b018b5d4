//! The layers of `src/lib.rs`, held: imports go down only, what is called pure is pure, and files stay small.
//!
//! Sources are read as tokens, so that macros are looked into and comments and strings aren't. What stands under
//! `#[cfg(test)]` is left out: tests may use what they like.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// From the top; a module may import itself and what stands after it.
const LAYERS: [&str; 17] = [
    "main",
    "app",
    "config",
    "proxy",
    "page",
    "upstream",
    "admin",
    "store",
    "directory",
    "mail",
    "flow",
    "state",
    "gate",
    "login",
    "challenge",
    "limit",
    "model",
];
/// Imports up that are agreed: who, and what.
const AGREED: [(&str, &str); 1] = [
    // What the hot maps hold is described where the store is: in what the flows need from the world.
    ("state", "flow::ports"),
];
/// Modules without clock, randomness of their own, I/O or waiting.
const PURE: [&str; 5] = ["gate", "login", "challenge", "limit", "model"];
/// Crates and modules that pure code doesn't touch.
const IMPURE_ROOTS: &[&str] = &[
    "tokio",
    "tokio_util",
    "pingora",
    "pingora_core",
    "pingora_proxy",
    "pingora_http",
    "hyper",
    "hyper_util",
    "futures_util",
    "async_trait",
    "sqlx",
    "lettre::transport",
    "lettre::SmtpTransport",
    "lettre::AsyncSmtpTransport",
    "dashmap",
    "metrics",
    "std::fs",
    "std::io::stdin",
    "std::os",
    "std::process",
    "std::thread",
    "std::env",
    "rand::rng",
    "rand::random",
    "rand::rngs",
    "std::net::ToSocketAddrs",
    "getrandom",
];
/// Names that mean a clock, a socket or the system's randomness, whatever they are imported from.
const IMPURE_NAMES: &[&str] = &[
    "SystemTime",
    "Instant",
    "now_utc",
    "now_local",
    "OsRng",
    "SysRng",
    "ThreadRng",
    "thread_rng",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "UnixStream",
];
/// Lines of a file before its tests.
const MAX_LINES: usize = 600;

/// A path as it's written, with `{…}` spelt out, and where.
#[derive(Debug)]
struct Mention {
    segments: Vec<String>,
    /// How deep in inline modules of its file it stands, for `super`.
    inline_depth: usize,
    line: usize,
}

/// Every path, keyword `async` and bare name in `tokens`, what's under `#[cfg(test)]` left out.
fn mentions(tokens: TokenStream) -> Vec<Mention> {
    let mut found = Vec::new();
    collect(&tokens.into_iter().collect::<Vec<_>>(), 0, &mut found);
    found
}

fn collect(tokens: &[TokenTree], inline_depth: usize, found: &mut Vec<Mention>) {
    let mut at = 0;
    let mut after_mod = false;
    while let Some(token) = tokens.get(at) {
        if is_cfg_test(tokens, at) {
            at = end_of_item(tokens, at + 2);
            continue;
        }
        match token {
            TokenTree::Ident(name) => {
                if name == "mod" {
                    after_mod = true;
                    at += 1;
                    continue;
                }
                at = path(tokens, at, &[], inline_depth, found);
                if after_mod {
                    after_mod = false;
                    if let Some(TokenTree::Group(body)) = tokens.get(at) {
                        collect(&body.stream().into_iter().collect::<Vec<_>>(), inline_depth + 1, found);
                        at += 1;
                    }
                }
            }
            TokenTree::Group(group) => {
                collect(&group.stream().into_iter().collect::<Vec<_>>(), inline_depth, found);
                at += 1;
            }
            _ => at += 1,
        }
    }
}

/// Reads the path that starts at `at` (after `prefix`); where it ends.
fn path(tokens: &[TokenTree], at: usize, prefix: &[String], inline_depth: usize, found: &mut Vec<Mention>) -> usize {
    let mut segments = prefix.to_vec();
    let mut at = at;
    let mut line = 0;
    loop {
        match tokens.get(at) {
            Some(TokenTree::Ident(name)) => {
                line = name.span().start().line;
                segments.push(name.to_string());
                at += 1;
            }
            // A tree of imports: each branch is a path of its own.
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace && !segments.is_empty() => {
                let branches: Vec<TokenTree> = group.stream().into_iter().collect();
                let mut inner = 0;
                while let Some(token) = branches.get(inner) {
                    inner = match token {
                        TokenTree::Ident(name) if name == "as" => inner + 2,
                        TokenTree::Ident(_) => path(&branches, inner, &segments, inline_depth, found),
                        _ => inner + 1,
                    };
                }
                return at + 1;
            }
            _ => break,
        }
        if is_path_separator(tokens, at) {
            at += 2;
        } else {
            break;
        }
    }
    if !segments.is_empty() {
        found.push(Mention { segments, inline_depth, line });
    }
    at
}

fn is_path_separator(tokens: &[TokenTree], at: usize) -> bool {
    [at, at + 1].iter().all(|i| matches!(tokens.get(*i), Some(TokenTree::Punct(punct)) if punct.as_char() == ':'))
}

fn is_cfg_test(tokens: &[TokenTree], at: usize) -> bool {
    matches!(
        (tokens.get(at), tokens.get(at + 1)),
        (Some(TokenTree::Punct(hash)), Some(TokenTree::Group(group)))
            if hash.as_char() == '#' && group.stream().to_string().replace(' ', "") == "cfg(test)"
    )
}

/// The end of the item at `at`: after its first `{…}` or `;`.
fn end_of_item(tokens: &[TokenTree], at: usize) -> usize {
    let ends = |token: &TokenTree| match token {
        TokenTree::Punct(punct) => punct.as_char() == ';',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        _ => false,
    };
    tokens.iter().skip(at).position(ends).map_or(tokens.len(), |offset| at + offset + 1)
}

/// `gate/target/mod.rs` → `["gate", "target"]`; `main.rs` → `["main"]`; `lib.rs` → `[]`.
fn module_of(file: &Path) -> Vec<String> {
    let mut module: Vec<String> =
        file.with_extension("").components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    if module.last().is_some_and(|last| last == "mod" || last == "lib") {
        module.pop();
    }
    module
}

/// The path from the crate's root, if it leads to a module of the crate.
fn from_root(mention: &Mention, module: &[String]) -> Option<Vec<String>> {
    let first = mention.segments.first()?;
    if first == "crate" || first == "poterne" {
        return Some(mention.segments.iter().skip(1).cloned().collect());
    }
    let ups = mention.segments.iter().take_while(|segment| *segment == "super").count();
    if ups <= mention.inline_depth {
        return None;
    }
    let kept = module.len().checked_sub(ups - mention.inline_depth)?;
    Some(module.iter().take(kept).chain(mention.segments.iter().skip(ups)).cloned().collect())
}

fn rank(layer: &str) -> Option<usize> {
    LAYERS.iter().position(|known| *known == layer)
}

/// All that is wrong with one file, one line each.
fn judge(file: &Path, source: &str) -> Vec<String> {
    let name = file.display();
    let tokens: TokenStream = match source.parse() {
        Ok(tokens) => tokens,
        Err(error) => return vec![format!("{name}: can't be read: {error}")],
    };
    let mut wrong = Vec::new();
    let before_tests = source.lines().position(|line| line == "#[cfg(test)]").unwrap_or_else(|| source.lines().count());
    if before_tests > MAX_LINES {
        wrong.push(format!("{name}: {before_tests} lines; {MAX_LINES} at most"));
    }
    let module = module_of(file);
    let Some(layer) = module.first() else { return wrong };
    let Some(own_rank) = rank(layer) else {
        wrong.push(format!("{name}: `{layer}` is in no layer; say in tests/layering.rs where it belongs"));
        return wrong;
    };
    let pure = PURE.contains(&layer.as_str());
    for mention in mentions(tokens) {
        let line = mention.line;
        if let Some(target) = from_root(&mention, &module) {
            let path = target.join("::");
            let agreed = AGREED.iter().any(|(who, what)| who == layer && path.starts_with(what));
            match target.first().map(|first| (first, rank(first))) {
                Some((_, Some(rank))) if rank >= own_rank || agreed => {}
                Some((_, Some(_))) => {
                    wrong.push(format!("{name}:{line}: {layer} may not import {path}, which is above it"))
                }
                // Something at the root itself, or a macro: there's nothing there to import.
                Some((first, None)) => wrong.push(format!("{name}:{line}: `{first}` is in no layer")),
                None => {}
            }
        }
        if pure {
            let path = mention.segments.join("::");
            let root = IMPURE_ROOTS.iter().any(|root| path == *root || path.starts_with(&format!("{root}::")));
            let called = mention.segments.iter().find(|segment| IMPURE_NAMES.contains(&segment.as_str()));
            let waits = mention.segments.iter().any(|segment| segment == "async");
            // A bare name may be a variable of that name; a path, or an import, isn't.
            if (root && mention.segments.len() > 1) || called.is_some() || waits {
                wrong.push(format!("{name}:{line}: {layer} is pure, and `{path}` isn't"));
            }
        }
    }
    wrong
}

/// Every source file under `root`.
fn sources(root: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

#[test]
fn imports_go_down_only_pure_modules_are_pure_and_files_are_small() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = sources(&root).unwrap();
    assert!(files.len() > 20, "too few files found: {}", files.len());
    let wrong: Vec<String> = files
        .iter()
        .flat_map(|file| judge(file.strip_prefix(&root).unwrap(), &fs::read_to_string(file).unwrap()))
        .collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn what_the_rules_allow() {
    for (file, source) in [
        ("gate/decide.rs", "use crate::login::Door; use super::stamp::Stamp; use std::net::IpAddr;"),
        ("gate/a/b.rs", "use super::super::pattern; fn f(now: crate::model::Timestamp) {}"),
        ("state/mod.rs", "use crate::flow::ports::{StoredSession, HotState};"),
        ("proxy/mod.rs", "use crate::{page, flow::sign_in, gate::{self, Permit}};"),
        ("main.rs", "use poterne::{app, config};"),
        ("gate/decide.rs", "// crate::proxy and tokio::time are only named here\nconst A: &str = \"crate::app\";"),
        ("gate/decide.rs", "#[cfg(test)]\nmod tests { use crate::store::X; use std::time::Instant; }"),
        ("model/time.rs", "use std::time::Duration; mod inner { use super::Timestamp; }"),
        ("limit/a.rs", "fn f(tokio: u8) -> u8 { tokio }"),
    ] {
        assert_eq!(judge(Path::new(file), source), Vec::<String>::new(), "{file}: {source}");
    }
}

#[test]
fn what_the_rules_forbid() {
    for (file, source) in [
        ("gate/decide.rs", "use crate::proxy::Phase;"),
        ("model/time.rs", "use crate::{limit::Quota};"),
        ("store/mod.rs", "use crate::config::{self, Checked};"),
        ("page/mod.rs", "fn f() { crate::proxy::run() }"),
        ("mail/mod.rs", "fn f() { log!(\"{}\", crate::app::clock::now()) }"),
        ("state/mod.rs", "use crate::flow::sign_in;"),
        ("gate/a/b.rs", "use super::super::super::flow::ports;"),
        ("gate/decide.rs", "mod inner { use super::super::super::app; }"),
        ("gate/decide.rs", "use crate::helper;"),
        ("helper/mod.rs", ""),
        ("login/form.rs", "use tokio::sync::Mutex;"),
        ("login/form.rs", "use std::time::{Duration, Instant};"),
        ("login/form.rs", "use std::time; fn f() { let _ = time::SystemTime::now(); }"),
        ("limit/quota.rs", "async fn f() {}"),
        ("challenge/code.rs", "fn f() -> u32 { rand::random() }"),
        ("challenge/code.rs", "use rand::{Rng, rngs::OsRng};"),
        ("gate/decide.rs", "use std::{fs, net::TcpStream};"),
        ("gate/decide.rs", "fn broken( {"),
    ] {
        assert!(!judge(Path::new(file), source).is_empty(), "{file}: {source}");
    }
}

#[test]
fn a_file_is_measured_up_to_its_tests() {
    let lines = "// a line\n".repeat(MAX_LINES);
    assert!(judge(Path::new("store/a.rs"), &lines).is_empty());
    assert!(judge(Path::new("store/a.rs"), &format!("{lines}#[cfg(test)]\nmod tests {{\n{lines}}}\n")).is_empty());
    assert_eq!(judge(Path::new("store/a.rs"), &format!("{lines}// one more\n")).len(), 1);
}
