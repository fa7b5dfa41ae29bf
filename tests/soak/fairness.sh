#!/bin/bash
# fairness.sh - three bad queues of ten take nothing from the other seven.
#
#   fairness.sh --bin BINARY [--tasks N] [--rounds N] [--least PERCENT] [--expect unfair]
#
# Seven queues answer after a while; one never answers, one answers 500, one is not there.
# Each round pushes N (100) tasks to each of the seven alone, and then as many while the bad
# ones have more work than they could ever take. The throughput of the seven with them, by
# that without them, is the round's; the median of the rounds (3) has to be PERCENT (95) at
# least. What is compared is of one round of one machine: nothing rests on how fast it is.
# --expect unfair: it has to be less (the program without its fairness).
# Exit: 0 as wanted, 1 not. Ends with "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
bin='' tasks=100 rounds=3 least=95 expect=fair
while [ $# -gt 1 ]; do
	case $1 in
	--bin) bin=$(realpath "$2") ;;
	--tasks) tasks=$2 ;;
	--rounds) rounds=$2 ;;
	--least) least=$2 ;;
	--expect) expect=$2 ;;
	*) break ;;
	esac
	shift 2
done
[ $# -eq 0 ] && [ -n "$bin" ] || {
	sed -n '4s/^# *//p' "$0" >&2
	exit 2
}
good=7 bad=3
dir=$(mktemp -d /tmp/stw-fair-XXXXXX)
chmod 711 "$dir"
server='' push=''
finish() {
	trap - EXIT INT TERM HUP
	[ -z "$push" ] || kill -9 "$push" 2>/dev/null
	exec 9>&- 2>/dev/null
	[ -z "$server" ] || kill "$server" 2>/dev/null
	wait 2>/dev/null
	sh db/cluster.sh destroy "$dir/cluster"
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
die() {
	echo "fairness: $*"
	tail -n 5 "$dir"/*.log 2>/dev/null
	echo "0 passed, 1 failed"
	exit 1
}
mkdir -m 700 "$dir/state"
mkfifo "$dir/in"
node tests/soak/fairness.mjs "$dir/ports" <"$dir/in" >"$dir/server.log" 2>&1 &
server=$!
exec 9>"$dir/in"
sh db/cluster.sh start "$dir/cluster" --fast || die "no cluster"
for _ in $(seq 400); do
	[ ! -s "$dir/ports" ] || break
	sleep 0.05
done
[ -s "$dir/ports" ] || die "the queues do not listen"
port() { awk -v name="$1" '$1 == name { print $2 }' "$dir/ports"; }
db=$(sh db/cluster.sh conninfo "$dir/cluster")
sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 -d "${db/user=steward/user=postgres}" "$@"; }
export STEWARD_DATABASE=$db STEWARD_STATE_DIR=$dir/state STEWARD_LOG_LEVEL=warn \
    STEWARD_CLOCK=2026-11-23T10:00:00+08:00 STEWARD_EGRESS=127.0.0.0/8
"$bin" migrate >"$dir/setup.log" 2>&1 && "$bin" setup --demo --tokens "$dir/tokens" \
    --queue http://127.0.0.1:1 >>"$dir/setup.log" 2>&1 || die "setup failed"

# A customer for each task of the seven in both halves of each round, and for the bad ones.
share=$((rounds * 2 * tasks * good)) reserve=$((rounds * 2 * tasks * 4 * bad))
all=$((share + reserve))
sql -v races=$all -f tests/soak/withdrawal_world.sql >"$dir/world.log" 2>&1 || die "no people"
"$bin" plan >"$dir/plan.log" 2>&1 || die "plan failed"
sql -v races=$all -f tests/soak/withdrawal_tasks.sql >"$dir/tasks.log" 2>&1 || die "no tasks"
printf 'whsec_%s' "$(printf 'k%.0s' $(seq 32) | base64)" >"$dir/secret"
for i in $(seq $((good + bad))); do
	case $i in
	8) to=$(port hang) ;;
	9) to=$(port fail) ;;
	10) to=$(port none) ;;
	*) to=$(port good) ;;
	esac
	"$bin" queue set "fair-$i" --by ann --url "http://127.0.0.1:$to/$i" --secret "$dir/secret" \
	    --dedupes yes --timeout-ms 60000 --concurrency "$([ "$i" -gt $good ] && echo 256 || echo 4)" \
	    >>"$dir/setup.log" 2>&1 || die "no queue $i"
done
# Tasks 0 ... share - 1 are the seven's, in turn; the others the bad ones'. None is due.
sql -c "SET session_replication_role = replica" -c "UPDATE task t SET state = 'planned', agent = NULL,
    number_id = NULL, queue_id = q.queue_id FROM race_person p, queue q WHERE t.customer_id = p.id
    AND p.ref LIKE 'r%' AND q.code = 'fair-' || CASE WHEN p.n < $share THEN 1 + p.n % $good
        ELSE 8 + p.n % $bad END" -c "VACUUM ANALYZE" >"$dir/queues.log" 2>&1 || die "no queues"

# half FIRST BEHIND BAD: pushes these of the seven, with work for the bad ones or none; prints
# how long the seven took.
half() {
	local answer count want=$(($2 - $1))
	curl -s -m 5 "http://127.0.0.1:$(port good)/reset" >/dev/null || return 1
	sql -c "TRUNCATE task_ready" -c "SELECT race_due($1, $2)" >/dev/null || return 1
	[ "$3" = 0 ] || sql -c "SELECT race_due($share, $all)" >/dev/null || return 1
	"$bin" dispatch >>"$dir/dispatch.log" 2>&1 &
	push=$!
	for _ in $(seq 2400); do
		answer=$(curl -s -m 5 "http://127.0.0.1:$(port good)/count")
		count=${answer%% *}
		[ "${count:-0}" -lt "$want" ] || break
		sleep 0.25
	done
	kill -9 "$push" 2>/dev/null
	wait "$push" 2>/dev/null
	push=
	[ "$count" = "$want" ] || {
		echo "fairness: $count of $want arrived" >&2
		return 1
	}
	echo "${answer##* }"
}
for ((round = 0; round < rounds; round++)); do
	at=$((round * 2 * tasks * good))
	alone=$(half $at $((at + tasks * good)) 0) || die "round $round"
	at=$((at + tasks * good))
	beside=$(half $at $((at + tasks * good)) 1) || die "round $round, with the bad ones"
	awk -v a="$alone" -v b="$beside" 'BEGIN { printf "%.1f\n", 100 * a / b }' >>"$dir/ratios"
	echo "round $((round + 1)): the seven alone $((alone / 1000)) ms, beside three bad ones $((beside / 1000)) ms: $(tail -n 1 "$dir/ratios") %"
done
median=$(sort -n "$dir/ratios" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }')
fair=$(awk -v m="$median" -v l="$least" 'BEGIN { print (m >= l) ? "fair" : "unfair" }')
tried=$(sql -c "SELECT count(DISTINCT q.code) FROM attempt a JOIN task t USING (bucket, task_id)
    JOIN queue q USING (queue_id) WHERE q.code IN ('fair-8', 'fair-9', 'fair-10')")
[ "$tried" = 3 ] || die "only $tried of the bad queues were pushed to"
if [ "$fair" = "$expect" ]; then
	echo "ok   the seven keep $median % of their throughput"
	echo "1 passed, 0 failed"
	exit 0
fi
echo "FAIL the seven keep $median % of their throughput; $least % were wanted (expected: $expect)"
echo "0 passed, 1 failed"
exit 1
