# Wenshao. `make help` lists the targets. Everything lives in .venv and var/, both removed by `make clean`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORDS := locale/zh_Hans/LC_MESSAGES/django.mo
STAMP := $(VENV)/.locked-$(shell cat requirements-dev.lock 2>/dev/null | cksum | cut -d' ' -f1)
VENDOR := build/vendor/.locked-$(shell cat package.json package-lock.json 2>/dev/null | cksum | cut -d' ' -f1)
FLOORS := governance operations desk dashboards volunteers requests grids notifications organizations accounts ground
WORKERS ?= auto
TEST_DATABASE := $(or $(WENSHAO_TEST_DATABASE_URL),postgres://postgres@127.0.0.1:5432/wenshao)
TEST_REDIS := $(or $(WENSHAO_TEST_REDIS_URL),redis://127.0.0.1:6379/9)
SERVICES := WENSHAO_TEST_DATABASE_URL=$(TEST_DATABASE) WENSHAO_TEST_REDIS_URL=$(TEST_REDIS)
ON_SQLITE := env -u WENSHAO_TEST_DATABASE_URL -u WENSHAO_TEST_REDIS_URL
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONUNBUFFERED := 1

.PHONY: help install demo run test test-services doctor-tried test-browser services-answer chromium-there check lock screenshots bench bench-quick clean

help:           ## this list
	@grep -E '^[a-z-]+: .*##' Makefile | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

$(STAMP):
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --require-hashes -r requirements-dev.lock
	@rm -f $(VENV)/.locked-*; touch $@

$(WORDS): locale/zh_Hans/LC_MESSAGES/django.po $(STAMP)
	$(BIN)/python -m babel.messages.frontend -q compile -d locale -D django

$(VENDOR): $(STAMP)
	@command -v npm >/dev/null && command -v node >/dev/null \
		|| $(BIN)/python -m pip install -q --require-hashes -r requirements-front.lock
	$(BIN)/python -I governance/front_end.py
	@touch $@

install: $(STAMP) $(WORDS) $(VENDOR) ## a virtual environment with the locked libraries, and the front-end files

demo: export WENSHAO_DEMO := 1
demo: install   ## the platform with the demo data of 武江区, started
	$(BIN)/python manage.py migrate -v 0
	$(BIN)/python manage.py collectstatic --noinput -v 0
	$(BIN)/python manage.py load_demo
	@exec $(BIN)/python manage.py up

run: install    ## the platform with nothing in it but the usual categories
	$(BIN)/python manage.py migrate -v 0
	$(BIN)/python manage.py begin_catalogue
	$(BIN)/python manage.py collectstatic --noinput -v 0
	@exec $(BIN)/python manage.py up

test: install   ## quick suite: SQLite, nothing but Python
	@$(ON_SQLITE) $(BIN)/python -m pytest -q -n $(WORKERS) --maxprocesses 4 --dist worksteal -m "not services and not browser"

services-answer: install
	@$(SERVICES) $(BIN)/python -m tests.reachable

chromium-there:
	@command -v chromium chromium-browser google-chrome >/dev/null || { echo "make test-browser needs Chromium on the PATH"; exit 1; }

test-services: services-answer ## the suite on PostgreSQL and Redis, with real workers
	@echo "the quick suite again, on PostgreSQL and Redis (but for what is marked once)"
	@$(SERVICES) $(BIN)/python -m pytest -q -n $(WORKERS) --maxprocesses 4 --dist worksteal -m "not services and not browser and not once"
	@echo "mark services: real processes, real workers"
	@$(SERVICES) WENSHAO_TEST_MIGRATE=1 $(BIN)/python -m pytest -q -n 3 --dist loadgroup -m services

test-browser: services-answer chromium-there ## Chromium plays the lines: on SQLite, and beside it on PostgreSQL and Redis
	@echo "Chromium on SQLite (but for what is marked served) and, beside it, on PostgreSQL and Redis (but for once)"
	@log=$$(mktemp); bad=0; \
	(DJANGO_ALLOW_ASYNC_UNSAFE=1 nice -n 5 $(ON_SQLITE) $(BIN)/python -m pytest -q -n 3 --dist loadfile -m "browser and not served" tests/browser) >$$log 2>&1 & beside=$$!; \
	DJANGO_ALLOW_ASYNC_UNSAFE=1 $(SERVICES) $(BIN)/python -m pytest -q -n 3 --dist loadfile -m "browser and not once" tests/browser || bad=1; \
	wait $$beside || bad=1; echo "Chromium on SQLite:"; cat $$log; rm -f $$log; exit $$bad

doctor-tried: services-answer ## a small city simulated on PostgreSQL and beside it on SQLite, and the doctor over both
	@log=$$(mktemp); bad=0; \
	($(ON_SQLITE) $(BIN)/python -m tests.operations.doctor_tried) >$$log 2>&1 & beside=$$!; \
	$(SERVICES) $(BIN)/python -m tests.operations.doctor_tried || bad=1; \
	wait $$beside || bad=1; echo "on SQLite:"; cat $$log; rm -f $$log; exit $$bad

check: install  ## lint, types, floors, migrations, deployment, API schema, sizes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --lint --quiet templates
	$(BIN)/python -m tests.house.checks

lock: install   ## the locks anew (needs uv)
	rm -f requirements.lock requirements-dev.lock requirements-front.lock
	uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header -o requirements.lock
	uv pip compile -q pyproject.toml --extra dev -c requirements.lock --universal --python-version 3.11 \
		--generate-hashes --no-header -o requirements-dev.lock
	uv pip compile -q --group front --universal --python-version 3.11 --generate-hashes --no-header \
		-o requirements-front.lock

screenshots: install chromium-there ## every page of the line into docs/img/; ONLY="看板 大屏": those of that name
	@$(ON_SQLITE) $(BIN)/python -m tests.browser.screenshots $(ONLY)

bench: services-answer ## measures into docs/bench.json and docs/performance.md; SCALES="0.1 1": those; QUICK=1: a smoke test
	@DATABASE_URL=$(TEST_DATABASE) REDIS_URL=$(TEST_REDIS) $(BIN)/python manage.py bench all --redis $(TEST_REDIS) \
		$(if $(QUICK),--quick) $(if $(SCALES),--scales $(SCALES))

bench-quick:    ## whether the benchmark works, on a small city, into var/bench
	@$(MAKE) --no-print-directory bench QUICK=1

clean:          ## remove the environment, the database and everything generated
	rm -rf $(VENV) var build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
