# Everything a developer or an operator runs, from a fresh clone, with git, make and Python 3.11.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: demo test browser check bench clean

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	touch $@

demo: .venv/ready
	$(BIN)/baogao demo

test: .venv/ready browser
	$(BIN)/pytest -rs -n auto --dist loadfile --no-loadscope-reorder

browser:
	@.ci/browser

check: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest tests/test_imports.py

bench: .venv/ready
	$(BIN)/python -m tests.bench

clean:
	rm -rf .venv demo-data
