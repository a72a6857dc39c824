# `make chat` and `make test` do everything from a bare clone; what is done is skipped the next time.
BIN := .venv/bin
FOOTNOTE := $(BIN)/footnote
UV := uv
LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

# The first Python that Footnote runs on; any other python3 will do to say what is wrong with it.
FIND_PYTHON = for p in $(PYTHON) python3 python3.13 python3.12 python3.11 python; do \
	  "$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && break; \
	  p=python3; \
	done; \
	command -v "$$p" >/dev/null || { echo "Footnote needs Python 3.11, 3.12 or 3.13, and no Python was found." >&2; exit 1; };

export Q FILE

.PHONY: setup dev chat ask bot index test check eval bench wheel sbom messages lock help need-Q need-FILE

help:  ## Show this list
	@sed -n 's/^\([a-z]*\):.*  ## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-12s %s\n", $$1, $$2 }'

setup:  ## Install everything: environment, llama.cpp, starter models, index
	@$(FIND_PYTHON) "$$p" scripts/setup.py </dev/null

chat: setup  ## Ask your notes questions, in the terminal
	@$(FOOTNOTE) chat

ask: need-Q setup  ## One question: make ask Q="Who spoke about sleep?"
	@$(FOOTNOTE) ask "$$Q"

bot: setup  ## Run the Discord bot
	@$(FOOTNOTE) bot

index: setup  ## Read the notes again, after you changed them
	@$(FOOTNOTE) index

test: dev  ## Run the tests
	@$(BIN)/pytest </dev/null

check: dev  ## Linters, types and the import contract
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@MYPYPATH=scripts $(BIN)/mypy scripts --exclude 'scripts/(data_fixture|fuzz_|measure_|reading_|survival)'
	@$(BIN)/mypy --explicit-package-bases scripts/data_fixture.py scripts/fuzz_readers.py scripts/measure_reading.py scripts/survival
	@$(BIN)/lint-imports

eval: need-FILE setup  ## Measure on questions with known answers: make eval FILE=questions.jsonl
	@$(FOOTNOTE) eval "$$FILE"

bench: dev  ## Measure speed and memory on this machine, for docs/benchmarks.md
	@$(BIN)/python -m benchmarks </dev/null

wheel: dev  ## Build the packages that can be installed without this folder, into dist/
	@$(BIN)/hatchling build

sbom: dev  ## List everything Footnote is made of, with licences: docs/licences.md and dist/sbom.json
	@mkdir -p dist
	@$(BIN)/python -m scripts.licences
	@$(BIN)/python -m scripts.licences --sbom dist/sbom.json

need-Q:
	@test -n "$$Q" || { echo 'Say what to ask: make ask Q="Who spoke about sleep?"' >&2; exit 2; }

need-FILE:
	@test -n "$$FILE" || { echo 'Name the questions: make eval FILE=questions.jsonl' >&2; exit 2; }

dev:
	@$(FIND_PYTHON) "$$p" scripts/setup.py --dev </dev/null

messages: dev  ## Bring translations up to date: make messages, or NEW=fr for a new language
	@$(BIN)/python -m scripts.messages $(NEW)

lock:
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) --all-extras -c requirements.lock pyproject.toml -o requirements-dev.lock
	echo pip | $(LOCK) - -o scripts/pip.lock
	echo ziglang | $(LOCK) - -o scripts/ziglang.lock
