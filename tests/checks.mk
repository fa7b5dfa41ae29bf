# checks.mk - everything that proves the rest. Included by the Makefile.
#
# `make check` runs CHECK_STEPS one after the other through tests/check.sh; each is a
# target of its own. Test programs run through tests/run.sh, which counts.

CHECK_STEPS := format-check layers scripts check-build check-unit check-conformance \
  check-db check-api check-steps check-withdrawal check-book check-ledger check-interop check-one-meaning check-gate-same check-mutants check-browser check-bench \
  check-asan check-tsan check-fuzz tidy

.PHONY: check check-fast check-crash check-canary measure $(CHECK_STEPS) check-db-run check-asan-run \
  check-tsan-run bench-rules bench-rules-doc bench-import bench-events bench-traits bench-book bench-tick bench-ledger bench-verify bench-permit bench-next bench-dispatch bench-trace format analyze fuzz fuzz-run cov cov-run \
  install uninstall deps-cov soak-rules soak-book soak-ledger soak-gate-same bench-gate-many mutants-rules soak-withdrawal mutants-withdrawal mutants-queries soak-steps

RUN     := bash tests/run.sh
JOBS    := $(shell nproc)
FUZZ_SEC ?= 60
# A sanitizer slows a program down; libcheck's time limits stretch with it.
SLOW    := CK_TIMEOUT_MULTIPLIER=6
ASAN_ENV := $(SLOW) ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1 \
  UBSAN_OPTIONS=print_stacktrace=1 LSAN_OPTIONS=suppressions=tests/lsan.supp:print_suppressions=0
# gcc 12's thread sanitizer does not get along with much address randomisation.
TSAN_ENV := $(SLOW) TSAN_OPTIONS=halt_on_error=1:suppressions=tests/tsan.supp \
  WRAP="setarch $(shell uname -m) -R"
export STW_TEST_BIN = $(abspath $(BIN))

check: deps-check ## everything: style, layers, unit, db, api, browser, sanitizers, fuzz
	+@MAKE="$(MAKE) WERROR=-Werror" sh tests/with_cluster.sh bash tests/check.sh $(CHECK_STEPS)
check-fast: check-unit ## the unit tests only

check-build: $(BIN) $(UNIT_BINS) $(DB_BINS) $(API_BINS)

check-unit: $(UNIT_BINS) ## unit tests
	@$(RUN) --jobs $(JOBS) --logs $(B)/logs/unit $(UNIT_BINS)

API_SCRIPTS := $(sort $(wildcard tests/api/test_*.sh))
# The cluster's programs come with the run packages.
check-db: $(DB_BINS) ## stores and queries on a throwaway PostgreSQL cluster
	@$(if $(DB_BINS),sh tests/with_cluster.sh $(RUN) --jobs $(JOBS) --logs $(B)/logs/db $(DB_BINS))
check-api: $(API_BINS) $(BIN) ## the real binary, over HTTP
	@$(if $(API_BINS)$(API_SCRIPTS),sh tests/with_cluster.sh $(RUN) --jobs $(JOBS) \
	  --timeout 600 --logs $(B)/logs/api $(API_BINS) $(API_SCRIPTS))
# SEED=n repeats a run; each prints its own.
export SEED
check-one-meaning: $(PROP_BIN) ## a million rules x rows: interpreter = columns = PostgreSQL
	@sh tests/with_cluster.sh $(PROP_BIN) --checks 1000000
check-gate-same: $(GATE_BIN) ## 200,000 contacts: the gate of many decides as the gate of one
	@$(GATE_BIN) --pairs 200000
soak-gate-same: $(GATE_BIN) ## the same for PAIRS contacts (ten million)
	@$(GATE_BIN) --pairs $(or $(PAIRS),10000000)
bench-gate-many: $(GATE_BIN) ## candidates a second, beside the gate of one (SECONDS 3, THREADS)
	@$(GATE_BIN) --bench --seconds $(or $(SECONDS),3) --threads $(or $(THREADS),$(JOBS))
SOAK_CHECKS = $(if $(CHECKS),$(CHECKS),1000000000)
soak-rules: $(PROP_BIN) ## the same up to CHECKS (a billion); PostgreSQL in one round of EVERY (20)
	@sh tests/with_cluster.sh $(PROP_BIN) --checks $(SOAK_CHECKS) --every $(or $(EVERY),20)
# The gate twice: docs/compliance-proof.md.
CHECK_STEPS += check-oracle
.PHONY: check-oracle soak-oracle
ORACLE = node tests/oracle/run.mjs $(BIN) campaigns/compliance/packs --seed $(or $(SEED),1)
check-oracle: $(BIN) ## the gate against a second one in JavaScript: CASES (40000) random contacts
	@$(ORACLE) --cases $(or $(CASES),40000)
soak-oracle: $(BIN) ## the same for CASES (a million); the codes seen are counted
	@$(ORACLE) --cases $(or $(CASES),1000000) --tally
