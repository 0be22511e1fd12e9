# `make map` and `make test` do everything from an empty machine with Python 3.11 or newer.

PYTHON ?= python3
# Those that this process may use; macOS has no nproc, and no such limit.
CORES ?= $(shell $(PYTHON) -c "import os; print(len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count())")
BIN = .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Programs of the environment are named with their folder: make 3.81, that of macOS, does not look for them on the path it exports.

# The environment's Python where there is one; what only reads files does without.
ANY_PYTHON = $(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON))

.PHONY: map status doctor estimate serve env lint test bench docs lock pictures clean help

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "%-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

map: env ## the starter corpus, from articles to a finished map in results/
	$(BIN)/snakemake --cores $(CORES)

status: ## how far a run is, here or on a cluster; of another configuration: CONFIG=config/wikipedia-250k.yaml
	@$(ANY_PYTHON) workflow/scripts/status.py $(CONFIG)

doctor: ## what this machine has, how fast and how right its devices embed, and what to set; CONFIG as above
	@$(ANY_PYTHON) workflow/scripts/doctor.py $(CONFIG)

estimate: env ## what a run will take on this machine, before it takes it; of another configuration: CONFIG=config/wikipedia-250k.yaml
	@$(BIN)/snakemake --cores $(CORES) $(if $(CONFIG),--configfile $(CONFIG) --) estimate

serve: ## a page of tiles, on this machine; of another configuration: CONFIG as above; at another port: PORT=8001
	@$(ANY_PYTHON) workflow/scripts/serve.py $(if $(PORT),--port $(PORT)) $(CONFIG)

env: .venv/installed ## the environment in .venv, with the locked packages

.venv/installed: requirements.txt
	@case "$(CURDIR)" in *[[:space:]]*) echo "make: $(CURDIR): the path of this folder has a space in it, with which the environment" \
		"in it would not run; move the folder, or make an environment elsewhere and run snakemake in it (README.md)."; exit 1;; esac
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || { \
		echo "make: $(PYTHON) is older than 3.11; name another: make map PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python envs/install.py requirements.txt
	touch $@

.venv/installed-test: .venv/installed requirements-test.txt
	$(BIN)/python envs/install.py requirements-test.txt
	touch $@

# Tests use Debian's SLURM, Chromium and a font with Chinese characters. Where these cannot be installed, the tests that need them are skipped and say why.
DEBIAN = slurm-wlm munge chromium-headless-shell fonts-dejavu-core fonts-wqy-microhei

.PHONY: debian
debian:
	@dpkg -s $(DEBIAN) > /dev/null 2>&1 || { \
		export DEBIAN_FRONTEND=noninteractive; \
		apt-get update -qq && apt-get install -qq --no-install-recommends $(DEBIAN) > /dev/null; \
	} || echo "make test: $(DEBIAN) could not all be installed (that takes root and apt-get); tests will be skipped."

# A real model server for tests/workflow/test_real_server.py, in an environment of its own of about 1 GB. `make test` does without it.
.PHONY: server
server: ## a model server (infinity) for the tests that need one
	$(PYTHON) -m venv .venv-server
	.venv-server/bin/pip install --quiet torch==2.13.0 "infinity-emb[server,torch]==0.0.78"

# One more than there are cores, for the tests of the workflow and of SLURM often wait.
WORKERS = $(shell echo $$(( $(CORES) + 1 )))

# The page's modules and their unit tests. Deno has all that it needs: nothing is fetched.
PAGE = workflow/scripts/knowledge_map/views/page tests/page/unit

# Form and types, and which folder may import which; nothing is run.
LINT = lint-types lint-page lint-workflow lint-imports lint-python
SIDE_BY_SIDE = $(MAKE) --no-print-directory --keep-going --jobs=$(CORES)

.PHONY: check all-tests quick-tests $(LINT)

check: .venv/installed-test ## lint and the quick unit tests, within a minute
	@$(SIDE_BY_SIDE) quick-tests $(LINT)

test: .venv/installed-test debian ## all tests and checks
	@$(SIDE_BY_SIDE) all-tests $(LINT)

lint: .venv/installed-test ## all checks that run nothing
	@$(SIDE_BY_SIDE) $(LINT)

lint-types:
	$(BIN)/pyrefly check --python-interpreter-path $(BIN)/python --summary=none

lint-page:
	$(BIN)/deno check --quiet $(PAGE)
	$(BIN)/deno fmt --check
	$(BIN)/deno lint

lint-workflow:
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint

lint-imports:
	PYTHONPATH=workflow/scripts $(BIN)/lint-imports

lint-python:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# Written once, byte code serves all the processes that the tests start.
quick-tests all-tests: export PYTHONDONTWRITEBYTECODE =

quick-tests:
	$(BIN)/pytest --numprocesses 2 --dist loadfile -m "not slow" tests/unit

# Some tests compile UMAP, and for small data optimizing that code takes longer than running it.
all-tests: export NUMBA_OPT = 1
all-tests:
	$(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

bench: .venv/installed-test ## the embedding job beside sentence-transformers' encode; figures as JSON in bench.json
	$(BIN)/python benchmarks/embedding.py --threads 1 --memory --json bench.json

docs: env ## docs/configuration.md anew, from the schema
	PYTHONPATH=workflow/scripts $(BIN)/python -m knowledge_map.run.configuration_docs workflow/schemas/config.schema.yaml docs/configuration.md

# Torch pins its own CUDA packages exactly; they are left out, so that a machine without a GPU need not fetch them.
COMPILE = $(BIN)/uv pip compile --quiet --no-annotate --no-header
UNPINNED = grep -vE '^(nvidia|cuda|triton)' | sed 's/+cpu$$//'

lock: env ## requirements.txt and requirements-test.txt anew, from the .in files
	$(COMPILE) requirements.in | $(UNPINNED) > requirements.txt
	$(COMPILE) requirements-test.in | $(UNPINNED) > requirements-test.txt

pictures: map .venv/installed-test debian ## the pictures in docs/, from the finished starter map
	$(BIN)/python -c "from PIL import Image; Image.open('results/knowledge_map.png').convert('RGB').quantize(128).save('docs/starter-map.png')"
	STARTER_PAGE=results/knowledge_map.html $(BIN)/pytest tests/page/test_starter_page.py

clean: ## remove what was made: the environment and the results
	rm -rf .venv .snakemake results
