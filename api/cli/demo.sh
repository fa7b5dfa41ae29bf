#!/bin/bash
# demo.sh - the whole of Steward on this machine; `make demo` calls it.
#
#   demo.sh BINARY     load a book, run the main job, show what happened, serve
#   demo.sh --clean    remove what the demos have made
#
# Environment
#   DATA       directory of a real book (../shared/data/berka); none: a made-up one
#   CUSTOMERS  of the made-up book (20000), SEED its seed (7)
#   ONCE       1: end after the summary instead of serving
#
# All lives below var/: var/demo for the made-up book, var/<name> for one in DATA. A
# second run finds its book there, loads nothing and runs one more tick. Nothing is
# deleted but by --clean. Everything that was started ends with the script.
set -euo pipefail
cd "$(dirname "$0")/../.."

say() { printf '%s\n' "$*"; }
die() {
	printf 'demo: %s\n' "$*" >&2
	exit 1
}

# ---- cleaning ---------------------------------------------------------------------
clean() {
	local dir any=no
	for dir in var/*/; do
		dir=${dir%/}
		[ -e "$dir/cluster.conf" ] || [ -e "$dir/.lock" ] || continue
		exec 8>>"$dir/.lock"
		flock -n 8 || die "a demo is running in $dir: end it first"
		sh db/cluster.sh destroy "$dir" || die "$dir was left as it is"
		rm -rf "$dir"
		exec 8>&-
		say "demo: removed $dir"
		any=yes
	done
	[ "$any" = yes ] || say "demo: nothing to remove"
	rmdir var 2>/dev/null || :
}
if [ "${1:-}" = --clean ]; then
	clean
	exit 0
fi

# ---- where and when ------------------------------------------------------------------
bin=$(realpath "${1:?usage: demo.sh BINARY | --clean}")
data=${DATA:-}
customers=${CUSTOMERS:-20000}
seed=${SEED:-7}
if [ -n "$data" ]; then
	[ -d "$data" ] || die "DATA: no directory $data"
	data=$(realpath "$data")
	dir=var/$(basename "$data")
	[ "$dir" != var/demo ] || die "DATA: a directory called demo would clash with var/demo"
else
	dir=var/demo
fi
mkdir -p "$dir/log"
exec 9>>"$dir/.lock"
flock -n 9 || die "another demo is running in $dir"
began=$SECONDS

# ---- what runs ends with us ------------------------------------------------------------
pids=()
owns_cluster=no
finish() {
	local code=$? pid
	trap - EXIT INT TERM HUP
	for pid in "${pids[@]}"; do
		kill -TERM "$pid" 2>/dev/null || :
	done
	for pid in "${pids[@]}"; do
		wait "$pid" 2>/dev/null || :
	done
	if [ $owns_cluster = yes ]; then
		sh db/cluster.sh stop "$dir" 9>&- || :
	fi
	exit $code
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# start NAME COMMAND...: in the background, its output in log/NAME.log
start() {
	local name=$1
	shift
	"$@" >>"$dir/log/$name.log" 2>&1 </dev/null 9>&- &
	pids+=($!)
}

# wait_for FILE NAME: until the last started program has written FILE
wait_for() {
	local tries=0
	while [ ! -s "$1" ]; do
		if ! kill -0 "${pids[-1]}" 2>/dev/null; then
			tail -n 20 "$dir/log/$2.log" >&2
			die "$2 did not start; its log is $dir/log/$2.log"
		fi
		tries=$((tries + 1))
		[ $tries -lt 300 ] || die "$2 is not ready after 30 s; see $dir/log/$2.log"
		sleep 0.1
	done
}

step=0
headline() {
	step=$((step + 1))
	printf '\n[%d] %s\n' "$step" "$*"
}

# ---- the database ------------------------------------------------------------------------
headline "PostgreSQL in $dir"
if ! sh db/cluster.sh status "$dir" >/dev/null 2>&1; then
	owns_cluster=yes
fi
sh db/cluster.sh start "$dir" 9>&-
export STEWARD_DATABASE STEWARD_STATE_DIR STEWARD_CLOCK STEWARD_EGRESS STEWARD_DEMO
STEWARD_DATABASE=$(sh db/cluster.sh conninfo "$dir")
STEWARD_STATE_DIR=$(realpath "$dir")/state
mkdir -p "$STEWARD_STATE_DIR"
chmod 700 "$STEWARD_STATE_DIR"
# Tasks may be pushed to this machine only.
STEWARD_EGRESS=127.0.0.0/8
STEWARD_DEMO=true
"$bin" migrate

# The clock is stated, so that the result does not depend on the hour: the latest working
# day, 10:00 where the bank is (Shanghai, or as the mapping says). A book that is there
# keeps the clock it was loaded with.
mapping=
if [ -n "$data" ]; then
	mapping=$data/mapping.json
	[ -e "$mapping" ] || mapping=segments/mappings/$(basename "$data").json
	[ -e "$mapping" ] ||
	    die "neither $data/mapping.json nor $mapping says how to read $data"
	STEWARD_ZONE=$(sed -n 's/^  "zone": *"\([^"]*\)".*/\1/p' "$mapping" | head -n 1)
	export STEWARD_ZONE=${STEWARD_ZONE:-Asia/Shanghai}
fi
if [ -s "$dir/clock" ]; then
	STEWARD_CLOCK=$(cat "$dir/clock")
else
	STEWARD_CLOCK=$("$bin" clock --latest-workday)
	printf '%s\n' "$STEWARD_CLOCK" >"$dir/clock"
fi
say "    the clock of this demo says $STEWARD_CLOCK (${STEWARD_ZONE:-Asia/Shanghai})"

# ---- the book -----------------------------------------------------------------------------
headline "The book"
if [ -e "$dir/loaded" ]; then
	say "    there already ($(cat "$dir/loaded")); nothing is loaded. make demo-clean removes it."
elif [ -n "$data" ]; then
	"$bin" import "$mapping" --data "$data"
	printf '%s\n' "$data" >"$dir/loaded"
else
	"$bin" sample --customers "$customers" --seed "$seed" --as-of "$STEWARD_CLOCK" \
	    --out "$dir/book"
	"$bin" import "$dir/book"
	printf '%s customers, seed %s\n' "$customers" "$seed" >"$dir/loaded"
fi

headline "Queues, caller numbers, products, packs, segments, campaigns"
"$bin" setup --demo --tokens "$dir/tokens"

# ---- the main job --------------------------------------------------------------------------
headline "The API and an agent queue"
rm -f "$dir/api.port" "$dir/queue.port"
# This server leaves dispatch to the tick below, so that planning sees no outcome of its own
# tasks yet and gives the same numbers each time.
start api "$bin" serve --dispatch false --listen 127.0.0.1:0 --port-file "$dir/api.port"
wait_for "$dir/api.port" api
api=http://127.0.0.1:$(cat "$dir/api.port")
start queue "$bin" queue-sim --listen 127.0.0.1:0 --port-file "$dir/queue.port" \
    --journal "$dir/queue.journal" --secret-file "$STEWARD_STATE_DIR/queue-secret" \
    --checkpoints "$STEWARD_STATE_DIR/steward.checkpoints" --api "$api" \
    --token-file "$dir/tokens.agents"
wait_for "$dir/queue.port" queue
queue=http://127.0.0.1:$(cat "$dir/queue.port")
say "    API $api, queue $queue"

headline "One tick"
"$bin" run --queue "$queue" --wait-sec 180
# Objections of the agents' calls may recall what other tasks have pushed.
"$bin" dispatch

headline "What happened"
"$bin" report
"$bin" ledger verify

say ""
say "demo: all steps took $((SECONDS - began)) s"
if [ "${ONCE:-0}" = 1 ]; then
	exit 0
fi

# ---- serving --------------------------------------------------------------------------------
# The same address again, now with dispatch.
kill -TERM "${pids[0]}"
wait "${pids[0]}" || :
listen=127.0.0.1:$(cat "$dir/api.port")
rm -f "$dir/api.port"
pids=("${pids[1]}")
# Our own cluster's log is logical: the book follows it, and is saved for the next start.
book=()
[ $owns_cluster = no ] || book=(--book-slot steward_demo --book-file "$dir/book.file")
start api "$bin" serve --listen "$listen" --port-file "$dir/api.port" "${book[@]}"
wait_for "$dir/api.port" api
cat <<-TEXT

	Console   $api/console/
	Tokens    $dir/tokens (one a role; paste one at sign-in)
	API       curl -H "Authorization: Bearer \$TOKEN" $api/v1/segments
	Logs      $dir/log/
	Ctrl-C ends it; make demo starts it again, make demo-clean removes it.
TEXT
wait -n "${pids[@]}" || :
die "a program has ended by itself; see $dir/log/"
