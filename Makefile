# make run    build everything and start a server for one person
# make test   run every test; CI does exactly this
# make help   show the other targets

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

VERSION := 0.1.0
COMMIT := $(shell git rev-parse --short=8 HEAD 2>/dev/null || echo 00000000)
# The time of the commit, not of the build: the same source gives the same file.
BUILT := $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
LDFLAGS := -s -w -X main.version=$(VERSION)-$(COMMIT)-$(BUILT)

LISTEN ?= 127.0.0.1:3000
DATA ?= data

bin := bin/signalbox
npm := npm --prefix web
modules := web/node_modules/.package-lock.json
dist := internal/webui/dist/index.html
web_sources := $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o \
	-type f -not -name '*.tsbuildinfo' -print 2>/dev/null)

# Programs of a developer's machine and of CI never ask questions.
export npm_config_fund := false
export npm_config_audit := false
export npm_config_update_notifier := false

##@ Everyday

.PHONY: run
run: prepare-run build ## Build what changed and start the server on this machine, with its data in ./data
	exec $(bin) serve --listen $(LISTEN) --data-dir $(DATA)

.PHONY: prepare-run
prepare-run: ## Install Ansible and what else runs want, or say what is missing
	./scripts/prepare.sh run

.PHONY: build
build: web ## Build bin/signalbox with the front end inside
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o $(bin) ./cmd/signalbox

.PHONY: web
web: $(dist)

$(modules): web/package.json web/package-lock.json
	$(npm) ci
	touch $@

web/dist/index.html: $(modules) $(web_sources)
	$(npm) run build
	touch $@

# Everything but the marker file that keeps the directory in the repository.
$(dist): web/dist/index.html
	mkdir -p $(@D)
	find $(@D) -mindepth 1 -not -name .gitkeep -delete
	cp -R web/dist/. $(@D)/

##@ Tests

# Lists of 100,000 rows on every database, which the race detector makes too long.
large_cases := ^(TestConformance|TestPostgres|TestMySQL)$$/^(Scale|Conformance)$$/^(a_list_of_100,000_rows|Scale)$$/^a_list_of_100,000_rows$$

# Go tests come last, so that the last lines say which of them ran. Packages
# under test/ drive the built program and measure time: they run one by one and
# without the race detector, which would watch the wrong process.
.PHONY: test
test: prepare-tests test-web build lint-go ## Run every test
	CI='$(CI)' SIGNALBOX_TEST_TOFU='$(CURDIR)/build/tofu' ./scripts/go-test.sh ./cmd/... ./internal/...
	CI='$(CI)' SIGNALBOX_TEST_LARGE=1 GO_TEST_RACE=off ./scripts/go-test.sh -run '$(large_cases)' ./internal/store/sqlstore ./internal/store/boltstore
	CI='$(CI)' SIGNALBOX_TEST_TOFU='$(CURDIR)/build/tofu' SIGNALBOX_TEST_BIN='$(CURDIR)/$(bin)' GO_TEST_RACE=off ./scripts/go-test.sh -p 1 ./test/...

.PHONY: prepare-tests
prepare-tests: build/tofu ## Install the programs that the tests want, or say which are missing
	./scripts/prepare.sh tests

# The real OpenTofu, which tests of its runs start. It takes minutes to build and
# stays until its version changes.
build/tofu: tools/opentofu/go.mod tools/opentofu/go.sum
	@echo "Building OpenTofu for the tests; this takes a few minutes."
	CGO_ENABLED=0 nice go build -C tools/opentofu -trimpath -buildvcs=false \
		-ldflags '-s -w -X github.com/opentofu/opentofu/version.dev=no' \
		-o '$(CURDIR)/build/tofu' github.com/opentofu/opentofu/cmd/tofu
	touch $@

.PHONY: test-web
test-web: $(modules) web ## Check, test and measure the front end
	$(npm) run lint
	$(npm) test
	$(npm) run size

.PHONY: e2e
e2e: build build/tofu ## Run only the tests in a browser
	SIGNALBOX_TEST_TOFU='$(CURDIR)/build/tofu' SIGNALBOX_TEST_BIN='$(CURDIR)/$(bin)' GO_TEST_RACE=off ./scripts/go-test.sh -p 1 -count=1 ./test/e2e/...

# The table is written whatever the tests say; what failed is named at the end.
.PHONY: conformance
conformance: ## Run one suite against every database and write docs/conformance.md
	(SIGNALBOX_TEST_LARGE=1 go test -json -count=1 -timeout 30m -run '^(TestConformance|TestPostgres|TestMySQL)$$' \
		./internal/store/sqlstore ./internal/store/boltstore || true) | go run ./internal/store/storetest/cmd/conformance

# SIGNALBOX_BENCH_ONLY=storage measures one part and leaves the rest of the file.
.PHONY: soak
soak: build build/tofu ## Kill jobs and servers at random points for hours: make soak SIGNALBOX_SOAK=4h
	SIGNALBOX_SOAK='$(or $(SIGNALBOX_SOAK),1h)' SIGNALBOX_TEST_BIN='$(CURDIR)/$(bin)' SIGNALBOX_TEST_TOFU='$(CURDIR)/build/tofu' \
		go test -count=1 -v -timeout 0 -parallel 16 -run AtRandomPoints ./test/faults

.PHONY: bench
bench: build ## Measure speed and write docs/benchmarks.md; wants an otherwise idle machine
	SIGNALBOX_TEST_BIN='$(CURDIR)/$(bin)' SIGNALBOX_BENCH_OUT='$(CURDIR)/docs/benchmarks.md' \
		go test -tags bench -count=1 -v -timeout 30m ./test/bench

##@ Checks and generated files

.PHONY: lint
lint: lint-go $(modules) ## Check form and common mistakes, Go and front end
	$(npm) run lint

.PHONY: lint-go
lint-go: bin/staticcheck $(dist)
	@unformatted="$$(gofmt -l cmd internal test)"; \
	if [ -n "$$unformatted" ]; then echo "gofmt these:"; echo "$$unformatted"; exit 1; fi
	go vet -tags bench ./cmd/... ./internal/... ./test/...
	bin/staticcheck -tags bench ./cmd/... ./internal/... ./test/...

bin/staticcheck: tools/go.mod tools/go.sum
	go build -C tools -o ../bin/staticcheck honnef.co/go/tools/cmd/staticcheck

.PHONY: openapi
openapi: $(modules) ## Write api/openapi.json from the code, and the front end's types from it
	go run ./internal/httpapi/cmd/schemadocs
	go run ./internal/httpapi/cmd/openapi
	$(npm) run gen

.PHONY: docs
docs: ## Write the table of settings in the administrator's guide
	go test ./internal/config -run TestGuide -update

.PHONY: clean
clean: ## Remove what the build made; ./data stays
	rm -rf bin build web/dist web/node_modules
	find internal/webui/dist -mindepth 1 -not -name .gitkeep -delete 2>/dev/null || true

.PHONY: help
help:
	@awk 'BEGIN {FS = ":.*## "} \
		/^##@ / {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
