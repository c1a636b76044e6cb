# What there is to do with this repository, at most eight things; CI calls the same ones. Python 3.11 or newer and make
# must be there, everything else is fetched into .tools, .venv and node_modules, each locked with hashes.
#
#   make demo                      a fictional country on this machine; DEMO="--exit" ends after the story
#   make test PYTEST="-k ledger"   options for pytest
#   make PYTHON=python3.12 setup   another Python

PYTHON ?= python3
UV ?= .tools/bin/uv
BIN := .venv/bin
STATIC := src/salus/web/static/manifest.json
ASSETS := $(shell find src/salus/web/assets src/salus/web/templates -type f 2>/dev/null)
SCRIPTS := src tests bench tools packages
# What is distributed by itself, beside the wheel of salus.
PACKAGES := $(wildcard packages/*)
# One process a core; the tests of a file share one database, so they stay together.
SPREAD := -n auto --dist loadfile

# uv does not read pip's configuration: the mirror that brought uv shall bring the rest too.
MIRROR = index=$$(.tools/bin/pip config get :env:.index-url 2>/dev/null || .tools/bin/pip config get global.index-url 2>/dev/null) \
	&& export UV_DEFAULT_INDEX="$${UV_DEFAULT_INDEX:-$$index}";

# A test run starts hundreds of processes: none of them shall compile what the one before compiled, whatever a shell says.
unexport PYTHONDONTWRITEBYTECODE

export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export NPM_CONFIG_UPDATE_NOTIFIER := false

.PHONY: setup demo test fast check docs bench clean
.DELETE_ON_ERROR:

setup: .venv/.synced .venv/.installed $(STATIC)

demo: setup
	@$(BIN)/salus demo $(DEMO)

test: setup
	$(BIN)/lint-imports
	$(BIN)/pytest $(SPREAD) $(PYTEST)

fast: setup
	$(BIN)/pytest $(SPREAD) -m "not slow" $(PYTEST)

check: setup
	$(BIN)/ruff check $(SCRIPTS)
	$(BIN)/ruff format --check $(SCRIPTS)
	$(BIN)/mypy
	$(BIN)/mypy --config-file tests/mypy.ini
	$(BIN)/lint-imports
	$(BIN)/python tools/promises.py --check
	$(BIN)/python tools/compile_rules.py --check
	$(BIN)/python tools/compile_search.py --check
	$(BIN)/python tools/rules_page.py --check
	$(BIN)/towncrier build --draft
	$(BIN)/python tools/build_assets.py --check

docs: setup
	$(BIN)/python tools/promises.py
	$(BIN)/python tools/rules_page.py

bench: setup
	@for bench in bench/*.py; do echo "== $$bench"; $(BIN)/python "$$bench" || exit 1; done

# The data of nodes, .salus, is left alone.
clean:
	rm -rf .tools .venv node_modules src/salus/web/static .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

.tools/bin/uv: tools/uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'Salus needs Python 3.11 or newer; name one: make PYTHON=python3.12 setup' >&2; exit 1; }
	@echo 'setup: a small environment for uv'
	@$(PYTHON) -m venv .tools
	@.tools/bin/pip install --quiet --require-hashes --no-deps -r tools/uv.lock
	@touch $@

.venv/pyvenv.cfg: | $(UV)
	@$(UV) venv --quiet --no-project --allow-existing --python "$(PYTHON)" .venv

.venv/.synced: requirements.lock .venv/pyvenv.cfg | $(UV)
	@echo 'setup: the locked packages, some 1.2 GB unpacked'
	@$(MIRROR) $(UV) pip sync --quiet --python .venv --require-hashes requirements.lock
	@touch $@

.venv/.installed: pyproject.toml $(PACKAGES:=/pyproject.toml) .venv/.synced | $(UV)
	@$(UV) pip install --quiet --offline --python .venv --no-deps --no-build-isolation \
		--editable . $(PACKAGES:%=--editable ./%)
	@touch $@

$(STATIC): $(ASSETS) tools/build_assets.py package.json package-lock.json .venv/.synced
	@echo 'setup: stylesheet and scripts of the pages'
	@$(BIN)/python tools/build_assets.py
	@touch $@
