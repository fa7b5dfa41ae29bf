#!/bin/bash
# reads.sh - reads of the API beside a bare libmicrohttpd handler: a sample book, the demo's
# campaigns planned once, the real server with its defaults but no rate limit.
#
#   reads.sh BINARY BENCH      SECONDS: of each turn (2), ROUNDS: of turns (3), CLIENTS:
#                              connections with a request on the way (8), CUSTOMERS: of the
#                              book (5000), LEAST: fail below so many percent (0: only print),
#                              FSYNC=1: commits wait for the disk
#
# Clients, both servers and PostgreSQL share this machine; its load is printed.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
bin=$(realpath "${1:?usage: reads.sh BINARY BENCH}") bench=$(realpath "${2:?}")
customers=${CUSTOMERS:-5000} fast=1
[ -z "${FSYNC:-}" ] || fast=

dir=$(mktemp -d /tmp/stw-reads-XXXXXX)
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
	echo "reads: $*"
	tail -n 5 "$dir"/*.log 2>/dev/null
	exit 1
}

mkdir -m 700 "$dir/state"
# Without FSYNC=1 a commit costs no wait for the disk, which would hide the rest.
sh db/cluster.sh start "$dir/cluster" ${fast:+--fast} || die "no cluster"
db=$(sh db/cluster.sh conninfo "$dir/cluster")
sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 -d "${db/user=steward/user=postgres}" "$@"; }
export STEWARD_DATABASE=$db STEWARD_STATE_DIR=$dir/state \
    STEWARD_CLOCK=2026-11-23T10:00:00+08:00 STEWARD_EGRESS=127.0.0.0/8
{
	"$bin" migrate &&
	    "$bin" sample --customers "$customers" --seed 7 --out "$dir/book" &&
	    "$bin" import "$dir/book" &&
	    "$bin" setup --demo --tokens "$dir/tokens" --queue http://127.0.0.1:1 &&
	    "$bin" stages && "$bin" segments && "$bin" plan &&
	    sql -c "SET session_replication_role = replica; UPDATE task SET state = 'queued'" &&
	    sql -c 'VACUUM ANALYZE'
} >"$dir/setup.log" 2>&1 || die "setup failed"
rm -rf "$dir/book"
{
	sql -F ' ' -c "SELECT 'customer', '/v1/customers/' || ref, bucket, customer_id, ref, '-', '-'
	    FROM customer WHERE erased_at IS NULL ORDER BY sha256(ref::bytea) LIMIT 1000"
	sql -F ' ' -c "SELECT 'tasks', '/v1/tasks?limit=20&queue=' || code, 0, 0, code, '-', '-' FROM queue"
	sql -F ' ' -c "SELECT 'task', '/v1/tasks/' || task_id, bucket, customer_id, task_id, script,
	    script_version FROM task ORDER BY task_id LIMIT 1000"
} >"$dir/items"
awk '$1 == "compliance" || $1 == "ops" || $1 == "admin" { print $3 }' "$dir/tokens" >"$dir/token"
[ -s "$dir/token" ] || die "no token"
echo "machine: $(nproc) processors, load $(cut -d' ' -f1-3 /proc/loadavg); $(sql -c 'SELECT count(*) FROM customer') customers, $(sql -c 'SELECT count(*) FROM task') tasks; fsync $(sql -c 'SHOW fsync')"

"$bin" serve --listen 127.0.0.1:0 --port-file "$dir/api.port" --dispatch false --rate-limit 0 \
    >"$dir/serve.log" 2>&1 </dev/null &
serve=$!
tries=0
until [ -s "$dir/api.port" ]; do
	tries=$((tries + 1))
	[ $tries -lt 400 ] || die "the server does not listen"
	sleep 0.05
done
"$bench" --api "$(cat "$dir/api.port")" --db "$db" --tokens "$dir/token" --items "$dir/items" \
    --seconds "${SECONDS_LONG:-2}" --rounds "${ROUNDS:-3}" --clients "${CLIENTS:-8}" --least "${LEAST:-0}"
status=$?
echo "load afterwards: $(cut -d' ' -f1-3 /proc/loadavg)"
kill -TERM "$serve"
wait "$serve" || die "the server did not end well"
serve=
exit $status
