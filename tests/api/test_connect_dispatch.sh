#!/bin/bash
# test_connect_dispatch.sh - dispatch through connectors, against stubs that refuse what each
# vendor would refuse: taken, put off with Retry-After, a token that runs out, batches with
# their pause, an answer that is lost and asked for, recalls under the target's own id, a
# secret that is wrong; and two people for each connector.
set -u
cd "$(dirname "$0")/../.." || exit 1
bin=$(realpath "${STW_TEST_BIN:?}")
cluster=${STW_TEST_CONNINFO:?}
passed=0
failed=0
dir=$(mktemp -d /tmp/stw-cdisp-XXXXXX)
db=steward_cdisp_$$
stub_pid=''

finish() {
	exec 9>&- 2>/dev/null
	[ -z "$stub_pid" ] || kill "$stub_pid" 2>/dev/null
	wait
	psql -qAtX -d "$cluster dbname=postgres" -c "DROP DATABASE IF EXISTS $db WITH (FORCE)" >/dev/null 2>&1
	rm -rf "$dir"
}
trap finish EXIT

want() { # WHAT EXPECTED GOT
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAIL: %s\n  wanted: %s\n  got:    %s\n' "$1" "$2" "$3"
		tail -n 5 "$dir/dispatch.log" 2>/dev/null | sed 's/^/    /'
	fi
}
sql() { psql -qAtX -v ON_ERROR_STOP=1 -d "$cluster dbname=$db" -c "SET search_path TO steward, public" -c "$1"; }

psql -qAtX -d "$cluster dbname=postgres" -c "CREATE DATABASE $db" || exit 1
mkdir -m 700 "$dir/state"
export STEWARD_DATABASE="$cluster dbname=$db" STEWARD_STATE_DIR=$dir/state LC_ALL=C \
    STEWARD_LOG_LEVEL=warn STEWARD_CLOCK=2026-11-23T10:00:00+08:00 STEWARD_EGRESS=127.0.0.0/8
{
	"$bin" migrate && "$bin" sample --customers 5000 --seed 7 --as-of "$STEWARD_CLOCK" \
	    --out "$dir/book" && "$bin" import "$dir/book" &&
	    "$bin" setup --demo --tokens "$dir/tokens" --queue http://127.0.0.1:1 &&
	    "$bin" run --limit-sec 1
} >"$dir/setup.log" 2>&1
queue=wealth-remote
# All wait for their turn; due N makes so many of them due.
later() { sql "UPDATE task_ready SET due_at = '2026-11-24', lease_until = NULL, lane = 0"; }
due() {
	sql "TRUNCATE due_now"
	sql "INSERT INTO due_now SELECT r.task_id FROM task_ready r JOIN queue q USING (queue_id)
	    WHERE q.code = '$queue' AND NOT EXISTS (SELECT 1 FROM attempt a
	        WHERE a.task_id = r.task_id) ORDER BY r.task_id LIMIT $1"
	sql "UPDATE task_ready SET due_at = '2026-11-23' WHERE task_id IN (SELECT * FROM due_now)"
}
sql "CREATE TABLE due_now (task_id uuid)"
# What became of those that were due and that the gate let go: their states, then how many.
states() {
	sql "SELECT string_agg(DISTINCT state, ' ') FROM task JOIN due_now USING (task_id)
	    WHERE EXISTS (SELECT 1 FROM attempt a WHERE a.task_id = task.task_id)"
}
left() {
	sql "SELECT count(DISTINCT task_id) FROM attempt JOIN due_now USING (task_id)"
}
later
waiting=$(sql "SELECT count(*) FROM task_ready JOIN queue USING (queue_id) WHERE code = '$queue'")
if [ "${waiting:-0}" -lt 78 ]; then
	tail -n 20 "$dir/setup.log"
	echo "0 passed, 1 failed: only ${waiting:-no} tasks wait"
	exit 1
fi

