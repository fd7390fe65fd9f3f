# Two commands on a bare machine with python3 (>= 3.11, venv, pip): `make run` and `make test`.
# Everything below goes through workers/bootstrap.py, which makes .venv when a lock file changed.

PYTHON ?= python3
VENV ?= .venv
HOST ?= 0.0.0.0
PORT ?= 8000
VAR ?= var
DEMO ?= 1
JOBS ?= 2
ARGS ?=
BIN := $(VENV)/bin
SOURCES := core plugins tenants web workers
export HOST PORT VAR VENV DEMO

.DEFAULT_GOAL := help
.PHONY: help run install dev doctor logs test test-browser bench check lint types imports templates spelling \
        catalogues architecture format lock clean

help:  ## Say what there is
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  Options: PORT=9000 HOST=127.0.0.1 VAR=/elsewhere DEMO=0 PYTHON=python3.12 VENV=/elsewhere"
	@echo "  DATABASE_URL and REDIS_URL point at real servers: docs/guides/operations.md"

run: install  ## Start everything: database, queue, web, worker; Ctrl-C stops it, the data stays in VAR
	@exec $(BIN)/anxin run

install:  ## Make the environment (done by the others when needed)
	@$(PYTHON) workers/bootstrap.py run

dev:  ## The same with the tools of `make check` and `make test`
	@$(PYTHON) workers/bootstrap.py dev

doctor:  ## Check the machine and the installation, and say what to do
	@$(PYTHON) workers/bootstrap.py doctor && exec $(BIN)/anxin doctor

logs:  ## Follow the logs of a running installation
	@tail -F $(VAR)/log/*.log

test: dev  ## Every test, the browser's too (as root it installs Chromium)
	@ANXIN_TEST_JOBS=$(JOBS) $(PYTHON) workers/bootstrap.py test $(ARGS)

bench: dev  ## The benchmarks, each beside its bare limit; writes tests/bench/results/index.html
	@$(BIN)/python -m tests.bench

check: dev lint types imports templates spelling catalogues architecture  ## Everything but the tests: seconds

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: dev
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python

imports: dev
	$(BIN)/lint-imports

templates: dev
	$(BIN)/djlint --lint --quiet $(wildcard web/templates plugins/*/templates)

spelling: dev
	$(BIN)/codespell $(SOURCES) tests docs README.md Makefile

catalogues: dev
	$(BIN)/python -m web.i18n_catalogue check

architecture: dev
	$(BIN)/python -m pytest tests/architecture -q -p no:randomly

format: dev  ## Let the formatters have their way
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock:  ## Write both lock files anew from pyproject.toml
	@$(PYTHON) workers/bootstrap.py lock

clean:  ## Remove what can be made again; never the data in VAR
	rm -rf $(VENV) web/static web/frontend/node_modules .mypy_cache .ruff_cache .import_linter_cache htmlcov .coverage
