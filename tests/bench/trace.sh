#!/bin/bash
# trace.sh - complaint traces over HTTP when there are many attempts, beside counting the
# attempts of the same time by index alone.
#
#   trace.sh BINARY       ATTEMPTS: dial attempts in the tables (10,000,000), HOT: contacts of
#                         the one customer complained about most (200), ROUNDS: other numbers
#                         complained about (40), MOST: fail when a trace takes more
#                         milliseconds (0: only print), WORLD: a directory that keeps the
#                         cluster for another run; with one made before nothing is made
#
# Each number is traced twice: at first none of its rows was read before, then all were.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
bin=$(realpath "${1:?usage: trace.sh BINARY}")
attempts=${ATTEMPTS:-10000000} hot=${HOT:-200} rounds=${ROUNDS:-40} most=${MOST:-0}

dir=${WORLD:-$(mktemp -d /tmp/stw-trace-XXXXXX)}
mkdir -p "$dir" && chmod 711 "$dir"
serve=
finish() {
	trap - EXIT INT TERM HUP
	[ -z "$serve" ] || kill -9 "$serve" 2>/dev/null
	wait 2>/dev/null
	if [ -n "${WORLD:-}" ]; then
		sh db/cluster.sh stop "$dir/cluster"
	else
		sh db/cluster.sh destroy "$dir/cluster"
		rm -rf "$dir"
	fi
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
die() {
	echo "trace: $*"
	tail -n 5 "$dir"/*.log 2>/dev/null
	exit 1
}

sh db/cluster.sh start "$dir/cluster" --fast || die "no cluster"
db=$(sh db/cluster.sh conninfo "$dir/cluster")
sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 -d "${db/user=steward/user=postgres}" "$@"; }
export STEWARD_DATABASE=$db STEWARD_STATE_DIR=$dir/state \
    STEWARD_CLOCK=2026-11-23T10:00:00+08:00 STEWARD_EGRESS=127.0.0.0/8
if [ ! -f "$dir/made" ]; then
	mkdir -m 700 "$dir/state"
	{
		"$bin" migrate &&
		    "$bin" sample --customers $((2 * rounds + 10)) --seed 7 --as-of 2026-11-23T02:00:00Z --out "$dir/book" &&
		    "$bin" import "$dir/book" &&
		    "$bin" setup --demo --tokens "$dir/tokens" --queue http://127.0.0.1:1
	} >"$dir/setup.log" 2>&1 || die "setup failed"
	began=$SECONDS
	sql -v attempts="$attempts" -v hot="$hot" -f tests/bench/trace_world.sql >"$dir/world.log" 2>&1 ||
	    die "no attempts"
	echo "$attempts" >"$dir/made"
	echo "made in $((SECONDS - began)) s"
fi
echo "machine: $(nproc) processors, load $(cut -d' ' -f1-3 /proc/loadavg); $(sql -c \
    "SELECT 'attempts ' || (SELECT count(*) FROM permit) || ', decisions ' || (SELECT count(*) FROM decision)
        || ', database ' || pg_size_pretty(pg_database_size(current_database()))")"

"$bin" serve --listen 127.0.0.1:0 --port-file "$dir/api.port" --dispatch false \
    >"$dir/serve.log" 2>&1 </dev/null &
serve=$!
tries=0
until [ -s "$dir/api.port" ]; do
	tries=$((tries + 1))
	[ $tries -lt 400 ] || die "the server does not listen"
	sleep 0.05
done
token=$(awk '$1 == "compliance" { print $3 }' "$dir/tokens")
awk -F, '$2 ~ /^1[0-9]+$/ && $4 == 1 { print $2 }' "$dir/book/contact_points.csv" | head -n $((rounds + 1)) >"$dir/phones"
node tests/bench/trace.mjs "http://127.0.0.1:$(cat "$dir/api.port")" "$token" "$dir/phones" "$most"
status=$?
[ -s "$dir/phones.hot" ] || die "no traces"
# By index alone: the attempts of four days, which is what a trace looks through.
sql -c '\timing on' -c "SET enable_seqscan = off" \
    -c "SELECT count(*) FROM permit WHERE granted_at >= '2026-11-21' AND granted_at < '2026-11-25'" \
    -c "SELECT count(*) FROM permit WHERE granted_at >= '2026-11-21' AND granted_at < '2026-11-25'" \
    -c "SELECT count(*) FROM permit" >"$dir/count.log" || die "cannot count"
rm -f "$dir/api.port"
kill -TERM "$serve"
wait "$serve" || die "the server did not end well"
serve=
mapfile -t n < <(grep -v Time "$dir/count.log")
mapfile -t ms < <(sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' "$dir/count.log")
hot_ms=$(cat "$dir/phones.hot")
echo "count by index: ${n[1]} attempts of 4 days ${ms[2]} ms, all ${n[2]} ${ms[3]} ms"
awk -v t="$hot_ms" -v a="${ms[2]}" -v b="${ms[3]}" \
    'BEGIN { printf "largest trace / count by index: 4 days %.2f, all %.4f\n", t / a, t / b }'
exit $status