stub() { # VENDOR: ends when its standard input does
	: >"$dir/log"
	: >"$dir/port"
	mkfifo "$dir/in"
	node tests/connect/stub.mjs "$1" "$dir/log" <"$dir/in" >"$dir/port" &
	stub_pid=$!
	exec 9>"$dir/in"
	rm "$dir/in"
	for _ in $(seq 100); do
		[ ! -s "$dir/port" ] || break
		sleep 0.05
	done
	url=http://127.0.0.1:$(cat "$dir/port")
}
stop() {
	exec 9>&-
	wait "$stub_pid"
	stub_pid=''
	later
}
# use CONNECTOR URL SETTINGS SECRET [OPTION...]: puts it in force, and gives it to the queue.
use() {
	printf '%s' "$3" >"$dir/settings"
	printf '%s' "$4" >"$dir/secret"
	local name=$1 to=$2
	shift 4
	"$bin" connector put "$name" --by ann >"$dir/out" 2>&1
	"$bin" connector activate "$name" --version 1 --by bob >>"$dir/out" 2>&1
	"$bin" queue set $queue --by ann --connector "$name" --url "$to" --settings \
	    "$dir/settings" --secret "$dir/secret" "$@" >>"$dir/out" 2>&1 || cat "$dir/out"
}
push() { "$bin" dispatch --limit-sec "${1:-20}" >"$dir/dispatch.log" 2>&1; }
# Until none of those that were due waits for another try: on a busy machine one may.
settle() {
	push "$@"
	for _ in 1 2 3; do
		case $(states) in
		*ready*) sql "UPDATE task_ready r SET due_at = '2026-11-22' FROM due_now d WHERE r.task_id = d.task_id" ;;
		*) return ;;
		esac
		push "$@"
	done
}
count() { grep -c "^$1" "$dir/log"; }
# ---- two people --------------------------------------------------------------------------
"$bin" connector put generic --by ann >/dev/null
"$bin" connector activate generic --version 1 --by ann >"$dir/out" 2>&1
want "whoever wrote it does not put it in force" 1 "$(grep -c 'another person' "$dir/out")"
"$bin" queue set $queue --by ann --connector generic --url http://127.0.0.1:1 >"$dir/out" 2>&1
want "a draft is no connector of a queue" 1 "$(grep -c 'no version' "$dir/out")"
want "in the database too" 1 "$(sql "UPDATE connector SET state = 'active', activated_by = 'ann',
    activated_at = now()" 2>&1 | grep -c connector_two_people)"

# ---- one's own JSON: taken, put off with Retry-After, taken ---------------------------------
export STUB_WAIT=1
stub generic
use generic "$url" '{}' '{"token":"token-1"}' --dedupes yes
due 10
settle
want "generic" "queued" "$(states)"
want "generic, each once" "$(left)" "$(count taken)"
want "what the target calls them is kept" "$(left)" "$(sql "SELECT count(*) FROM task_remote WHERE remote_id ~ '^G'")"
want "no secret is stored in the open" 0 "$(sql "SELECT count(*) FROM queue WHERE position('token-1'::bytea IN secret_sealed) > 0")"
# A withdrawal reaches the target.
sql "WITH t AS (UPDATE task SET state = 'recalled' WHERE task_id IN (SELECT task_id FROM task_remote
    ORDER BY 1 LIMIT 3) RETURNING bucket, task_id, queue_id) INSERT INTO recall (bucket, task_id,
    queue_id, reason, asked_at) SELECT *, 'test', now() FROM t"
push 5
want "recalled" "3 3" "$(count recalled) $(sql "SELECT count(*) FROM recall WHERE done_at IS NOT NULL")"
# A wrong secret costs no task.
printf '{"token":"token-2"}' >"$dir/secret"
"$bin" queue set $queue --by ann --secret "$dir/secret" >/dev/null
"$bin" queue set $queue --by ann --url http://127.0.0.1:2 >"$dir/out" 2>&1
want "a secret that is kept goes nowhere else" "1 $url" \
    "$(grep -c 'give the secret again' "$dir/out") $(sql "SELECT url FROM queue WHERE code = '$queue'")"
due 3
push 3
want "a wrong secret" "ready" "$(states)"
want "something left each time" yes "$([ "$(left)" -ge 1 ] && echo yes)"
stop
unset STUB_WAIT

