#!/bin/bash
# claim.sh - how long a claim takes with many tasks waiting, and with vacuum blocked.
#
#   claim.sh BINARY       from the environment: WAITING (5000000) tasks that are due, SECONDS_LONG
#                         (60) each half, RATE (800) tasks a second, BATCH (40) a claim, MOST
#                         (ms at p99, none): exit 1 above it; CHECK=1: small, no figures
#
# The statement is the dispatcher's (db/queries/task_claim.sql), its parameters sent apart; what
# was claimed is deleted as a finish does it, at the same rate. First as it is, then with a
# transaction open all the while that keeps vacuum from every row that goes. Only claims are
# timed, from their start: waiting for their turn is not in it. A cluster of its own, whose
# commits go to disk.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
bin=$(realpath "${1:?usage: claim.sh BINARY}")
check=${CHECK:-0} waiting=${WAITING:-5000000} seconds=${SECONDS_LONG:-60} rate=${RATE:-800}
batch=${BATCH:-40} most=${MOST:-}
[ "$check" = 0 ] || waiting=20000 seconds=3
pgbench=$(find /usr/lib/postgresql/*/bin/pgbench | sort -V | tail -n 1)
dir=$(mktemp -d /tmp/stw-claim-XXXXXX)
chmod 711 "$dir"
old=''
finish() {
	trap - EXIT INT TERM HUP
	exec 9>&- 2>/dev/null
	[ -z "$old" ] || kill "$old" 2>/dev/null
	wait 2>/dev/null
	sh db/cluster.sh destroy "$dir/cluster"
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
die() {
	echo "claim: $*"
	tail -n 5 "$dir"/*.log 2>/dev/null
	exit 1
}
mkdir -m 700 "$dir/state"
sh db/cluster.sh start "$dir/cluster" || die "no cluster"
db=$(sh db/cluster.sh conninfo "$dir/cluster")
admin=${db/user=steward/user=postgres}
sql() { PGOPTIONS='-c search_path=steward,public' psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$admin" "$@"; }
export STEWARD_DATABASE=$db STEWARD_STATE_DIR=$dir/state STEWARD_CLOCK=2026-11-23T10:00:00+08:00
{
	"$bin" migrate && "$bin" setup --demo --tokens "$dir/tokens" --queue http://127.0.0.1:1
} >"$dir/setup.log" 2>&1 || die "setup failed"
queue=$(sql -c "SELECT min(queue_id) FROM queue")
sql -c "INSERT INTO task_ready (bucket, task_id, queue_id, due_at, priority)
    SELECT n % 256, ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, $queue,
           '2026-11-20'::timestamptz + n * interval '1 millisecond', 0
      FROM generate_series(1, $waiting) AS n" -c "VACUUM ANALYZE task_ready" -c CHECKPOINT >"$dir/fill.log" 2>&1 ||
    die "no tasks"

# $1 queue_id, $2 worker, $3 limit, $4 lease seconds, $5 now, $6 lane, $7 claim_id
sed "/^--/d; s/\\\$1/:queue/g; s/\\\$2/:worker/g; s/\\\$3/:lim/g; s/\\\$4/:lease/g; s/\\\$5/:today/g; s/\\\$6/:lane/g; s/\\\$7/:claim/g" \
    db/queries/task_claim.sql >"$dir/claim.sql"
cat >"$dir/finish.sql" <<-SQL
	DELETE FROM task_ready r USING (SELECT bucket, task_id, lease_until FROM task_ready
	    WHERE queue_id = :queue AND lane = :lane AND priority = 0
	    ORDER BY due_at, task_id LIMIT 4 * :lim FOR UPDATE SKIP LOCKED) d
	 WHERE d.lease_until IS NOT NULL AND r.bucket = d.bucket AND r.task_id = d.task_id;
SQL
# half NAME: claims and finishes at the rate; prints what the claims took.
half() {
	local from to
	rm -f "$dir"/log.*
	from=$(sql -c "SELECT count(*) FROM task_ready")
	PGOPTIONS='-c search_path=steward,public' "$pgbench" -n -M prepared -T "$seconds" -c 2 -j 1 \
	    -R $((2 * rate / batch)) -l --log-prefix="$dir/log" -f "$dir/claim.sql" -f "$dir/finish.sql" \
	    -D queue="$queue" -D worker=bench -D lim="$batch" -D lease=20 -D lane=0 -D claim=00000000-0000-4000-8000-000000000001 \
	    -D today='2026-11-23 02:00:00+00' "$admin" >"$dir/pgbench.log" 2>&1 || return 1
	to=$(sql -c "SELECT count(*) FROM task_ready")
	# client, number, latency from the schedule, script, second, microsecond, lag of the schedule
	awk '$4 == 0 { print $3 - $7 }' "$dir"/log.* | sort -n >"$dir/claims"
	awk -v name="$1" -v gone=$((from - to)) -v waiting="$to" -v dead="$(sql -c "SELECT n_dead_tup
	    FROM pg_stat_user_tables WHERE relname = 'task_ready'")" '{ v[NR] = $1 } END {
	    printf "%-28s %d claims, %d tasks taken, %d wait, %d dead rows: median %.2f ms, p99 %.2f ms, most %.2f ms\n",
	    name, NR, gone, waiting, dead, v[int((NR + 1) / 2)] / 1000, v[int((NR * 99 + 99) / 100)] / 1000, v[NR] / 1000 }' \
	    "$dir/claims"
	awk '{ v[NR] = $1 } END { print v[int((NR * 99 + 99) / 100)] / 1000, NR }' "$dir/claims" >>"$dir/p99"
}
[ "$check" != 0 ] || echo "machine: $(nproc) processors, load $(cut -d' ' -f1-3 /proc/loadavg); $waiting waiting, $(sql -c "SELECT pg_size_pretty(pg_total_relation_size('task_ready'))")"
half "as it is" >"$dir/out" || die "pgbench failed"
# Its snapshot keeps what goes from now on.
mkfifo "$dir/in"
psql -X -q -A -t -d "$admin" <"$dir/in" >"$dir/old.log" 2>&1 &
old=$!
exec 9>"$dir/in"
echo "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class;" >&9
for _ in $(seq 100); do
	[ -s "$dir/old.log" ] || sleep 0.1
done
half "with vacuum blocked" >>"$dir/out" || die "pgbench failed"
if [ "$check" != 0 ]; then
	awk '$2 < 10 { bad = 1 } END { exit bad || NR != 2 }' "$dir/p99" || die "hardly anything was claimed: $(cat "$dir/out")"
	echo "ok     claims were timed, also with vacuum blocked"
	exit 0
fi
cat "$dir/out"
echo "load afterwards: $(cut -d' ' -f1-3 /proc/loadavg)"
[ -z "$most" ] || awk -v most="$most" '$1 > most { bad = 1 } END { exit bad }' "$dir/p99"
