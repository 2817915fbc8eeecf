# Everything that a checkout can do. `make help` lists it.
.DEFAULT_GOAL := help
.PHONY: integration-and-lab deployments help venv up down status demo test unit integration e2e bench bench-operator simulate bench-rollouts soak fuzz lint format generate requirements clean
SHELL := /bin/sh
PYTHON := .venv/bin/python
LAB := PYTHONPATH=lab $(PYTHON) -m slipway_lab
PYTEST := $(PYTHON) -m pytest $(PYTEST_FLAGS)
export KSERVE KSERVE_CONFIG KSERVE_MANAGER SLIPWAY_LAB_DIR SLIPWAY_CACHE CONTEXT

help: ## This list
	@echo 'Slipway: progressive delivery of models on KServe. As root, on Debian 12 or Ubuntu, with Python 3.11 or later:'
	@echo
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'
	@echo
	@echo 'With up, demo and test:'
	@echo '  KSERVE=none          no InferenceService controller and no KServe definitions'
	@echo '  KSERVE_CONFIG=DIR    KServe'"'"'s own definitions, from DIR/crds'
	@echo '  KSERVE_MANAGER=FILE  KServe'"'"'s own controller instead of the stand-in; needs KSERVE_CONFIG'

venv: ## Make or update .venv from requirements/dev.txt
	@lab/venv

up: venv ## Start the lab: a real single-node Kubernetes with Envoy Gateway (first time about 15 minutes)
	@$(LAB) up

down: venv ## End the lab and all that it started
	@$(LAB) down

status: venv ## What runs in the lab
	@$(LAB) status

demo: venv ## Roll models out and back under real traffic; CONTEXT=name does it on a cluster of yours
	@PYTHONPATH=demo:lab $(PYTHON) -m slipway_demo $(if $(CONTEXT),--context $(CONTEXT))

test: unit ## All tests; the end-to-end ones need the lab, so root on Linux
	@$(LAB) programs
	@echo '== integration tests, and the tests of the lab itself; beside them the end-to-end tests of deployments'
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=line integration-and-lab deployments

# Both wait more than they compute, so that two cores serve them together.
integration-and-lab:
	@$(PYTEST) tests/integration tests/e2e/test_lab.py
	@SLIPWAY_HISTORIES=1000 $(PYTEST) tests/unit/operator/rollout/test_properties.py

deployments:
	@$(PYTEST) tests/e2e --ignore tests/e2e/test_lab.py

unit: venv ## The tests that need nothing but Python
	@echo '== unit tests'
	@$(PYTEST) tests/unit

integration: venv ## The tests against a real etcd and kube-apiserver
	@echo '== integration tests'
	@$(LAB) programs
	@$(PYTEST) -n 2 --dist loadfile tests/integration

e2e: venv ## The tests on the lab; it is started if need be
	@echo '== end-to-end tests'
	@$(PYTEST) tests/e2e

bench: venv ## Measure the predictor beside other servers (45 minutes); BENCH='--seconds 1 --windows 1 --long 5' is quicker
	@PYTHONPATH=bench:lab $(PYTHON) -m slipway_bench --out bench/RESULTS.md $(BENCH)

bench-rollouts: venv ## Thirty rollouts and ways back under traffic in the lab (15 minutes); ROLLOUTS='--rounds 6' is quicker
	@PYTHONPATH=bench/rollouts:demo:lab $(PYTHON) -m slipway_rollouts --out bench/rollouts/RESULTS.md $(ROLLOUTS)

soak: venv ## Random histories of users, pods and gateways for the rollout's decisions (an hour); HISTORIES=n tries so many
	@SLIPWAY_SOAK=1 SLIPWAY_HISTORIES=$(or $(HISTORIES),20000) $(PYTEST) tests/unit/operator/rollout/test_properties.py

fuzz: venv ## Send the predictor a million odd inputs (ten minutes); FUZZ='--guided' with Atheris, FUZZ='http --seed 7' one target
	@$(PYTHON) -m tests.fuzz $(FUZZ)

bench-operator: venv ## Measure the operator with 1,000 ModelDeployments on a bare API server (20 minutes); SCALE='--idle 60' is quicker
	@PYTHONPATH=bench/operator:lab $(PYTHON) -m slipway_scale --out bench/operator/RESULTS.md $(SCALE)

simulate: venv ## Judge synthetic rollouts by Slipway's analysis and its peers' rules (25 minutes on one core)
	@PYTHONPATH=bench/analysis $(PYTHON) -m slipway_simulation --out bench/analysis/RESULTS.md $(SIMULATE)

lint: venv ## ruff, mypy --strict, the import contracts
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy
	@.venv/bin/lint-imports

format: venv ## Let ruff format and mend the code
	@$(PYTHON) -m ruff format .
	@$(PYTHON) -m ruff check --fix .

generate: venv ## Write the generated files: the CRD, manifests/install.yaml
	@$(PYTHON) -m slipway_operator.api.generate
	@PYTHONPATH=lab $(PYTHON) -m slipway_lab.manifests

requirements: venv ## Pin the newest Python packages that requirements/*.in allow
	@lab/pin

clean: ## End the lab and remove .lab and .venv; the cache stays
	@if [ -d .lab ] && [ -x $(PYTHON) ]; then $(LAB) down; fi
	@rm -rf .lab .venv
