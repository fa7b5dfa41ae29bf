#!/bin/bash
# test_replay.sh - recorded decisions come out byte for byte from the packs of then; an
# altered record does not; another pack shows whom it would change.
set -u
cd "$(dirname "$0")/../.." || exit 1
bin=${STW_TEST_BIN:?}
cluster=${STW_TEST_CONNINFO:?}
passed=0
failed=0
dir=$(mktemp -d /tmp/stw-replay-XXXXXX)
db=steward_replay_$$
trap 'psql -qAtX -d "$cluster dbname=postgres" -c "DROP DATABASE IF EXISTS $db WITH (FORCE)" \
    >/dev/null 2>&1; rm -rf "$dir"' EXIT

check() { # WHAT COMMAND...
	local what=$1
	shift
	if "$@" >"$dir/out" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL: $what"
		sed 's/^/    /' "$dir/out" | head -n 20
	fi
}
sql() {
	psql -qAtX -d "$cluster dbname=$db" -c "SET search_path TO steward, public" -c "$1"
}
tamper() {
	psql -qAtX -d "${cluster/user=steward/user=postgres} dbname=$db" \
	    -c "SET search_path TO steward, public; SET session_replication_role TO replica" -c "$1"
}
says() { # WORDS COMMAND...: the command prints them, whatever its status
	local words=$1
	shift
	"$@" >"$dir/said" 2>&1
	grep -qE "$words" "$dir/said" || {
		cat "$dir/said"
		return 1
	}
}

psql -qAtX -d "$cluster dbname=postgres" -c "CREATE DATABASE $db" >/dev/null || exit 1
export STEWARD_DATABASE="$cluster dbname=$db" STEWARD_STATE_DIR=$dir STEWARD_LOG_LEVEL=warn
export STEWARD_EGRESS=127.0.0.0/8 STEWARD_CLOCK=2026-11-23T10:00:00+08:00
since='--since 2026-11-01T00:00:00+08:00'
if ! { "$bin" migrate &&
    "$bin" sample --customers 3000 --seed 7 --as-of "$STEWARD_CLOCK" --out "$dir/book" &&
    "$bin" import "$dir/book" &&
    "$bin" setup --demo --queue http://127.0.0.1:1 &&
    "$bin" run --limit-sec 3; } >"$dir/setup" 2>&1; then
	cat "$dir/setup"
	echo "$passed passed, 1 failed"
	exit 1
fi
n=$(sql 'SELECT count(*) FROM decision')
check "there are decisions to replay ($n)" [ "$n" -gt 100 ]
check "of more than one outcome" [ "$(sql 'SELECT count(DISTINCT outcome) FROM decision')" -gt 1 ]

# shellcheck disable=SC2086
check "all come out the same" "$bin" ledger replay $since
# shellcheck disable=SC2086
check "and that was all of them" says \
    "^$(printf "%'d" "$n" 2>/dev/null || echo "$n")|^$(echo "$n" | sed -E ':a;s/^([0-9]+)([0-9]{3})/\1,\2/;ta') decisions" \
    "$bin" ledger replay $since
one=$(sql 'SELECT decision_id FROM decision ORDER BY decision_id LIMIT 1')
check "one alone" says "^1 decisions replayed, 1 the same" "$bin" ledger replay "$one"
check "none of that id" says "there is no decision" "$bin" ledger replay \
    00000000-0000-4000-8000-000000000000

# The pack in force against itself changes nothing; without the calling hours it lets more
# through; where every rule of the people's republic is gone, none of its reasons is left.
mkdir -p "$dir/tree" && cp -r campaigns/compliance/packs/cn "$dir/tree/"
version=$(sql "SELECT version FROM pack_activation WHERE pack = 'cn' LIMIT 1")
# shellcheck disable=SC2086
check "the same pack changes nothing" says "^0 of " "$bin" ledger whatif \
    --pack "$dir/tree/cn/$version" $since
other=$dir/tree/cn/$version/pack.json
block=$(sql "SELECT primary_code FROM decision WHERE outcome = 'BLOCK'
    GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")
node -e '
	const fs = require("fs");
	const p = JSON.parse(fs.readFileSync(process.argv[1]));
	for (const r of p.rules) r.applies = "false";
	fs.writeFileSync(process.argv[1], JSON.stringify(p));
' "$other" || exit 1
# shellcheck disable=SC2086
check "a pack without effect changes the $block ones" says "$block .*-> " "$bin" ledger \
    whatif --pack "$dir/tree/cn/$version" $since
# shellcheck disable=SC2086
"$bin" ledger whatif --pack "$dir/tree/cn/$version" $since --ndjson >"$dir/lines"
check "each as a line of JSON" node -e '
	const lines = require("fs").readFileSync(process.argv[1], "utf8").trim().split("\n");
	const rows = lines.map(l => JSON.parse(l));
	if (rows.length === 0) throw new Error("none");
	for (const r of rows)
		if (r.verdict !== "differs" || !r.would || !r.was.outcome) throw new Error(JSON.stringify(r));
' "$dir/lines"

# shellcheck disable=SC2086
check "nothing of it is written" "$bin" ledger replay $since

tamper "UPDATE decision SET record =
    replace(convert_from(record, 'UTF8'), '\"outcome\":\"', '\"outcome\":\"X')::bytea
    WHERE decision_id = '$one'" >/dev/null
check "an altered record is not replayed" says "altered: the record was changed" \
    "$bin" ledger replay "$one"
tamper "UPDATE decision SET record_hash =
    sha256(record) WHERE decision_id = '$one'" >/dev/null
check "nor with its hash, which the entry commits to under the customer's key" says "1 of 1 decisions do not come out the same" \
    "$bin" ledger replay "$one"

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