GATE_TESTS := $(addprefix $(B)/tests/unit/test_gate_,kinds decision ruleset kind_rows)
GATE_MUTANTS = CC="$(CC)" CFLAGS="$(filter-out -Werror -MMD -MP -O2 -g,$(CFLAGS_ALL))" \
  LDFLAGS="$(LDOPT) -s" LIBS="$(shell pkg-config --libs check) $(LIBS)" bash tests/mutants_gate.sh \
  tests/oracle/mutants.tsv $(B)/mutants-gate $(B)/$(MAIN).o "$(GATE_TESTS:%=%.c.o)" $(TEST_LIB) $(LIB)
.PHONY: mutants-gate check-mutants-gate
CHECK_STEPS += check-mutants-gate
mutants-gate: $(BIN) $(GATE_TESTS) ## faults put into the gate are all found by scenarios, tests, oracle
	@$(GATE_MUTANTS)
check-mutants-gate: $(BIN) $(GATE_TESTS) ## five of them, drawn by SEED
	@PICK=$(or $(PICK),5) $(GATE_MUTANTS)
# Dispatch without its protections.
PUSH_TESTS := $(addprefix $(B)/tests/,$(sort $(shell grep -v '^\#' tests/push/mutants.tsv | cut -f2)))
PUSH_MUTANTS = CC="$(CC)" CFLAGS="$(filter-out -Werror -MMD -MP,$(CFLAGS_ALL))" \
  LDFLAGS="$(LDOPT)" LIBS="$(shell pkg-config --libs check) $(LIBS)" sh tests/with_cluster.sh \
  bash tests/mutants_push.sh tests/push/mutants.tsv $(B)/mutants-push $(B) $(TEST_LIB) $(LIB)
.PHONY: mutants-push check-mutants-push
CHECK_STEPS += check-mutants-push
mutants-push: $(PUSH_TESTS) ## protections taken out of dispatch and of the batch gate are all missed
	@$(PUSH_MUTANTS)
check-mutants-push: $(PUSH_TESTS) ## four of them, drawn by SEED
	@PICK=$(or $(PICK),4) $(PUSH_MUTANTS)
# The sources of the decision with counters, linked in front of the archive's: the rest of the
# tree is built as ever.
GATE_SRCS := $(sort $(addprefix campaigns/compliance/,gate.c gate_many.c pack_select.c reason.c \
  ruleset.c scope.c terms.c) $(wildcard campaigns/compliance/kind*.c))
GATE_COV  := build/cov-gate
GATE_COV_OBJS  := $(GATE_SRCS:%=$(GATE_COV)/%.o)
GATE_COV_TESTS := $(patsubst tests/unit/%.c,$(GATE_COV)/%,$(wildcard tests/unit/test_gate_*.c) \
  tests/unit/test_pack_select.c tests/unit/test_terms.c)
$(GATE_COV)/campaigns/%.c.o: campaigns/%.c | $(GEN)/db_queries.h deps
	@mkdir -p $(@D)
	$(SAY) COV $<
	$(Q)$(CC) $(filter-out $(OPT),$(CFLAGS_ALL)) -O0 -g --coverage -c -o $@ $<
$(GATE_COV_TESTS): $(GATE_COV)/%: $(B)/tests/unit/%.c.o $(GATE_COV_OBJS) $(TEST_LIB) $(LIB)
	$(SAY) LD $@
	$(Q)$(CC) $(LDOPT) --coverage -o $@ $^ $(shell pkg-config --libs check) $(LIBS)
.PHONY: cov-gate check-cov-gate
CHECK_STEPS += check-cov-gate
check-cov-gate: cov-gate
cov-gate: $(GATE_COV_TESTS) ## no branch of the decision is left out by the gate's unit tests
	@find $(GATE_COV) -name '*.gcda' -delete
	@$(RUN) --jobs $(JOBS) --logs $(GATE_COV)/logs $(GATE_COV_TESTS)
	@node tests/cov_gate.mjs $(GATE_COV) $(GATE_SRCS)
# Its server is its own: it is killed.
check-book: $(BOOK_BIN) ## the kept book for ten seconds of writers and chaos: equal to a fresh load
	@$(BOOK_BIN) --customers 2000 --rate 400 --steady 3 --chaos 7
soak-book: $(BOOK_BIN) ## the same for longer (STEADY 60 s, CHAOS 120 s, RATE 2000/s, CUSTOMERS 20000)
	@$(BOOK_BIN) --customers $(or $(CUSTOMERS),20000) --rate $(or $(RATE),2000) \
	  --steady $(or $(STEADY),60) --chaos $(or $(CHAOS),120) --seed $(or $(SEED),1)
# Its cluster is its own: it notes when transactions commit.
RACES = STW_RACE_BIN=$(RACE_BIN) bash tests/soak/withdrawal.sh --bin $(BIN) \
  $(if $(SEED),--seed $(SEED))
