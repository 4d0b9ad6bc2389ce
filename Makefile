# Verbs only: presets and scripts do the work.
.DEFAULT_GOAL := help
PRESET ?= dev
N ?= 10
LOAD ?= 4
SEEDS ?= 20000
BASE ?= 1

# Each step of a verb prints one line; what else it says is in build/log (tests/cluster/phase).
PHASE := tests/cluster/phase
COMPILE = bash -c 'cmake --preset $(1) && cmake --build --preset $(1) $(if $(2),--target $(2))'
OPERATOR = build/$(1)/controller/djangodb-operator
IMAGES = $(PHASE) images "makes the images of the operator and of the sample app" "2 min, then 3 s" \
    tests/e2e/prepare --images $(call OPERATOR,$(1))

help:  ## list the verbs
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-21s %s\n", $$1, $$2}' Makefile

demo: preflight packages programs  ## from nothing to an app that is upgraded under requests, on a cluster made here
	@$(PHASE) operator "compiles the operator" "3 min, then seconds" $(call COMPILE,release,djangodb-operator)
	@$(call IMAGES,release)
	@$(PHASE) cluster "starts Kubernetes and PostgreSQL" "30 s" tests/e2e/prepare $(call OPERATOR,release)
	@python3 tests/e2e/release_story.py --demo

preflight:  ## say what this machine lacks
	@tests/cluster/preflight

packages:  ## install the Debian packages that are missing
	@$(PHASE) packages "installs the Debian packages that are missing" "2 min, then 1 s" tests/cluster/install-packages

programs: packages  ## build Kubernetes, etcd, CoreDNS and Helm for the local cluster
	@$(PHASE) programs "builds Kubernetes, etcd, CoreDNS and Helm from Go modules" "12 min, then 1 s" tests/cluster/tools/build

build: packages  ## build with the preset PRESET (dev)
	@$(PHASE) build "compiles the operator and its tests" "10 min, then seconds" $(call COMPILE,$(PRESET))

images: build packages
	@$(if $(filter asan tsan,$(PRESET)),,$(call IMAGES,$(PRESET)))  # the sanitizers' presets have no end-to-end stories

unit: build  ## build, and run the tests that need nothing else
	@tests/run --preset $(PRESET) --label-regex '^unit$$'

test: preflight build programs images  ## build, and run the tests with the preset PRESET (dev, asan or tsan)
	@tests/run --preset $(PRESET)

test-all: preflight build programs images  ## the same and what takes too long for every day: all majors of PostgreSQL, every moment of a kill
	@tests/run --preset $(PRESET) --all

soak:  ## hunt flakes: the tests N times in a row (10), every second run beside a load of LOAD (4)
	@tests/soak $(N) --load $(LOAD) --preset $(PRESET)

simulate: packages  ## play SEEDS histories (20000) of the operator in a model world
	@$(PHASE) simulation "compiles the simulation" "4 min, then seconds" $(call COMPILE,simulation,simulate)
	build/simulation/tests/model/simulate --base $(BASE) --seeds $(SEEDS) --threads 2

test-postgres-matrix: packages  ## the PostgreSQL tests on 13 to 18, with a plain and a superuser administrator
	cmake --preset dev >/dev/null
	cmake --build --preset dev --target postgres_tests
	@tests/run --matrix --label-regex '^postgres$$' --exclude-regex '^jobs$$'

bench: packages  ## measure the release binary: size at rest, time beside bare libpq, delay of a release
	cmake --preset release >/dev/null
	cmake --build --preset release --target djangodb-operator bare_provision
	cmake --preset simulation >/dev/null
	cmake --build --preset simulation --target simulate
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
	-tests/cluster/postgres down --all
	tests/cluster/down

clean:  ## remove build trees
	rm -rf build

.PHONY: help demo preflight packages programs build images unit test test-all soak simulate test-postgres-matrix bench format lint image cluster-up cluster-down clean
