# Two commands matter: `make demo` and `make test`. Everything they need is fetched from the
# package registries into .venv and console/web/node_modules; nothing is installed elsewhere.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WEB := console/web
DEMO_ARGS ?=
# Much of the testing is waiting for real servers, so two files are tested at a time.
PYTEST_ARGS ?= -n 2 --dist loadfile

export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help setup web demo test check format lock clean

help:
	@echo "make demo    set up, then run the whole township on simulated cameras"
	@echo "make test    set up, then lint, type-check and test"
	@echo "make check   lint and type-check only"
	@echo "make format  format the Python sources"
	@echo "make lock    renew requirements/*.lock from pyproject.toml"
	@echo "make clean   remove what the commands above made"

setup: $(VENV)/.ready

$(VENV)/.ready: requirements/dev.lock requirements/bootstrap.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Wardwatch needs Python 3.11 or later; name one with PYTHON=…"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { echo "python3 cannot make virtual environments; on Debian: apt install python3-venv"; exit 1; }
	$(BIN)/python -m pip install -q --require-hashes -r requirements/bootstrap.lock
	$(BIN)/uv pip sync -q --python $(BIN)/python --require-hashes requirements/dev.lock requirements/bootstrap.lock
	@printf '%s\n' "$(CURDIR)" > "$$($(BIN)/python -c 'import site; print(site.getsitepackages()[0])')/wardwatch.pth"
	@printf '#!/bin/sh\nexec "%s/python" -m wardwatch "$$@"\n' "$(CURDIR)/$(BIN)" > $(BIN)/wardwatch
	@chmod +x $(BIN)/wardwatch
	@touch $@

web: $(WEB)/dist/index.html

$(WEB)/node_modules/.ready: $(VENV)/.ready $(WEB)/package-lock.json
	npm ci --prefix $(WEB) --no-audit --no-fund --loglevel=error
	@touch $@

$(WEB)/dist/index.html: $(WEB)/node_modules/.ready $(WEB)/index.html $(shell find $(WEB)/src -type f 2>/dev/null)
	npm run build --prefix $(WEB) --silent

demo: setup web
	$(BIN)/wardwatch demo $(DEMO_ARGS)

test: check web
	npm test --prefix $(WEB) --silent
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: setup
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		pyproject.toml -o requirements/base.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--extra dev -c requirements/base.lock pyproject.toml -o requirements/dev.lock
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		requirements/bootstrap.in -o requirements/bootstrap.lock

clean:
	rm -rf $(VENV) $(WEB)/node_modules $(WEB)/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