check-withdrawal: $(BIN) $(RACE_BIN) ## 2,000 withdrawals race dispatches and permits: nothing starts after one
	@$(RACES) --races 2000
soak-withdrawal: mutants-withdrawal ## the same 100,000 times (N, THREADS), after it has found its mutants
	@$(RACES) --races $(or $(N),100000) --threads $(or $(THREADS),10)
# The binary without one protection: the statement that has it is linked in front of the
# archive's.
MUTANT_no-lock   = /FROM customer_permission/,/;/ s/ FOR NO KEY UPDATE//
MUTANT_no-begin  = /WITH held AS/,/RETURNING a\.task_id/ {s/ AND t\.state = .sending.//; s/FOR SHARE OF t SKIP LOCKED//}
$(B)/mutants/%.c: $(GEN)/db_queries.c
	@mkdir -p $(@D)
	@sed -E "$(MUTANT_$*)" $< >$@
	@! cmp -s $< $@ || { echo "mutant $* does not apply"; rm $@; exit 1; }
$(B)/mutants/steward-%: $(B)/mutants/%.c $(B)/$(MAIN).o $(LIB)
	$(SAY) LD $@
	$(Q)$(CC) $(filter-out -Werror -MMD -MP,$(CFLAGS_ALL)) -w $(LDOPT) -o $@ $^ $(LIBS)
.PRECIOUS: $(B)/mutants/%.c
mutants-withdrawal: $(RACE_BIN) $(B)/mutants/steward-no-lock $(B)/mutants/steward-no-begin ## without its locks the race is lost, and that is seen
	@STW_RACE_BIN=$(RACE_BIN) bash tests/soak/withdrawal.sh --bin $(B)/mutants/steward-no-lock \
	  --expect 'no permit commits after the withdrawal'
	@STW_RACE_BIN=$(RACE_BIN) bash tests/soak/withdrawal.sh --bin $(B)/mutants/steward-no-begin \
	  --expect 'no push starts after the commit'
check-ledger: $(TAMPER_BIN) ## 1,200 changed logs in twelve classes are found, 600 clean ones do not alarm
	@$(TAMPER_BIN) --runs 1200 --clean 600 --seed $(or $(SEED),1)
soak-ledger: $(TAMPER_BIN) ## the same for RUNS (10000) each
	@$(TAMPER_BIN) --runs $(or $(RUNS),10000) --clean $(or $(RUNS),10000) --seed $(or $(SEED),1)
# WERROR is for sources, not for faults put into them.
MUTANTS = CC="$(CC)" CFLAGS="$(filter-out -Werror -MMD -MP,$(CFLAGS_ALL))" \
  LDFLAGS="$(LDOPT)" LIBS="$(LIBS)" sh tests/with_cluster.sh bash tests/mutants.sh \
  tests/property/mutants.tsv $(B)/mutants $(PROP_BIN).c.o $(TEST_LIB) $(LIB)
# The statements of retention, of an erasure and of the gate's locks.
mutants-queries: $(B)/tests/db/test_retention $(B)/tests/db/test_commitment $(B)/tests/db/test_gate_turns ## each protection taken out of a statement is missed by a test (ONLY=word)
	@CC="$(CC)" CFLAGS="$(filter-out -Werror -MMD -MP -O2 -g,$(CFLAGS_ALL))" LDFLAGS="$(LDOPT) -s" \
	  LIBS="$(shell pkg-config --libs check) $(LIBS)" sh tests/with_cluster.sh bash \
	  tests/mutants_queries.sh tests/db/mutants.tsv $(B)/mutants-queries $(B)/tests/db $(TEST_LIB) $(LIB)
mutants-rules: $(PROP_BIN) ## faults put into the translator and the kernels are all found
	@EVERY=$(or $(EVERY),1) $(MUTANTS)
check-mutants: $(PROP_BIN)
	@EVERY=10 $(MUTANTS)
# One bad queue takes nothing from another; memory does not grow with what waits.
CHECK_STEPS += check-fairness check-backlog
.PHONY: check-fairness soak-fairness mutants-fairness check-backlog soak-backlog mutants-backlog soak-dispatch bench-claim
FAIR = bash tests/soak/fairness.sh --bin
check-fairness: $(BIN) ## seven queues beside three bad ones keep 80 % of their throughput, the median of three rounds
	@$(FAIR) $(BIN) --rounds 3 --least 80
soak-fairness: mutants-fairness ## they keep 95 %: the median of ROUNDS (9) of TASKS (200) each; after its mutant was found
	@$(FAIR) $(BIN) --rounds $(or $(ROUNDS),9) --tasks $(or $(TASKS),200)
# The scheduler without windows, dead queues and room for others.
MUTANT_unfair = s/return least\(q->window == 0 \? SCHEDULE_FIRST : q->window, limits->concurrency\);/return limits->concurrency;/; s/^\tq->dead_until = mono .*/\tq->dead_until = 0;/; s/^\t\t\tshare -= in_flight.*/\t\t\t(void)first;/
$(B)/mutants/unfair.c: api/push/schedule.c
	@mkdir -p $(@D)
	@sed -E '$(MUTANT_unfair)' $< >$@
	@[ "$$(diff $< $@ | grep -c '^>')" = 3 ] || { echo "mutant unfair does not apply"; rm $@; exit 1; }
mutants-fairness: $(BIN) $(B)/mutants/steward-unfair ## without its fairness they do not
	@$(FAIR) $(B)/mutants/steward-unfair --rounds 1 --least 80 --expect unfair
BACKLOG = bash tests/soak/backlog.sh --bench $(BENCH_PUSH) --bin
check-backlog: $(BIN) $$(BENCH_PUSH) ## a dispatcher has at most 64 MiB, and as many with 100,000 tasks waiting as with 500
	@$(BACKLOG) $(BIN)
soak-backlog: mutants-backlog ## the same with WAITING (10 million: 2 GB of disk), for SECONDS (60)
	@$(BACKLOG) $(BIN) --waiting $(or $(WAITING),10000000) --seconds $(or $(SECONDS),60)
MUTANT_greedy = /WITH RECURSIVE level AS/,/RETURNING r\.bucket/ s/LIMIT (.3::integer)/LIMIT 1000000 + 0 * \1/
mutants-backlog: $(BIN) $$(BENCH_PUSH) $(B)/mutants/steward-greedy ## with a claim without its limit it fails
	@! $(BACKLOG) $(B)/mutants/steward-greedy || { echo "a claim without its limit was not seen"; exit 1; }
# The long forms of what dispatch promises: docs/dispatch-proof.md.
soak-dispatch: soak-steps soak-withdrawal mutants-push soak-fairness soak-backlog ## all long forms: then TASKS (1000000) over KILLS (500)
	@bash tests/api/crash.sh --zombie --customers $(or $(TASKS),1000000) --kills $(if $(filter command line,$(origin KILLS)),$(KILLS),500)
KILLS ?= 30
measure: $(BIN) ## time and memory of each step for CUSTOMERS (20000) made-up customers
	@bash tests/measure.sh $(BIN)
CANARIES ?= 10000
check-canary: $(BIN) ## CANARIES (10000) known names and numbers come out nowhere, longer than check-api does
	@dir=$$(mktemp -d /tmp/stw-canary-XXXXXX) && chmod 711 $$dir && \
	  bash tests/api/canary.sh --customers $(CANARIES) $$dir; rc=$$?; rm -rf $$dir; exit $$rc
check-steps: $(BIN) ## a dispatcher killed at some system calls of a cycle (STEP 150, LAST 3, SEED)
	@bash tests/soak/kill_steps.sh $(BIN) --step $(or $(STEP),150) --last $(or $(LAST),3) $(if $(SEED),--seed $(SEED))
soak-steps: $(BIN) ## the same at every one
	@bash tests/soak/kill_steps.sh $(BIN)
.PHONY: soak-overload
soak-overload: $(BIN) ## each way to ask too much of a server for SECONDS (20), while another client goes on; check-api has the short form
	@STW_TEST_ROOT=$(CURDIR) sh tests/with_cluster.sh node tests/soak/overload.mjs --seconds $(or $(SECONDS),20)
check-crash: $(BIN) ## kill -9 at KILLS (30) random moments, longer than check-api does
	@bash tests/api/crash.sh --zombie --customers 8000 --kills $(KILLS)

# ---- browser -------------------------------------------------------------------
# Node resolves imports from where a script lies, so the scripts run from a copy beside
# node_modules in build/. npm is asked only when the lock file has changed.
BROWSER  := build/browser
BROWSERS := $(sort $(wildcard tests/browser/*.mjs))
$(BROWSER)/node_modules/.stamp: tests/browser/package.json tests/browser/package-lock.json \
  | deps-check
	@mkdir -p $(BROWSER)
	@cp tests/browser/package.json tests/browser/package-lock.json $(BROWSER)/
	@cd $(BROWSER) && npm ci --no-audit --no-fund --loglevel=error --ignore-scripts >/dev/null
	@touch $@
check-browser: $(BIN) $(BROWSER)/node_modules/.stamp ## the console in Chromium
	@rm -f $(BROWSER)/*.mjs
	@cp $(BROWSERS) $(BROWSER)/
	@STW_TEST_ROOT=$(CURDIR) STW_TEST_CHROMIUM=$$(command -v chromium) \
	  sh tests/with_cluster.sh $(RUN) --timeout 600 --logs build/logs/browser \
	  $(patsubst tests/browser/%,$(BROWSER)/%,$(sort $(wildcard tests/browser/test_*.mjs)))

# ---- the API's document, from outside ---------------------------------------------
# A client is made from the document and compiled: what it does not say does not compile.
CHECK_STEPS += check-client
.PHONY: check-client
CLIENT  := build/client
CLIENTS := $(wildcard tests/client/*.m?s) tests/client/tsconfig.json \
  tests/browser/world.mjs
$(CLIENT)/node_modules/.stamp: tests/client/package.json tests/client/package-lock.json \
  | deps-check
	@mkdir -p $(CLIENT)
	@cp tests/client/package.json tests/client/package-lock.json $(CLIENT)/
	@cd $(CLIENT) && npm ci --no-audit --no-fund --loglevel=error --ignore-scripts >/dev/null
	@touch $@
check-client: $(BIN) $(CLIENT)/node_modules/.stamp ## the OpenAPI document: linted, and a client made from it at work
	@cp $(CLIENTS) $(CLIENT)/
	@node $(CLIENT)/lint.mjs api/openapi.json
	@cd $(CLIENT) && node_modules/.bin/openapi-typescript $(CURDIR)/api/openapi.json \
	  --default-non-nullable=false -o api.d.ts >/dev/null && node_modules/.bin/tsc -p .
	@STW_TEST_ROOT=$(CURDIR) sh tests/with_cluster.sh $(RUN) --timeout 300 \
	  --logs build/logs/client $(CLIENT)/test_client.mjs $(CLIENT)/test_tokens.mjs

# A real identity provider, which is Debian's and comes when it is asked for.
CHECK_STEPS += check-oidc
.PHONY: check-oidc
check-oidc: $(BIN) deps-check ## a real identity provider's people, through the server
	@sh .ci/deps.sh glewlwyd sqlite3
	@mkdir -p $(CLIENT)
	@cp $(CLIENTS) $(CLIENT)/
	@STW_TEST_ROOT=$(CURDIR) sh tests/with_cluster.sh $(RUN) --timeout 300 \
	  --logs build/logs/client $(CLIENT)/test_provider.mjs

# ---- figures ---------------------------------------------------------------------
# The peers and their harness lie beside the tree and are never copied into it; without
# them there is nothing to compare with, and the run says so.
STW_PEERS ?= $(CURDIR)/../shared/peers
export STW_PEERS
BENCH     := build/bench
BENCH_BIN := $(B)/tests/bench/bench_rules
BENCH_NPM := $(if $(wildcard $(STW_PEERS)/gen/rules.json),$(BENCH)/npm/.stamp)
$(BENCH_BIN): $(B)/tests/bench/bench_rules.c.o $(LIB)
	$(SAY) LD $@
	$(Q)$(CC) $(LDOPT) -o $@ $^ $(LIBS)
# Not npm ci: the lock cannot name those platforms for which a peer has not been published.
$(BENCH)/npm/.stamp: tests/bench/package.json tests/bench/package-lock.json | deps-check
	@mkdir -p $(@D)
	@cp tests/bench/package.json tests/bench/package-lock.json $(@D)/
	@cd $(@D) && npm install --no-audit --no-fund --loglevel=error --ignore-scripts >/dev/null
	@touch $@
bench-rules: $(BENCH_BIN) $(BENCH_NPM) ## the rule engine beside its peers (ROWS, CHILD_ROWS, ROUNDS, PEERS)
	@node tests/bench/bench.mjs $(BENCH_BIN)
BENCH_BOOK := $(B)/tests/bench/bench_book
$(BENCH_BOOK): $(B)/tests/bench/bench_book.c.o $(TEST_LIB) $(LIB)
	$(SAY) LD $@
	$(Q)$(CC) $(LDOPT) -o $@ $^ $(shell pkg-config --libs check) $(LIBS)
bench-book: $(BENCH_BOOK) ## the book's load beside a bare COPY (CUSTOMERS 100000, ROUNDS 3, WORKERS)
	@sh tests/with_cluster.sh $(BENCH_BOOK) --customers $(or $(CUSTOMERS),100000) \
	  --rounds $(or $(ROUNDS),3) --workers $(or $(WORKERS),$(JOBS))
# A server of its own: its log has to be logical, and its commits go to disk.
BENCH_TICK := $(B)/tests/bench/bench_tick
$(BENCH_TICK): $(B)/tests/bench/bench_tick.c.o $(TEST_LIB) $(LIB)
	$(SAY) LD $@
	$(Q)$(CC) $(LDOPT) -o $@ $^ $(shell pkg-config --libs check) $(LIBS)
bench-tick: $(BENCH_TICK) ## a tick after some have changed (CUSTOMERS 100000, SEGMENTS 100, CHANGED_PERMILLE 10)
	@$(BENCH_TICK) --customers $(or $(CUSTOMERS),100000) --segments $(or $(SEGMENTS),100) \
	  --permille $(or $(CHANGED_PERMILLE),10) --rounds $(or $(ROUNDS),3)
BENCH_GATE := $(B)/tests/bench/bench_gate
$(BENCH_GATE): $(B)/tests/bench/bench_gate.c.o $(LIB)
	$(SAY) LD $@
	$(Q)$(CC) $(LDOPT) -o $@ $^ $(LIBS)
bench-gate: $(BENCH_GATE) ## one decision of the gate beside one rule (ROUNDS 21, MOST 50 microseconds)
	@$(BENCH_GATE) --rounds $${ROUNDS:-21} --most $${MOST:-50}
BENCH_LEDGER := $(B)/tests/bench/bench_ledger
$(BENCH_LEDGER): $(B)/tests/bench/bench_ledger.c.o $(TEST_LIB) $(LIB)
	$(SAY) LD $@
	$(Q)$(CC) $(LDOPT) -o $@ $^ $(shell pkg-config --libs check) $(LIBS)
bench-ledger: $(BENCH_LEDGER) ## the ledger beside a bare COPY; coverage; a directory (ENTRIES 200000, ROUNDS 3)
	@sh tests/with_cluster.sh $(BENCH_LEDGER) --entries $(or $(ENTRIES),200000) \
	  --rounds $(or $(ROUNDS),3)
BENCH_VERIFY := $(B)/tests/bench/bench_verify
$(BENCH_VERIFY): $(B)/tests/bench/bench_verify.c.o $(LIB)
	$(SAY) LD $@
	$(Q)$(CC) $(LDOPT) -o $@ $^ $(LIBS)
bench-verify: $(BENCH_VERIFY) ## a published log verified without a database (ENTRIES 1000000, ROUNDS 3)
	@$(BENCH_VERIFY) --entries $(or $(ENTRIES),1000000) --rounds $(or $(ROUNDS),3)
BENCH_PERMIT := $(B)/tests/bench/bench_permit
$(BENCH_PERMIT): $(B)/tests/bench/bench_permit.c.o $(LIB)
	$(SAY) LD $@
	$(Q)$(CC) $(LDOPT) -o $@ $^ $(LIBS)
bench-permit: $(BIN) $(BENCH_PERMIT) ## dial permits over HTTP beside GET /healthz (RATE 500, SECONDS 20, THREADS 64, NUMBERS 100, MOST ms at p99)
	@SECONDS_LONG=$(or $(SECONDS),20) bash tests/bench/permit.sh $(BIN) $(BENCH_PERMIT)
bench-next: $(BIN) $(BENCH_PERMIT) ## next actions over HTTP beside GET /healthz (RATE 100, SECONDS 20, THREADS 16, CUSTOMERS 20000, MOST ms at p99, SERVE options)
	@SECONDS_LONG=$(or $(SECONDS),20) bash tests/bench/next.sh $(BIN) $(BENCH_PERMIT)
BENCH_READS := $(B)/tests/bench/bench_reads
$(BENCH_READS): $(B)/tests/bench/bench_reads.c.o $(LIB)
	$(SAY) LD $@
	$(Q)$(CC) $(LDOPT) -o $@ $^ $(LIBS)
.PHONY: bench-reads
bench-reads: $(BIN) $(BENCH_READS) ## reads of the API beside a bare libmicrohttpd handler (SECONDS 2, ROUNDS 3, CLIENTS 8, CUSTOMERS 5000, LEAST percent)
	@SECONDS_LONG=$(or $(SECONDS),2) bash tests/bench/reads.sh $(BIN) $(BENCH_READS)
BENCH_PUSH := $(B)/tests/bench/bench_push
$(BENCH_PUSH): $(B)/tests/bench/bench_push.c.o
	$(SAY) LD $@
	$(Q)$(CC) $(LDOPT) -o $@ $^ $(LIBS)
bench-dispatch: $(BIN) $(BENCH_PUSH) $(if $(CHECK),,$(BENCH_NPM)) ## pushes beside a bare loop, graphile-worker, pg-boss (TASKS 10000, PARALLEL 128, ROUNDS 3, PEERS, CHECK=1)
	@bash tests/bench/dispatch.sh $(BIN) $(BENCH_PUSH) $(if $(CHECK),,$(if $(BENCH_NPM),$(BENCH)/npm))
bench-trace: $(BIN) ## complaint traces over HTTP (ATTEMPTS 10000000, HOT 200, ROUNDS 40, MOST ms, WORLD dir that keeps the data)
	@bash tests/bench/trace.sh $(BIN)
bench-rules-doc: ## the figures of the last bench-rules into docs/performance.md
	@node tests/bench/bench.mjs --doc docs/performance.md
bench-import: $(BIN) deps-check ## imports beside raw COPY into the same tables (ROWS, ROUNDS, FLOOR, FSYNC=1)
	@$(if $(FSYNC),sh db/cluster.sh with build/cluster/import --,sh tests/with_cluster.sh) \
	  bash tests/bench/import.sh $(BIN)
bench-events: $(BIN) deps-check ## from an event posted to the membership that follows (RATE 2000, SECONDS 30, CUSTOMERS 20000, BATCH 20, MOST ms at p99)
	@SECONDS_LONG=$(or $(SECONDS),30) bash tests/bench/events.sh $(BIN)
bench-traits: deps-check ## values of fed traits as rows, beside one jsonb a customer (CUSTOMERS, ROUNDS)
	@sh tests/with_cluster.sh bash tests/bench/trait_layout.sh
bench-claim: $(BIN) ## a claim with WAITING (5000000) tasks due, also with vacuum blocked (SECONDS 60, RATE 800, MOST ms at p99)
	@WAITING=$(or $(WAITING),5000000) SECONDS_LONG=$(or $(SECONDS),60) bash tests/bench/claim.sh $(BIN)
check-bench: $(BENCH_BIN) $(BENCH_NPM) $(BIN) $(BENCH_PUSH) ## bench-rules and bench-dispatch small: no figure
	@ROWS=$${ROWS:-200000} CHILD_ROWS=$${CHILD_ROWS:-2000000} ROUNDS=$${ROUNDS:-3} CHECK=1 \
	  PEERS="$${PEERS:-duckdb sketch}" node tests/bench/bench.mjs $(BENCH_BIN)
	@CHECK=1 bash tests/bench/dispatch.sh $(BIN) $(BENCH_PUSH)
	@CHECK=1 bash tests/bench/claim.sh $(BIN)

# ---- conformance -----------------------------------------------------------------
# The public CEL suite comes from npm as the browser does, and is taken apart there.
CONFORM := build/conformance
CONFORMS := $(sort $(wildcard tests/conformance/*.mjs tests/conformance/*.txt))
$(CONFORM)/node_modules/.stamp: tests/conformance/package.json \
  tests/conformance/package-lock.json | deps-check
	@mkdir -p $(CONFORM)
	@cp tests/conformance/package.json tests/conformance/package-lock.json $(CONFORM)/
	@cd $(CONFORM) && npm ci --no-audit --no-fund --loglevel=error --ignore-scripts >/dev/null
	@touch $@
check-conformance: $(BIN) $(CONFORM)/node_modules/.stamp ## the public CEL suite, by section
	@cp $(CONFORMS) $(CONFORM)/
	@node $(CONFORM)/extract.mjs >$(CONFORM)/suite.jsonl
	@node $(CONFORM)/run.mjs $(BIN) $(CONFORM)/suite.jsonl $(CONFORM)/unsupported.txt

# Go's packages for notes and transparency logs are Debian's, and come when they are asked
# for. Debian keeps them as a GOPATH: nothing is fetched.
check-interop: $(BIN) deps-check ## Go's note and tlog packages read our ledger, and we theirs
	@sh .ci/deps.sh golang-go golang-golang-x-mod-dev
	@sh tests/with_cluster.sh bash tests/interop/check.sh $(BIN)

# Outside `make check`: the server alone takes longer to start than all of check-unit.
.PHONY: check-rabbitmq
check-rabbitmq: $(BIN) deps-check ## the preset rabbitmq against the real server
	@sh .ci/deps.sh rabbitmq-server
	@bash tests/connect/rabbitmq.sh $(BIN)

# ---- sanitizers ------------------------------------------------------------------
# CK_FORK=no also finds leaks that a static pointer hides in a short-lived child.
check-asan: ## unit and db tests under the address and undefined behaviour sanitizers
	+@$(MAKE) --no-print-directory MODE=asan check-asan-run
check-asan-run: $(UNIT_BINS) $(DB_BINS)
	@$(ASAN_ENV) $(RUN) --jobs $(JOBS) --logs $(B)/logs/unit $(UNIT_BINS)
	@CK_FORK=no $(ASAN_ENV) $(RUN) --jobs $(JOBS) --logs $(B)/logs/unit-nofork $(UNIT_BINS)
	@$(if $(DB_BINS),$(ASAN_ENV) sh tests/with_cluster.sh $(RUN) --jobs $(JOBS) \
	  --timeout 600 --logs $(B)/logs/db $(DB_BINS))

# Programs that start threads are those whose source speaks of pthread.
THREADED := $(if $(UNIT_SRCS)$(DB_SRCS),$(patsubst %.c,$(B)/%,$(shell \
  grep -l pthread $(UNIT_SRCS) $(DB_SRCS) 2>/dev/null)))
check-tsan: ## tests with threads under the thread sanitizer
	+@$(MAKE) --no-print-directory MODE=tsan check-tsan-run
check-tsan-run: $(THREADED)
	@$(if $(THREADED),$(TSAN_ENV) sh tests/with_cluster.sh $(RUN) --jobs $(JOBS) \
	  --timeout 600 --logs $(B)/logs $(THREADED))

# ---- fuzzing ---------------------------------------------------------------------
FUZZ_SRCS := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_BINS := $(patsubst %.c,$(B)/%,$(FUZZ_SRCS))
ifeq ($(MODE),fuzz)
$(B)/tests/fuzz/fuzz_rule: $(B)/tests/lib/rule_world.c.o
$(B)/tests/fuzz/fuzz_book_file: $(B)/tests/lib/table_walk.c.o
$(FUZZ_BINS): $(B)/%: $(B)/%.c.o $(LIB)
	$(SAY) LD $@
	$(Q)$(CC) $(LDOPT) -fsanitize=fuzzer -o $@ $^ $(LIBS)
endif
fuzz: deps-check ## fuzz every parser for FUZZ_SEC seconds (60)
	+@$(MAKE) --no-print-directory MODE=fuzz fuzz-run
fuzz-run: $(FUZZ_BINS)
	@$(if $(FUZZ_BINS),bash tests/fuzz.sh $(FUZZ_SEC) $(FUZZ_BINS))
# A regression test has to give the same answer twice; new ways are what `make fuzz` looks for.
check-fuzz: deps-check
	+@FUZZ_SEED=1 $(MAKE) --no-print-directory MODE=fuzz FUZZ_SEC=10 fuzz-run

# ---- style -----------------------------------------------------------------------
C_FILES := $(sort $(shell find $(ROOMS) tests -name '*.c' -o -name '*.h' -o -name '*.cc' \
  2>/dev/null))
SH_FILES := $(sort $(shell find .ci $(ROOMS) tests -name '*.sh' 2>/dev/null))
format: deps-check ## lay out all C files
	@clang-format-14 -i $(C_FILES)
format-check: deps-check ## fail when `make format` would change something
	@clang-format-14 --dry-run -Werror $(C_FILES)
layers: ## prove the order of the rooms (tests/layers.sh)
	@sh tests/layers.sh
scripts: deps-check ## the shell scripts: shellcheck, and the tests of the test tools
	@shellcheck -S warning -e SC2174 $(SH_FILES) .ci/run
	@$(RUN) --logs build/logs/scripts $(wildcard tests/*_test.sh \
	  db/*_test.sh)

TIDY_SRCS := $(filter %.c,$(SRCS))
$(B)/tidy/%.ok: % .clang-tidy | $(GEN)/db_queries.h deps-check
	@mkdir -p $(@D)
	$(SAY) TIDY $<
	@clang-tidy-14 --quiet --warnings-as-errors='*' $< -- -std=c17 -D_GNU_SOURCE -I. \
	  -I$(GEN) $(PKG_CFLAGS) >$@.log 2>&1 || { grep -v 'warnings generated' $@.log; exit 1; }
	@mv $@.log $@
tidy: $(patsubst %,$(B)/tidy/%.ok,$(TIDY_SRCS)) ## clang-tidy over the rooms
	@echo "tidy: $(words $(TIDY_SRCS)) files"

ANALYZED := $(patsubst %,build/analyze/%.o,$(TIDY_SRCS))
build/analyze/%.o: % | $(GEN)/db_queries.h deps
	@mkdir -p $(@D)
	$(SAY) SCAN $<
	@$(CC) -std=c17 -D_GNU_SOURCE -I. -I$(GEN) -O2 -fanalyzer $(WERROR) $(PKG_CFLAGS) -c -o $@ $<
analyze: $(ANALYZED) ## gcc -fanalyzer over the rooms

# ---- coverage --------------------------------------------------------------------
deps-cov: deps-check
	@sh .ci/deps.sh gcovr
cov: deps-cov ## line and branch coverage of unit, db and api tests
	+@$(MAKE) --no-print-directory MODE=cov cov-run
cov-run: $(BIN) $(UNIT_BINS) $(DB_BINS) $(API_BINS)
	@find $(B) -name '*.gcda' -delete
	@sh tests/with_cluster.sh $(RUN) --timeout 600 --logs $(B)/logs $(UNIT_BINS) $(DB_BINS) $(API_BINS)
	@gcovr --root . --exclude tests --exclude build --txt --print-summary $(B) | tee $(B)/coverage.txt

# ---- the rest ----------------------------------------------------------------------
PREFIX  ?= /usr/local
install: $(BIN) ## copy the binary and its papers below DESTDIR and PREFIX (/usr/local)
	install -D -m 755 $(BIN) $(DESTDIR)$(PREFIX)/bin/steward
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/doc/steward README.md CHANGELOG.md LICENSE
	$(foreach page,$(wildcard docs/*.1 docs/*.5),install -D -m 644 $(page) \
	  $(DESTDIR)$(PREFIX)/share/man/man$(patsubst .%,%,$(suffix $(page)))/$(notdir $(page));)
uninstall: ## remove what install copied
	rm -f $(DESTDIR)$(PREFIX)/bin/steward
	rm -rf $(DESTDIR)$(PREFIX)/share/doc/steward
	$(foreach page,$(wildcard docs/*.1 docs/*.5),rm -f \
	  $(DESTDIR)$(PREFIX)/share/man/man$(patsubst .%,%,$(suffix $(page)))/$(notdir $(page));)

compile_commands.json: $(C_FILES) | $(GEN)/db_queries.h ## for editors and clang tools
	@sh tests/compdb.sh "$(CC) $(CFLAGS_ALL)" $(filter %.c,$(SRCS)) $(UNIT_SRCS) $(DB_SRCS) \
	  $(API_SRCS) >$@
