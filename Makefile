# make demo   builds an example for linux/arm64, from nothing but Go and make
# make test   runs every test
# make bench  prints the benchmarks
# make realworld  compiles VTK and PCL from their own sources, for half an hour
# make e2e-full   what is too long for every change: device code by NVIDIA's
#                 compiler (1.5 GB to download), OpenCV from its own source, and
#                 the flagship's twin on Debian's packages of VTK and PCL, for an
#                 hour
# make e2e-flagship  the flagship with VTK and PCL from their own sources, for
#                 two hours the first time
#
# What is made once (tools, base images, a builder's state) is kept in .cache.

CACHE := .cache
GO    ?= go

.PHONY: all demo realworld e2e-full e2e-flagship test unit lint bench setup tools clean fuzz

all: bin/jetson bin/jetson-frontend

bin/%: FORCE
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags "-s -w" -o $@ ./cmd/$*

.PHONY: FORCE
FORCE:

# Programs of Debian's that a builder needs, and the kernel's handler for arm64.
setup:
	@sh tools/setup.sh

tools: $(CACHE)/bin/buildkitd $(CACHE)/bin/buildkitd-v0.18 $(CACHE)/bin/buildkitd-v0.20 $(CACHE)/bin/buildx $(CACHE)/bin/staticcheck

$(CACHE)/bin/buildkitd: tools/go.mod
	$(GO) build -C tools -trimpath -buildvcs=false -o ../$@ github.com/moby/buildkit/cmd/buildkitd
$(CACHE)/bin/buildx: tools/go.mod
	$(GO) build -C tools -trimpath -buildvcs=false -o ../$@ github.com/docker/buildx/cmd/buildx
$(CACHE)/bin/staticcheck: tools/go.mod
	$(GO) build -C tools -trimpath -buildvcs=false -o ../$@ honnef.co/go/tools/cmd/staticcheck
$(CACHE)/bin/buildkitd-%: tools/buildkit-%/go.mod
	$(GO) build -C tools/buildkit-$* -trimpath -buildvcs=false -o ../../$@ github.com/moby/buildkit/cmd/buildkitd

demo: setup bin/jetson
	@$(GO) run ./internal/demo

# VTK and PCL from their original archives, and a program that uses both. A
# second run finds what the first has compiled in .cache/demo.
realworld: setup bin/jetson
	@$(GO) run ./internal/demo realworld linux/amd64

# What is too long and too large for every run. Downloads and compiled objects
# are kept in .cache/full: what was stopped goes on where it was.
e2e-full: setup tools
	JETSON_TEST_E2E=1 $(GO) test -count=1 -timeout 240m -run '^TestFull' -v ./internal/e2e

e2e-flagship: setup tools
	JETSON_TEST_E2E=1 $(GO) test -count=1 -timeout 400m -run '^TestLong' -v ./internal/e2e

test: setup tools lint
	JETSON_TEST_E2E=1 $(GO) test -timeout 120m -skip '^Test(Full|Long)' ./...

# What needs no builder and no network.
unit:
	$(GO) test ./...

lint: $(CACHE)/bin/staticcheck
	@test -z "$$(gofmt -l cmd frontend internal llb stacks)" || { gofmt -d cmd frontend internal llb stacks; exit 1; }
	$(GO) vet ./...
	$(CACHE)/bin/staticcheck ./...

bench:
	$(GO) test -run '^$$' -bench . -benchmem ./...

# Each fuzz target for a while; the corpus found so far runs with every test.
fuzz:
	$(GO) test -run '^$$' -fuzz FuzzParse -fuzztime 30s ./stacks/tree
	$(GO) test -run '^$$' -fuzz FuzzShorthand -fuzztime 30s ./stacks
	$(GO) test -run '^$$' -fuzz FuzzConstraint -fuzztime 30s ./stacks/version
	$(GO) test -run '^$$' -fuzz FuzzFormat -fuzztime 30s ./stacks/format
	$(GO) test -run '^$$' -fuzz FuzzResolve -fuzztime 30s ./stacks/resolve

clean:
	rm -rf bin $(CACHE)
