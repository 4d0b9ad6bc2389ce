# Verbs only: presets and scripts do the work.
.DEFAULT_GOAL := help
PRESET ?= dev

help:  ## list the verbs
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

packages:  ## install the Debian packages that are missing
	@tests/cluster/install-packages

build: packages  ## build with the preset PRESET (dev)
	cmake --preset $(PRESET) >/dev/null
	cmake --build --preset $(PRESET)

test: build  ## build and run all tests
	ctest --preset dev

format:  ## format all C++ files
	git ls-files '*.cpp' '*.hpp' | xargs clang-format-16 -i

lint:  ## check format and run clang-tidy on files changed since main's last push (FILES= for others)
	@tests/lint $(FILES)

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

.PHONY: help packages build test format lint image cluster-up cluster-down clean
