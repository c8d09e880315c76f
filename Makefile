SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench clean

# Begins a recipe that needs Node: the one that .ci/node finds or fetches comes first on the PATH.
node = export PATH="$$(.ci/node):$$PATH";

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1\t\2/p' Makefile | while IFS=$$'\t' read -r name note; do printf '  make %-8s %s\n' "$$name" "$$note"; done

setup: node_modules/.package-lock.json ## fetch Node if needed, the packages, and bubblewrap where that is possible
	@.ci/bubblewrap

# Not `npm ci`: it refuses a lock file that was made where the registry lacks the binaries of other platforms. This takes the same versions.
node_modules/.package-lock.json: package.json package-lock.json
	@$(node) npm install --no-save --no-audit --no-fund --loglevel=error </dev/null >/dev/null
	@touch $@

demo: setup ## run the whole pipeline on the bundled repository and show some rows
	@$(node) how=(); code=0; .ci/isolates || code=$$?; \
	if [ $$code = 3 ]; then how=(--sandbox process --i-trust-this-code); \
	  echo "Nothing isolates foreign code here: the bundled repository, which is Kihon's own, runs as plain processes." >&2; \
	elif [ $$code != 0 ]; then exit $$code; fi; \
	./kihon run --repo examples/demo-repository.bundle --out demo-out --seed 1 --mutants 60 --per-skill 5 "$${how[@]}" </dev/null
	@./kihon inspect demo-out --rows 3 </dev/null

test: setup ## run every test: unit, sandbox and whole runs
	@$(node) node node_modules/vitest/vitest.mjs run --reporter=default --reporter=./tests/summary-reporter.ts </dev/null

check: setup ## format, lint, types, architecture and unit tests: the one command before a commit
	@$(node) node_modules/.bin/biome ci .
	@$(node) node node_modules/typescript/bin/tsc --noEmit
	@$(node) node node_modules/vitest/vitest.mjs run --project unit </dev/null

bench: setup ## measure what the whole road costs on the bundled repository
	@$(node) node bench/run.ts </dev/null

clean: ## remove what make made, the demo's dataset included; caches outside this folder stay
	@rm -rf node_modules .node dist coverage demo-out
