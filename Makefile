# `make` alone lists the targets. Every target fails when one of its commands does.

# Tools are built once per version into a cache shared by all clones of this machine.
GOLANGCI_VERSION    := v2.15.0
STATICCHECK_VERSION := v0.8.2
TOOLS       := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/glance-tools
GOLANGCI    := $(TOOLS)/golangci-lint-$(GOLANGCI_VERSION)/golangci-lint
STATICCHECK := $(TOOLS)/staticcheck-$(STATICCHECK_VERSION)/staticcheck

# TESTFLAGS is added to every `go test`, e.g. TESTFLAGS=-v or TESTFLAGS='-run Upload'.
TESTFLAGS ?=
FUZZTIME  ?= 20s
BENCH     ?= .
# ARGS goes to the server of `make run`.
ARGS      ?=

# The race detector needs a C compiler; a machine that has only Go runs the same tests without it.
HAVE_CC := $(shell command -v "$$(go env CC)" 2>/dev/null)
RACE    := $(if $(HAVE_CC),-race)

UNIT := ./internal/... ./cmd/... $(if $(wildcard tools/*),./tools/...)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help build run test check lint format vet staticcheck house unit golden e2e test-services bench bench-list bench-original bench-go fuzz clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## all programs into bin/; the version comes from git (go version -m)
	CGO_ENABLED=0 go build -trimpath -buildvcs=auto -o bin/ ./cmd/...

run: build ## glance-api on its built-in configuration, data in ./var; more options in ARGS
	bin/glance-api --embedded $(ARGS)

test: format vet staticcheck house unit golden e2e ## everything that needs only Go: no root, no services

check: format vet house ## the quick part, without the race detector; under a minute
	go test $(TESTFLAGS) $(UNIT)

lint: $(GOLANGCI) ## golangci-lint: the rules of the house that a linter can see
	$(GOLANGCI) run ./...

format: ## fails when gofmt would change a file
	@files=$$(gofmt -l $(wildcard cmd internal test tools)) || exit 1; \
	if [ -n "$$files" ]; then echo "not formatted (gofmt -w):"; echo "$$files"; exit 1; fi

vet: ## go vet, with and without the tests of services
	go vet ./...
	go vet -tags services ./...

staticcheck: $(STATICCHECK) ## staticcheck
	$(STATICCHECK) ./...

house: ## the rules of the house; never from the cache
	go test -count=1 $(TESTFLAGS) ./test/house

unit: ## unit tests and conformance suites, with the race detector where there is a C compiler
ifeq ($(RACE),)
	@echo "no C compiler ($$(go env CC)): these tests run WITHOUT the race detector"
	go test $(TESTFLAGS) $(UNIT)
else
	CGO_ENABLED=1 go test -race $(TESTFLAGS) $(UNIT)
endif

golden: ## replay of the recorded conversations against the real program
	go test -count=1 $(TESTFLAGS) ./test/golden

e2e: ## the real programs from outside, on embedded parts
	go test -count=1 $(TESTFLAGS) ./test/e2e/... ./test/eras ./test/bench

test-services: ## tests against real services; installs Debian packages when root
	test/services/run

bench: ## uploads and downloads against openssl and nginx; BENCH_MIB=1024 BENCH_ROUNDS=3
	go run ./test/bench

bench-list: ## lists of BENCH_IMAGES=100000 images on MariaDB, or BENCH_DATABASE=sqlite or a URL
	go run ./test/bench list

bench-original: ## metadata calls beside the original under uWSGI, on MariaDB; BENCH_ROUNDS=3
	go run ./test/bench original

bench-go: ## Go benchmarks, BENCH=regexp
	go test -run '^$$' -bench '$(BENCH)' -benchmem ./internal/...

fuzz: ## every fuzz target for FUZZTIME each
	@set -e; grep -rE --include='*_test.go' '^func Fuzz[A-Z]' internal test | \
	sed -E 's/^(.*)\/[^/]*_test\.go:func (Fuzz[A-Za-z0-9_]+).*/\1 \2/' | sort | \
	while read -r dir name; do \
		echo "$$dir $$name"; \
		go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "./$$dir"; \
	done

clean: ## remove what was built here; tools and caches stay
	rm -rf bin

# The name is complete only after a good build, so an interrupted one is made again.
$(GOLANGCI):
	GOBIN=$(@D) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)

$(STATICCHECK):
	GOBIN=$(@D) go install honnef.co/go/tools/cmd/staticcheck@$(STATICCHECK_VERSION)
