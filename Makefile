# `make` alone prints what there is.
.DEFAULT_GOAL := help
.PHONY: help run test bench lint format types migrations check check-deep faults faults-long faults-storm lock vendor

PYTHON := .venv/bin/python
PACKAGES := accounts inbox twitter_sync x_simulator config bench

##@ Every day
run: ## Start everything on this machine (./run --help for its options)
	./run
bench: ## Measure everything beside its floor (bench/README.md has the parts)
	bench/ingest
	bench/desk
test: ## Run every test (./test -k claim for some)
	./test

##@ Before a commit
check: .venv ## Everything that must hold: style, types, migrations, tests
	@$(MAKE) --no-print-directory --keep-going lint types migrations test && echo "Everything holds."
check-deep: .venv ## The tests that take minutes: whole recordings through the whole product
	HANDLED_DEEP=1 ./test -m deep -n 2
faults: .venv ## Break a running stack under load, some minutes; SEED=7 does one run again
	HANDLED_FAULTS=short ./test tests/faults $(FAULTS)
faults-long: .venv ## The same with 10,000 messages each, some hours
	HANDLED_FAULTS=long ./test tests/faults $(FAULTS)
faults-storm: .venv ## 10,000 messages in ten minutes with every fault; SEED=7 does one run again
	HANDLED_FAULTS=long ./test tests/faults/test_everything.py $(FAULTS)
FAULTS := -m faults -n 0 -s $(if $(SEED),--seed $(SEED))
lint: .venv ## Style and layout of the code
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
format: .venv ## Lay the code out and mend what can be mended by itself
	$(PYTHON) -m ruff check --fix
	$(PYTHON) -m ruff format
types: .venv ## Types, strictly
	$(PYTHON) -m mypy $(PACKAGES)
migrations: .venv ## No model without its migration
	$(PYTHON) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

##@ Parts from elsewhere
lock: .venv ## Resolve pyproject.toml into the two requirement files, for every Python and system
	$(PYTHON) -m uv pip compile $(LOCK) pyproject.toml -o requirements.txt
	$(PYTHON) -m uv pip compile $(LOCK) --group dev -c requirements.txt pyproject.toml -o requirements-dev.txt
vendor: .venv ## Copy the browser's parts from npm to static/vendor
	npm ci --ignore-scripts --no-audit --no-fund
	$(PYTHON) scripts/vendor
	node scripts/weight-rules
LOCK := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

help:
	@awk 'BEGIN {FS = ":.*## "} \
	/^##@/ {printf "\n%s\n", substr($$0, 5)} \
	/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv: requirements-dev.txt
	@./test --version >/dev/null
	@touch .venv
