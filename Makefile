# cytorecon: everything a developer or a visitor runs. `make` alone lists it.
#
# `make demo` and `make test` need nothing but Python >= 3.11: they make .venv, install what the lock files
# pin, checked by hash, and go on. pip reads its own configuration; nothing here overrides it.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
JOBS ?= 2
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check

.PHONY: help demo test check format fuzz torture bench accuracy lock clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## */  make \1\t/' | expand -t 16

demo: $(VENV)/.installed ## analyse the sample cohort and show it in the browser (ARGS=--no-serve: stop after the report)
	@$(BIN)/cytorecon demo $(ARGS)

test: check ## everything: check, then all tests (ARGS: for pytest)
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

check: $(VENV)/.installed-test ## lint, format, types, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.installed-test ## rewrite the sources in the one format
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

fuzz: $(VENV)/.installed-test ## read 20,000 damaged FCS files (ARGS="--files 200000" for more)
	@$(BIN)/python -W error -m benchmarks.fuzz $(ARGS)

torture: $(VENV)/.installed-test ## kill a batch 50 times, corrupt 40 files of 240, kill three writers 200 times (ARGS="--tubes 200 --kills 10" for less)
	@$(BIN)/python -m benchmarks.batch_faults $(ARGS)
	@$(BIN)/python -m benchmarks.store_kills

bench: $(VENV)/.installed-test ## time and memory of the main steps here, and speed against peers
	@$(BIN)/python -m benchmarks $(ARGS)
	@$(BIN)/python -m benchmarks.speed
	@$(BIN)/python -m benchmarks.reading

accuracy: $(VENV)/.installed ## docs/accuracy.md anew: simulated tubes, and the labelled files that CYTORECON_REAL_DATA names
	@$(BIN)/cytorecon evaluate $(if $(CYTORECON_REAL_DATA),$(sort $(wildcard benchmarks/plans/*.yaml)) \
	    --data "$(CYTORECON_REAL_DATA)") --simulate good_lab --simulate stress --jobs $(JOBS) \
	    --out accuracy_report $(ARGS)
	@cp accuracy_report/accuracy.md accuracy_report/accuracy.svg docs/

lock: ## write the lock files anew, keeping versions that still fit (ARGS=--upgrade: newest versions)
	@$(PYTHON) -m venv $(VENV)/lock
	@$(VENV)/lock/bin/python -m pip install -qq --disable-pip-version-check uv
	@UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV_COMPILE) --output-file requirements.lock $(ARGS)
	@UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV_COMPILE) --extra test --constraint requirements.lock \
	    --output-file requirements-test.lock $(ARGS)

# One resolution for Linux, macOS and Windows and for every Python from 3.11 on.
UV_COMPILE = $(VENV)/lock/bin/uv pip compile pyproject.toml --group build --quiet --universal --python-version 3.11 \
    --generate-hashes --no-annotate

clean: ## remove the environment, caches and the demo's study
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist demo_study accuracy_report

# ------------------------------------------------------------------------------ the environment

$(VENV)/.created:
	@command -v $(PYTHON) >/dev/null || { echo "make: '$(PYTHON)' was not found. cytorecon needs Python 3.11 or newer;\
	 name one: make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: cytorecon needs Python 3.11 or newer,\
	 and '$(PYTHON)' is $$($(PYTHON) --version 2>&1); name another: make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Creating $(VENV) …"
	@$(PYTHON) -m venv --clear $(VENV) || { echo "make: '$(PYTHON) -m venv' failed; on Debian and Ubuntu the package\
	 python3-venv is needed." >&2; exit 1; }
	@touch $@

# The build backend comes from the lock file as well, hence no build isolation (docs/decisions/0002).
$(VENV)/.installed: $(VENV)/.created requirements.lock pyproject.toml
	@echo "Installing what requirements.lock pins …"
	@$(PIP) --require-hashes --requirement requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.created requirements-test.lock pyproject.toml
	@echo "Installing what requirements-test.lock pins …"
	@$(PIP) --require-hashes --requirement requirements-test.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $(VENV)/.installed $@
