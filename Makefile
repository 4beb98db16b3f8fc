# skydeck: `make talk` asks Penny a recorded question, `make test` runs the tests.
# Each target sets up what it needs in .venv; nothing is installed outside it except, for root on a
# Debian-like system, packages that `make setup` and `make test` name.

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
  $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
  && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
# Four processes for two cores: much of the time is waiting, for sound and for other processes. With
# three, a tenth more of it passes.
# One that crashes ends the run and is named; with a new one in its place, xdist waits for ever.
PROCESSES := 4
PYTEST = $(BIN)/python -m pytest -n $(PROCESSES) --max-worker-restart 0 --dist loadgroup \
  --no-loadscope-reorder --durations 10
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# A sound server without hardware, and terminals: what tests of `skydeck talk` run in.
STAGE := pulseaudio pulseaudio-utils libasound2-plugins tmux kitty xvfb xdotool libgl1-mesa-dri

.PHONY: setup setup-dev talk try unit test test-all lint bench eval chaos models lock env reference pictures docs clean

setup: $(VENV)/.ready            ## make .venv with all that skydeck needs to run
setup-dev: $(VENV)/.ready-dev    ## the same, with the tools for tests and checks

$(VENV)/.ready: requirements.lock pyproject.toml Makefile
	@test -n "$(PYTHON)" || { echo "skydeck needs Python 3.11, 3.12 or 3.13: sudo apt-get install python3"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { sh scripts/system-package.sh python3-venv; $(PYTHON) -c 'import venv, ensurepip'; }
	@echo "Setting up .venv with $$($(PYTHON) --version) (a minute or two, about 200 MB to fetch) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --upgrade pip
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@command -v bwrap >/dev/null || sh scripts/system-package.sh bubblewrap --optional "the Factory then runs the code that it makes in a weaker sandbox"
	@$(BIN)/python -c 'import ctypes.util, sys; sys.exit(not ctypes.util.find_library("portaudio"))' || sh scripts/system-package.sh libportaudio2 --optional "without it skydeck talk has no microphone, and one can type"
	@touch $@

$(VENV)/.ready-dev: requirements-dev.lock $(VENV)/.ready
	@echo "Adding the tools for tests and checks …"
	@$(PIP) install --require-hashes --requirement requirements-dev.lock
	@command -v pulseaudio pacat tmux kitty Xvfb xdotool >/dev/null || sh scripts/system-package.sh "$(STAGE)" --optional "tests with a virtual sound card and in real terminals are skipped"
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || sh scripts/system-package.sh postgresql --optional "tests with PostgreSQL are skipped"
	@command -v chromium chromium-browser google-chrome >/dev/null || sh scripts/system-package.sh chromium --optional "tests of the page of skydeck try are skipped"
	@command -v strace >/dev/null || sh scripts/system-package.sh strace --optional "what a recording makes FFmpeg open is not watched, and make chaos leaves two faults of the disk out"
	@command -v prometheus >/dev/null || sh scripts/system-package.sh prometheus --optional "the test with a Prometheus server is skipped"
	@touch $@

# What builds the site needs nothing of skydeck.
$(VENV)/.ready-docs: requirements-docs.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Adding what builds the documentation …"
	@$(PIP) install --require-hashes --requirement requirements-docs.lock
	@touch $@

models: setup                    ## fetch the model files (1.4 to 1.9 GB, once)
	@$(BIN)/skydeck models pull

talk: setup                      ## ask Penny a recorded question; FILE=… for your own
	@$(BIN)/skydeck talk --file $(or $(FILE),tests/clips/question.wav) --save reply.ogg

try: setup                       ## try the bot in the browser, without an account
	@$(BIN)/skydeck try

unit: PROCESSES := 2             # nothing waits, so a third only collects and imports once more
unit: setup-dev                  ## pure code: after each save
	@$(PYTEST) tests/unit

test: setup-dev                  ## unit, integration, and one spoken turn with real models
	@SKYDECK_LLM=tiny $(BIN)/skydeck models pull
	@$(PYTEST) -m "unit or integration or smoke"

test-all: setup-dev              ## everything, with real models
	@SKYDECK_LLM=tiny $(BIN)/skydeck models pull
	@$(PYTEST)

lint: setup-dev docs             ## style, types, import rules, documentation, known weaknesses of packages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32
	$(BIN)/mypy --platform darwin --cache-dir .mypy_cache/darwin
	$(BIN)/lint-imports
	@$(BIN)/python scripts/audit.py

bench: setup-dev                 ## speed beside named peers, and how cost grows: docs/performance.md
	@SKYDECK_LLM=tiny $(BIN)/skydeck models pull
	@$(BIN)/python -m tests.bench.growth
	@$(BIN)/python -m pytest -m bench tests/bench -s

eval: setup-dev                  ## how good it is, beside peers: docs/quality.md; ONLY="answers names" for parts
	@$(BIN)/python -m tests.bench.quality $(ONLY)

chaos: setup-dev                 ## the fault campaign, 20 minutes; SEED=… repeats it, ROUNDS=… shortens it
	@$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(WRITE),--write $(WRITE))

lock: setup-dev                  ## renew the lock files
	@sh scripts/lock.sh

env: setup-dev                   ## write the settings' defaults into .env.example
	@$(BIN)/python scripts/env_example.py

reference: setup-dev             ## write docs/reference from the code
	@$(BIN)/python -m scripts.reference

docs: $(VENV)/.ready-docs        ## the documentation as a site: site/index.html; a dead link is an error
	@# Not --quiet: it hides what --strict makes an error.
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

pictures: setup-dev              ## make the README's pictures again, in docs/pictures (with Chromium)
	@{ command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null || sh scripts/system-package.sh "chromium fonts-noto-core fonts-noto-color-emoji"
	@$(BIN)/python -m tests.pictures

clean:                           ## remove .venv and caches (the model files stay)
	rm -rf $(VENV) site .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find audio bot cogs local_discord tests -name __pycache__ -prune -exec rm -rf {} +
