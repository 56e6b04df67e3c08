# Two commands: `make run` opens the dashboard, `make test` checks it. Both do all of their own set-up.
# HOST and PORT can be set: make run HOST=0.0.0.0 PORT=8080

HOST ?= localhost
PORT ?= 8501
ONLY ?=

VENV := .venv
BIN := $(VENV)/bin
PEERS := .setup/peers
NOTEBOOK := .setup/notebook
PIP := $(BIN)/python -m pip --disable-pip-version-check
# The name that the reader's browser uses; asking the network for the own address is nobody's business.
SHOWN_HOST := $(if $(filter 0.0.0.0 ::,$(HOST)),localhost,$(HOST))

.DEFAULT_GOAL := help
.PHONY: help run test lint unit deep bench assets browser clean

help:
	@echo "make run      set up (once) and open the dashboard on http://$(SHOWN_HOST):$(PORT)"
	@echo "make test     set up (once) and run every check: lint, types, import rules, tests, real browser"
	@echo "make deep     look closely at every view in the browser, which takes longer than make test"
	@echo "make bench    measure against named peers and write benchmarks/results.json (ONLY=attention for one page)"
	@echo "make assets   rebuild what is shipped as data"

run: $(VENV)/run.ready
	@echo "Illustrated Notes / 圖解筆記: http://$(SHOWN_HOST):$(PORT)"
	@exec $(BIN)/python -m streamlit run server.py --server.address $(HOST) --server.port $(PORT) \
	  --browser.serverAddress $(SHOWN_HOST)

test: lint unit

lint: $(VENV)/test.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# A worker per core for what needs no browser; a browser and its server keep two cores busy by themselves.
unit: $(VENV)/test.ready browser
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not browser and not deep" --numprocesses auto --maxprocesses 4 --dist worksteal
	$(BIN)/python -m pytest tests/browser -m "not deep"

deep: $(VENV)/test.ready browser
	$(BIN)/python -m pytest tests/browser -m deep

browser: $(VENV)/test.ready
	@sh tools/browser.sh $(BIN)/python

bench: $(PEERS)/ready $(NOTEBOOK)/ready browser
	$(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY))

assets: $(VENV)/test.ready browser
	$(BIN)/python -m tools.icon
	$(BIN)/python -m tools.preview
	$(BIN)/python -m tools.names
	$(BIN)/python -m tools.vectors
	$(BIN)/python -m tools.maps
	$(BIN)/python -m tools.meaning
	$(BIN)/python -m tools.finetune
	$(BIN)/python -m tools.align_media
	$(BIN)/python -m tools.quantized
	$(BIN)/python -m tools.measured
	$(BIN)/python -m tools.dual_encoder
	$(BIN)/python -m tools.broken_pairs
	$(BIN)/python -m tools.fusions
	$(BIN)/python -m tools.cards

$(BIN)/python:
	@sh tools/venv.sh $(VENV)

$(VENV)/run.ready: requirements.txt requirements-bertviz.txt constraints.txt | $(BIN)/python
	$(PIP) install -q -r requirements.txt
	$(PIP) install -q --no-deps -r requirements-bertviz.txt
	@touch $@

$(VENV)/test.ready: requirements-dev.txt $(VENV)/run.ready
	$(PIP) install -q -r requirements-dev.txt
	@touch $@

# Peers stand beside the product's environment, so that measuring against them changes nothing in it.
$(PEERS)/ready: benchmarks/requirements.txt $(VENV)/test.ready
	$(PIP) install -q --no-deps --target $(PEERS) -r benchmarks/requirements.txt
	@touch $@

# A notebook is served from an environment of its own: it needs other releases than the product.
$(NOTEBOOK)/ready: benchmarks/requirements-notebook.txt
	@rm -rf $(NOTEBOOK)
	@sh tools/venv.sh $(NOTEBOOK)
	$(NOTEBOOK)/bin/python -m pip --disable-pip-version-check install -q -r $<
	@touch $@

clean:
	rm -rf $(VENV) .setup .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
