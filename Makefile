# One target for each promise; CI runs `make test` and nothing else.
GO      ?= go
BIN     := bin/zrpc
STATIC  := $(GO) tool -modfile=tools.mod staticcheck

.PHONY: help build demo test unit race allocs lint fuzz bench bench-quick benchtest grpcexamples interop setup clean

help: ## show the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build the command into bin/zrpc (pure Go, no cgo)
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN) ./cmd/zrpc

demo: build ## build, serve the time service, call it, list it
	@$(BIN) --server --bind tcp://127.0.0.1:4242 time & server=$$!; trap 'kill $$server' EXIT; set -x; \
	$(BIN) --client --connect tcp://127.0.0.1:4242 strftime %Y/%m/%d && $(BIN) tcp://127.0.0.1:4242

test: setup lint race allocs interop benchtest ## everything: set-up, lint, all tests, live peers, the tests of the benchmarks

unit: ## tests without the race detector and without foreign peers
	$(GO) test $$($(GO) list ./... | grep -v /interop)

race: ## unit and spec tests under the race detector, in random order
	$(GO) test -race -shuffle=on $$($(GO) list ./... | grep -v /interop)

allocs: ## what holds without the race detector only: budgets of allocations and of memory, buffers that come back
	@files=$$(git grep -lE '^//go:build !race$$|^func Test[A-Za-z]*Allocations\(' -- '*_test.go'); \
	tests=$$(sed -n 's/^func \(Test[A-Za-z0-9]*\)(.*/\1/p' $$files | sort -u | paste -s -d '|' -); \
	$(GO) test -count=1 -run "^($$tests)$$" $$(dirname $$files | sort -u | sed 's,^,./,')

interop: setup build ## live tests against Python's and Node's zerorpc and pyzmq
	$(GO) test -shuffle=on -count=1 ./interop/...

benchtest: setup ## tests of the benchmarks: each driver once, a short run of some
	$(GO) -C bench vet ./...
	$(GO) -C bench test ./...

grpcexamples: ## compile and run the gRPC halves of docs/grpc.md
	$(GO) -C bench vet ./grpcexamples/...
	$(GO) -C bench test -race -shuffle=on ./grpcexamples/...

setup: ## install the foreign peers under interop/ (virtual environment, node_modules)
	@sh interop/setup.sh

lint: ## gofmt, vet, staticcheck, tidy
	@out=$$(gofmt -s -l $$(git ls-files '*.go')); if [ -n "$$out" ]; then echo "gofmt -s would change:"; echo "$$out"; exit 1; fi
	$(GO) mod tidy -diff
	$(GO) vet ./...
	$(STATIC) ./...

FUZZTIME ?= 30s
fuzz: ## fuzz each target for FUZZTIME (default 30s)
	@for p in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
	    echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$p || exit 1; done; done

bench: ## measure against raw TCP, net/rpc, gRPC, libzmq, zerorpc … (10 min)
	$(GO) -C bench run .

bench-quick: ## the same in 90 s
	$(GO) -C bench run . -quick

clean: ## remove what was built and installed here
	rm -rf bin interop/.venv interop/node/node_modules
