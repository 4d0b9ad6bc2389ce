# Verbs only: presets and scripts do the work.
.DEFAULT_GOAL := help
PRESET ?= dev

help:  ## list the verbs
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-21s %s\n", $$1, $$2}' Makefile

demo: packages  ## from nothing to an app that is upgraded under requests, on a cluster made here
	cmake --preset release >/dev/null
	cmake --build --preset release --target djangodb-operator
	tests/e2e/prepare build/release/controller/djangodb-operator
	python3 tests/e2e/release_story.py --demo

packages:  ## install the Debian packages that are missing
	@tests/cluster/install-packages

build: packages  ## build with the preset PRESET (dev)
	cmake --preset $(PRESET) >/dev/null
	cmake --build --preset $(PRESET)

test: build  ## build and run all tests
	ctest --preset dev

test-postgres-matrix: packages  ## the PostgreSQL tests on 13 to 18, with a plain and a superuser administrator
	cmake --preset dev >/dev/null
	cmake --build --preset dev --target postgres_tests
	ctest --preset dev --build-config matrix --label-regex '^postgres$$' --exclude-regex '^jobs$$' --parallel 2

bench: packages  ## measure the release binary: size at rest, time beside bare libpq, delay of a release
	cmake --preset release >/dev/null
	cmake --build --preset release --target djangodb-operator bare_provision
	python3 tests/bench/bench.py

format:  ## format all C++ and Python files
	@tests/cluster/install-packages --lint
	git ls-files '*.cpp' '*.hpp' | xargs clang-format-16 -i
	tests/lint/with-tools ruff check --select I --fix --quiet
	tests/lint/with-tools ruff format

lint:  ## check the format of all files, their layers, shell scripts and Python, and run clang-tidy over all C++
	@tests/cluster/install-packages --build --lint
	git ls-files '*.cpp' '*.hpp' | xargs clang-format-16 --dry-run --Werror
	tests/lint/with-tools ruff format --check
	tests/lint/with-tools ruff check
	git grep -lE '^#!.*\b(ba)?sh$$' | xargs shellcheck
	python3 tests/layering/check_layers.py .
	cmake --preset dev >/dev/null
	tests/lint/with-tools python3 tests/lint/clang_tidy.py build/dev

image: packages  ## build the release binary and its image
	cmake --preset release >/dev/null
	cmake --build --preset release --target djangodb-operator
	tests/cluster/images/operator build/release/controller/djangodb-operator

cluster-up: packages  ## start the local Kubernetes and PostgreSQL
	tests/cluster/up
	tests/cluster/postgres up

cluster-down:  ## stop them
	-tests/cluster/postgres down
	tests/cluster/down

clean:  ## remove build trees
	rm -rf build

.PHONY: help demo packages build test test-postgres-matrix bench format lint image cluster-up cluster-down clean