# ---- Twilio: an answer that is lost is asked for, never sent again ---------------------------
export STUB_LOSE=1
stub twilio-taskrouter
use twilio-taskrouter "$url" "$(printf '{"workspace_sid":"WS%032d","workflow_sid":"WW%032d"}' 0 0)" \
    '{"user":"SK1","password":"secret"}' --dedupes no
due 8
settle 40
want "twilio" "queued" "$(states)"
want "twilio, lost answers" yes "$([ "$(count lost)" -ge 1 ] && echo yes)"
want "twilio, nothing twice" "$(left) 0" "$(count taken) $(count refused)"
want "found under the target's id" "$(left)" "$(sql "SELECT count(*) FROM task_remote WHERE remote_id ~ '^WT'")"
# A dispatcher dies before it can ask: the next one asks, and sends nothing again.
before=$(count lost)
due 6
"$bin" dispatch --limit-sec 20 >"$dir/killed.log" 2>&1 &
killed=$!
for _ in $(seq 200); do
	[ "$(count lost)" -le "$before" ] || break
	sleep 0.05
done
kill -9 $killed
wait $killed 2>/dev/null
want "twilio, out when it died" yes "$([ "$(sql "SELECT count(*) FROM task WHERE state = 'sending'")" -ge 1 ] && echo yes)"
sql "UPDATE task_ready SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL"
settle 40
want "twilio, after a death" "queued" "$(states)"
want "twilio, nothing twice after a death" 0 "$(count refused)"
stop
unset STUB_LOSE

# ---- Genesys: a token for all, and another when it runs out ---------------------------------
export STUB_EXPIRE=6
stub genesys-cloud
use genesys-cloud "$url" "$(printf '{"login_url":"%s","type_id":"%s","queue_id":"%s"}' "$url" \
    11111111-1111-4111-8111-111111111111 22222222-2222-4222-8222-222222222222)" \
    '{"client_id":"client","client_secret":"secret"}' --dedupes no --concurrency 4
due 12
settle 40
want "genesys" "queued" "$(states)"
want "genesys, each once" "$(left) 0" "$(count taken) $(count refused)"
want "genesys, tokens" yes "$([ "$(count token)" -ge 2 ] && [ "$(count token)" -le 5 ] && echo yes)"
want "genesys, refused tokens" yes "$([ "$(count expired)" -ge 1 ] && echo yes)"
stop
unset STUB_EXPIRE

# ---- Amazon: signed -----------------------------------------------------------------------------
stub amazon-connect
use amazon-connect "$url" "$(printf '{"region":"eu-west-1","instance_id":"%s","contact_flow_id":"%s","console_url":"https://x.example"}' \
    11111111-1111-4111-8111-111111111111 22222222-2222-4222-8222-222222222222)" \
    '{"access_key_id":"AKID","secret_access_key":"secret/+"}' --dedupes yes
due 5
settle
want "amazon" "queued" "$(states)"
want "amazon, each once" "$(left) 0" "$(count taken) $(count refused)"
stop

# ---- Huawei: several numbers a call, a second between two; no way to take back ---------------
stub huawei-aicc
use huawei-aicc "$url" '{"vdn_id":"1","campaign_id":"100001"}' \
    '{"access_key":"ak1","secret_key":"sk1"}' --dedupes no --concurrency 40
due 30
# Two dispatchers, and one pace.
push 40 &
other=$!
"$bin" dispatch --limit-sec 40 >"$dir/dispatch2.log" 2>&1
wait $other
settle 40
want "huawei" "queued" "$(states)"
want "huawei, each once, never too soon" "$(left) 0" "$(count taken) $(count refused)"
want "huawei, fewer calls than tasks" yes "$([ "$(count call)" -lt 12 ] && echo yes)"
want "no number is stored with a remote id or told in the log" 0 "$(grep -c 1380 "$dir/dispatch.log")"
stop

# ---- native, as a document --------------------------------------------------------------------
stub native
use native "$url" '{}' "whsec_$(printf 'k%.0s' $(seq 32) | base64)" --dedupes yes
due 4
settle
want "native" "queued" "$(states)"
stop

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
