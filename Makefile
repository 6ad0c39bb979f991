# Two commands do everything: `make demo` and `make test`. All others are parts of them.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
PY     := $(VENV)/bin/python
PIP    := $(PY) -m pip install --quiet --disable-pip-version-check
FRONT  := web/static/dist/.built

.PHONY: demo demo-data run test lint setup setup-train setup-test models system-packages clean

demo: setup models ## console with demo accounts, bank simulator and a sample call
	$(PY) -m hotline demo

demo-data: setup ## a demonstration month of synthetic calls; loading it twice changes nothing
	$(PY) -m hotline demo-data

run: setup models ## console only; the first start asks for an administrator
	$(PY) -m hotline serve

test: setup-test models lint ## every check: style, types, unit, contract, web, browser
	$(PY) -m pytest

lint: setup-test
	$(PY) -m ruff check .
	$(PY) -m mypy

setup: $(VENV)/.run $(FRONT)

setup-train: setup $(VENV)/.train ## what retraining needs: torch (CPU), transformers, onnx

setup-test: setup system-packages $(VENV)/.test

models: setup ## a speech model: Vosk where its host can be reached, else the embedded Whisper
	$(PY) -m asr_models ensure

system-packages: ## Debian packages that tests use; says what is missing where it may not install
	tests/system-packages.sh

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/run.txt | $(VENV)/bin/python
	$(PIP) -r requirements/run.txt
	touch $@

$(VENV)/.train: requirements/train.txt | $(VENV)/bin/python
	$(PIP) -r requirements/train.txt
	touch $@

$(VENV)/.test: requirements/run.txt requirements/train.txt requirements/test.txt | $(VENV)/bin/python
	$(PIP) -r requirements/run.txt -r requirements/train.txt -r requirements/test.txt
	-test -e /usr/include/portaudio.h && $(PIP) pyaudio==0.2.14
	touch $@

$(FRONT): package.json package-lock.json $(wildcard web/frontend/* web/frontend/*/*)
	npm ci --no-audit --no-fund --loglevel=error
	npm run --silent build
	touch $@

clean: ## remove what was installed and built; data in var/ stays
	rm -rf $(VENV) node_modules web/static/dist .pytest_cache .mypy_cache .ruff_cache
