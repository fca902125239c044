# What one does with Daybook from the shell. Needed: make, bash and Rust (https://rustup.rs); the rest is installed
# where that is allowed, else the missing piece is named.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test check fuzz soak bench openapi sqlx postgresql fmt clippy queries deny description

help: ## lists these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: postgresql ## builds Daybook and runs it with a demo school; the data is thrown away at the end
	cargo run --release --package api --bin daybook -- demo

test: postgresql ## runs every test, the long ones at a reduced count
	scripts/run-tests

check: fmt clippy queries deny description ## everything else that must hold: formatting, lints, prepared queries, dependencies, API description

fuzz: postgresql ## has schemathesis try the interface as three groups, some ten minutes; reports in target/fuzz
	scripts/fuzz

soak: postgresql ## runs the long tests in full, half an hour or more, and writes bench/SOAK.md
	cargo build --package api --bin daybook
	DAYBOOK_SOAK=1 cargo test --package domain --test invariants
	scripts/with-postgres bash -c 'DAYBOOK_SOAK=1 DAYBOOK_TEST_URL=$$DATABASE_URL cargo test --package projections --test as_of -- --nocapture'
	cargo test --package tests --test daybook -- --ignored --exact --nocapture soak::soak

bench: postgresql ## measures, and writes bench/RESULTS.md
	@command -v protoc >/dev/null || { echo "UmaDB's client needs protoc: apt-get install protobuf-compiler" >&2; exit 1; }
	cargo run --release --manifest-path bench/Cargo.toml

openapi: ## writes the description of the HTTP interface to target/openapi.json
	cargo run --quiet --package api --bin daybook -- openapi > target/openapi.json

sqlx: postgresql ## prepares the SQL queries anew, after a change of a query or a migration
	scripts/prepare-queries .sqlx

postgresql:
	@scripts/install-postgresql

fmt:
	cargo fmt --all --check

clippy:
	cargo clippy --workspace --all-targets --locked -- --deny warnings

queries: postgresql
	scripts/prepare-queries --check

deny:
	scripts/check-dependencies

description:
	scripts/check-openapi
