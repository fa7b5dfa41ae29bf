# Steward. `make help` lists the targets.
#
# One makefile, no recursion into rooms. MODE picks compiler flags and the object
# directory, so debug, release, asan and tsan objects never mix.

MODE    ?= release
ROOMS   := engine db segments campaigns api
B       := build/$(MODE)
GEN     := build/gen

CC      ?= gcc
CXX     ?= g++
ifeq ($(origin CC),default)
CC := gcc
endif
ifeq ($(origin CXX),default)
CXX := g++
endif

PKGS    := libpq libcurl jansson libmicrohttpd libsodium zlib
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
else
$(error MODE is one of release, debug, asan, tsan)
endif

# Asked for once, when something is compiled, so that `make help` and `make deps`
# work on a machine that has none of the libraries yet.
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(shell pkg-config --cflags $(PKGS)))$(PKG_CFLAGS)
PKG_LIBS   = $(eval PKG_LIBS := $$(shell pkg-config --libs $(PKGS)))$(PKG_LIBS)
WERROR  ?=
CFLAGS_ALL   = -std=c17 -D_GNU_SOURCE -I. -I$(GEN) $(WARN) $(WERROR) $(OPT) $(PKG_CFLAGS) -MMD -MP $(CFLAGS)
CXXFLAGS_ALL = -std=c++17 -I. -I$(GEN) $(CXXWARN) $(WERROR) $(OPT) -MMD -MP $(CXXFLAGS)
LIBS         = $(PKG_LIBS) -lphonenumber -lre2 -lstdc++ -lm -lpthread

SRCS   := $(sort $(foreach r,$(ROOMS),$(shell find $(r) -name '*.c' -o -name '*.cc')))
MAIN   := api/cli/main.c
OBJS   := $(patsubst %,$(B)/%.o,$(filter-out $(MAIN),$(SRCS)))
GENOBJ := $(B)/gen/embed.o $(B)/gen/db_queries.o
LIB    := $(B)/libsteward.a
BIN    := $(B)/steward

# Files that travel inside the binary, by their path in the tree.
EMBED  := $(sort $(wildcard db/migrations/*.sql) \
  $(shell find segments campaigns -name '*.json' -o -name '*.jsonl' -o -path '*/packs/*' -type f) \
  $(shell find api/console -type f) $(wildcard api/openapi.json))
QUERIES := $(sort $(wildcard db/queries/*.sql))

.DELETE_ON_ERROR:
.SECONDEXPANSION:
.PHONY: all help clean

all: $(BIN) ## build the binary (MODE=release|debug|asan|tsan)
	@ln -sfn $(MODE)/steward build/steward

help: ## list the targets
	@sed -n 's/^\([a-z][a-z0-9-]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | sort | \
	  awk -F'|' '{printf "%-18s %s\n", $$1, $$2}'

# ---- generated sources -------------------------------------------------------
$(GEN)/embed.S: $(EMBED) engine/embed.sh Makefile
	@mkdir -p $(@D)
	@sh engine/embed.sh files $(EMBED) > $@
$(GEN)/db_queries.c $(GEN)/db_queries.h &: $(QUERIES) engine/embed.sh Makefile
	@mkdir -p $(@D)
	@sh engine/embed.sh queries-h $(QUERIES) > $(GEN)/db_queries.h
	@sh engine/embed.sh queries-c $(QUERIES) > $(GEN)/db_queries.c

$(B)/gen/embed.o: $(GEN)/embed.S
	@mkdir -p $(@D)
	$(CC) -c $(filter-out -std=c17,$(OPT)) -o $@ $<
$(B)/gen/db_queries.o: $(GEN)/db_queries.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -Wno-overlength-strings -c -o $@ $<

# ---- objects -----------------------------------------------------------------
$(B)/%.c.o: %.c | $(GEN)/db_queries.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -c -o $@ $<
$(B)/%.cc.o: %.cc
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS_ALL) -c -o $@ $<

$(LIB): $(OBJS) $(GENOBJ)
	@rm -f $@
	@ar rcs $@ $^
$(BIN): $(B)/$(MAIN).o $(LIB)
	$(CC) $(LDOPT) -o $@ $^ $(LIBS)

# ---- tests: one program a file -----------------------------------------------
UNIT_SRCS := $(sort $(wildcard tests/unit/test_*.c))
UNIT_BINS := $(patsubst %.c,$(B)/%,$(UNIT_SRCS))
DB_SRCS   := $(sort $(wildcard tests/db/test_*.c))
DB_BINS   := $(patsubst %.c,$(B)/%,$(DB_SRCS))
API_SRCS  := $(sort $(wildcard tests/api/test_*.c))
API_BINS  := $(patsubst %.c,$(B)/%,$(API_SRCS))
TEST_HELP := $(patsubst %,$(B)/%.o,$(wildcard tests/lib/*.c))

$(UNIT_BINS) $(DB_BINS) $(API_BINS): $(B)/%: $(B)/%.c.o $(TEST_HELP) $(LIB)
	$(CC) $(LDOPT) -o $@ $^ $(shell pkg-config --libs check) $(LIBS)

-include tests/checks.mk

clean: ## remove everything that was built (the demo stays: make demo-clean)
	rm -rf build

-include $(shell find build -name '*.d' 2>/dev/null)
