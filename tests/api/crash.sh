#!/bin/bash
# crash.sh - kills the programs at random moments and shows that nothing is lost or done
# twice; then spoils copies of the result and shows that the checker sees it.
#
#   crash.sh [--customers N] [--kills N] [--seed S] [--zombie] [--keep]
#
# STW_TEST_BIN names the binary (build/steward). A throwaway cluster, a made-up book, the
# server, the simulated queue with agents, `steward run` in a loop and withdrawals through
# the API; each kill (-9) hits run, serve or the queue, which is started again at once.
# When all kills are done everything drains, and check_effects.sh decides. The seed is
# printed; with the same seed the same victims die after the same pauses.
#
# --zombie first stops the server (SIGSTOP) with pushes on the wire until its leases have
# run out and others have pushed those tasks again, then lets it go on: what it then wants
# to write must be refused.
# --keep leaves the directory (journals, logs, cluster) for a look.
# Exit: 0 all holds, 1 not. Ends with "N passed, N failed", as tests/run.sh wants it.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
here=tests/api
bin=$(realpath "${STW_TEST_BIN:-build/steward}")
customers=3000 kills=10 seed=$((RANDOM * 32768 + RANDOM)) keep=no zombie=no
while [ $# -gt 0 ]; do
	case $1 in
	--customers) customers=$2 && shift ;;
	--kills) kills=$2 && shift ;;
	--seed) seed=$2 && shift ;;
	--zombie) zombie=yes ;;
	--keep) keep=yes ;;
	*)
		sed -n '5s/^# *//p' "$0" >&2
		exit 2
		;;
	esac
	shift
done
passed=0 failed=0

# ---- what is started ends with us -------------------------------------------------------
dir=$(mktemp -d /tmp/stw-crash-XXXXXX)
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
		echo "crash: kept $dir (without its cluster)"
	else
		rm -rf "$dir"
	fi
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

