#!/bin/bash
# withdrawal.sh - withdrawals race dispatches and dial permits over real HTTP; then an
# offline checker looks whether anything started after a withdrawal had committed.
#
#   withdrawal.sh [--races N] [--threads N] [--seed S] [--bin BINARY] [--expect FACT] [--keep]
#
# STW_RACE_BIN names the program that races. A throwaway cluster that notes commit times, N
# customers with a task each, the server with its dispatcher, the simulated queue.
# --expect FACT: the binary is a mutant: the checker has to break that fact, or it is blind.
# Exit: 0 all holds (or the mutant was found), 1 not. Ends with "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
bin=build/steward races=2000 threads=6 seed=$((RANDOM * 32768 + RANDOM)) keep=no expect=
while [ $# -gt 0 ]; do
	case $1 in
	--races) races=$2 && shift ;;
	--threads) threads=$2 && shift ;;
	--seed) seed=$2 && shift ;;
	--bin) bin=$2 && shift ;;
	--expect) expect=$2 && shift ;;
	--keep) keep=yes ;;
	*)
		sed -n '5s/^# *//p' "$0" >&2
		exit 2
		;;
	esac
	shift
done
bin=$(realpath "$bin")

# ---- what is started ends with us -------------------------------------------------------
dir=$(mktemp -d /tmp/stw-race-XXXXXX)
chmod 711 "$dir"
declare -A pid=()
finish() {
	local name
	trap - EXIT INT TERM HUP
	for name in "${!pid[@]}"; do
		kill -9 "${pid[$name]}" 2>/dev/null
	done
	wait 2>/dev/null
	sh db/cluster.sh destroy "$dir/cluster"
	if [ $keep = yes ]; then
		echo "race: kept $dir (without its cluster)"
	else
		rm -rf "$dir"
	fi
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
die() {
	echo "race: $*"
	tail -n 5 "$dir"/*.log 2>/dev/null
	echo "0 passed, 1 failed"
	exit 1
}
wait_for_file() {
	local tries=0
	until [ -s "$1" ]; do
		tries=$((tries + 1))
		[ $tries -lt 400 ] || die "$1 was not written"
		sleep 0.05
	done
}

# ---- a world ---------------------------------------------------------------------------
echo "race: seed $seed, $races races, $threads threads"
mkdir -m 700 "$dir/state"
sh db/cluster.sh start "$dir/cluster" --fast || die "no cluster"
db=$(sh db/cluster.sh conninfo "$dir/cluster")
admin=${db/user=steward/user=postgres}
psql -X -q -v ON_ERROR_STOP=1 -d "$admin" -c 'ALTER SYSTEM SET track_commit_timestamp = on' &&
    sh db/cluster.sh stop "$dir/cluster" && sh db/cluster.sh start "$dir/cluster" --fast ||
    die "no commit times"
sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$admin" "$@"; }
export STEWARD_DATABASE=$db STEWARD_STATE_DIR=$dir/state STEWARD_LOG_LEVEL=debug \
    STEWARD_CLOCK=2026-11-23T10:00:00+08:00 STEWARD_EGRESS=127.0.0.0/8
{
	"$bin" migrate &&
	    "$bin" setup --demo --tokens "$dir/tokens" --queue http://127.0.0.1:1
} >"$dir/setup.log" 2>&1 || die "setup failed"
sql -v races="$races" -f tests/soak/withdrawal_world.sql >"$dir/world.log" 2>&1 || die "no people"
"$bin" plan >"$dir/plan.log" 2>&1 || die "plan failed"
sql -v races="$races" -f tests/soak/withdrawal_tasks.sql >"$dir/tasks.log" 2>&1 || die "no tasks"

"$bin" serve --listen 127.0.0.1:0 --port-file "$dir/api.port" >"$dir/serve.log" 2>&1 </dev/null &
pid[serve]=$!
wait_for_file "$dir/api.port"
"$bin" queue-sim --listen 127.0.0.1:0 --port-file "$dir/queue.port" \
    --journal "$dir/journal" --secret-file "$dir/state/queue-secret" --slow-ms 3 \
    --seed "$seed" >"$dir/queue.log" 2>&1 </dev/null &
pid[queue]=$!
wait_for_file "$dir/queue.port"
sql -c "UPDATE queue SET url = 'http://127.0.0.1:$(cat "$dir/queue.port")/tasks',
    concurrency = 64, timeout_ms = 5000" || die "queues"
sleep 6 # the dispatcher reads its queues again

# ---- the races ---------------------------------------------------------------------------
token=$(awk '$1 == "compliance" { print $3 }' "$dir/tokens")
agent=$(awk '$1 == "a_01" { print $2 }' "$dir/tokens.agents")
"${STW_RACE_BIN:-build/release/tests/soak/race_withdrawal}" --api "http://127.0.0.1:$(cat "$dir/api.port")" \
    --db "$admin" --token "$token" --agent "$agent" --races "$races" \
    --threads "$threads" --seed "$seed" --journal "$dir/races" 2>&1 | tail -n 8
[ "${PIPESTATUS[0]}" -eq 0 ] || die "the races were not all run"
deadline=$((SECONDS + 90))
until [ "$(sql -c "SELECT (SELECT count(*) FROM recall WHERE done_at IS NULL)
    + (SELECT count(*) FROM attempt WHERE finished_at IS NULL)")" = 0 ]; do
	[ $SECONDS -lt $deadline ] || break
	sleep 0.5
done
for name in serve queue; do
	kill -TERM "${pid[$name]}"
	wait "${pid[$name]}" || die "$name did not end well"
	unset "pid[$name]"
done

# ---- the verdict ----------------------------------------------------------------------------
grep '^race' "$dir/races" | cut -f2- >"$dir/race.tsv"
grep '^number' "$dir/races" | cut -f2-4 >"$dir/number.tsv"
sed -nE 's/^([^ ]+Z )?debug push task=([0-9a-f-]{36})[^ ]* at=([0-9]+)$/\2\t\3/p' "$dir/serve.log" >"$dir/pushed.tsv"
{
	echo '\set ON_ERROR_STOP on'
	echo 'SET client_min_messages = warning;'
	echo "CREATE TEMP TABLE race (n bigint, kind int, sent bigint, answered bigint, status int,
	    permit_sent bigint, permit_answered bigint, granted int);"
	echo "CREATE TEMP TABLE number_race (number_id bigint, answered bigint, resumed bigint);"
	echo "CREATE TEMP TABLE pushed (task_id uuid, at bigint);"
	echo "CREATE TEMP TABLE line (line text);"
	echo "\\copy race FROM '$dir/race.tsv'"
	echo "\\copy number_race FROM '$dir/number.tsv'"
	echo "\\copy pushed FROM '$dir/pushed.tsv'"
	printf "\\\\copy line FROM '%s' WITH (FORMAT csv, DELIMITER E'\\\\x01', QUOTE E'\\\\x02')\n" \
	    "$dir/journal"
	echo "CREATE TEMP TABLE seen AS SELECT line::jsonb ->> 'event' AS event,
	    left(coalesce(line::jsonb ->> 'task_id', line::jsonb ->> 'id'), 36)::uuid AS task_id,
	    (line::jsonb ->> 'at')::timestamptz AS at FROM line
	    WHERE line::jsonb ->> 'event' IN ('accepted', 'duplicate', 'recalled', 'after_recall');"
	echo "CREATE INDEX ON seen (task_id); CREATE INDEX ON pushed (task_id);"
	echo "ANALYZE;"
	cat tests/soak/check_withdrawal.sql
} >"$dir/check.sql"
said=$(psql -X -q -A -t -d "$admin" -f "$dir/check.sql") || die "the checker failed"
printf '%s\n' "$said"
if [ -n "$expect" ]; then
	if grep -qF "FINDING  $expect: " <<<"$said"; then
		echo "found: without its protection '$expect' breaks"
		echo "1 passed, 0 failed"
		exit 0
	fi
	echo "NOT FOUND: without its protection '$expect' seems to hold"
	echo "0 passed, 1 failed"
	exit 1
fi
case $said in
*' 0 findings') echo "1 passed, 0 failed" ;;
*)
	echo "0 passed, 1 failed"
	exit 1
	;;
esac
