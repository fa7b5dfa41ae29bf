#!/bin/bash
# dispatch.sh - pushes a second: a bare libcurl-multi loop, Steward with its gate and ledger,
# graphile-worker and pg-boss, one after the other, to the same server that takes everything.
#
#   dispatch.sh BINARY BENCH [NPM-DIR]   TASKS: how many each (10000), PARALLEL: on the way at
#                                        most (128), ROUNDS (3), PEERS: which of "graphile
#                                        pgboss", CHECK=1: small, no figures, only that all
#                                        arrive
#
# A cluster of its own whose commits go to disk. All of it shares this machine; ratios are of
# one round, the medians of the rounds are printed.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
bin=$(realpath "${1:?usage: dispatch.sh BINARY BENCH [NPM-DIR]}") bench=$(realpath "${2:?}") npm=${3:-}
check=${CHECK:-0} tasks=${TASKS:-10000} parallel=${PARALLEL:-128} rounds=${ROUNDS:-3}
peers=${PEERS-graphile pgboss}
if [ -n "$npm" ]; then npm=$(realpath "$npm"); else peers=; fi
[ "$check" = 0 ] || tasks=400 rounds=1 peers=

dir=$(mktemp -d /tmp/stw-dispatch-XXXXXX)
chmod 711 "$dir"
sink=
finish() {
	trap - EXIT INT TERM HUP
	[ -z "$sink" ] || kill "$sink" 2>/dev/null
	wait 2>/dev/null
	sh db/cluster.sh destroy "$dir/cluster"
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
die() {
	echo "dispatch: $*"
	tail -n 5 "$dir"/*.log 2>/dev/null
	exit 1
}
median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

mkdir -m 700 "$dir/state"
"$bench" sink "$dir/port" >"$dir/sink.log" 2>&1 &
sink=$!
sh db/cluster.sh start "$dir/cluster" || die "no cluster"
tries=0
until [ -s "$dir/port" ]; do
	tries=$((tries + 1))
	[ $tries -lt 200 ] || die "the server does not listen"
	sleep 0.05
done
url=http://127.0.0.1:$(cat "$dir/port")/tasks
db=$(sh db/cluster.sh conninfo "$dir/cluster")
sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 -d "${db/user=steward/user=postgres}" "$@"; }
export STEWARD_DATABASE=$db STEWARD_STATE_DIR=$dir/state \
    STEWARD_CLOCK=2026-11-23T10:00:00+08:00 STEWARD_EGRESS=127.0.0.0/8
{
	"$bin" migrate && "$bin" setup --demo --tokens "$dir/tokens" --queue "$url"
} >"$dir/setup.log" 2>&1 || die "setup failed"
# The people and the one planned task of the withdrawal races, and as many like it.
# Before them some that do not count: the tables of a bank at work are not empty.
first=256
[ "$check" = 0 ] || first=0
all=$((first + tasks * rounds))
sql -v races=$all -f tests/soak/withdrawal_world.sql >"$dir/world.log" 2>&1 || die "no people"
"$bin" plan >"$dir/plan.log" 2>&1 || die "plan failed"
sql -v races=$all -f tests/soak/withdrawal_tasks.sql >"$dir/tasks.log" 2>&1 || die "no tasks"
# Of these some are in a call: here all wait. And no index that Steward has not.
sql -c "DROP INDEX race_task_idx" -c "SET session_replication_role = replica" -c "UPDATE task SET state = 'planned', agent = NULL,
    number_id = NULL WHERE state = 'in_progress'" || die "no tasks"
sql -c "UPDATE queue SET concurrency = $parallel" -c "VACUUM ANALYZE" || die "no queue"
[ "$check" = 0 ] && echo "machine: $(nproc) processors, load $(cut -d' ' -f1-3 /proc/loadavg); fsync $(sql -c 'SHOW fsync'), synchronous_commit $(sql -c 'SHOW synchronous_commit')"

steward() {
	local from to sent
	sql -c "SELECT race_due($1, $2)" -c "VACUUM ANALYZE task_ready" >/dev/null || return 1
	from=$(date +%s%N)
	"$bin" dispatch >"$dir/dispatch.log" 2>&1 || return 1
	to=$(date +%s%N)
	sent=$(sql -c "SELECT count(*) FROM task WHERE state = 'queued'")
	[ "$sent" = "$2" ] || {
		echo "dispatch: $sent of $2 are queued" >&2
		return 1
	}
	echo $(((($2 - $1) * 1000000000) / (to - from)))
}

if [ "$first" -gt 0 ]; then
	steward 0 $first >/dev/null || die "steward failed"
	sql -c "VACUUM ANALYZE" || die "no statistics"
fi
for ((round = 0; round < rounds; round++)); do
	"$bench" push "$url" "$tasks" "$parallel" >>"$dir/bare" || die "the bare loop failed"
	steward $((first + round * tasks)) $((first + (round + 1) * tasks)) >>"$dir/steward" || die "steward failed"
	for peer in $peers; do
		sql -c "DROP DATABASE IF EXISTS peer" -c "CREATE DATABASE peer" >"$dir/peer.log" 2>&1 || die "no database"
		node tests/bench/dispatch_peers.mjs "$npm" "${db/dbname=steward/dbname=peer}" "$url" "$tasks" "$parallel" \
		    "$peer" >>"$dir/$peer" 2>"$dir/$peer.log" || die "$peer failed"
	done
done
if [ "$check" != 0 ]; then
	echo "ok     $tasks tasks arrived"
	exit 0
fi
ours=$(median <"$dir/steward")
printf '%-16s %8s a second\n' steward "$ours"
for other in bare $peers; do
	theirs=$(median <"$dir/$other")
	ratio=$(paste "$dir/steward" "$dir/$other" | awk '{ print $1 / $2 }' | median)
	printf '%-16s %8s a second   steward / it: %.3f\n' "$other" "$theirs" "$ratio"
done
echo "load afterwards: $(cut -d' ' -f1-3 /proc/loadavg)"
