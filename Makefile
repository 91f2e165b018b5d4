# Everything that is done with the project, on a fresh Debian 12 with Rust. Each target installs what it needs.
SHELL := /bin/bash

.PHONY: help demo test check lint audit docs bench packages-build packages-test packages-bench packages-demo
help:
	@echo 'make demo    try it: a small panel, a mailbox and the gate in front, on this machine only'
	@echo 'make test    everything that is checked, journeys through real panels and a browser included'
	@echo 'make check   what is checked without installing PHP, panels or a browser'
	@echo 'make bench   speed, side by side with other proxies'
	@echo 'make audit   dependencies: known holes, licences, sources (needs cargo-deny and the network)'
	@echo 'make docs    the documentation of the code, in target/doc'

demo: packages-demo
	cargo run --locked -- demo

# Real panels run beside the tests; a test that finds none fails.
test: packages-test lint docs
	scripts/with-panels scripts/run-tests

check: packages-build lint docs
	scripts/run-tests --lib --bins --test layering

lint: packages-build
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	@! command -v cargo-deny >/dev/null || cargo deny --locked check bans licenses sources

# Known holes in dependencies; needs cargo-deny and the network.
audit:
	cargo deny --locked check

docs: packages-build
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps

bench: packages-bench
	cargo bench --locked

packages-build packages-test packages-bench packages-demo: packages-%:
	@scripts/install-packages $*
