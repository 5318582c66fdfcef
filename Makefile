# Each target sets itself up in .venv; a bare machine needs Python 3.11+ and git.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
CORE_TESTS := tests/unit/calendar tests/unit/rules tests/unit/teams $(wildcard tests/unit/test_*.py)

.PHONY: demo test check seeds chaos fuzz bench lock clean

demo: $(READY)
	$(BIN)/graphsync demo

test: $(READY)
	# By file, since a file's tests share what takes long to make; the longest file first.
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not chaos" tests/scenarios/test_demo.py tests

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q -n 2 --dist loadfile $(CORE_TESTS) --cov --cov-config=.coveragerc-core --cov-report=term-missing --cov-fail-under=100

seeds: $(READY)
	for seed in 1 2 3 4 5; do $(BIN)/graphsync demo --headless --weeks 6 --seed $$seed || exit 1; done

chaos: $(READY)
	$(BIN)/pytest -m chaos tests/scenarios

fuzz: $(READY)
	HYPOTHESIS_PROFILE=fuzz $(BIN)/pytest -n 2 tests/properties

bench: $(READY)
	for side in benchmarks/*.py; do echo "== $$side"; $(BIN)/python $$side || exit 1; done

$(READY): requirements.lock requirements-uv.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "graphsync needs Python 3.11 or newer; this is " + sys.version.split()[0] + ": set PYTHON=")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	# Byte code is written once, also where the environment forbids it: the service starts in a third of the time.
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -c 'import graphsync.cli, graphsync.wiring, graphsync.sandbox.demo.play'
	touch $@

lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade --extra dev pyproject.toml -o requirements.lock
	echo uv | uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade - -o requirements-uv.lock

clean:
	rm -rf .venv tests/clients/javascript/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage*
