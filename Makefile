# Gatehouse. `make` alone lists the targets.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo run worker test check screenshots bench bench-quick bench-chart

VENV := .venv
BIN := $(VENV)/bin
FITS := import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c '$(FITS)' 2>/dev/null && echo $$python && break; done)

# A stamp per lock file: what is installed already costs nothing the second time.
RUNTIME := $(VENV)/.runtime-$(shell cksum < requirements.txt | cut -d ' ' -f 1)
DEVELOPMENT := $(VENV)/.development-$(shell cksum < requirements-dev.txt | cut -d ' ' -f 1)
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input \
	--require-hashes --only-binary :all:

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

demo: $(RUNTIME) ## Start everything with sample data and play Smartico once
	@$(BIN)/python manage.py demo

run: $(RUNTIME) ## Start web, worker and scheduler
	@$(BIN)/python manage.py run

worker: $(RUNTIME) ## Start one more worker
	@$(BIN)/python manage.py worker

test: $(DEVELOPMENT) ## Run the whole suite on SQLite and, where reachable, on PostgreSQL and brokers
	@$(BIN)/python -m tests.run

check: $(DEVELOPMENT) ## Lint, types, layers, templates, migrations, settings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/djlint templates --check --lint --quiet
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python -m tests.migrations
	$(BIN)/python manage.py check

screenshots: $(DEVELOPMENT) ## Take the pictures of the README anew
	@$(BIN)/python -m docs.take_screenshots

bench: $(RUNTIME) ## Measure ours beside others, three rounds of everything
	@$(BIN)/python -m benchmarks

bench-quick: $(RUNTIME) ## The same in one short round
	@$(BIN)/python -m benchmarks --quick

bench-chart: $(DEVELOPMENT) ## Draw the chart of the README from the last measuring
	@$(BIN)/python -m benchmarks.chart

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later with venv is needed: install it" \
		"(Debian: python3-venv) or name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c '$(FITS)' || { echo "$(PYTHON) is no Python 3.11 or later with venv" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(RUNTIME): | $(VENV)/bin/python
	@echo "Installing what Gatehouse needs ..."
	@$(INSTALL) -r requirements.txt
	@touch $@

$(DEVELOPMENT): | $(VENV)/bin/python
	@echo "Installing what the tests and checks need ..."
	@$(INSTALL) -r requirements-dev.txt
	@touch $@ $(RUNTIME)
