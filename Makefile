# Every target sets up what it needs; the second time it is there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

FAST := $(BIN)/pytest -m "not slow and not alone and not light" -n 2
# Percent of lines and branches that the fast tests reach, subprocesses not counted. It goes up, not down.
COVERED := 80

.PHONY: run test test-fast test-slow coverage oracles outbound axe check lint bench bench-analysis format hooks lock upgrade schemas help

run: $(VENV)/.run  ## run the tests, short, against receivers it starts itself
	$(BIN)/python run_webhook_performance_tests.py --quick

test: test-fast test-slow  ## run the test suite: the fast ones first

test-fast: $(VENV)/.dev  ## those that need no process beside them
	$(FAST)

test-slow: $(VENV)/.dev  ## those that do: side by side, then measurements that need little, and one at a time
	$(BIN)/pytest -m "slow and not alone and not light" -n 5 --dist loadfile --no-loadscope-reorder
	$(BIN)/pytest -m light -n 3 --dist loadfile
	$(BIN)/pytest -m alone

coverage: $(VENV)/.dev  ## the fast tests, and how much of the code they reach: CI holds it
	$(FAST) --cov --cov-report=term:skip-covered --cov-fail-under=$(COVERED)

oracles: $(VENV)/oracles/.done  ## fetch providers' own libraries, which judge our signatures in the tests

outbound: $(VENV)/outbound/.done  ## fetch django-outbound-webhooks, a delivery service that the tests run

axe: $(VENV)/axe.min.js  ## fetch axe-core with npm, with which the browser tests judge the report

check: lint  ## lint, formatting, types
	$(BIN)/mypy

lint: $(VENV)/.dev  ## lint and formatting: what the hook of git runs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: $(VENV)/.dev  ## measure sender and receiver against their rivals, side by side
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.endpoints

bench-analysis: $(VENV)/.run  ## measure the analysis of 0.1, 1 and 10 million deliveries (2 GB of disk, 4 GB of memory)
	$(BIN)/python -m benchmarks.analysis

format: $(VENV)/.dev  ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

hooks:  ## have git lint before a commit
	git config core.hooksPath .githooks

PIN := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header
lock: $(VENV)/.dev  ## pin what pyproject.toml names and is not pinned yet
	$(PIN) $(UPGRADE) pyproject.toml -o requirements.txt
	$(PIN) $(UPGRADE) pyproject.toml --extra dev -c requirements.txt -o requirements-dev.txt
	$(PIN) $(UPGRADE) tests/oracles/requirements.in -o tests/oracles/requirements.txt
	$(PIN) $(UPGRADE) tests/support/django_project/requirements.in -o tests/support/django_project/requirements.txt

upgrade: UPGRADE := -U
upgrade: lock  ## pin the newest of all dependencies

schemas: $(VENV)/.run  ## write the reports' JSON Schemas
	$(BIN)/python -m hookswarm.analysis schemas docs/schemas

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' Makefile

# Whoever is told that something is missing finds nothing half made. Debian and Ubuntu keep venv's pip in a package of its own.
$(BIN)/pip:
	@command -v $(PYTHON) >/dev/null || \
	  { echo "hookswarm needs Python, and there is no $(PYTHON): install it, or name one: make PYTHON=python3.12"; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "hookswarm needs Python 3.11 or newer; name one: make PYTHON=python3.12"; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make a virtual environment: apt-get install $$($(PYTHON) -c \
	  'import sys; print("python%d.%d-venv" % sys.version_info[:2])'), and make again"; exit 2; }
	$(PYTHON) -m venv --clear $(VENV)

# Broken off in the middle of this, the environment has programs without packages: the next time it is made anew.
UNFINISHED := $(VENV)/.unfinished
INSTALL = touch $(UNFINISHED) && $(BIN)/pip install -q --disable-pip-version-check --require-hashes -r
ifneq ($(wildcard $(UNFINISHED)),)
.PHONY: $(BIN)/pip $(VENV)/.run $(VENV)/.dev
endif

AXE := axe-core@4.14.1
$(VENV)/axe.min.js: | $(BIN)/pip
	cd $(VENV) && tar xzf "$$(npm pack --silent $(AXE))" --strip-components=1 package/axe.min.js && rm axe-core-*.tgz
	echo "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c  $@" | sha256sum -c --quiet || { rm $@; exit 1; }

# In an environment of its own: none of them is ours. `npm pack` hands out the same bytes to everybody.
NPM_ORACLES := @octokit/webhooks-methods@6.0.0 @linear/sdk@98.0.0 @shopify/shopify-api@13.1.0 compare-versions@6.1.1
$(VENV)/oracles/.done: tests/oracles/requirements.txt tests/oracles/npm.sha256 | $(VENV)/.dev
	rm -rf $(@D) && $(BIN)/uv venv -q --no-project -p $(BIN)/python $(@D)
	$(BIN)/uv pip install -q -p $(@D)/bin/python --require-hashes -r tests/oracles/requirements.txt
	cd $(@D) && npm pack --silent $(NPM_ORACLES) >/dev/null
	cd $(@D) && sha256sum -c --quiet $(CURDIR)/tests/oracles/npm.sha256
	cd $(@D) && for one in $(NPM_ORACLES); do \
	  place=node_modules/$${one%@*}; file=$$(echo "$${one#@}" | tr '/@' '--').tgz; \
	  mkdir -p $$place && tar xzf $$file -C $$place --strip-components=1 && rm $$file || exit 1; done
	@touch $@

# In an environment of its own, too: Django is none of ours.
$(VENV)/outbound/.done: tests/support/django_project/requirements.txt | $(VENV)/.dev
	rm -rf $(@D) && $(BIN)/uv venv -q --no-project -p $(BIN)/python $(@D)
	$(BIN)/uv pip install -q -p $(@D)/bin/python --require-hashes -r $<
	@touch $@

$(VENV)/.run: requirements.txt | $(BIN)/pip
	$(INSTALL) requirements.txt
	@touch $@ && rm $(UNFINISHED)

$(VENV)/.dev: requirements-dev.txt requirements.txt | $(BIN)/pip
	$(INSTALL) requirements-dev.txt
	@touch $@ $(VENV)/.run && rm $(UNFINISHED)
