# make install | demo | test | check | lab | bench | build | images | binder | clean
# Everything lives in .venv and node_modules; PYTHON=python3.12 picks another interpreter to make it with.

SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# The JupyterLab extension as JupyterLab loads it, and what it is built from.
BUNDLE := naavre_ext/labextension/static/style.js
NODE_MODULES := node_modules/.package-lock.json
FRONT_END := package.json $(shell find labextension/src labextension/style labextension/schema -type f)
INSTALLED_BENCH := $(VENV)/.installed-bench
DEMO := splitting-batch

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Hundreds of processes import the same modules, which they would all compile anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install demo test test-front test-python browser check lab bench build images binder clean

help:
	@echo 'make install   the package and its tools, in $(VENV)'
	@echo 'make demo      run notebooks/$(DEMO).ipynb in parallel; the result is in out/'
	@echo 'make lab       open the example notebooks in JupyterLab'
	@echo 'make test      every test (ARGS=tests/planning for some)'
	@echo 'make check     lint, format, types, layers; of the front end as well'
	@echo 'make bench     side-by-side benchmarks (PART=splitting for one part)'
	@echo 'make build     wheel and sdist, in dist/'
	@echo 'make images    the pictures in docs/images, made by the browser tests'
	@echo 'make binder    what Binder does, in a clean virtual environment'
	@echo 'make clean     remove what the other targets made, $(VENV) included'

install: $(INSTALLED) $(BUNDLE)

# The bundle is built on its own, so that Python and Node are set up side by side. pip would compile what it installs
# on one processor, for a minute; what doesn't compile is told when it is imported. pip would also remove an earlier
# version's files through the link that .ci/link-extension makes.
$(INSTALLED): pyproject.toml .ci/make-venv .ci/link-extension
	.ci/make-venv '$(PYTHON)' $(VENV)
	rm -rf $(VENV)/share/jupyter/labextensions/naavre-ext
	mkdir -p naavre_ext/labextension
	SKIP_JUPYTER_BUILDER=1 $(BIN)/python -m pip install --quiet --no-compile --editable '.[lab,test,dev]'
	$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib naavre_ext || true
	.ci/link-extension $(VENV)
	@touch $@

$(NODE_MODULES): package-lock.json .ci/check-node
	.ci/check-node
	npm ci --no-progress
	@touch $@

$(BUNDLE): $(FRONT_END) | $(INSTALLED) $(NODE_MODULES)
	PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent install:extension
	@touch $@

demo: $(INSTALLED)
	@mkdir -p out
	$(BIN)/naavre-ext run notebooks/$(DEMO).ipynb -o out/$(DEMO).ipynb

# All processes hash texts alike, so that sets that are shown have one order here and on Ray.
test test-python: export PYTHONHASHSEED ?= 0
ifdef ARGS
test: $(INSTALLED) $(BUNDLE)
	$(BIN)/python -m pytest $(ARGS)
else
test: test-front test-python
endif

test-front: $(NODE_MODULES)
	npm test --silent

# Tests that start Ray, kernels or processes wait a lot; those of a file share what it starts.
test-python: $(INSTALLED) $(BUNDLE) browser
	@failed=0; \
	$(BIN)/python -m pytest -n 2 --dist worksteal -m 'not slow' || failed=1; \
	$(BIN)/python -m pytest -n 2 --dist loadfile -m slow || failed=1; \
	exit $$failed

# After Python, for which something may have to be installed as well.
browser: $(INSTALLED)
	@.ci/ensure-browser

check: $(INSTALLED) $(NODE_MODULES)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	npm run --silent lint

# The documentation's pictures are made by the browser tests, which need a quiet minute for that.
images: $(INSTALLED) $(BUNDLE)
	NAAVRE_IMAGES=1 $(BIN)/python -m pytest -q tests/ui/test_ui_annotating.py tests/ui/test_running.py tests/ui/test_runs.py

binder:
	PYTHON='$(PYTHON)' .ci/try-binder

lab: $(INSTALLED) $(BUNDLE)
	$(BIN)/jupyter lab --notebook-dir=notebooks $(if $(filter 0,$(shell id -u)),--allow-root) $(ARGS)

bench: $(INSTALLED_BENCH)
	$(BIN)/python -m benchmarks $(PART)

$(INSTALLED_BENCH): $(INSTALLED)
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	@touch $@

# The bundle is made anew: a build takes the one that it finds.
build: $(INSTALLED) $(NODE_MODULES)
	rm -rf naavre_ext/labextension
	$(BIN)/python -m build --outdir dist

clean:
	rm -rf $(VENV) node_modules naavre_ext/labextension labextension/lib labextension/*.tsbuildinfo
	rm -rf dist build out tests/ui/screenshots .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
