# Memory and Chance: build, test and serve the book. `make` lists what there is.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
# Where to look for torch besides the usual index. PyTorch's CPU wheels are much smaller for Linux.
TORCH_INDEX ?=
export JOBS ?= 2

BIN := .venv/bin
INSTALLED := .venv/.installed
BUILT := _build/.built
BROWSER := _build/.browser
CHAPTERS := $(wildcard book/*.ipynb)
SOURCES := _config.yml _toc.yml $(shell find book lmkit third_party -type f \
	-not -path '*/node_modules/*' -not -path '*/__pycache__/*' -not -path '*/.ipynb_checkpoints/*' 2>/dev/null)

# The vector units of an old processor: a chapter's stored outputs must hold there too. Whether they hold on this one
# the build knows, which has just run every chapter: tests/site/test_outputs.py asks it.
OLD_PROCESSOR := ATEN_CPU_CAPABILITY=default ONEDNN_MAX_CPU_ISA=SSE41
PYTEST := $(BIN)/python -m pytest -q -n $(JOBS)
NBVAL := $(PYTEST) --dist loadfile --nbval --nbval-current-env --nbval-sanitize-with tests/nbval.cfg
TAKEN := import socket; raise SystemExit(socket.socket().connect_ex(("127.0.0.1", 8000)))
PORT ?= $(shell $(BIN)/python -c '$(TAKEN)' && echo 0 || echo 8000)

THEN ?= tests/widgets/runtime/models.test.js
export MODULE THEN

.PHONY: help serve book test lint mutants bench zip train experiments cheat-sheet clean
.DELETE_ON_ERROR:

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

serve: $(BUILT) ## build the book and serve it on this machine (PORT=8000 unless taken)
	@echo "The book is served here; stop it with Ctrl-C."
	@$(BIN)/python -u -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

book: $(BUILT) ## build the book into _build/html

test: lint $(BUILT) $(BROWSER) ## check everything; brings what it needs, a browser too
	$(OLD_PROCESSOR) $(NBVAL) $(CHAPTERS)
	$(BIN)/python -m tests.vectors
	$(BIN)/node --test tests/widgets/*/*.test.js
	$(PYTEST) --dist worksteal

lint: $(INSTALLED) ## check the style of the code, and that the repository's address is the same everywhere
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/python book/_ext/address.py

mutants: $(INSTALLED) ## change a script in small ways and tell what no test notices: MODULE=runtime/filters
	$(BIN)/python -m tests.vectors
	PATH="$(CURDIR)/$(BIN):$$PATH"; npm ci --silent && npx stryker run tests/stryker.config.mjs

bench: $(BUILT) $(BROWSER) ## measure our code against torch, transformers and onnxruntime-web, and pages in a browser
	$(BIN)/python -m tests.bench

zip: $(BUILT) ## pack the offline edition: _build/memory-and-chance.zip
	$(BIN)/python -c 'import shutil; shutil.make_archive("_build/memory-and-chance", "zip", "_build/html")'

train: $(INSTALLED) ## train the shipped models again (minutes each)
	$(BIN)/python -m lmkit train --recipe stories
	$(BIN)/python -m lmkit train --recipe human_numbers

experiments: $(INSTALLED) ## make the shipped runs again (more than an hour in all)
	for name in regularisation decay sources ablation record development; do \
		$(BIN)/python -m lmkit experiment $$name --jobs $(JOBS) || exit 1; done

cheat-sheet: $(BUILT) $(BROWSER) ## print the cheat sheet again after a change of its page: book/_static/cheat-sheet.pdf
	$(BIN)/python -m tests.site.cheat_sheet

clean: ## delete what was built; the virtual environment stays
	rm -rf _build .pytest_cache .ruff_cache .hypothesis *.egg-info

$(INSTALLED): requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -r requirements.txt $(TORCH_INDEX:%=--extra-index-url %)
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	touch $@

# Always from clean: Sphinx does not notice a change in lmkit or in a script.
$(BUILT): $(INSTALLED) $(SOURCES)
	rm -rf _build/html _build/.doctrees _build/jupyter_execute
	$(BIN)/jupyter-book build . -n -W --keep-going
	touch $@

$(BROWSER): $(INSTALLED) tests/site/browser.py
	$(BIN)/python -m tests.site.browser
	mkdir -p $(@D) && touch $@