die() {
	echo "crash: $*"
	tail -n 5 "$dir"/*.log 2>/dev/null
	echo "$passed passed, $((failed + 1)) failed"
	exit 1
}
pass() {
	passed=$((passed + 1))
	echo "ok   $*"
}
fail() {
	failed=$((failed + 1))
	echo "FAIL $*"
}

# start NAME COMMAND...; its output goes to NAME.log
start() {
	local name=$1
	shift
	"$@" >>"$dir/$name.log" 2>&1 </dev/null &
	pid[$name]=$!
}
alive() { [ -n "${pid[$1]:-}" ] && kill -0 "${pid[$1]}" 2>/dev/null; }
murder() {
	alive "$1" || return 1
	kill -9 "${pid[$1]}" && wait "${pid[$1]}" 2>/dev/null
	unset "pid[$1]"
}
wait_for_file() {
	local tries=0
	until [ -s "$1" ]; do
		tries=$((tries + 1))
		[ $tries -lt 200 ] || die "$1 was not written"
		sleep 0.05
	done
}

# ---- a world ---------------------------------------------------------------------------
echo "crash: seed $seed, $customers customers, $kills kills, in $dir"
RANDOM=$((seed % 32768))
mkdir -m 700 "$dir/state"
sh db/cluster.sh start "$dir/cluster" --fast || die "no cluster"
db=$(sh db/cluster.sh conninfo "$dir/cluster")
sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$db" -c "$1"; }
export STEWARD_DATABASE=$db STEWARD_STATE_DIR=$dir/state STEWARD_LOG_LEVEL=warn \
    STEWARD_CLOCK=2026-11-23T10:00:00+08:00 STEWARD_EGRESS=127.0.0.0/8
{
	"$bin" migrate &&
	    "$bin" sample --customers "$customers" --seed 7 --as-of "$STEWARD_CLOCK" \
	        --out "$dir/book" &&
	    "$bin" import "$dir/book" &&
	    "$bin" setup --demo --tokens "$dir/tokens" --queue http://127.0.0.1:1
} >"$dir/setup.log" 2>&1 || die "setup failed"

# Short times, so that what a crash leaves behind is taken up again soon. The robots'
# queue cannot deduplicate: it must never see a key twice.
sql "UPDATE queue SET timeout_ms = 1500, concurrency = 3, dedupes = (kind <> 'robot')" ||
    die "queues"
journal=$dir/journal
checkpoints=$dir/state/steward.checkpoints

start_serve() {
	rm -f "$dir/api.port"
	start serve "$bin" serve --listen "127.0.0.1:${api_port:-0}" \
	    --port-file "$dir/api.port"
	wait_for_file "$dir/api.port"
	api_port=$(cat "$dir/api.port")
}
start_queue() {
	rm -f "$dir/queue.port"
	start queue "$bin" queue-sim --listen "127.0.0.1:${queue_port:-0}" \
	    --port-file "$dir/queue.port" --journal "$journal" \
	    --checkpoints "$checkpoints" --secret-file "$dir/state/queue-secret" \
	    --api "http://127.0.0.1:$api_port" --token-file "$dir/tokens.agents" \
	    --slow-ms 250 --think-ms 30 --fail-rate 0.03 --drop-rate 0.03 --seed "$seed"
	wait_for_file "$dir/queue.port"
	queue_port=$(cat "$dir/queue.port")
}
start_run() {
	start run "$bin" run --limit-sec 20
}
start_serve
start_queue
sql "UPDATE queue SET url = 'http://127.0.0.1:$queue_port/tasks'" || die "queues"

# Customers withdraw all the while; what was acknowledged is noted.
token=$(awk '$1 == "compliance" { print $3 }' "$dir/tokens")
withdraw_some() {
	local n=0 ref status
	sql "SELECT ref FROM customer ORDER BY md5(ref || '$seed')" >"$dir/refs"
	while IFS= read -r ref; do
		n=$((n + 1))
		status=$(curl -s -o /dev/null -w '%{http_code}' -m 5 -X POST \
		    -H "Authorization: Bearer $token" -H "Idempotency-Key: crash-$ref" \
		    -H 'Content-Type: application/json' \
		    -d '{"kind":"do_not_call","channel":"*","source":"crash test"}' \
		    "http://127.0.0.1:$api_port/v1/customers/$ref/objections")
		echo "$ref $status" >>"$dir/withdrawn"
		sleep 0.2
	done <"$dir/refs"
}
withdraw_some >/dev/null 2>&1 &
pid[withdrawals]=$!

# ---- the zombie --------------------------------------------------------------------------
if [ $zombie = yes ]; then
	worker=serve-${pid[serve]}
	"$bin" plan >>"$dir/run.log" 2>&1 || die "plan failed"
	until [ "$(sql "SELECT count(*) FROM task_ready JOIN task USING (bucket, task_id)
	    WHERE worker = '$worker' AND state = 'sending'")" -ge 2 ]; do
		[ $SECONDS -lt 120 ] || die "the server pushes nothing"
	done
	kill -STOP "${pid[serve]}"
	echo "     zombie: $worker stopped with $(sql "SELECT count(*) FROM task_ready
	    WHERE worker = '$worker'") leases"
	sleep 26
	# Until others have taken over all it had, however much is due before that.
	until=$((SECONDS + 90))
	while [ $SECONDS -lt $until ] &&
	    [ "$(sql "SELECT count(*) FROM task_ready WHERE worker = '$worker'")" != 0 ]; do
		"$bin" dispatch --limit-sec 10 >>"$dir/run.log" 2>&1
	done
	kill -CONT "${pid[serve]}"
	sleep 3
	stale=$(grep -c dispatch_stale "$dir/serve.log")
	if [ "$stale" -ge 1 ]; then
		pass "a zombie's answers were refused: $stale"
	else
		fail "the zombie wrote what it liked, or had nothing to write"
	fi
fi

# ---- the kills ---------------------------------------------------------------------------
victims=(run run serve run serve run queue)
k=0
while [ $k -lt "$kills" ]; do
	alive run || start_run
	pause=$((RANDOM % 1800 + 100))
	victim=${victims[RANDOM % ${#victims[@]}]}
	sleep "$(printf '%d.%03d' $((pause / 1000)) $((pause % 1000)))"
	murder "$victim" || continue
	k=$((k + 1))
	echo "     kill $k: $victim after $pause ms; tasks: $(sql "SELECT string_agg(state || ' ' || n, ', ')
	    FROM (SELECT state, count(*) AS n FROM task GROUP BY state ORDER BY state) s")"
	case $victim in
	serve) start_serve ;;
	queue) start_queue ;;
	esac
done

# ---- draining -------------------------------------------------------------------------------
kill "${pid[withdrawals]}" 2>/dev/null
wait "${pid[withdrawals]}" 2>/dev/null
unset "pid[withdrawals]"
left() {
	sql "SELECT (SELECT count(*) FROM task WHERE state IN
	    ('ready', 'sending', 'queued', 'accepted', 'in_progress'))
	    + (SELECT count(*) FROM recall WHERE done_at IS NULL)
	    + (SELECT count(*) FROM campaign c WHERE state = 'active' AND NOT EXISTS
	        (SELECT 1 FROM campaign_run r WHERE r.campaign_id = c.campaign_id
	            AND r.finished_at IS NOT NULL))"
}
deadline=$((SECONDS + 120 + customers / 100))
while :; do
	alive run && wait "${pid[run]}" 2>/dev/null
	"$bin" run --limit-sec 60 >>"$dir/run.log" 2>&1 || die "the run after the kills failed"
	[ "$(left)" != 0 ] || break
	[ $SECONDS -lt $deadline ] || {
		sql "SELECT state, count(*) FROM task GROUP BY 1"
		fail "$(left) things are still under way after the drain"
		break
	}
	sleep 1
done
unset "pid[run]"
for name in queue serve; do
	kill -TERM "${pid[$name]}"
	wait "${pid[$name]}" || fail "$name did not end well"
	unset "pid[$name]"
done
"$bin" ledger seal >>"$dir/run.log" 2>&1 || fail "the last seal"
echo "     $(tail -n 1 "$dir/queue.log")"
echo "     tasks: $(sql "SELECT string_agg(state || ' ' || n, ', ')
    FROM (SELECT state, count(*) AS n FROM task GROUP BY state ORDER BY state) s")"

# ---- the verdict ----------------------------------------------------------------------------
if sh $here/check_effects.sh --drained --ledger "$bin" "$db" "$journal"; then
	pass "$kills kills lost and duplicated nothing"
else
	fail "$kills kills: see the findings above"
fi
grep ' 201$' "$dir/withdrawn" | cut -d' ' -f1 >"$dir/acked"
lost=$(psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$db" <<-SQL
	CREATE TEMP TABLE acked (ref text);
	\copy acked FROM '$dir/acked'
	SELECT count(*) FROM acked a WHERE NOT EXISTS (SELECT 1 FROM customer c
	    JOIN objection o USING (bucket, customer_id) WHERE c.ref = a.ref);
SQL
)
if [ "$lost" = 0 ] && [ -s "$dir/acked" ]; then
	pass "all $(wc -l <"$dir/acked") acknowledged objections are there"
else
	fail "of $(wc -l <"$dir/acked") acknowledged objections are lost: $lost"
fi

# ---- can the checker fail? ---------------------------------------------------------------------
# Each spoils a copy and names the fact that must be reported.
admin=${db/user=steward/user=postgres}
spoilt() { # NAME FACT SQL JOURNAL-FILTER
	local name=$1 fact=$2 change=$3 filter=$4 copy said
	copy=${db/dbname=steward/dbname=spoilt}
	psql -X -q -d "${admin/dbname=steward/dbname=postgres}" -c 'DROP DATABASE IF EXISTS spoilt' \
	    -c 'CREATE DATABASE spoilt TEMPLATE steward OWNER steward' 2>/dev/null ||
	    die "cannot copy the database"
	psql -X -q -v ON_ERROR_STOP=1 -d "${admin/dbname=steward/dbname=spoilt}" \
	    -c 'SET session_replication_role = replica' -c "$change" >/dev/null ||
	    die "cannot spoil: $name"
	awk "$filter" "$journal" >"$dir/journal.spoilt"
	said=$(sh $here/check_effects.sh --drained "$copy" "$dir/journal.spoilt")
	if grep -qF "FINDING  $fact: " <<<"$said"; then
		pass "seen: $name"
	else
		fail "not seen: $name"
	fi
}
all='{ print }'
none='SELECT 1'
last_of() { printf 'BEGIN { while ((getline l < "%s") > 0) if (l ~ /"event":"%s"/) last = l } ' "$journal" "$1"; }
# The effect of a task that came to an outcome: one that was recalled before the push was
# settled may be missing at the queue.
last_worked="BEGIN { while ((getline l < \"$journal\") > 0) if (l ~ /\"event\":\"outcome_ack\"/ &&
    match(l, /\"id\":\"[^\"]*\"/)) id = substr(l, RSTART, RLENGTH) }"
spoilt 'a push that the queue never got' 'no task at a queue is unknown to it' "$none" \
    "$last_worked !(/\"event\":\"accepted\"/ && index(\$0, id))"
spoilt 'a queue that forgot half of its journal' 'no task at a queue is unknown to it' \
    "$none" 'NR > 200'
spoilt 'an effect that happened twice' 'one effect a key' "$none" \
    "$(last_of accepted) { print } \$0 == last { print }"
spoilt 'a push that nobody decided' 'every push has a decision that allows it' "$none" \
    '/"event":"accepted"/ && !n++ { sub(/"decision_id":"......../, "\"decision_id\":\"00000000") } { print }'
spoilt 'a push before its checkpoint' \
    'every decision was in an exported checkpoint before its push' "$none" \
    '/"event":"accepted"/ && !n++ { sub(/"exported":[0-9]+/, "\"exported\":0") } { print }'
spoilt 'a key seen twice by a queue that cannot deduplicate' \
    'a queue that cannot deduplicate sees a key once' "$none" \
    '{ print } /"queue":"welcome-robot"/ && /"event":"accepted"/ && !n++ { sub(/accepted/, "duplicate"); print }'
spoilt 'an acknowledged outcome that is gone' 'every acknowledged outcome is kept' \
    'DELETE FROM outcome WHERE outcome_id = (SELECT min(outcome_id::text)::uuid FROM outcome)' "$all"
spoilt 'an outcome recorded twice' 'no outcome is counted twice' \
    'INSERT INTO outcome SELECT bucket, gen_random_uuid(), task_id, permit_id, disposition,
     reached, agent, note_sealed, started_at, ended_at, callback_at, recorded_at,
     customer_id FROM outcome ORDER BY disposition LIMIT 1' "$all"
spoilt 'an outcome without an entry' 'every outcome has one entry in the ledger' \
    "DELETE FROM ledger_leaf WHERE idx = (SELECT max(idx) FROM ledger_leaf WHERE kind = 'outcome')" "$all"
spoilt 'a decision that was deleted' 'every push has a decision that allows it' \
    "DELETE FROM decision WHERE decision_id IN (SELECT decision_id FROM attempt WHERE result = 'accepted' LIMIT 1)" "$all"
spoilt 'a decision turned round' 'every push has a decision that allows it' \
    "UPDATE decision SET outcome = 'BLOCK', primary_code = 'X' WHERE decision_id IN (SELECT decision_id FROM attempt WHERE result = 'accepted' LIMIT 1)" "$all"
spoilt 'a record that was changed' 'every decision is what the ledger says' \
    "UPDATE decision SET record = record || ' ' WHERE decision_id = (SELECT min(decision_id::text)::uuid FROM decision)" "$all"
spoilt 'a task without a decision' 'no task without a decision' \
    "UPDATE task SET decision_id = gen_random_uuid() WHERE task_id = (SELECT min(task_id::text)::uuid FROM task)" "$all"
spoilt 'an attempt that was deleted' 'every push belongs to an attempt' \
    "DELETE FROM attempt WHERE (bucket, task_id) IN (SELECT bucket, task_id FROM attempt WHERE result = 'accepted' LIMIT 1)" "$all"
spoilt 'a permit that was not counted' 'every permit was decided and counts as one attempt' \
    'DELETE FROM contact_count WHERE count_id IN (SELECT permit_id FROM permit LIMIT 1)' "$all"
spoilt 'a funnel that does not add up' 'every funnel adds up' \
    'UPDATE campaign_run_reason SET count = count + 1 WHERE (run_id, fate, code) IN (SELECT run_id, fate, code FROM campaign_run_reason LIMIT 1)' "$all"
spoilt 'a task left on the wire' 'nothing is left under way' \
    "UPDATE task SET state = 'sending' WHERE task_id = (SELECT min(task_id::text)::uuid FROM task WHERE state = 'done')" "$all"

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
