# Everything a newcomer needs.  Each target does its own set-up on a fresh clone
# with Python >= 3.11, make and git.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk 'BEGIN {FS = ":.*## "} {printf "  make %-12s %s\n", $$1, $$2}'

.venv/.ready: requirements.lock pyproject.toml simulator/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Difusió needs Python 3.11 or newer: make PYTHON=python3.12 …"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "Python's venv module is missing (on Debian: apt-get install python3-venv)."; exit 2; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . --editable simulator
	@touch $@

.PHONY: setup
setup: .venv/.ready ## Make .venv from the lock file (the other targets do it too)
	@$(BIN)/python -m tools.compile_messages

.PHONY: demo
demo: setup ## Tell the whole story with the simulator (ARGS="--once --json")
	@$(BIN)/difusio demo $(ARGS)

.PHONY: test
test: setup ## Run the tests (ARGS="-k consent")
	@$(BIN)/python -m tools.browser
	@$(BIN)/python -m pytest --numprocesses=2 $(ARGS)

.PHONY: faults
faults: setup ## Kill, cut off and count from outside (FULL=1 at full size, ARGS="--only killed")
	@FULL="$(FULL)" $(BIN)/python -m tools.faults $(ARGS)

.PHONY: soak
soak: setup ## Send for MINUTES at PACE a second and watch the memory (MINUTES=20 PACE=1000)
	@$(BIN)/python -m tools.soak --minutes $(or $(MINUTES),20) --pace $(or $(PACE),1000) $(ARGS)

.PHONY: cluster
cluster: setup ## Send on a whole cluster while parts of it are killed (ARGS="--people 12000")
	@$(BIN)/python -m tools.cluster $(ARGS)

.PHONY: check
check: setup ## Format, lint, types, imports, migrations, docs
	@$(BIN)/python -m tools.check

.PHONY: fmt
fmt: setup ## Format the code and renew what the docs paste from it
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/python -m tools.paste_help

.PHONY: lock
lock: ## Renew requirements.lock from the two pyproject.toml files
	@test -x .venv-lock/bin/uv || { $(PYTHON) -m venv .venv-lock && .venv-lock/bin/pip install --quiet uv; }
	.venv-lock/bin/uv pip compile pyproject.toml simulator/pyproject.toml --group dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet --upgrade --output-file requirements.lock
