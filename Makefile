# Each target does all set-up by itself: a .venv beside this file, nothing global.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo rules test check lock clean

demo: $(VENV)/.installed
	$(BIN)/python captures/demo.py

# What every rule says, for people who read.
rules: $(VENV)/.installed
	{ printf '# Rules\n\nMade by `make rules` (`netwatch rules show ""`); the words are explained in `fingerprints.md`.\n\n'; \
	  $(BIN)/netwatch rules show ""; } > docs/rules.md

test: $(VENV)/.installed
	$(BIN)/python -m pytest -n auto

# Lint, types and the architecture's import contracts.
check: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Spark is large and needs Java: only where there is one.
$(VENV)/.installed: pyproject.toml requirements-dev.lock requirements-spark.lock
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	! command -v java > /dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--requirement requirements-spark.lock || echo "pyspark could not be installed: tests on a cluster skip"
	touch $@

# Pin anew what development and tests install.
lock:
	$(BIN)/python -m pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --extra dev --extra monitor --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header \
		--strip-extras --no-annotate --output-file requirements-dev.lock pyproject.toml
	$(BIN)/pip-compile --quiet --only-extra spark --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
		--no-header --strip-extras --no-annotate --constraint requirements-dev.lock --output-file requirements-spark.lock \
		pyproject.toml

clean:
	rm -rf $(VENV) build dist
