#!/bin/bash
# test_witness.sh - a witness process and a server that asks it: a checkpoint is covered
# with its cosignature, the published directory is checked with both keys and no database,
# and a witness that is away holds the quorum up until it is back.
set -u
cd "$(dirname "$0")/../.." || exit 1
bin=${STW_TEST_BIN:?}
cluster=${STW_TEST_CONNINFO:?}
passed=0
failed=0
dir=$(mktemp -d /tmp/stw-witness-XXXXXX)
db=steward_witness_$$
pids=''

finish() {
	for pid in $pids; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	psql -qAtX -d "$cluster dbname=postgres" -c "DROP DATABASE IF EXISTS $db WITH (FORCE)" >/dev/null 2>&1
	rm -rf "$dir"
}
trap finish EXIT

check() { # WHAT COMMAND...
	local what=$1
	shift
	if "$@" >"$dir/out" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL: $what"
		sed 's/^/    /' "$dir/out"
	fi
}

fails() { # COMMAND...: it has to fail, and say THE
	! "$@" >"$dir/out2" 2>&1 && grep -q "THE " "$dir/out2"
}

sql() {
	psql -qAtX -d "$cluster dbname=$db" -c "SET search_path TO steward, public" -c "$1"
}

wait_for() { # WHAT SECONDS COMMAND...
	local what=$1 left=$(($2 * 10))
	shift 2
	until "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		if [ $left -le 0 ]; then
			echo "FAIL: $what"
			failed=$((failed + 1))
			return 1
		fi
		sleep 0.1
	done
	passed=$((passed + 1))
}

start_witness() {
	rm -f "$dir/w.port"
	"$bin" witness --key-file "$dir/w.key" --state "$dir/w.state" --logs "$dir/log.vkey" \
	    --listen "127.0.0.1:${1:-0}" --port-file "$dir/w.port" 2>>"$dir/w.log" &
	witness=$!
	pids="$pids $witness"
	for _ in $(seq 100); do
		[ -s "$dir/w.port" ] && break
		sleep 0.1
	done
	port=$(cat "$dir/w.port")
}

covered() { # N: the newest checkpoint has at least N entries
	[ "$(sql 'SELECT coalesce(max(size), 0) FROM ledger_checkpoint')" -ge "$1" ]
}

append() {
	sql "INSERT INTO ledger_outbox (bucket, kind, entry) SELECT -1, 'x',
	    convert_to('{\"id\":\"' || gen_random_uuid() || '\"}', 'UTF8')
	    FROM generate_series(1, $1)"
}

psql -qAtX -d "$cluster dbname=postgres" -c "CREATE DATABASE $db" >/dev/null || exit 1
export STEWARD_DATABASE="$cluster dbname=$db" STEWARD_STATE_DIR=$dir STEWARD_EGRESS=127.0.0.0/8
export STEWARD_DISPATCH=false STEWARD_LOG_LEVEL=warn STEWARD_LEDGER_ORIGIN=bank.example/w
if ! { "$bin" migrate && "$bin" setup --demo; } >"$dir/setup" 2>&1; then
	cat "$dir/setup"
	exit 1
fi
"$bin" ledger key >"$dir/log.vkey" || exit 1
mkdir "$dir/w.state"
"$bin" witness --key-file "$dir/w.key" --name witness.example/w1 --state "$dir/w.state" \
    --print-key >"$dir/w.vkey" || exit 1
start_witness
wkey=$(cat "$dir/w.vkey")
export STEWARD_WITNESSES="http://127.0.0.1:$port/ $wkey" STEWARD_WITNESS_QUORUM=1
export STEWARD_LEDGER_DIR=$dir/log

"$bin" serve --listen 127.0.0.1:0 --port-file "$dir/s.port" 2>"$dir/s.log" &
pids="$pids $!"
base=$(sql 'SELECT count(*) FROM ledger_leaf')
append 300
wait_for "entries are covered with a cosignature" 20 covered $((base + 300))
# The directory follows within a second.
wait_for "the published directory is whole with both keys" 20 env -u STEWARD_DATABASE \
    "$bin" ledger verify --dir "$dir/log" --key "$dir/log.vkey" --witness "$dir/w.vkey" \
    --checkpoints "$dir/steward.checkpoints"
hash=$(printf %s bank.example/w | sha256sum | cut -d' ' -f1)
curl -s "http://127.0.0.1:$port/$hash/checkpoint" >"$dir/seen"
check "the witness shows what it cosigned" grep -q "witness.example/w1" "$dir/seen"
check "and it is a checkpoint to keep" "$bin" ledger verify --dir "$dir/log" \
    --key "$dir/log.vkey" --checkpoints "$dir/seen"

index=$(sql 'SELECT max(idx) / 2 FROM ledger_leaf')
check "an entry is proved" "$bin" ledger prove "$index" --out "$dir/one.tlog-proof"
check "the proof holds without a database" env -u STEWARD_DATABASE "$bin" ledger verify \
    --proof "$dir/one.tlog-proof" --key "$dir/log.vkey" --witness "$wkey"
sed "s/^index .*/index $((index + 1))/" "$dir/one.tlog-proof" >"$dir/bad.tlog-proof"
check "and not for another index" fails "$bin" ledger verify --proof \
    "$dir/bad.tlog-proof" --key "$dir/log.vkey"

# Away: exported, not covered; back: covered.
kill "$witness"
wait "$witness" 2>/dev/null
before=$(sql 'SELECT max(size) FROM ledger_checkpoint')
append 10
sleep 2
check "without the witness nothing is covered" [ "$(sql \
    'SELECT max(size) FROM ledger_checkpoint')" = "$before" ]
start_witness "$port"
wait_for "and with it again everything is" 30 covered $((before + 10))

check "no request, no answer" [ "$(curl -s -o /dev/null -w '%{http_code}' -d x \
    "http://127.0.0.1:$port/add-checkpoint")" = 400 ]
check "no such page" [ "$(curl -s -o /dev/null -w '%{http_code}' \
    "http://127.0.0.1:$port/x")" = 404 ]
check "too large" [ "$(head -c 100000 /dev/zero | curl -s -o /dev/null -w '%{http_code}' \
    --data-binary @- "http://127.0.0.1:$port/add-checkpoint")" = 413 ]

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
