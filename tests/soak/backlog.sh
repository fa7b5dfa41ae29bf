#!/bin/bash
# backlog.sh - a dispatcher's memory does not grow with what waits for it.
#
#   backlog.sh --bin BINARY --bench BENCH [--waiting N] [--seconds N] [--most MiB] [--grows MiB]
#
# BENCH: bench_push, whose sink takes everything. Pushes for N (10) seconds with 500 tasks
# waiting behind those that are pushed, then with N (100000), then compares the most memory
# that either process ever had (VmHWM): the second at most MiB (64), and at most MiB (8) above
# the first. What waits behind has a lower priority and is never reached.
# Exit: 0 it holds, 1 not. Ends with "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
bin='' bench='' waiting=100000 seconds=10 most=64 grows=8
while [ $# -gt 1 ]; do
	case $1 in
	--bin) bin=$(realpath "$2") ;;
	--bench) bench=$(realpath "$2") ;;
	--waiting) waiting=$2 ;;
	--seconds) seconds=$2 ;;
	--most) most=$2 ;;
	--grows) grows=$2 ;;
	*) break ;;
	esac
	shift 2
done
[ $# -eq 0 ] && [ -n "$bin" ] && [ -n "$bench" ] || {
	sed -n '4s/^# *//p' "$0" >&2
	exit 2
}
dir=$(mktemp -d /tmp/stw-backlog-XXXXXX)
chmod 711 "$dir"
sink='' push=''
finish() {
	trap - EXIT INT TERM HUP
	[ -z "$push" ] || kill -9 "$push" 2>/dev/null
	[ -z "$sink" ] || kill "$sink" 2>/dev/null
	wait 2>/dev/null
	sh db/cluster.sh destroy "$dir/cluster"
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
die() {
	echo "backlog: $*"
	tail -n 5 "$dir"/*.log 2>/dev/null
	echo "0 passed, 1 failed"
	exit 1
}
mkdir -m 700 "$dir/state"
"$bench" sink "$dir/port" >"$dir/sink.log" 2>&1 &
sink=$!
sh db/cluster.sh start "$dir/cluster" --fast || die "no cluster"
for _ in $(seq 400); do
	[ ! -s "$dir/port" ] || break
	sleep 0.05
done
[ -s "$dir/port" ] || die "the server does not listen"
db=$(sh db/cluster.sh conninfo "$dir/cluster")
sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 -d "${db/user=steward/user=postgres}" "$@"; }
export STEWARD_DATABASE=$db STEWARD_STATE_DIR=$dir/state STEWARD_LOG_LEVEL=warn \
    STEWARD_CLOCK=2026-11-23T10:00:00+08:00 STEWARD_EGRESS=127.0.0.0/8
"$bin" migrate >"$dir/setup.log" 2>&1 && "$bin" setup --demo --tokens "$dir/tokens" \
    --queue "http://127.0.0.1:$(cat "$dir/port")/tasks" >>"$dir/setup.log" 2>&1 || die "setup failed"
tasks=3000
sql -v races=$tasks -f tests/soak/withdrawal_world.sql >"$dir/world.log" 2>&1 || die "no people"
"$bin" plan >"$dir/plan.log" 2>&1 || die "plan failed"
sql -v races=$tasks -f tests/soak/withdrawal_tasks.sql >"$dir/tasks.log" 2>&1 || die "no tasks"
sql -c "SET session_replication_role = replica" -c "UPDATE task SET state = 'planned', agent = NULL,
    number_id = NULL WHERE state = 'in_progress'" -c "UPDATE queue SET rate = 60, rate_sec = 1" ||
    die "no tasks"

# run NAME FIRST BEHIND WAITING: pushes at the rate for so long; prints the most memory, in KiB.
run() {
	local left sent peak
	# The turn of the one that was killed would have to run out first.
	sql -c "TRUNCATE task_ready, queue_turn" -c "SELECT race_due($2, $3)" -c "UPDATE task_ready SET priority = 5" -c "
	    INSERT INTO task_ready (bucket, task_id, queue_id, due_at, priority)
	    SELECT n % 256, ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, q.queue_id,
	           '2026-11-20', -1
	      FROM generate_series(1, $4) AS n, (SELECT queue_id FROM task LIMIT 1) AS q" \
	    -c "VACUUM ANALYZE task_ready" >/dev/null || return 1
	"$bin" dispatch >>"$dir/dispatch.log" 2>&1 &
	push=$!
	sleep "$seconds"
	peak=$(awk '$1 == "VmHWM:" { print $2 }' "/proc/$push/status")
	kill -9 "$push" 2>/dev/null
	wait "$push" 2>/dev/null
	push=
	left=$(sql -c "SELECT count(*) FROM task_ready WHERE priority = -1")
	sent=$(sql -c "SELECT count(*) FROM task t JOIN race_person p ON p.id = t.customer_id
	    WHERE t.state = 'queued' AND p.n >= $2 AND p.n < $3")
	[ -n "$peak" ] && [ "$left" = "$4" ] && [ "${sent:-0}" -ge 50 ] || {
		echo "backlog: $left of $4 wait, $sent were pushed" >&2
		return 1
	}
	echo "     $1: $4 waiting, $sent pushed so far, $peak KiB at most" >&2
	echo "$peak"
}
few=$(run few 0 1500 500) || die "with few"
many=$(run many 1500 $tasks "$waiting") || die "with many"
echo "     load: $(cut -d' ' -f1-3 /proc/loadavg)"
if [ "$many" -le $((most * 1024)) ] && [ $((many - few)) -le $((grows * 1024)) ]; then
	echo "ok   $many KiB with $waiting waiting, $((many - few)) more than with 500"
	echo "1 passed, 0 failed"
	exit 0
fi
echo "FAIL $many KiB with $waiting waiting, $((many - few)) more than with 500"
echo "0 passed, 1 failed"
exit 1
