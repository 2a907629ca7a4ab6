# Everything a person runs from a checkout. Each target is a line or two of what stands behind it.

RELEASE = .build/release/muster

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## install the libraries that are missing
	scripts/setup

demo: setup ## build, and try everything on a sample company in demo/
	swift build -c release
	scripts/demo

build: setup ## build for use: .build/release/muster
	swift build -c release

test: ## every test
	scripts/test

lint: ## format and style
	scripts/lint

fuzz: setup ## random definitions (N=20000 SEED=…) against the oracle, kills and faults, mutants, branches, hostile texts (FUZZ_SECONDS=600)
	scripts/fuzz
	scripts/mutate
	N=300 scripts/coverage
	scripts/fuzz-parsers

bench: build ## measure against the other ways to do it, and the API under load (45 minutes)
	scripts/setup --bench
	.venv/bench/bin/python Benchmarks/core.py
	.venv/bench/bin/python Benchmarks/service.py

reference: build ## write the generated pages: operators, settings, and the schema of definitions
	$(RELEASE) reference > docs/OPERATORS.md
	$(RELEASE) settings --markdown > docs/SETTINGS.md
	$(RELEASE) schema > docs/definition.schema.json

clean: ## remove what was built; .build-* and demo/ too
	rm -rf .build .build-* .venv demo

.PHONY: help setup demo build test lint fuzz bench reference clean
