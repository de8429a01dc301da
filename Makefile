# Everything runs from a fresh clone: uv is fetched into .uv when the machine has none.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
UV_HOME := .uv
UV := $(shell command -v uv 2>/dev/null || echo "$(UV_HOME)/bin/uv")
RUN := "$(UV)" run --frozen --quiet
SLOW := scenarios index retrieval workflows store standins refresh documents/test_reading.py test_gaps.py test_live.py channels/slack/test_requests.py conversations/test_turns_under_fire.py
MESSAGE ?= Every release waits three weeks for the security board. It signs off even a one line fix, on paper.

help:  ## what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/'

run: setup  ## set everything up and answer a message (MESSAGE="…" for your own)
	@$(RUN) --no-dev triage ask "$(MESSAGE)"

test: setup-dev  ## set everything up and run the whole test suite
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) pyright
	@$(RUN) lint-imports --no-logo
	@$(RUN) vulture
	@$(RUN) triage knowledge check
	@$(RUN) pytest -n 2 -m "not soak" --cov --cov-report=term --cov-fail-under=90

check: setup-dev  ## quick: lint, types, knowledge, unit tests
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) pyright
	@$(RUN) lint-imports --no-logo
	@$(RUN) vulture
	@$(RUN) triage knowledge check
	@$(RUN) pytest -q -n 2 -m "not soak" $(SLOW:%=--ignore=tests/%)

bench: setup-dev  ## speed and size, as ratios measured side by side
	@$(RUN) python -m tests.bench

soak: setup-dev  ## the tests that take minutes
	@$(RUN) pytest -m soak

eval: setup-dev  ## figures on the development messages, the bot's and the tutorial baseline's
	@$(RUN) triage eval tests/eval/dev.jsonl --simulate
	@$(RUN) triage eval tests/eval/border.jsonl
	@if $(RUN) python -c "import torch" 2>/dev/null; then \
	  $(RUN) python -m tests.bench.tutorial tests/eval/dev.jsonl > "$(UV_HOME)/tutorial.jsonl"; \
	  $(RUN) triage eval tests/eval/dev.jsonl --answers "$(UV_HOME)/tutorial.jsonl"; \
	else echo "The tutorial baseline needs the extra train: uv sync --extra train"; fi

setup: $(UV_HOME)/ready
	@"$(UV)" sync --frozen --quiet --no-dev --inexact

setup-dev: $(UV_HOME)/ready
	@"$(UV)" sync --frozen --quiet

$(UV_HOME)/ready:
	@mkdir -p "$(UV_HOME)"
	@command -v uv >/dev/null 2>&1 || { \
	  echo "Fetching uv into $(UV_HOME) …"; \
	  $(PYTHON) -m venv "$(UV_HOME)" 2>/dev/null && "$(UV_HOME)/bin/python" -m pip install --quiet --disable-pip-version-check uv \
	  || { mkdir -p "$(UV_HOME)/bin" && $(PYTHON) -m pip install --quiet --disable-pip-version-check --target "$(UV_HOME)/lib" uv \
	       && cp "$(UV_HOME)/lib/bin/uv" "$(UV_HOME)/bin/uv"; }; }
	@touch "$(UV_HOME)/ready"

.PHONY: help run test check bench soak eval setup setup-dev
