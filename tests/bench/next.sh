#!/bin/bash
# next.sh - next actions of customers who call, over HTTP at a steady rate: a sample book, the
# demo's campaigns planned once, the real server with its defaults.
#
#   next.sh BINARY BENCH      RATE: requests a second (100), SECONDS: how long (20),
#                             THREADS: on the way at most (16), CUSTOMERS: of the book
#                             (20000), MOST: fail above so many milliseconds at p99 (0: only
#                             print), SERVE: more options of `steward serve`, as --book-slot
#
# GET /healthz at the same rate in the same run is what it is compared with. Client, server
# and PostgreSQL share this machine; its load before the run is printed.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
bin=$(realpath "${1:?usage: next.sh BINARY BENCH}") bench=$(realpath "${2:?}")
rate=${RATE:-100} seconds=${SECONDS_LONG:-20} threads=${THREADS:-16} most=${MOST:-0}
customers=${CUSTOMERS:-20000}

dir=$(mktemp -d /tmp/stw-next-XXXXXX)
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
	echo "next: $*"
	tail -n 5 "$dir"/*.log 2>/dev/null
	exit 1
}

mkdir -m 700 "$dir/state"
sh db/cluster.sh start "$dir/cluster" || die "no cluster"
db=$(sh db/cluster.sh conninfo "$dir/cluster")
sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 -d "${db/user=steward/user=postgres}" "$@"; }
export STEWARD_DATABASE=$db STEWARD_STATE_DIR=$dir/state \
    STEWARD_CLOCK=2026-11-23T10:00:00+08:00 STEWARD_EGRESS=127.0.0.0/8
{
	"$bin" migrate &&
	    "$bin" sample --customers "$customers" --seed 7 --out "$dir/book" &&
	    "$bin" import "$dir/book" &&
	    "$bin" setup --demo --tokens "$dir/tokens" --queue http://127.0.0.1:1 &&
	    "$bin" plan && sql -c "VACUUM ANALYZE"
} >"$dir/setup.log" 2>&1 || die "setup failed"
rm -rf "$dir/book"
# Whoever is of a campaign, and others, in no order.
sql -c "SELECT '/v1/customers/' || c.ref || '/next-actions' FROM customer c
         WHERE c.erased_at IS NULL ORDER BY sha256(c.ref::bytea) LIMIT 5000" >"$dir/paths"
awk '$1 == "compliance" { print $2, $3 }' "$dir/tokens" >"$dir/token"
[ -s "$dir/token" ] || die "no token"
echo "machine: $(nproc) processors, load $(cut -d' ' -f1-3 /proc/loadavg); $(sql -c 'SELECT count(*) FROM customer') customers, $(sql -c "SELECT count(*) FROM campaign WHERE state = 'active'") active campaigns, $(sql -c 'SELECT count(*) FROM task') tasks"

# shellcheck disable=SC2086 # SERVE holds words
"$bin" serve --listen 127.0.0.1:0 --port-file "$dir/api.port" --dispatch false \
    ${SERVE:-} >"$dir/serve.log" 2>&1 </dev/null &
serve=$!
tries=0
until [ -s "$dir/api.port" ]; do
	tries=$((tries + 1))
	[ $tries -lt 400 ] || die "the server does not listen"
	sleep 0.05
done
[ -z "${SERVE:-}" ] || sleep 5
"$bench" --api "http://127.0.0.1:$(cat "$dir/api.port")" --tokens "$dir/token" \
    --paths "$dir/paths" --rate "$rate" --seconds "$seconds" --threads "$threads" --most "$most"
status=$?
echo "load afterwards: $(cut -d' ' -f1-3 /proc/loadavg)"
kill -TERM "$serve"
wait "$serve" || die "the server did not end well"
serve=
exit $status
