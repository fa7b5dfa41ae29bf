# Steward. `make help` lists the targets.
#
# One makefile, no recursion into rooms. MODE picks compiler flags and the object
# directory, so debug, release, asan and tsan objects never mix.

MODE    ?= release
ROOMS   := engine db segments campaigns api
B       := build/$(MODE)
GEN     := build/gen

# What Debian 12 has to bring; `make deps` installs what is missing of the first two.
DEPS_RUN   := postgresql ca-certificates curl tzdata
DEPS_BUILD := gcc g++ pkg-config libpq-dev libcurl4-openssl-dev libjansson-dev \
  libmicrohttpd-dev libsodium-dev libjose-dev libphonenumber-dev libicu-dev libre2-dev zlib1g-dev
DEPS_CHECK := check clang-14 clang-format-14 clang-tidy-14 libclang-rt-14-dev \
  chromium fonts-noto-cjk nodejs npm openssl shellcheck strace

# As many jobs as cores, unless the command line says otherwise.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif

CC      ?= gcc
CXX     ?= g++
ifeq ($(origin CC),default)
CC := gcc
endif
ifeq ($(origin CXX),default)
CXX := g++
endif

PKGS    := libpq libcurl jansson libmicrohttpd libsodium jose zlib
WARN    := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
  -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wcast-qual \
  -Wcast-align=strict -Wpointer-arith -Wwrite-strings -Wformat=2 \
  -Wformat-signedness -Wundef -Wvla -Walloca -Wswitch-enum \
  -Wimplicit-fallthrough=5 -Wnull-dereference -Wdouble-promotion -Wlogical-op \
  -Wduplicated-cond -Wduplicated-branches -Wdate-time
CXXWARN := -Wall -Wextra -Wshadow -Wconversion
HARDEN  := -fstack-protector-strong -fstack-clash-protection -fcf-protection=full \
  -ftrivial-auto-var-init=zero -fno-strict-aliasing -fno-strict-overflow \
  -fno-delete-null-pointer-checks -fPIE
LDHARD  := -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed

ifeq ($(MODE),release)
OPT := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 $(HARDEN)
LDOPT := $(LDHARD)
else ifeq ($(MODE),debug)
OPT := -O0 -g3 $(HARDEN)
LDOPT := $(LDHARD)
else ifeq ($(MODE),asan)
OPT := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
LDOPT := -fsanitize=address,undefined
else ifeq ($(MODE),tsan)
OPT := -O1 -g -fno-omit-frame-pointer -fsanitize=thread
LDOPT := -fsanitize=thread
else ifeq ($(MODE),cov)
OPT := -O0 -g --coverage -fprofile-update=atomic
LDOPT := --coverage
else ifeq ($(MODE),fuzz)
# libFuzzer comes with clang, which knows fewer warnings than gcc.
CC := clang-14
CXX := clang++-14
OPT := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize=function,vptr \
  -fno-sanitize-recover=all -fsanitize=fuzzer-no-link
LDOPT := -fsanitize=address,undefined
WARN := -Wall -Wextra -Wno-unknown-warning-option
else
$(error MODE is one of release, debug, asan, tsan, cov, fuzz)
endif
# V=1 shows the commands.
ifeq ($(V),1)
Q :=
SAY := @:
else
Q := @
SAY := @printf '  %-4s %s\n'
endif
ifneq ($(findstring s,$(firstword -$(MAKEFLAGS))),)
SAY := @:
endif

# Asked for once, when something is compiled, so that `make help` and `make deps`
# work on a machine that has none of the libraries yet.
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(shell pkg-config --cflags $(PKGS)))$(PKG_CFLAGS)
PKG_LIBS   = $(eval PKG_LIBS := $$(shell pkg-config --libs $(PKGS)))$(PKG_LIBS)
WERROR  ?=
CFLAGS_ALL   = -std=c17 -D_GNU_SOURCE -I. -I$(GEN) $(WARN) $(WERROR) $(OPT) $(PKG_CFLAGS) -MMD -MP $(CFLAGS)
CXXFLAGS_ALL = -std=c++17 -I. -I$(GEN) $(CXXWARN) $(WERROR) $(OPT) -MMD -MP $(CXXFLAGS)
LIBS         = $(PKG_LIBS) -lgeocoding -lphonenumber -licui18n -licuuc -lre2 -lstdc++ -lm -lpthread

SRCS   := $(sort $(foreach r,$(ROOMS),$(shell find $(r) -name '*.c' -o -name '*.cc' 2>/dev/null)))
MAIN   := api/cli/main.c
OBJS   := $(patsubst %,$(B)/%.o,$(filter-out $(MAIN),$(SRCS)))
GENOBJ := $(B)/gen/embed.o $(B)/gen/db_queries.o
LIB    := $(B)/libsteward.a
BIN    := $(B)/steward

