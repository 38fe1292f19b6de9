# Every target sets up what it needs; the second time nothing is fetched. Works with GNU make 3.81.
VENV ?= .venv
FOLDER ?= examples
LIBRARY ?= build/demo-library
LIMIT ?=
SERVE ?=
ARGS ?=
PY := $(VENV)/bin/python
export PYTHON

.DEFAULT_GOAL := help
.PHONY: help setup weights reference demo test lint check accept docs docs-picture examples train lock notices format clean

help: ## this list
	@echo "usage: make TARGET [PYTHON=python3.12] [VENV=.venv]"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' Makefile

setup: ## virtual environment with the locked packages
	@tools/setup.sh "$(VENV)"

weights: setup ## the models of the lite profile, fetched once for each user
	@$(PY) -m mammothbox models pull lite

demo: weights ## describe FOLDER (default: examples; LIMIT=500) and search it; SERVE=1 opens the page
	@$(PY) tools/demo.py "$(FOLDER)" --library "$(LIBRARY)" $(if $(LIMIT),--limit $(LIMIT)) $(if $(SERVE),--serve)

test: weights ## all tests, two files at a time (ARGS="-k word" for some, ARGS="-n 0" for one at a time)
	@$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

reference: setup ## torch and transformers, which tests compare the graphs with and train with (CI has them)
	@tools/extra.sh "$(VENV)" reference

lint: setup ## style, types, direction of imports, docs that are made from code
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports --no-logo
	$(PY) tools/docs.py --check

check: lint test ## lint and test

accept: weights ## measure what the project promises and print the figures
	$(PY) -m bench.accept $(ARGS)

docs: setup ## write the parts of docs/ that are made from code
	$(PY) tools/docs.py

docs-picture: weights ## draw docs/five-files.svg from a real run
	$(PY) tools/picture.py docs/five-files.svg

examples: setup ## make examples/ anew from the packages in SOURCES
	$(PY) tools/make_examples.py --sources "$(SOURCES)"

train: setup ## train the small eyes anew (adds torch to the environment)
	$(PY) -m pip install --quiet -e ".[train]"
	$(PY) -m training $(ARGS)

lock: ## resolve pyproject.toml into the lock files (ARGS=--upgrade for newer versions)
	tools/lock.sh $(ARGS)

notices: setup ## write THIRD_PARTY_NOTICES.md from what is installed
	$(PY) tools/notices.py

format: setup ## put the code into shape
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

clean: ## remove what make made here; weights and libraries of the user stay
	rm -rf build dist "$(VENV)" .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
