# Two commands: `make demo` and `make test`. Both install what is missing first.
SHELL := /bin/sh
UV_VERSION := 0.13.8
BOOT := var/boot
# A shim may be on PATH without running, so each candidate is tried.
UV := $(shell uv --version >/dev/null 2>&1 && echo uv || echo $(BOOT)/bin/uv)
PY := $(shell for p in python3.13 python3.12 python3.11 python3 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { $$p -c 'import sys; print(sys.executable)'; break; }; done)
RUN := .venv/bin/python
WORKERS ?= auto
N ?= small
MARKS ?= not browser and not realsize and not broker and not realtime
export UV_PYTHON_DOWNLOADS := never
export UV_SYSTEM_CERTS := 1
export UV_LINK_MODE := copy

.PHONY: help install demo up upgrade test trust bench check format clean distclean pango

help:
	@echo "make demo     bring Purser up with its demo organizations (again: quick, and the data is kept)"
	@echo "make up       bring Purser up empty"
	@echo "make upgrade  bring the data of an older version up to this one: UP='--backup DIR'"
	@echo "make test     run the tests; MARKS='' adds browser, brokers, real clocks and real-size imports"
	@echo "make trust    put the promises to the test under faults: N=full for full size (hours), ONLY=R1,R3"
	@echo "make bench    measure the speeds against what they are held to: N=full, ONLY=P1"
	@echo "make check    styles, types, import contracts, templates, dependencies, spelling, migrations, the API's description"
	@echo "make clean    remove caches;  make distclean  also .venv and var, the embedded database with them"

install: .venv/.synced

.venv/.synced: requirements.lock $(if $(filter uv,$(UV)),,$(UV))
	@test -n "$(PY)" || { echo "Python 3.11 or newer is needed."; exit 1; }
	@echo "Installing what Purser stands on into .venv: a minute or two, once."
	@test -x $(RUN) || $(UV) venv --quiet --allow-existing --python "$(PY)" .venv
	@$(UV) pip sync --quiet --python $(RUN) --require-hashes requirements.lock
	@$(MAKE) --no-print-directory pango
	@touch $@

# PDFs need Pango's libraries. Without them the product runs and says so at the PDF button.
pango:
	@command=$$($(RUN) config/runtime/pango.py); \
	if [ -z "$$command" ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		echo "Installing Pango, for PDFs."; \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
			libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-liberation >/dev/null; } \
			|| echo "Pango could not be installed; all else works. To try again:  $$command"; \
	else echo "PDFs need Pango, which is not here; all else works. To install it:  $$command"; fi

# uv in a folder of the project: by a venv where Python can make one; by pip --target where only pip is there (PEP 668 lets
# that through); by apt where we may; else the one command to run.
$(BOOT)/bin/uv:
	@test -n "$(PY)" || { echo "Python 3.11 or newer is needed."; exit 1; }
	@rm -rf $(BOOT); mkdir -p $(dir $(BOOT)); \
	if $(PY) -c 'import ensurepip' 2>/dev/null; then \
		$(PY) -m venv $(BOOT) && $(BOOT)/bin/python -m pip install --quiet uv==$(UV_VERSION); \
	elif $(PY) -m pip --version >/dev/null 2>&1; then \
		$(PY) -m pip install --quiet --target $(BOOT) uv==$(UV_VERSION); \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null \
		&& $(PY) -m venv $(BOOT) && $(BOOT)/bin/python -m pip install --quiet uv==$(UV_VERSION); \
	else echo "Run this once, then make again:  sudo apt install python3-venv"; exit 1; fi
	@$@ --version

demo: install
	@$(RUN) manage.py up --demo $(UP)

up: install
	@$(RUN) manage.py up $(UP)

upgrade: install
	@$(RUN) manage.py upgrade $(UP)

test: install
	@$(RUN) -m pytest -n $(WORKERS) --dist worksteal -q -m "$(MARKS)" $(TESTS)

trust: install
	@$(RUN) -m tests.measures trust --size $(N) --only "$(ONLY)"

bench: install
	@$(RUN) -m tests.measures bench --size $(N) --only "$(ONLY)"

check: install
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	.venv/bin/lint-imports --no-cache
	$(RUN) -m djlint templates --lint --quiet
	$(RUN) -m deptry .
	.venv/bin/codespell .
	$(RUN) manage.py check --fail-level WARNING
	$(RUN) manage.py makemigrations --check --dry-run
	$(RUN) manage.py settings_reference --check
	$(RUN) manage.py openapi --check

format: install
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

clean:
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage* htmlcov
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

distclean: clean
	@if [ -e var/up.lock ] && [ -e var/address ]; then echo "Purser runs; stop it first."; exit 1; fi
	@test ! -x $(RUN) || $(RUN) -m config.runtime.discard
	rm -rf .venv var
