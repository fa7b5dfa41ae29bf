#!/bin/bash
# events.sh - from an event that was posted to the membership that follows from it.
#
#   events.sh BINARY            RATE: events a second (2000), SECONDS_LONG: how long (30),
#                               CUSTOMERS (20000), BATCH: events a request (20), MOST: fail
#                               above so many milliseconds at p99 (0: only print)
#
# A cluster whose commits go to disk and whose log is logical, the real server that follows
# it, with the segments of the demo and two that hang on events. Client, server and
# PostgreSQL share this machine; its load is printed.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
bin=$(realpath "${1:?usage: events.sh BINARY}")
customers=${CUSTOMERS:-20000}
dir=$(mktemp -d /tmp/stw-events-XXXXXX)
chmod 711 "$dir"
serve=
finish() {
	trap - EXIT INT TERM HUP
	[ -z "$serve" ] || kill -9 "$serve" 2>/dev/null
	wait 2>/dev/null
	sh db/cluster.sh destroy "$dir/cluster"
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
die() {
	echo "events: $*"
	tail -n 5 "$dir"/*.log 2>/dev/null
	exit 1
}

mkdir -m 700 "$dir/state"
sh db/cluster.sh start "$dir/cluster" || die "no cluster"
db=$(sh db/cluster.sh conninfo "$dir/cluster")
sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 -d "${db/user=steward/user=postgres}" "$@"; }
export STEWARD_DATABASE=$db STEWARD_STATE_DIR=$dir/state STEWARD_EGRESS=127.0.0.0/8
{
	"$bin" migrate &&
	    "$bin" sample --customers "$customers" --seed 7 --as-of "$("$bin" clock --latest-workday)" \
	        --out "$dir/book" &&
	    "$bin" import "$dir/book" &&
	    "$bin" setup --demo --tokens "$dir/tokens" --queue http://127.0.0.1:1
} >"$dir/setup.log" 2>&1 || die "setup failed"
"$bin" serve --listen 127.0.0.1:0 --port-file "$dir/api.port" --dispatch false \
    --tick-seconds 3600 --book-slot events >"$dir/serve.log" 2>&1 </dev/null &
serve=$!
tries=0
until [ -s "$dir/api.port" ]; do
	tries=$((tries + 1))
	[ $tries -lt 400 ] || die "the server does not listen"
	sleep 0.05
done
echo "machine: $(nproc) processors, load $(cut -d' ' -f1-3 /proc/loadavg); fsync $(sql -c 'SHOW fsync'), wal_level $(sql -c 'SHOW wal_level')"
RATE=${RATE:-2000} SECONDS_LONG=${SECONDS_LONG:-30} BATCH=${BATCH:-20} MOST=${MOST:-0} \
    CUSTOMERS=$customers node tests/bench/events.mjs "http://127.0.0.1:$(cat "$dir/api.port")" \
    "$dir/tokens" "${db/user=steward/user=postgres}"
status=$?
echo "load afterwards: $(cut -d' ' -f1-3 /proc/loadavg)"
kill -TERM "$serve"
wait "$serve" || die "the server did not end well"
serve=
exit $status
