# Memory and Chance: build, test and serve the book. `make` lists what there is.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
# Where to look for torch besides the usual index. PyTorch's CPU wheels are much smaller for Linux.
TORCH_INDEX ?=
# How many things to do at once: as many as there are cores.
export JOBS ?= $(shell $(PYTHON) -c 'import os; print(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())')

VENV := $(CURDIR)/.venv
BIN := .venv/bin
export PATH := $(VENV)/bin:$(PATH)
INSTALLED := .venv/.installed
DEVELOPER := .venv/.developer
HUB := .hub/node_modules/.installed
SCRIPT_TOOLS := node_modules/.installed
BUILT := _build/.built
# Notes that the browsers are there: all, or those that BROWSERS names.
BROWSER := _build/.browser$(if $(BROWSERS),-$(shell printf '%s' '$(BROWSERS)' | tr -c 'a-z' '-'))
# Chapters that train or sweep for long, the longest first: what begins last should be short.
export LONGEST := training comparing_decoders
CHAPTERS := $(LONGEST:%=book/%.ipynb) $(filter-out $(LONGEST:%=book/%.ipynb), $(wildcard book/*.ipynb))
SOURCES := _config.yml _toc.yml $(shell find book lmkit third_party -type f \
	-not -path '*/node_modules/*' -not -path '*/__pycache__/*' -not -path '*/.ipynb_checkpoints/*' 2>/dev/null)
KERNEL := lmkit/widgets/runtime/kernel/build.py

# The vector units of an old processor: a chapter's stored outputs must hold there too. Whether they hold on this one
# the build knows, which has just run every chapter: tests/site/test_outputs.py asks it.
OLD_PROCESSOR := ATEN_CPU_CAPABILITY=default ONEDNN_MAX_CPU_ISA=SSE41
PYTEST := $(BIN)/python -m pytest -q -n $(JOBS)
# Chapters are run side by side, and their networks are small: threads would only wait for each other.
export OMP_NUM_THREADS ?= 1
NBVAL := $(PYTEST) --dist loadfile --no-loadscope-reorder --nbval --nbval-current-env --nbval-sanitize-with tests/nbval.cfg
# Which tests judge the mutants of a script, besides its own; those of a Python module are in tests/mutants.toml.
THEN ?= tests/widgets/runtime/models.test.js
export MODULE THEN
TAKEN := import socket; raise SystemExit(socket.socket().connect_ex(("127.0.0.1", 8000)))
MINUTES ?= 10
PORT ?= $(shell $(BIN)/python -c '$(TAKEN)' && echo 0 || echo 8000)

.PHONY: help serve hub book chapters page chapter check test lint types unit slow scripts nbval site fuzz bench mutants \
	kernel zip pdf epub editions train experiments cheat-sheet floor-plan dist clean
.DELETE_ON_ERROR:

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

serve: $(BUILT) ## build the book and serve it on this machine (PORT=8000 unless taken)
	@echo "The book is served here; stop it with Ctrl-C."
	@$(BIN)/python -u -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

hub: $(HUB) ## a JupyterHub for a class (PASSWORD=three-green-kites; PORT=8000 STUDENTS=30 MEMORY=2G ADDRESS=0.0.0.0 FOLDER=… if you like)
	@$(BIN)/python .hub/hub.py --password "$$PASSWORD" $${PORT:+--port "$$PORT"} $${STUDENTS:+--students "$$STUDENTS"} \
		$${MEMORY:+--memory "$$MEMORY"} $${ADDRESS:+--address "$$ADDRESS"} $${FOLDER:+--folder "$$FOLDER"}

book: $(BUILT) ## build the book into _build/html

chapters: $(INSTALLED) ## run chapters and store them with their outputs (CHAPTER=lstm; all unless given)
	$(BIN)/python book/_ext/run_chapters.py $(CHAPTER)
	$(BIN)/python book/_ext/minutes.py

page: $(INSTALLED) ## build one page alone, to look at it (CHAPTER=lstm): into _build/page
	$(BIN)/python book/_ext/one_page.py $(CHAPTER)

chapter: $(INSTALLED) ## begin a chapter, or say what is left to fill in (NAME=my_topic TITLE="My topic" AFTER=sampling)
	$(BIN)/python book/_ext/new_chapter.py "$$NAME" $${TITLE:+--title "$$TITLE"} $${AFTER:+--after "$$AFTER"}

check: lint types unit scripts ## what to run after an edit: no book, no browser, two minutes

test: ## check everything; brings what it needs, browsers too
	$(MAKE) -j 2 $(BUILT) $(BROWSER) lint types scripts unit  # Sphinx writes its pages with one core: others find work
	$(MAKE) nbval
	$(MAKE) $(HUB)
	$(PYTEST) --dist worksteal -m "browser or site or slow"

lint: $(DEVELOPER) $(SCRIPT_TOOLS) ## check the style of all code, and what must agree: address, floor plan, compiled kernels
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/npx biome check --error-on-warnings .
	$(BIN)/python book/_ext/address.py
	$(BIN)/python book/_ext/floor_plan.py --check
	$(BIN)/python $(KERNEL) --check

types: $(DEVELOPER) $(SCRIPT_TOOLS) ## check the types of lmkit and of the scripts
	$(BIN)/npx tsc --project tsconfig.json
	$(BIN)/basedpyright

unit: $(DEVELOPER) $(SCRIPT_TOOLS) ## test the package alone
	$(PYTEST) --dist worksteal -m "not browser and not site and not slow"

slow: $(DEVELOPER) $(HUB) ## the package's tests that `make check` leaves out, for each takes seconds
	$(PYTEST) --dist worksteal -m "slow and not browser and not site"

scripts: $(DEVELOPER) ## test the scripts that need no page, in Node
	$(BIN)/python -m tests.vectors
	$(BIN)/node --test "tests/**/*.test.js"

nbval: $(DEVELOPER) ## run every chapter as on an old processor, and compare with what is stored
	$(OLD_PROCESSOR) $(NBVAL) $(CHAPTERS)

site: $(BUILT) $(BROWSER) $(SCRIPT_TOOLS) ## test the built book in browsers (BROWSERS=chromium in that alone; SHARD=1/3 for a part of the tests)
	$(PYTEST) --dist worksteal -m "browser or site" $(SHARD:%=--shard %)

mutants: $(DEVELOPER) $(SCRIPT_TOOLS) ## tell which small changes of code no test notices (MODULE=runtime/filters or lmkit/decoding/filters.py; SAMPLE=40 tries some)
ifneq ($(filter lmkit/%,$(MODULE)),)
	$(BIN)/python -m tests.mutants $(MODULE) $(SAMPLE:%=--sample %)
else
	$(BIN)/python -m tests.vectors
	$(BIN)/npx stryker run tests/stryker.config.mjs
endif

fuzz: $(DEVELOPER) ## compare decoders, layers, the page's engine and card files with others on random cases (MINUTES=10 SEED=7 ONLY=decoders)
	$(BIN)/python -m tests.fuzz --jobs $(JOBS) --minutes $(MINUTES) $(SEED:%=--seed %) $(if $(ONLY),--only '$(ONLY)')

bench: $(BUILT) $(BROWSER) ## measure our code against torch, transformers and libraries for browsers, and pages in a browser
	$(BIN)/python -m tests.bench

kernel: $(DEVELOPER) ## compile the page's kernels from C again, into the scripts that lmkit/widgets/runtime/kernel/build.py names
	$(BIN)/python $(KERNEL)

zip: $(BUILT) ## pack the offline edition: _build/memory-and-chance.zip
	$(BIN)/python -c 'import shutil; shutil.make_archive("_build/memory-and-chance", "zip", "_build/html")'

pdf: $(BUILT) $(BROWSER) ## print the whole book: _build/memory-and-chance.pdf
	$(BIN)/python -m paper pdf

epub: $(BUILT) $(BROWSER) ## pack the book for e-readers and check it with EPUBCheck: _build/memory-and-chance.epub
	$(BIN)/python -m paper epub

editions: pdf epub ## make both and offer them on the first page of the built book
	$(BIN)/python -m paper offer

dist: $(DEVELOPER) ## build the wheel and the source distribution of lmkit into dist/
	rm -rf dist
	$(BIN)/python -m hatchling build

train: $(INSTALLED) ## train the shipped models again (minutes each)
	for name in stories human_numbers shakespeare translator translator_without numbers; do \
		$(BIN)/python -m lmkit train --recipe $$name || exit 1; done

experiments: $(INSTALLED) ## make the shipped runs again (several hours in all)
	for name in $$($(BIN)/python -c "from lmkit.experiments import EXPERIMENTS; print(*EXPERIMENTS)"); do \
		$(BIN)/python -m lmkit experiment $$name --jobs $(JOBS) || exit 1; done

cheat-sheet: $(BUILT) $(BROWSER) ## print the cheat sheet again after a change of its page: book/_static/cheat-sheet.pdf
	$(BIN)/python -m tests.site.cheat_sheet

floor-plan: $(INSTALLED) ## draw the rooms of lmkit again after a change of imports: book/_static/floor_plan.svg
	$(BIN)/python book/_ext/floor_plan.py

clean: ## delete what was built; the virtual environment stays
	rm -rf _build .pytest_cache .ruff_cache .hypothesis *.egg-info

$(INSTALLED): requirements.txt requirements-no-deps.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -r requirements.txt $(TORCH_INDEX:%=--extra-index-url %)
	$(BIN)/python -m pip install --quiet --no-deps -r requirements-no-deps.txt
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	touch $@

$(DEVELOPER): $(INSTALLED) tests/requirements.txt .hub/requirements.txt
	$(BIN)/python -m pip install --quiet -r tests/requirements.txt $(TORCH_INDEX:%=--extra-index-url %)
	touch $@

# Node comes by pip; the proxy by npm.
$(HUB): $(INSTALLED) .hub/requirements.txt .hub/package-lock.json
	$(BIN)/python -m pip install --quiet -r .hub/requirements.txt
	$(BIN)/npm ci --prefix .hub --silent --no-audit --no-fund
	touch $@

$(SCRIPT_TOOLS): $(DEVELOPER) package-lock.json
	$(BIN)/npm ci --silent --no-audit --no-fund
	touch $@

# Always from clean: Sphinx does not notice a change in lmkit or in a script.
$(BUILT): $(INSTALLED) $(SOURCES)
	rm -rf _build/html _build/.doctrees _build/jupyter_execute
	$(BIN)/jupyter-book build . -n -W --keep-going
	touch $@

$(BROWSER): $(DEVELOPER) tests/site/browser.py
	$(BIN)/python -m tests.site.browser
	mkdir -p $(@D) && touch $@