# Files that travel inside the binary, by their path in the tree.
EMBED  := $(sort $(wildcard db/migrations/*.sql engine/*.csv) \
  $(shell find segments campaigns api/connect -name '*.json' -o -name '*.jsonl' -o -path '*/packs/*' -type f 2>/dev/null) \
  $(shell find api/console -type f 2>/dev/null) $(wildcard api/openapi.json))
QUERIES := $(sort $(wildcard db/queries/*.sql))

.DELETE_ON_ERROR:
.SECONDEXPANSION:
.PHONY: all deps deps-check help clean

all: $(BIN) ## build the binary (MODE=release|debug|asan|tsan|cov)
	@ln -sfn $(MODE)/steward build/steward

deps: ## install the Debian packages that building and running need (STW_DEPS=skip: do not)
	@sh .ci/deps.sh $(DEPS_RUN) $(DEPS_BUILD)
deps-check: deps ## install those that the checks need too
	@sh .ci/deps.sh $(DEPS_CHECK)

help: ## list the targets
	@sed -n 's/^\([a-z][a-z0-9_.-]*\):.*## \(.*\)/\1	\2/p' Makefile tests/checks.mk | sort | \
	  awk -F'\t' '{printf "  %-22s %s\n", $$1, $$2}'

# ---- generated sources -------------------------------------------------------
# The lists change only when a file comes or goes, which no time stamp would show.
$(GEN)/%.list: .FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(LIST_$*) | cmp -s - $@ || printf '%s\n' $(LIST_$*) > $@
.FORCE:
LIST_embed   = $(EMBED)
LIST_queries = $(QUERIES)

$(GEN)/embed.S: $(EMBED) $(GEN)/embed.list engine/embed.sh
	@mkdir -p $(@D)
	@sh engine/embed.sh files $(EMBED) > $@
$(GEN)/db_queries.c $(GEN)/db_queries.h &: $(QUERIES) $(GEN)/queries.list engine/embed.sh
	@mkdir -p $(@D)
	@sh engine/embed.sh queries-h $(QUERIES) > $(GEN)/db_queries.h
	@sh engine/embed.sh queries-c $(QUERIES) > $(GEN)/db_queries.c

$(B)/gen/embed.o: $(GEN)/embed.S | deps
	@mkdir -p $(@D)
	$(SAY) AS $<
	$(Q)$(CC) -c -o $@ $<
$(B)/gen/db_queries.o: $(GEN)/db_queries.c | deps
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) $(CFLAGS_ALL) -Wno-overlength-strings -c -o $@ $<

# ---- objects -----------------------------------------------------------------
# Plain loops over columns become vectors only from -O3 on.
ifeq ($(MODE),release)
$(B)/engine/simd_%.c.o: OPT += -O3 -fno-stack-protector
endif
# deps comes first, so that a bare machine has a compiler by the time one is called.
$(B)/%.c.o: %.c | $(GEN)/db_queries.h deps
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) $(CFLAGS_ALL) -c -o $@ $<
$(B)/%.cc.o: %.cc | deps
	@mkdir -p $(@D)
	$(SAY) CXX $<
	$(Q)$(CXX) $(CXXFLAGS_ALL) -c -o $@ $<

$(LIB): $(OBJS) $(GENOBJ)
	@rm -f $@
	@ar rcs $@ $^
$(BIN): $(B)/$(MAIN).o $(LIB)
	$(SAY) LD $@
	$(Q)$(CC) $(LDOPT) -o $@ $^ $(LIBS)

# ---- the demo: api/cli/demo.sh tells what it does -----------------------------
.PHONY: demo demo-clean
export DATA CUSTOMERS SEED ONCE
demo: all ## the whole job on a sample book, then serve (ONCE=1, DATA=directory of a bank's book)
	@bash api/cli/demo.sh $(BIN)
demo-clean: ## remove what the demo has made below var/
	@bash api/cli/demo.sh --clean

# ---- tests: one program a file -----------------------------------------------
UNIT_SRCS := $(sort $(wildcard tests/unit/test_*.c))
UNIT_BINS := $(patsubst %.c,$(B)/%,$(UNIT_SRCS))
DB_SRCS   := $(sort $(wildcard tests/db/test_*.c))
DB_BINS   := $(patsubst %.c,$(B)/%,$(DB_SRCS))
API_SRCS  := $(sort $(wildcard tests/api/test_*.c))
API_BINS  := $(patsubst %.c,$(B)/%,$(API_SRCS))
TEST_HELP := $(patsubst %,$(B)/%.o,$(wildcard tests/lib/*.c))
# The property test: a program of its own, see tests/checks.mk.
PROP_BIN  := $(B)/tests/property/one_meaning
# The kept book under writers and chaos, the same way.
BOOK_BIN  := $(B)/tests/soak/soak_book
# What races in tests/soak/withdrawal.sh.
RACE_BIN  := $(B)/tests/soak/race_withdrawal
# Published logs, changed in twelve ways.
TAMPER_BIN := $(B)/tests/soak/tamper_log
# The gate of many contacts beside the gate of one.
GATE_BIN := $(B)/tests/property/gate_same
# An archive, so that a program takes in only the help it asks for and may fake the rest.
TEST_LIB  := $(B)/tests/libtest.a

# What the tests include is not there before deps-check has run.
$(addsuffix .c.o,$(UNIT_BINS) $(DB_BINS) $(API_BINS) $(PROP_BIN) $(BOOK_BIN) $(RACE_BIN) $(TAMPER_BIN) $(GATE_BIN)) $(TEST_HELP): | deps-check
$(TEST_LIB): $(TEST_HELP)
	@rm -f $@
	@ar rcs $@ $^
$(UNIT_BINS) $(DB_BINS) $(API_BINS) $(PROP_BIN) $(BOOK_BIN) $(RACE_BIN) $(TAMPER_BIN) $(GATE_BIN): $(B)/%: $(B)/%.c.o $(TEST_LIB) $(LIB)
	$(SAY) LD $@
	$(Q)$(CC) $(LDOPT) -o $@ $^ $(shell pkg-config --libs check) $(LIBS)

-include tests/checks.mk

clean: ## remove everything that was built (the demo stays: make demo-clean)
	rm -rf build

-include $(shell find build -name '*.d' 2>/dev/null)
