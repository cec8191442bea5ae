# CoderAdmin: `make run` starts it, `make` lists the rest.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Nothing is written to the home folder, and nothing is asked.
PIP := PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip --quiet --no-cache-dir
# What settings need; `make lint` looks at the code the way production runs it.
PRODUCTION := CODERADMIN_EMBEDDED=false CODERADMIN_ACCESS_URL=https://coder.example.com
WITH_DATABASE := $(PRODUCTION) $(BIN)/python -m coderadmin.embedded.temporary

.DEFAULT_GOAL := help
.PHONY: help install install-dev run test lint format bench bench-quick

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

run: $(VENV)/installed ## Install what is needed and start everything
	@$(BIN)/coderadmin run

test: $(VENV)/installed-dev ## Run the tests
	$(BIN)/pytest

lint: $(VENV)/installed-dev ## Check style, types, layers, settings, migrations and known vulnerabilities
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(WITH_DATABASE) $(BIN)/mypy .
	$(BIN)/lint-imports
	$(WITH_DATABASE) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(WITH_DATABASE) $(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python -m tests.pinned

format: $(VENV)/installed-dev ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/installed-dev ## Measure how fast it is, and write docs/performance.md
	$(BIN)/python -m benchmarks

bench-quick: $(VENV)/installed-dev ## The same with fewer samples, under two minutes, printed only
	$(BIN)/python -m benchmarks --quick

install: $(VENV)/installed ## Install what `make run` needs
install-dev: $(VENV)/installed-dev ## Install what `make test` and `make lint` need

$(VENV)/installed: requirements.txt pyproject.toml | $(BIN)/pip
	@echo "Installing into $(VENV); the first time this takes a minute or two."
	@$(PIP) install --require-hashes -r requirements.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	@echo "Installing the tools for tests into $(VENV)."
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'CoderAdmin needs Python 3.11 or newer as "$(PYTHON)"; name another: make run PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
		{ echo 'Python has no venv module; on Debian and Ubuntu: apt install python3-venv' >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
