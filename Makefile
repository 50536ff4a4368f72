.DEFAULT_GOAL := help
.PHONY: help run demo token test test-unit chaos bench check backup restore verify rebuild reset lock

PYTHON := .venv/bin/python
READY := .venv/.installed

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | awk -F'|' '{printf "%-18s %s\n", $$1, $$2}'

run: $(READY) ## start Kafka, PostgreSQL and all services; Ctrl-C stops them
	@exec $(PYTHON) -m baqylau_infra run --while $$PPID

demo: $(READY) ## live through the story, on a running system
	@PYTHONPATH=. exec $(PYTHON) -m demo

token: $(READY) ## make -s token ROLE=executor LINE=non-confidential ORG=MIN-A UNITS=<id>,<id>
	@$(PYTHON) -m baqylau_infra token --role "$(ROLE)" --line "$(LINE)" --org "$(ORG)" --units "$(UNITS)"

test: $(READY) ## every test, on the real parts
	@$(PYTHON) -m pytest

test-unit: $(READY) ## the unit tests only, in seconds
	@$(PYTHON) -m pytest -m "not real" services shared infra

MINUTES := 30
SEED := 1
chaos: $(READY) ## make chaos MINUTES=30 SEED=1: faults of every kind under load; writes docs/reliability.md
	@PYTHONPATH=. exec $(PYTHON) -m tests.chaos --minutes $(MINUTES) --seed $(SEED)

ROUNDS := 5
bench: $(READY) ## make bench ONLY="documents relay": side by side with peers; writes docs/benchmarks.md
	@exec $(PYTHON) -m benchmarks $(ONLY) --rounds $(ROUNDS)

check: $(READY) ## lint, format, types, and who may import whom
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy shared/src infra/src services/*/src
	@.venv/bin/lint-imports

backup: $(READY) ## make backup TO=<new folder>: the running system's databases at one moment, and its keys
	@$(PYTHON) -m baqylau_infra backup "$(TO)"

restore: $(READY) ## make restore FROM=<backup>: into an empty data folder (BAQYLAU_DATA), and verified
	@$(PYTHON) -m baqylau_infra restore "$(FROM)"

verify: $(READY) ## hold every database of the running system against its log; 1: wrong, 2: out of reach
	@$(PYTHON) -m baqylau_infra verify

rebuild: $(READY) ## make rebuild SERVICE=control LINE=confidential: read models made anew while it runs
	@$(PYTHON) -m baqylau_infra rebuild --service "$(SERVICE)" --line "$(or $(LINE),gate)"

reset: $(READY) ## delete what the last runs left; the downloads stay
	@$(PYTHON) -m baqylau_infra reset

lock: ## write requirements.lock anew, after a change of dependencies
	@sh infra/setup.sh uv
	@sh infra/lock.sh

$(READY): requirements.lock infra/setup.sh shared/pyproject.toml infra/pyproject.toml $(wildcard services/*/pyproject.toml)
	@sh infra/setup.sh
