# Every target makes its own virtual environment in .venv and installs what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
USE := $(VENV)/.installed
DEV := $(VENV)/.installed-dev

.DEFAULT_GOAL := help
.PHONY: help install demo test test-slow soak lint format bench bench-sensor bpf bpf-check clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(USE) ## install deckwatch into .venv

demo: $(USE) ## watch two attacks on real containers, live where the machine allows it, otherwise recorded
	@$(BIN)/python tools/demo

test: $(DEV) ## run the fast tests (under 5 minutes)
	$(BIN)/python -m pytest -n auto

test-slow: $(DEV) ## run the slow tests
	$(BIN)/python -m pytest -n auto -m 'slow and not soak'

soak: $(DEV) ## watch container churn for an hour, as root (DECKWATCH_SOAK_MINUTES=60)
	$(BIN)/python -m pytest -m soak --log-cli-level INFO tests/scenes

lint: $(DEV) ## check style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV) ## put the code into the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(DEV) ## measure speed and memory, as ratios from one run (takes a while)
	$(BIN)/python benchmarks/run.py

bench-sensor: $(DEV) ## measure the sensor on containers under load, as root (needs runc and gcc)
	$(BIN)/python benchmarks/sensor.py

bpf: ## rebuild the sensor's eBPF objects (needs clang 14 and libbpf's headers)
	@$(MAKE) -C src/deckwatch/sensor/bpf

bpf-check: ## do the committed eBPF objects come from the sources, byte for byte?
	@$(MAKE) --no-print-directory -C src/deckwatch/sensor/bpf check

clean: ## remove everything that make has made
	rm -rf $(VENV) benchmarks/.data benchmarks/.venv-* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(USE): pyproject.toml
	@tools/make-venv $(PYTHON) $(VENV)
	@echo 'installing deckwatch into $(VENV) …'
	@$(BIN)/pip install --quiet --editable .
	@touch $@

$(DEV): pyproject.toml
	@tools/make-venv $(PYTHON) $(VENV)
	@echo 'installing deckwatch and its development tools into $(VENV) …'
	@$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@ $(USE)
