# Every target brings what it needs into .venv by itself; nothing else is a set-up step.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

PYTHON ?= python3
DATA ?= ./liftline-data
PYTEST_ARGS ?=
BENCH_ARGS ?= --check

VENV := .venv
BIN := $(VENV)/bin
DONE := $(VENV)/.done
UV_INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python
FROM_LOCK := --no-deps --require-hashes --compile-bytecode
FAST_TESTS := $(wildcard tests/unit tests/house tests/property tests/conformance)
CHECKED := $(wildcard src demo house bench tests scripts hatch_build.py)
CLAIMS := $(basename $(notdir $(shell grep -l __main__ bench/*.py)))
UI_SOURCES := $(if $(wildcard ui/package.json),$(shell find ui \
	\( -path ui/node_modules -o -path ui/dist \) -prune -o -type f -print))
UI := $(if $(wildcard ui/package.json),ui/dist/index.html)

.PHONY: help run check test lint lint-style lint-types lint-walls fast-tests lint-ui bench soak ui clean

help: ## What there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /make \1\t/' | expand -t 14

run: $(DONE)/project $(UI) ## Install, start Liftline with demo traffic beside it, print where it is
	@$(BIN)/python -m compileall -q src demo
	exec $(BIN)/liftline demo --data "$(DATA)"

check: $(DONE)/dev ## Under a minute, no system packages: style, types, walls, fast tests
	@$(MAKE) -j2 -k --output-sync=target lint-types lint-style lint-walls fast-tests

test: $(DONE)/dev $(UI) lint-ui ## Everything; what the machine lacks is skipped with its install line
	$(BIN)/pytest --durations=20 $(PYTEST_ARGS)

lint: lint-style lint-types lint-walls ## Style, types, walls

lint-style: $(DONE)/dev
	@$(BIN)/ruff check --quiet $(CHECKED)
	@$(BIN)/ruff format --check --quiet $(CHECKED) || { echo "Cure: $(BIN)/ruff format $(CHECKED)"; exit 1; }
	@echo "style: clean"

lint-types: $(DONE)/dev
	@$(BIN)/mypy

lint-walls: $(DONE)/dev
	@$(BIN)/lint-imports | tail -n +20

fast-tests: $(DONE)/dev
	@$(BIN)/pytest -q -m "not slow" --hypothesis-profile=check -n 2 --dist loadfile $(FAST_TESTS)

lint-ui: $(if $(UI),ui/node_modules/.package-lock.json)
	@if [ -n "$(UI)" ]; then scripts/with-node npm --prefix ui run check; fi

bench: $(DONE)/dev ## One JSON line per claim, each against a reference measured in the same run
	@failed=0; for claim in $(CLAIMS); do $(BIN)/python -m bench.$$claim $(BENCH_ARGS) || failed=1; done; exit $$failed

soak: $(DONE)/dev ## The fault tests, long: kill -9, lost packets, full disks, jumping clocks
	LIFTLINE_SOAK=1 $(BIN)/pytest -o faulthandler_timeout=0 --durations=20 $(wildcard tests/simulation tests/property) $(PYTEST_ARGS)

ui: $(UI) ## Build the pages into ui/dist

clean: ## Remove what was installed and built; your data in $(DATA) stays
	rm -rf $(VENV) ui/node_modules ui/dist dist build
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests demo house bench -name __pycache__ -type d -prune -exec rm -rf {} +

$(DONE)/bootstrap: requirements/bootstrap.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Liftline needs Python 3.11 or newer. Cure: make PYTHON=python3.12 ..."; exit 1; }
	@$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv $(VENV) || \
		{ echo "Cure: install venv (Debian, Ubuntu: apt-get install python3-venv)"; exit 1; }
	@echo "installing into $(VENV) (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@mkdir -p $(DONE) && touch $@

$(DONE)/lock: requirements/lock.txt $(DONE)/bootstrap
	@$(UV_INSTALL) $(FROM_LOCK) -r $<
	@touch $@

$(DONE)/project: pyproject.toml hatch_build.py $(DONE)/lock
	@$(UV_INSTALL) --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q src $(wildcard demo)
	@touch $@

$(DONE)/dev: requirements/dev.txt $(DONE)/project
	@$(UV_INSTALL) $(FROM_LOCK) -r $<
	@touch $@

# Node comes from the system where it is new enough, else from PyPI, pinned and hashed.
ui/node_modules/.package-lock.json: ui/package-lock.json $(DONE)/bootstrap
	@scripts/with-node npm --prefix ui ci --no-audit --no-fund --loglevel=error
	@touch $@

ui/dist/index.html: $(UI_SOURCES) ui/node_modules/.package-lock.json
	@scripts/with-node npm --prefix ui run build
	@touch $@
