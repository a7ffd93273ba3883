# Every target sets up what it needs first; `make help` lists them. Features of GNU make 3.81; the logic is in scripts/.

PYTHON ?= python3
WORKERS ?= 2
SEED ?=
ARGS ?=

PY := .venv/bin/python
PYTEST := $(PY) -m pytest

# One thread per process: results do not depend on the number of cores, and parallel workers do not fight for them.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export NUMEXPR_NUM_THREADS := 1
export VECLIB_MAXIMUM_THREADS := 1
export RAYON_NUM_THREADS := 1

# A search path from outside would put other packages in front of the locked ones.
unexport PYTHONPATH
unexport PYTHONHOME

.PHONY: help setup demo test test-slow test-postgres test-deps lint format ruff types layers docs bench lock clean

help: ## list the targets
	@$(PYTHON) scripts/list_targets.py

setup: ## make .venv from the pinned requirements (does nothing when it is up to date)
	@$(PYTHON) scripts/set_up.py

demo: setup ## run the main job on embedded defaults and print where the report is (SEED=11 picks other companies)
	@.venv/bin/atlas demo $(if $(SEED),--seed $(SEED)) $(ARGS)

test: setup ## run the tests, with the branch coverage of the gated parts
	$(PYTEST) -m "not slow" -n $(WORKERS) --dist worksteal --hypothesis-profile=ci --cov --cov-report=term-missing:skip-covered $(ARGS)
	$(PY) scripts/coverage_gate.py

test-slow: setup ## run fuzzing and everything else that takes long
	$(PYTEST) -m slow -n $(WORKERS) --dist worksteal --hypothesis-profile=fuzz $(ARGS)

test-postgres: setup ## run the tests that need PostgreSQL: on ATLAS_POSTGRES_URL where it is set, else on the embedded server
	$(PYTEST) tests/integration -n $(WORKERS) --dist worksteal --hypothesis-profile=ci $(ARGS)

test-deps: ## install the system packages that some tests need (Debian and Ubuntu)
	@$(PYTHON) scripts/install_test_packages.py

lint: ruff types layers ## check style, types and the import layers

format: setup ## put the source into the one format
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

ruff: setup ## check format and style
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .

types: setup ## check types (pyright, strict)
	$(PY) -m pyright

layers: setup ## check that rooms import lower rooms only
	.venv/bin/lint-imports --no-cache

docs: setup ## run the examples of README and docs, and check their links
	$(PYTEST) -q -p no:randomly tests/meta/test_docs.py $(ARGS)

bench: setup ## run the benchmarks and print their tables
	$(PY) scripts/run_benchmarks.py $(ARGS)

lock: setup ## compile requirements/lock.txt anew (ARGS=--upgrade for newer versions)
	$(PY) scripts/compile_lock.py $(ARGS)

clean: ## remove caches and build output; .venv and artifacts/ stay
	@$(PYTHON) scripts/clean.py
