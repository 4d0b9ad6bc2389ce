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

format:  ## format all C++ files
	git ls-files '*.cpp' '*.hpp' | xargs clang-format-16 -i

lint:  ## check format and layers, and run clang-tidy over what the dev preset compiles
	@tests/cluster/install-packages --lint
	git ls-files '*.cpp' '*.hpp' | xargs clang-format-16 --dry-run --Werror
	python3 tests/layering/check_layers.py .
	git ls-files 'crds/*.cpp' 'reconcilers/*.cpp' 'controller/*.cpp' ':!controller/kube/transport/cpprest_transport.cpp' \
	    | xargs -P 2 -n 1 clang-tidy-16 -p build/dev --quiet
	# The analyzer does not follow how pplx, in its own header, counts references.
	clang-tidy-16 -p build/dev --quiet --checks=-clang-analyzer-cplusplus.NewDelete controller/kube/transport/cpprest_transport.cpp

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
