# Factotum: `make demo` shows it, `make check test` proves it. Needs Python >= 3.11 with venv, nothing else.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install dev demo test check bench fuzz soak lock clean

# The first interpreter that runs and is new enough; another one: make PYTHON=/path/to/python3.12
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
HOUSE := $(wildcard engine rules plugins migrations)
LOCK := $(UV) pip compile pyproject.toml -q --universal --generate-hashes --python-version 3.11 \
	--custom-compile-command 'make lock' --group build $(UPGRADE)

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

install: .venv/.installed ## .venv with Factotum and what it needs to run

dev: .venv/.dev ## the same, and what tests and checks need

demo: install ## see it work
	@$(BIN)/factotum demo

test: dev ## all tests, on SQLite and on a real PostgreSQL
	@$(BIN)/python -m pytest -q -n 2 --dist loadscope $(ARGS)

bench: dev ## figures, measured here (ARGS=--quick for a short run, --help for more)
	@$(BIN)/python -m tests.bench.posting $(ARGS)
	@$(BIN)/python -m tests.bench.mutants
	@$(BIN)/python -m tests.bench.verify
	@$(BIN)/python -m tests.bench.deliveries $(ARGS)

fuzz: dev ## a million formulas, most of them broken (ARGS='--start SEED --count N')
	@$(BIN)/python -m tests.rules.fuzz $(ARGS)

soak: dev ## workers, disks and servers fail for half an hour; counts land in build/soak.md (ARGS="--kills 200": short)
	@$(BIN)/python -m tests.soak $(ARGS)

check: dev ## lint, format, types, rooms
	@$(BIN)/ruff check -q .
	@$(BIN)/ruff format -q --check .
	@$(BIN)/mypy --strict --no-error-summary $(HOUSE) tests/support
	@$(BIN)/python -m pytest -q tests/architecture

lock: ## requirements/*.txt from pyproject.toml (maintainers; UPGRADE=--upgrade for newer versions)
	@command -v uv >/dev/null || test -x .venv-lock/bin/uv || \
		{ $(PYTHON) -m venv .venv-lock && .venv-lock/bin/python -m pip --disable-pip-version-check -q install uv; }
	@$(MAKE) --no-print-directory lock-files UV="$$(command -v uv || echo .venv-lock/bin/uv)"

.PHONY: lock-files
lock-files:
	@mkdir -p requirements
	@$(LOCK) -o requirements/run.txt >/dev/null
	@$(LOCK) --extra dev -c requirements/run.txt --no-annotate -o requirements/dev.txt >/dev/null

clean: ## remove what these targets made
	@rm -rf .venv .venv-lock build dist *.egg-info demo-output .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	@find $(HOUSE) tests -name __pycache__ -prune -exec rm -rf {} +

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Factotum needs Python >= 3.11; none found. Say make PYTHON=/path/to/python3." >&2; exit 1; }
	@echo "making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv

.venv/.run: requirements/run.txt | .venv/bin/python
	@echo "installing requirements/run.txt"
	@$(PIP) install --require-hashes -r requirements/run.txt
	@touch $@

# The top-level packages are found when the project is installed, so a new one asks for it again.
.venv/.installed: .venv/.run pyproject.toml $(wildcard $(HOUSE:=/__init__.py))
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.installed
	@echo "installing requirements/dev.txt"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@
