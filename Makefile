# Every target sets up what it needs; the second time it is there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test test-fast test-slow axe check bench bench-analysis format lock schemas help

run: $(VENV)/.run  ## run the tests, short, against receivers it starts itself
	$(BIN)/python run_webhook_performance_tests.py --quick

test: test-fast test-slow  ## run the test suite: the fast ones first

test-fast: $(VENV)/.dev  ## those that need no process beside them
	$(BIN)/pytest -m "not slow and not alone and not light" -n 2

test-slow: $(VENV)/.dev  ## those that do: side by side, two measurements that need little, and one at a time
	$(BIN)/pytest -m "slow and not alone and not light" -n 3 --dist loadfile
	$(BIN)/pytest -m light -n 2 --dist loadfile
	$(BIN)/pytest -m alone

axe: $(VENV)/axe.min.js  ## fetch axe-core with npm, with which the browser tests judge the report

check: $(VENV)/.dev  ## lint, formatting, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.dev  ## measure sender and receiver against their rivals, side by side
	$(BIN)/python -m benchmarks

bench-analysis: $(VENV)/.run  ## measure the analysis of 0.1, 1 and 10 million deliveries (2 GB of disk, 4 GB of memory)
	$(BIN)/python -m benchmarks.analysis

format: $(VENV)/.dev  ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(VENV)/.dev  ## pin the dependencies of pyproject.toml anew
	$(BIN)/uv pip compile -q -U --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile -q -U --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml --extra dev -c requirements.txt -o requirements-dev.txt

schemas: $(VENV)/.run  ## write the reports' JSON Schemas
	$(BIN)/python -m hookswarm.analysis schemas docs/schemas

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' Makefile

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "hookswarm needs Python 3.11 or newer; name one: make PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv $(VENV)

AXE := axe-core@4.14.1
$(VENV)/axe.min.js: | $(VENV)/bin/python
	cd $(VENV) && tar xzf "$$(npm pack --silent $(AXE))" --strip-components=1 package/axe.min.js && rm axe-core-*.tgz
	echo "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c  $@" | sha256sum -c --quiet || { rm $@; exit 1; }

$(VENV)/.run: requirements.txt | $(VENV)/bin/python
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt requirements.txt | $(VENV)/bin/python
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@ $(VENV)/.run
