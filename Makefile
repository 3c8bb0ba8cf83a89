# What a person types. Each target makes the environment first, which takes a blink when nothing changed.

PYTHON ?= python3
BIN := .venv/bin
COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	--no-emit-index-url --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench lock clean

help: ## say what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

setup: ## make .venv and install what the lock says
	@$(PYTHON) scripts/setup.py

demo: setup ## run the platform with the sample bank; ARGS=--once ends by itself
	@$(BIN)/kairos demo $(ARGS)

test: check ## check, then run the tests; ARGS go to pytest
	$(BIN)/python -m pytest --numprocesses=2 --dist=loadgroup $(ARGS)

check: setup ## lint, format, types and import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup ## measure speed against peers; ARGS names benchmarks
	@$(BIN)/kairos bench $(ARGS)

lock: setup ## compile the locks again; ARGS=--upgrade takes newer releases
	$(COMPILE) pyproject.toml $(ARGS) --extra dev --output-file requirements-dev.txt
	$(COMPILE) pyproject.toml --constraint requirements-dev.txt --output-file requirements.txt
	@echo confluent-kafka | $(COMPILE) - --constraint requirements-dev.txt --output-file requirements-kafka.txt
	@printf 'river\nscikit-learn\nvowpalwabbit\n' | $(COMPILE) - --constraint requirements-dev.txt \
		--output-file requirements-learning.txt
	@printf 'bayesianbandits\nfairlearn\npdstools\n' | $(COMPILE) - --constraint requirements-dev.txt \
		--output-file requirements-measuring.txt
	@echo 'apache-beam[gcp]>=2.77' | $(COMPILE) - --constraint requirements-dev.txt --output-file requirements-batch.txt

clean: ## remove the environment and every cache
	rm -rf .venv .kairos .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
