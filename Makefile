# Two commands do everything on a fresh machine: `make demo` and `make test`.
PY := .venv/bin/python
export OMP_NUM_THREADS ?= 1
# compiled modules are kept, whatever the shell says: programs of ours start many times
export PYTHONDONTWRITEBYTECODE =
.PHONY: demo test install lint truth bench browsers lock words clean

demo: ## a whole simulated town in your browser
	@tools/install.sh core
	@$(PY) -m commonbeat demo $(ARGS)

test: ## everything CI checks, with what it needs
	@tools/system.sh "chromium=the browser tests (pages, accessibility)" "postgresql=the tests on PostgreSQL" \
	  "default-jre-headless=the tests on Spark" "ffmpeg=some video checks" "bubblewrap=the strict video sandbox" \
	  "docker-compose=the check of the compose file" "gettext=the translation check" "fonts-dejavu-core=text in pictures"
	@tools/install.sh dev
	@$(MAKE) --no-print-directory lint
	$(PY) -m pytest -n 2 --dist worksteal $(ARGS)

install: ## only the environment, with all extras
	@tools/install.sh dev

lint:
	@tools/install.sh dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check -q .
	$(PY) -m mypy
	@# what bandit found and somebody looked at is in the list; anything new fails
	$(PY) -m bandit -q -r src -ll -b tools/bandit-reviewed.json

truth: ## the long statistical checks
	@tools/install.sh dev
	COMMONBEAT_TRUTH=long $(PY) -m pytest -n 2 -m truth tests $(ARGS)

bench: ## every benchmark, with its peers where they are installed
	@tools/install.sh dev
	@for b in benchmarks/*.py; do echo "== $$b"; $(PY) $$b || exit 1; done

lock: ## recompute the locks after a change of requirements/*.in
	@tools/lock.sh

words: ## collect the words of the pages for translation, and compile the catalogues (needs gettext)
	@tools/words.sh

clean:
	rm -rf .venv demo out .pytest_cache .mypy_cache .ruff_cache
