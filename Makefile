# What stands here is plain pip and pytest; README has the same lines for Windows.
PYTHON ?= python3
TENSORFLOW ?= cpu
BIN := .venv/bin
READY := .venv/.ready

.PHONY: setup lab playground test lint bench site clean

setup: $(READY)

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else \
		f"TensorFlow needs Python 3.11 to 3.13, this is {v[0]}.{v[1]}: make $(MAKECMDGOALS) PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[$(TENSORFLOW),lab,test]'
	touch $@

lab: $(READY)
	$(BIN)/jupyter lab notebooks/00_start_here.ipynb

playground: $(READY)
	$(BIN)/python app/serve.py

test: $(READY) lint
	$(BIN)/python -m pytest --durations=10

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

bench: $(READY)
	$(BIN)/python benchmarks/run_all.py

site: $(READY)
	$(BIN)/python tools/make_site.py
	@echo "Open build/site/index.html"

clean:
	rm -rf .venv
