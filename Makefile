# Tenon: `make` lists the targets.
SHELL := /bin/bash
BUILD ?= Build
CONFIGURATION ?= release
SWIFT := swift
BIN = $(shell $(SWIFT) build -c $(CONFIGURATION) --show-bin-path)
PACKAGES := libopenblas-dev libomp-dev
# For running kernels of aarch64 in an emulator; tests that need them are skipped without.
EMULATION_PACKAGES := qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross

.DEFAULT_GOAL := help
.PHONY: help setup build run test check conformance networks format lint reference protobuf bench fuzz \
  compare sanitize clean

help: ## lists the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## installs the Debian packages that Tenon needs, where they are missing
	@command -v $(SWIFT) >/dev/null || { \
	  echo "make: a Swift 6.3 toolchain must be on the PATH (https://www.swift.org/install)"; exit 1; }
	@missing=""; for package in $(PACKAGES); do \
	  dpkg -s $$package >/dev/null 2>&1 || missing="$$missing $$package"; done; \
	if [ -n "$$missing" ]; then echo "==> installing$$missing"; \
	  as_root=""; [ "$$(id -u)" = 0 ] || as_root=sudo; \
	  $$as_root apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive $$as_root apt-get install -y -qq $$missing; fi

build: setup
	@echo "==> building ($(CONFIGURATION))"
	@$(SWIFT) build -c $(CONFIGURATION) 2>&1 | tee $(BUILD).log | grep -E 'error|warning: unre|Compiling|Build' | tail -n 3; \
	  status=$${PIPESTATUS[0]}; [ $$status = 0 ] || cat $(BUILD).log; rm -f $(BUILD).log; exit $$status

run: build ## trains a digit classifier, saves it, runs it in a new process, shows every pass
	@mkdir -p $(BUILD)
	@echo "==> training on handwritten digits"
	@$(BIN)/TrainDigits --output $(BUILD)/digits.tenon --image $(BUILD)/image.npy
	@echo "==> running the saved graph in a new process"
	@$(BIN)/tenon run $(BUILD)/digits.tenon --entry predict --dim batch=1 \
	  --input images=$(BUILD)/image.npy --output-dir $(BUILD)
	@echo "==> what every pass did"
	@$(BIN)/tenon inspect $(BUILD)/digits.tenon --passes

# Tests reach into modules, so they have a build of their own.
TEST = $(SWIFT) test -c $(CONFIGURATION) -Xswiftc -enable-testing --scratch-path .build-test

test: setup ## runs all tests (release: the numeric suites need it)
	@echo "==> testing ($(CONFIGURATION))"
	@$(TEST)

ifneq ($(shell uname -m),aarch64)
check: PACKAGES += $(EMULATION_PACKAGES)
endif
check: test lint ## what .ci/run runs: tests, format, origins in release and stripped
	@echo "==> origins in release and stripped binaries"
	@bash Tests/origins-in-release.sh

# The backend tests of the PyPI package `onnx`, as folders of test cases.
SUITE = $(BUILD)/onnx-suite

$(SUITE): Tests/Conformance/make-suite
	@[ -x $(BUILD)/onnx-python/bin/python ] || { echo "==> installing onnx 1.23.2 in $(BUILD)"; \
	  python3 -m venv $(BUILD)/onnx-python && \
	  $(BUILD)/onnx-python/bin/python -m pip install -q onnx==1.23.2; }
	@$(BUILD)/onnx-python/bin/python $< $@ --strip-output-shapes $@-stripped

conformance: build $(SUITE) ## runs the ONNX suite on every backend, against the list of known gaps
	@python3 Tests/Conformance/judge $(BIN)/tenon $(SUITE) $(SUITE)-stripped \
	  Tests/Conformance/known-gaps --page Docs/Reference/Conformance.md

NETWORKS = $(BUILD)/networks

$(BUILD)/torch-python: Tests/Networks/requirements.txt
	@echo "==> installing PyTorch and ONNX Runtime in $(BUILD)"
	@python3 -m venv $@ && $@/bin/python -m pip install -q -r $<

$(NETWORKS): Tests/Networks/make-networks $(BUILD)/torch-python
	@$(BUILD)/torch-python/bin/python $< $@

networks: build $(NETWORKS) ## compares networks that PyTorch exports with ONNX Runtime
	@$(BUILD)/torch-python/bin/python Tests/Networks/compare-networks $(BIN)/tenon $(NETWORKS) \
	  --perturb --page Docs/Reference/Networks.md

lint: ## checks the format of every Swift file
	@echo "==> checking the format"
	@$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests Samples

format: ## formats every Swift file
	@$(SWIFT) format --in-place --recursive --parallel Package.swift Sources Tests Samples

reference: setup ## writes Docs/Reference anew from the sources
	@TENON_WRITE_REFERENCE=1 $(TEST) --filter ReferenceTests

protobuf: ## writes the Swift of the ONNX schema anew (needs protoc and swift-protobuf's plugin)
	@cd Sources/TenonONNX/Proto && protoc --swift_opt=UseAccessLevelOnImports=true \
	  --swift_out=. onnx.proto && mv onnx.pb.swift onnx.generated.swift

bench: build ## measures Tenon alone and prints a table
	@mkdir -p $(BUILD)
	@[ -f $(BUILD)/digits.tenon ] || $(BIN)/TrainDigits --epochs 1 \
	  --output $(BUILD)/digits.tenon --image $(BUILD)/image.npy
	@clang -O2 -shared -fPIC Tests/Allocations/count.c -o $(BUILD)/allocations.so
	@LD_PRELOAD=$(CURDIR)/$(BUILD)/allocations.so \
	  $(BIN)/TenonBenchmarks $(BIN)/tenon $(BUILD)/digits.tenon $(BUILD)/image.npy

PEERS = $(BUILD)/peers

$(BUILD)/peers-python: Tests/Peers/requirements.txt
	@echo "==> installing the peers in $(BUILD): 9 GB"
	@python3 -m venv $@ && $@/bin/python -m pip install -q -r $< && touch $@

compare: build $(BUILD)/peers-python ## times Tenon beside ONNX Runtime, OpenVINO, LiteRT, PyTorch and XLA
	@mkdir -p $(PEERS) && clang -O2 -pthread Tests/Peers/peak.c -o $(BUILD)/peak
	@$(BUILD)/peers-python/bin/python Tests/Peers/compare $(BIN)/tenon $(BUILD)/peak $(PEERS) \
	  --page Docs/Performance.md --json $(BUILD)/compare.json $(COMPARE)
	@$(BUILD)/peers-python/bin/python Tests/Peers/start $(BIN)/tenon $(PEERS) --page Docs/Performance.md

fuzz: setup ## 10,000 mutated saved graphs and models
	@TENON_FUZZ_COUNT=10000 $(TEST) --filter Fuzz

sanitize: setup ## address, undefined-behaviour and thread sanitizers over runtime, kernels, compiler
	@bash Tests/sanitize.sh

clean: ## removes what was built
	@rm -rf .build .build-test $(BUILD)
