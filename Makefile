# make demo    set up, then run one whole night on the embedded sample newsroom
# make test    set up, then lint, types and all tests (FULL=1: also install with apt what tests need)
# make lock    pin what the direct dependencies bring along (after a change in pyproject.toml)

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
READY := $(VENV)/.ready
# System packages that tests use when FULL=1: LibreOffice opens the sheet as an analyst would; Chromium shows the
# review page; a WordPress in
# Indonesian, on PHP's own server and a MariaDB of the test, is crawled. Nobody uses mini-httpd: Debian's wordpress
# asks for a web server, and this is the smallest.
SYSTEM_PACKAGES := libreoffice-calc chromium \
	wordpress wordpress-l10n wordpress-theme-twentytwentythree php-cli php-mysql php-xml mariadb-server-core mini-httpd

# Files of tests run beside each other, each file in one process, in the order of tests/conftest.py (the longest
# first). Four at most: each process may load torch and a model.
BESIDE := --numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder --durations 30

# Netra runs from its checkout; only what it depends on is installed.
define LIST_REQUIREMENTS
import tomllib
project = tomllib.load(open("pyproject.toml", "rb"))["project"]
extras = project["optional-dependencies"]
print(*project["dependencies"], *extras["encoder"], *extras["scale"], *extras["dev"])
endef
export LIST_REQUIREMENTS

.PHONY: demo test setup system lock clean

setup: $(READY)

# Debian's python3 comes without ensurepip; then pip's virtualenv or apt's python3-venv makes the environment.
# pip itself is upgraded first: 23.2.1 stops with an assertion on packages that ask for lxml[html-clean].
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || \
		{ echo "Netra needs Python 3.11, 3.12 or 3.13; try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 2; }
	@test -x $(RUN) && $(RUN) -m pip --version >/dev/null 2>&1 || { rm -rf $(VENV); $(PYTHON) -m venv $(VENV); } || \
		{ rm -rf $(VENV); apt-get update -qq && apt-get install -y -qq python3-venv && $(PYTHON) -m venv $(VENV); } || \
		{ echo "no virtual environment could be made; install python3-venv and try again"; exit 2; }
	$(RUN) -m pip install --quiet --upgrade pip==26.3
	@echo "installing the pinned packages into $(VENV) (a few minutes, once) ..."
	$(RUN) -m pip install --quiet --constraint constraints.txt $$($(RUN) -c "$$LIST_REQUIREMENTS")
	@touch $@

demo: $(READY)
	@$(RUN) pipeline.py nightly --replay data/sample/newsroom.warc.gz \
		--db sqlite:///data/var/demo/netra.db --out data/var/demo; \
	code=$$?; if [ $$code -eq 1 ]; then \
		echo "(exit code 1 is right here: some sources of the sample newsroom fail on purpose, to show how that looks)"; \
	else exit $$code; fi

test: $(READY) $(if $(FULL),system)
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy
	$(VENV)/bin/lint-imports
	NETRA_FULL=$(FULL) $(RUN) -m pytest $(BESIDE)

# While it installs, policy-rc.d keeps packages from starting the services that they bring.
system:
	@missing=; for p in $(SYSTEM_PACKAGES); do dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
		policy=/usr/sbin/policy-rc.d; \
		if [ ! -e $$policy ] && [ -w $${policy%/*} ]; then \
			trap 'rm -f $$policy' EXIT; trap 'exit 130' INT TERM; \
			printf '#!/bin/sh\nexit 101\n' >$$policy && chmod 755 $$policy; fi; \
		apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; fi

lock: $(READY)
	$(RUN) -m pip freeze --exclude-editable | sed 's/+cpu$$//' | grep -v '^netra' > constraints.txt

clean:
	rm -rf $(VENV) data/var .mypy_cache .ruff_cache .pytest_cache
