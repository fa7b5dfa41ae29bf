#!/bin/bash
# permit.sh - dial permits over HTTP at a steady rate: a cluster whose commits go to disk,
# the real server with its defaults, a task for each permit.
#
#   permit.sh BINARY BENCH      RATE: permits a second (500), SECONDS: how long (20),
#                               THREADS: on the way at most (64), NUMBERS: caller numbers of
#                               the pool, about (100), MOST: fail above so many
#                               milliseconds at p99 (0: only print), SERVE: more options of
#                               `steward serve`, KEEP=1: leave the files
#
# GET /healthz at the same rate in the same run is what a permit is compared with. Client,
# server and PostgreSQL share this machine; its load before the run is printed.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
bin=$(realpath "${1:?usage: permit.sh BINARY BENCH}") bench=$(realpath "${2:?}")
rate=${RATE:-500} seconds=${SECONDS_LONG:-20} threads=${THREADS:-64} most=${MOST:-0}

dir=$(mktemp -d /tmp/stw-permit-XXXXXX)
chmod 711 "$dir"
serve=
finish() {
	trap - EXIT INT TERM HUP
	[ -z "$serve" ] || kill -9 "$serve" 2>/dev/null
	wait 2>/dev/null
	sh db/cluster.sh destroy "$dir/cluster"
	if [ "${KEEP:-0}" = 1 ]; then echo "kept $dir"; else rm -rf "$dir"; fi
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
die() {
	echo "permit: $*"
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
	    "$bin" setup --demo --tokens "$dir/tokens" --queue http://127.0.0.1:1
} >"$dir/setup.log" 2>&1 || die "setup failed"
# The people and the one planned task of the withdrawal races, and as many like it.
races=$((rate * (seconds + 2) + 1200)) # two seconds of warm-up, and what fills the tables
[ $races -ge 8 ] || races=8
sql -v races=$races -f tests/soak/withdrawal_world.sql >"$dir/world.log" 2>&1 || die "no people"
"$bin" plan >"$dir/plan.log" 2>&1 || die "plan failed"
sql -v races=$races -f tests/soak/withdrawal_tasks.sql >"$dir/tasks.log" 2>&1 || die "no tasks"
sql -v numbers="${NUMBERS:-100}" -f tests/bench/permit_tasks.sql >"$dir/accepted.log" 2>&1 || die "tasks not accepted"
sql -F ' ' -c "SELECT task_id, agent FROM task ORDER BY customer_id" >"$dir/tasks"
echo "machine: $(nproc) processors, load $(cut -d' ' -f1-3 /proc/loadavg); fsync $(sql -c 'SHOW fsync'), synchronous_commit $(sql -c 'SHOW synchronous_commit')"

# shellcheck disable=SC2086 # SERVE holds words
"$bin" serve --listen 127.0.0.1:0 --port-file "$dir/api.port" ${SERVE:-} \
    >"$dir/serve.log" 2>&1 </dev/null &
serve=$!
tries=0
until [ -s "$dir/api.port" ]; do
	tries=$((tries + 1))
	[ $tries -lt 400 ] || die "the server does not listen"
	sleep 0.05
done
head -n 1000 "$dir/tasks" >"$dir/tasks.first"
tail -n +1001 "$dir/tasks" >"$dir/tasks.then"
run() { # FILE RATE SECONDS MOST
	"$bench" --api "http://127.0.0.1:$(cat "$dir/api.port")" --tokens "$dir/tokens.agents" \
	    --tasks "$1" --rate "$2" --seconds "$3" --threads "$threads" --most "$4"
}
# Plans that were made while a table was empty read it from end to end: some permits first,
# then what autovacuum would have done within its minute.
run "$dir/tasks.first" 100 4 0 >"$dir/first.log" || die "the first permits failed"
sql -c ANALYZE
run "$dir/tasks.then" "$rate" "$seconds" "$most"
status=$?
said=$(sql -c "SELECT count(*) FROM permit") && echo "permits in the database: $said"
echo "load afterwards: $(cut -d' ' -f1-3 /proc/loadavg)"
kill -TERM "$serve"
wait "$serve" || die "the server did not end well"
serve=
exit $status
