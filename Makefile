# Two commands matter: `make demo` and `make test`. Everything else is for people who change the code.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export DBT_SEND_ANONYMOUS_USAGE_STATS := false

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-integrations bench lint format elementary docs reference lock clean

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## Make .venv with the pinned requirements

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 10) <= v <= (3, 13) else "Lookout needs Python 3.10 to 3.13, and $(PYTHON) is %d.%d: name another one, for example make demo PYTHON=python3.12" % v)'
	@echo "Installing the pinned requirements into $(VENV); this takes a minute or two the first time."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-warn-script-location -r requirements.txt
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@# dbt takes twice as long to import without compiled files, and some machines forbid writing them later.
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib python_checks > /dev/null || true
	@touch $(READY)

demo: $(READY) ## Load real data into three databases, watch a whole year of it and show what was found
	@$(BIN)/lookout demo

test: $(READY) ## Run the tests
	@$(BIN)/python -m pytest -n 2 --dist loadfile
	@$(BIN)/python -m tests.integrations.run --names

test-integrations: $(READY) ## Run the tests that need other servers, dbt versions, a browser or tools; SUITE=name runs one
	@$(BIN)/python -m tests.integrations.run $(SUITE)

bench: $(READY) ## Measure speed and accuracy; takes some minutes
	@for file in benchmarks/[a-z]*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

lint: $(READY) ## Check style, types and SQL
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo --no-cache
	@$(BIN)/sqlfluff lint --processes 1 models analyses
	@$(BIN)/sqlfluff lint --processes 1 --config python_checks/sqlfluff.cfg $$(find python_checks -path '*/sql/*.sql')

format: $(READY) ## Put code into the project's style
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

elementary: $(READY) ## Build the demo with Elementary and dbt_expectations beside Lookout, and both reports
	@$(BIN)/python integrations/elementary/build.py

docs: $(READY) ## Build the dbt docs site with lineage into reports/dbt_docs.html
	@$(BIN)/lookout db start > /dev/null
	@$(BIN)/dbt docs generate --static --quiet --profiles-dir .lookout
	@$(BIN)/python -m lookout.report target/static_index.html reports

reference: $(READY) ## Write docs/reference/ anew from the code, the command line and the YAML
	@$(BIN)/python -m lookout.cli.reference

lock: $(READY) ## Compile requirements.txt from pyproject.toml
	@$(BIN)/uv pip compile -q --python-version 3.10 --extra demo --extra odcs --extra dev --no-header --no-annotate \
		--no-emit-index-url pyproject.toml -o requirements.txt

clean: ## Stop the embedded server and remove everything that was made
	@if [ -x $(BIN)/lookout ]; then $(BIN)/lookout db stop || true; cd integrations/elementary && ../../$(BIN)/lookout db stop || true; fi
	@# What root's server has outside of a project that its user may not enter.
	@for link in .lookout/pgdata integrations/elementary/.lookout/pgdata; do \
		case "$$(readlink $$link)" in /var/lib/lookout/server-*/pgdata) rm -rf "$$(dirname "$$(readlink $$link)")";; esac; done
	@rm -rf $(VENV) .lookout .lookout-integrations target logs reports dbt_packages *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@cd integrations/elementary && rm -rf .venv .lookout target logs reports dbt_packages
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
