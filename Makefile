# `make demo` and `make test` do everything on a fresh Debian 12, as root or with sudo. `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo build test asan fuzz docs install-dependencies

MODEL := models/centernet/centernet.pb
PICTURES := models/pictures
OUT := detected_images

help:  ## Show what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 24

demo: build  ## Build, then detect objects in the pictures of models/pictures; the drawn ones go to detected_images/
	build/temper detect $(MODEL) $(PICTURES) --labels models/centernet/labels.txt --out $(OUT) --min-score 0.4
	@echo "The drawn pictures are in $(CURDIR)/$(OUT)"

build: install-dependencies  ## Build the program: build/temper
	@cmake --preset release >/dev/null
	@cmake --build --preset release

test: build  ## Build and run all tests
	@tools/run_tests.sh build

asan: install-dependencies  ## Build and run all tests under the address and undefined-behaviour sanitizers
	@cmake --preset asan >/dev/null
	@cmake --build --preset asan
	@tools/run_tests.sh build-asan

fuzz: install-dependencies  ## Fuzz the readers for 10 minutes each, under sanitizers
	@cmake --preset fuzz >/dev/null
	@cmake --build --preset fuzz --target fuzz_test
	@TEMPER_FUZZ_SECONDS=600 build-fuzz/tests/fuzz_test

docs: build  ## Write docs/generated/ anew
	@tools/operator_table.py --dump build/tests/operator_dump
	@tools/pass_table.py

install-dependencies:  ## Install what is missing of the packages in tools/packages.txt
	@tools/install_dependencies.sh
