# Each target creates what it needs: .venv from the lock files in requirements/, and fsynth itself as an editable install.
# `make PYTHON=python3.13 ...` chooses the interpreter that a new .venv is made with.

PYTHON ?= python3
VENV ?= .venv
DIST ?= dist
# Which system the Blender extension's zip is for; empty: this one.
PLATFORM ?=
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
EXAMPLE := examples/astronaut.jpg

.DEFAULT_GOAL := help
.PHONY: help demo test lint style types contracts wheel extension lock clean

help:
	@echo "make demo          normalize the example photo into demo/"
	@echo "make test          run the tests"
	@echo "make lint          check style, types and import contracts"
	@echo "make wheel         build the wheel into dist/"
	@echo "make extension     build the Blender extension's zip into dist/ (PLATFORM=linux-x64, windows-x64, macos-arm64 or all)"
	@echo "make lock          resolve the lock files in requirements/ again"
	@echo "make clean         remove .venv and everything that was built"

demo: $(VENV)/run.stamp
	@mkdir -p demo
	@$(BIN)/fsynth normalize $(EXAMPLE) --output-dir demo --side-by-side --landmarks --texture \
		--report demo/report.html --overwrite
	@echo "The pictures are in demo/. Open demo/report.html in a browser to see them side by side."

test: $(VENV)/dev.stamp
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: style types contracts

style: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev.stamp
	$(BIN)/mypy

contracts: $(VENV)/dev.stamp
	$(BIN)/lint-imports --no-cache

wheel: $(VENV)/dev.stamp
	$(BIN)/python -m build --wheel --no-isolation --outdir "$(DIST)" .

extension: $(VENV)/run.stamp
	$(BIN)/python blender_addon/build_extension.py --out "$(DIST)" $(if $(PLATFORM),--platform $(PLATFORM))

# Versions change only here. The result holds for every platform and Python that pyproject.toml allows.
COMPILE = UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --upgrade
lock: $(VENV)/dev.stamp
	$(COMPILE) pyproject.toml requirements/build.in --output-file requirements/run.lock
	$(COMPILE) pyproject.toml requirements/build.in --extra dev --constraint requirements/run.lock \
		--output-file requirements/dev.lock
	for python in 11 13; do \
		UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --no-deps --python-version 3.$$python \
			--generate-hashes --no-emit-index-url --no-emit-find-links requirements/blender-cp3$$python.in \
			--output-file requirements/blender-cp3$$python.lock || exit 1; \
	done

clean:
	rm -rf $(VENV) dist build demo .mypy_cache .ruff_cache .pytest_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
		echo "fsynth needs Python 3.11, 3.12 or 3.13, and '$(PYTHON)' is not one of them" \
			"($$($(PYTHON) --version 2>&1)). Name another: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# The packages that running needs.
$(VENV)/run.stamp: requirements/run.lock pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes --requirement requirements/run.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# The packages that tests, linters and training need as well.
$(VENV)/dev.stamp: requirements/dev.lock $(VENV)/run.stamp
	$(PIP) install --require-hashes --requirement requirements/dev.lock
	@touch $@
