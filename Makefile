# `make run` and `make test` are the front door: they do all the set-up themselves.
.PHONY: run test test-times stress dev bench fmt web openapi setup-web setup-test

CARGO_TERM_PROGRESS_WHEN ?= auto

run: web ## builds the consoles and the release binary, starts a sandbox
	@scripts/need cargo cc
	@echo "== building the release binary (some minutes the first time)"
	cargo build --release --locked --package yunshi-server
	@echo "== starting the sandbox; its data are in var/sandbox"
	target/release/yunshi sandbox

test: ## all tests, or one part: make test T=rust|web|browser|tidy|fuzz, or T=CRATE
	scripts/test $(T)

test-times: ## what the last `make test` took, and its slowest twenty tests
	@scripts/test-times

stress: ## generated lives with new seeds and random kills: until Ctrl-C, or MINUTES=30; ENGINE=, SETS=, SEED=
	scripts/stress

dev: setup-web ## sandbox and consoles, rebuilt when a console file changes
	scripts/dev

bench: ## figures as JSON lines in target/bench and a table on the screen
	scripts/bench

fmt: setup-web
	cargo fmt --all
	cd web && npm run --silent format

web: setup-web
	@echo "== building the consoles"
	cd web && npm run --silent build

setup-web:
	@scripts/setup-web

openapi: ## writes the description of the API, the web client made from it, and the tables of the interfaces
	cargo run --quiet --package yunshi-server -- openapi | python3 -c "import json,sys; print(json.dumps(json.load(sys.stdin), indent=1, ensure_ascii=False, sort_keys=True))" > target/openapi.json && mv target/openapi.json crates/api/openapi.json
	cargo run --quiet --package yunshi-server -- interfaces > target/interfaces.md && mv target/interfaces.md crates/wire/INTERFACES.md
	cargo run --quiet --package yunshi-server -- flows > target/flows.md && mv target/flows.md docs/flows.md
	cd web && npm run --silent client
