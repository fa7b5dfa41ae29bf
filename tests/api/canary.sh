#!/bin/bash
# canary.sh - known names, numbers and identity numbers go in; they may come out nowhere.
#
#   canary.sh --customers N DIR
#
# Imports N customers whose names, numbers and identity numbers are known, runs the main
# job over them, asks the API as every role, provokes errors, kills and restarts server and
# database. Then it looks for every one of them, as text, as hexadecimal and as base64, in
# the dump, the data directory with its WAL, the database's log, our logs and messages,
# /metrics, the answers of the API and the ledger. A reveal has to show one, or the search
# proves nothing; and at the end a column is left open, which the search has to find.
# A sensitive trait is fed as well: its value lies in the database like any attribute, but in no
# log, message, ledger entry, and in no answer to another role than compliance.
# KEEP=1 leaves DIR for a look. Ends with "N passed, N failed", as tests/run.sh wants it.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
bin=${STW_TEST_BIN:?}
customers=300 dir=
while [ $# -gt 0 ]; do
	case $1 in
	--customers) customers=$2; shift ;;
	*) dir=$1 ;;
	esac
	shift
done
mkdir -p "${dir:?usage: canary.sh [--customers N] DIR}"
dir=$(cd "$dir" && pwd -P)

pids=()
finish() {
	local code=$? pid
	trap - EXIT INT TERM
	for pid in "${pids[@]}"; do
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	sh "$root/db/cluster.sh" destroy "$dir/db" || :
	[ -n "${KEEP:-}" ] || rm -rf "$dir/db" "$dir/state" "$dir/book" "$dir/out" "$dir/canaries" "$dir/first"
	exit $code
}
trap finish EXIT
trap 'exit 130' INT TERM
die() {
	printf 'canary: %s\n' "$*" >&2
	exit 1
}
step() {
	printf 'canary: %3d s  %s\n' $SECONDS "$*"
}

# ---- a cluster of our own, whose files can be read as they are ----------------------
sh db/cluster.sh start "$dir/db" --fast
host=$(sh db/cluster.sh conninfo "$dir/db" | sed 's/.*host=\([^ ]*\).*/\1/')
pgbin=$(ls -d /usr/lib/postgresql/*/bin | sort -t/ -k5 -V | tail -n 1)
[ -z "${STW_PG_BIN:-}" ] || pgbin=$STW_PG_BIN
sql() {
	"$pgbin/psql" -X -q -A -t -h "$host" -U postgres -d "${2:-steward}" \
	    -v ON_ERROR_STOP=1 -c "$1"
}
# Compressed pages would hide a text from the search. Statements are logged with all their
# parameters, which is the worst a bank's server may be told to do.
sql "ALTER SYSTEM SET wal_compression = off"
# What was committed is there after a crash of the server.
sql "ALTER SYSTEM SET synchronous_commit = on"
sql "ALTER SYSTEM SET log_statement = 'all'"
sql "ALTER SYSTEM SET log_parameter_max_length = -1"
sql "ALTER SYSTEM SET log_parameter_max_length_on_error = -1"
sql "ALTER SYSTEM SET log_error_verbosity = 'default'"
sql "ALTER SYSTEM SET log_min_error_statement = 'error'"
sql "ALTER SYSTEM SET log_min_messages = 'warning'"
sql "SELECT pg_reload_conf()" >/dev/null

mkdir -p "$dir/state" "$dir/book" "$dir/out"
chmod 700 "$dir/state"
export STEWARD_DATABASE STEWARD_STATE_DIR=$dir/state STEWARD_CLOCK=2026-11-23T10:00:00+08:00
export STEWARD_EGRESS=127.0.0.0/8 STEWARD_LOG_LEVEL=debug
STEWARD_DATABASE=$(sh db/cluster.sh conninfo "$dir/db")
run() { # a command of ours, its messages kept for the search; exit status given back
	local code=0
	"$bin" "$@" >>"$dir/out/commands.log" 2>&1 || code=$?
	return $code
}
run migrate || die "migrate: $(tail -n 3 "$dir/out/commands.log")"

# ---- the canaries -------------------------------------------------------------------
# Names of three characters, which are rare and in this order; eleven digits; eighteen.
node - "$customers" "$dir" <<'JS'
const fs = require('fs');
const [n, where] = [Number(process.argv[2]), process.argv[3]];
const pad = (i, w) => String(i).padStart(w, '0');
const name = (i) => '\u9eb4' + String.fromCharCode(0x9000 + Math.floor(i / 500), 0x9300 + i % 500);
const phone = (i) => '1349' + pad(7100000 + i * 7, 7);
const ident = (i) => '31010519820' + pad(i % 10000, 4) + pad(113 + Math.floor(i / 10000), 3);
const lines = (f, count, line) =>
	Array.from({ length: count }, (_, i) => line(i)).join('\n') + '\n';
const put = (f, head, count, line) =>
	fs.writeFileSync(`${where}/book/${f}`, head + '\n' + lines(f, count, line));
put('customers.csv', 'ref,name,id,phone,born,opened', n,
	(i) => `K${pad(i, 6)},${name(i)},${ident(i)},${phone(i)},1982-05-05,2026-11-01`);
put('consents.csv', 'owner,phone', n, (i) => `K${pad(i, 6)},${phone(i)}`);
put('holdings.csv', 'owner,ref', n, (i) => `K${pad(i, 6)},H${pad(i, 6)}`);
// Lines that are refused, each with somebody's data beside the fault.
put('broken.csv', 'ref,name,id,phone,born,opened', 20, (i) => i % 2
	? `K${pad(i, 6)},${name(i)},${ident(i)},${phone(i)},not-a-day,2026-11-01`
	: `X${pad(i, 6)},${name(i)},${ident(i)},${phone(i)}99999,1982-05-05,2026-11-01`);
fs.appendFileSync(`${where}/book/broken.csv`, `K1,"${name(1)},${phone(1)}\n`);
const forms = new Set();
for (let i = 0; i < n; i++)
	for (const text of [name(i), phone(i), ident(i)]) {
		const b = Buffer.from(text);
		forms.add(text);
		forms.add(b.toString('hex'));
		forms.add(b.toString('hex').toUpperCase());
		for (let shift = 0; shift < 3; shift++) { // wherever it lies in what was encoded
			const whole = Buffer.concat([Buffer.alloc(shift), b]).toString('base64');
			forms.add(whole.replace(/=+$/, '').slice([0, 2, 3][shift], -1));
		}
		if (text === name(i)) {
			forms.add([...text].map((c) => '\\u' + c.charCodeAt(0).toString(16)).join(''));
			forms.add([...b].map((c) => '%' + c.toString(16).toUpperCase()).join(''));
		}
	}
fs.writeFileSync(`${where}/canaries`, [...forms].filter((f) => f.length >= 3).join('\n') + '\n');
fs.writeFileSync(`${where}/first`, [name(0), phone(0), ident(0), name(1), phone(1)].join('\n') + '\n');
JS
mapping() { # FILE of customers
	cat <<-JSON
	{"name": "canary", "currency": "CNY", "zone": "Asia/Shanghai", "region": "CN", "files": [
	 {"file": "$1", "target": "customer", "columns": {"ref": "row.ref", "name": "row.name",
	  "id_number": "row.id", "phone": "row.phone", "dob": "row.born", "opened_on": "row.opened",
	  "risk_rating": "4", "risk_assessed_on": "'2026-06-01'"}}
	JSON
	[ "$1" != customers.csv ] || cat <<-JSON
	 ,{"file": "holdings.csv", "target": "holding", "columns": {"customer": "row.owner",
	  "holding_ref": "row.ref", "kind": "'wealth'", "amount": "'600000.00'",
	  "maturity_on": "'2026-11-27'"}},
	 {"file": "consents.csv", "target": "consent", "columns": {"customer": "row.owner",
	  "phone": "row.phone", "action": "'grant'", "purpose": "'MARKETING'",
	  "channel": "'VOICE'", "form": "'written'", "evidence": "'E'",
	  "notice_version": "'v3'", "effective_at": "'2026-05-01'"}}
	JSON
	echo ']}'
}
mapping customers.csv >"$dir/book/mapping.json"
mapping broken.csv >"$dir/book/broken.json"
mapfile -t first <"$dir/first"

# ---- the main job ----------------------------------------------------------------------
run import "$dir/book" || die "import: $(tail -n 3 "$dir/out/commands.log")"
step "$customers customers imported"
run import "$dir/book/broken.json" --data "$dir/book" && die "the broken file was taken"
run setup --demo --tokens "$dir/state/tokens" ||
    die "setup: $(tail -n 3 "$dir/out/commands.log")"

wait_for() {
	local _
	for _ in $(seq 150); do
		[ ! -s "$1" ] || return 0
		sleep 0.1
	done
	die "$1 does not come: $(tail -n 3 "$dir"/out/*.log)"
}
serve() {
	rm -f "$dir/state/api.port"
	"$bin" serve --listen "${api_at:-127.0.0.1:0}" --port-file "$dir/state/api.port" \
	    >>"$dir/out/serve.log" 2>&1 &
	server=$!
	pids+=($!)
	wait_for "$dir/state/api.port"
	api_at=127.0.0.1:$(cat "$dir/state/api.port")
	api=http://$api_at
}
token() { # ROLE
	awk -v role="$1" '$1 == role { print $3; exit }' "$dir/state/tokens"
}
ask() { # ROLE PATH [CURL OPTIONS]
	local role=$1 path=$2
	shift 2
	curl -s -m 30 -g -H "Authorization: Bearer $(token "$role")" "$@" "$api$path"
}
post() { # ROLE PATH BODY
	keys=$((${keys:-0} + 1))
	ask "$1" "$2" -X POST -H 'Content-Type: application/json' \
	    -H "Idempotency-Key: canary-$keys" -d "$3"
}

serve
"$bin" queue-sim --listen 127.0.0.1:0 --port-file "$dir/state/queue.port" \
    --journal "$dir/out/queue.journal" --secret-file "$dir/state/queue-secret" \
    --checkpoints "$dir/state/steward.checkpoints" --api "$api" \
    --token-file "$dir/state/tokens.agents" >"$dir/out/queue.log" 2>&1 &
pids+=($!)
wait_for "$dir/state/queue.port"
# However far it comes: the server goes on with what it leaves.
timeout -s TERM $((15 + customers / 200)) "$bin" run \
    --queue "http://127.0.0.1:$(cat "$dir/state/queue.port")" --wait-sec 5 \
    >>"$dir/out/commands.log" 2>&1 || :
step "tasks: $(sql "SELECT string_agg(n || ' ' || state, ', ') FROM
    (SELECT state, count(*) AS n FROM task GROUP BY 1) s")"
[ "$(sql "SELECT count(*) FROM task")" -gt 0 ] || die "nothing was planned"

# ---- a sensitive trait -------------------------------------------------------------------
secret=Wq7-sensitive-Zk3
texts=(--zh 敏感 --en sensitive --by ann)
run trait add illness --type string --sensitivity sensitive "${texts[@]}" ||
    die "trait add: $(tail -n 2 "$dir/out/commands.log")"
run trait add grade --type int --sensitivity sensitive "${texts[@]}" || die "trait add"
feed() { # LINE
	printf '%s\n' "$1" | ask operator /v1/trait-values -X POST \
	    -H 'Content-Type: application/x-ndjson' --data-binary @-
}
parameters() { # LENGTH
	sql "ALTER SYSTEM SET log_parameter_max_length = $1"
	sql "ALTER SYSTEM SET log_parameter_max_length_on_error = $1"
	sql "SELECT pg_reload_conf()" >/dev/null
	sleep 0.3
}
parameters 0
{
	feed "{\"customer\":\"K000000\",\"values\":{\"illness\":\"$secret\"}}"
	feed "{\"customer\":\"K000000\",\"values\":{\"grade\":\"$secret\"}}"
	feed "{\"customer\":\"nobody\",\"values\":{\"illness\":\"$secret\"}}"
} >>"$dir/out/api.operator"
mkdir "$dir/book/traits"
cat >"$dir/book/traits/mapping.json" <<-JSON
{"name": "traits", "currency": "CNY", "zone": "Asia/Shanghai", "files": [
 {"file": "t.csv", "target": "trait", "columns": {"customer": "row.ref",
  "illness": "row.illness", "grade": "row.grade"}}]}
JSON
printf 'ref,illness,grade\nK000001,%s,3\nK000004,%s,%s\n' "$secret" "$secret" "$secret" \
    >"$dir/book/traits/t.csv"
run import "$dir/book/traits" && die "a text was taken for an int"
run import "$dir/book/traits" --max-errors 1 || die "import: $(tail -n 2 "$dir/out/commands.log")"
run trait show illness || die "trait show"
parameters -1
[ "$(sql "SELECT count(*) FROM trait_value WHERE length(text) = ${#secret}")" = 2 ] ||
    die "the sensitive values are not there"

# ---- the API, as every role --------------------------------------------------------------
paths=(/metrics /v1/me /v1/overview /v1/stages /v1/segments /v1/campaigns /v1/tasks
    "/v1/tasks?queue=wealth-remote&limit=500" /v1/numbers "/v1/decisions?limit=500" /v1/queues
    /v1/ledger "/v1/customers?limit=500" /v1/traits /v1/exports/customers /v1/exports/tasks
    /v1/exports/decisions /v1/exports/consents "/v1/exports/customers?format=csv")
for k in 0 1 2 3 4 5 6 7 8 9; do
	paths+=("/v1/customers/K00000$k" "/v1/customers/K00000$k/consents"
	    "/v1/customers/K00000$k/contacts" "/v1/customers/K00000$k/decisions"
	    "/v1/customers/K00000$k/traits")
done
for role in ops agent compliance operator admin; do
	curl -s -m 60 -g -H "Authorization: Bearer $(token "$role")" "${paths[@]/#/$api}" \
	    >>"$dir/out/api.$role"
done
grep -q "$secret" "$dir/out/api.compliance" || die "compliance does not see the sensitive value"
cursor=
while :; do # every customer there is
	page=$(ask ops "/v1/customers?limit=500$cursor")
	printf '%s\n' "$page" >>"$dir/out/api.pages"
	next=$(printf '%s' "$page" | sed -n 's/.*"next_cursor":"\([^"]*\)".*/\1/p')
	[ -n "$next" ] || break
	cursor="&cursor=$next"
done
decision=$(ask compliance "/v1/decisions?limit=1" | sed -n 's/.*"decision_id":"\([^"]*\)".*/\1/p')
ask compliance "/v1/decisions/$decision" >>"$dir/out/api.compliance"

# Errors, with canaries in places where they do not belong. The answers may say what the
# caller said, so they are thrown away; our logs and the database's may not. A number that
# somebody gives as a reference travels as a parameter like any: that is why a bank leaves
# parameters out of the log, and so it is here for a moment.
parameters 0
for bad in "/v1/customers/${first[1]}" "/v1/customers/${first[2]}/consents" \
    "/v1/customers?stage=${first[1]}" "/v1/customers?limit=${first[1]}" \
    "/v1/decisions?customer=${first[1]}" "/${first[1]}" "/v1/tasks/${first[1]}"; do
	ask compliance "$bad" >/dev/null
	ask agent "$bad" >/dev/null
done
post compliance /v1/customers/K000000/reveal "{\"fields\":[\"${first[1]}\"]" >/dev/null
post compliance /v1/customers/K000000/reveal \
    "{\"fields\":[\"name\"],\"purpose\":\"audit\",\"reason\":\"${first[0]}\"}" >/dev/null
post ops /v1/customers/K000000/reveal '{"fields":["phone"]}' >>"$dir/out/api.ops"
post ops /v1/rules:check "{\"rule\":\"customer.name == '${first[0]}'\"}" >/dev/null
post ops "/v1/customers/K000001/consents" \
    "{\"action\":\"grant\",\"purpose\":\"${first[1]}\"}" >/dev/null
sql "SELECT 1 / 0" >/dev/null 2>&1 || :
# A statement of ours that the database refuses: an erased customer cannot have a name.
sql "UPDATE customer SET erased_at = now() WHERE ref = 'K000003'" >/dev/null 2>&1 || :

parameters -1

# The number is there for who has the right, or all this proves nothing.
shown=$(post compliance /v1/customers/K000000/reveal \
    '{"fields":["name","phone","id_number"],"purpose":"audit","reason":"CANARY-1"}')
case $shown in
*"${first[0]}"*"+86${first[1]}"* | *"+86${first[1]}"*"${first[0]}"*) ;;
*) die "the reveal does not show the canary: $shown" ;;
esac
run erase K000002 --reason retention_over --case CANARY-2 --by li --confirmed-by wang ||
    die "erase: $(tail -n 2 "$dir/out/commands.log")"
run keys rotate kek || die "rotate: $(tail -n 2 "$dir/out/commands.log")"
run keys rotate index || die "rotate: $(tail -n 2 "$dir/out/commands.log")"
step "asked as every role, errors provoked, keys rotated"

# ---- killed and started again ----------------------------------------------------------------
kill -KILL "$server"
wait "$server" 2>/dev/null || :
serve
ask compliance /v1/customers/K000004 >>"$dir/out/api.compliance"
data=$(sql "SHOW data_directory")
log=$dir/db/pg.log
su_pg() {
	if [ "$(id -u)" -eq 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}
su_pg "$pgbin/pg_ctl" restart -D "$data" -m immediate -w -s -l "$log" >/dev/null 2>&1
for _ in $(seq 50); do
	ask ops /v1/customers/K000005 >"$dir/out/api.last"
	! grep -q K000005 "$dir/out/api.last" || break
	sleep 0.2
done
grep -q name_mask "$dir/out/api.last" || die "the server does not come back"
ask operator /metrics >>"$dir/out/api.operator"
run ledger verify || die "ledger: $(tail -n 3 "$dir/out/commands.log")"
run report || :
run doctor || :
sql CHECKPOINT
step "killed, restarted, verified"

# ---- the search ----------------------------------------------------------------------------
"$pgbin/pg_dump" -h "$host" -U postgres -d steward >"$dir/out/dump.sql"
cp "$dir/state/steward.checkpoints" "$dir/out/checkpoints"
sql "SELECT convert_from(entry, 'UTF8') FROM ledger_leaf ORDER BY idx" >"$dir/out/ledger"
sql "SELECT convert_from(record, 'UTF8') FROM decision" >"$dir/out/decisions"
for pid in "${pids[@]}"; do
	kill -KILL "$pid" 2>/dev/null || :
	wait "$pid" 2>/dev/null || :
done
pids=()
hits=0 bytes=0
# The log of statements repeats what this script typed into psql, which is not ours.
sed '/psql\|name_open\|ALTER SYSTEM/d' "$log" >"$dir/out/pg.log"
look() { # WHAT PATH...: how many different forms are there
	local what=$1 n
	shift
	n=$( (LC_ALL=C grep -rahoF -f "$dir/canaries" "$@" || :) | sort -u | wc -l)
	bytes=$((bytes + $(du -sb -c "$@" | tail -n 1 | cut -f 1)))
	printf '    %-28s %s canaries\n' "$what" "$n"
	hits=$((hits + n))
}
look "pg_dump" "$dir/out/dump.sql"
look "data directory and WAL" "$data"
look "the database's log" "$dir/out/pg.log"
look "our logs and messages" "$dir"/out/{commands,serve,queue}.log "$dir/out/queue.journal"
look "the API's answers, /metrics" "$dir"/out/api.*
look "ledger, checkpoints, records" "$dir/out/ledger" "$dir/out/checkpoints" "$dir/out/decisions"
# An entry stays for ever: it has not even the bank's reference of a customer, nor a birth date.
refs=$( (grep -oE 'K0[0-9]{5}|"19[0-9]{2}-' "$dir/out/ledger" || :) | wc -l)
step "$((bytes / 1000000)) MB searched for $(wc -l <"$dir/canaries") forms: $hits canaries found"
# The sensitive value, where nothing of it may be.
sensitive=$( (LC_ALL=C grep -laF "$secret" "$dir"/out/{commands,serve,queue}.log \
    "$dir/out/queue.journal" "$dir"/out/api.{ops,agent,operator,admin,pages} "$dir/out/ledger" \
    "$dir/out/checkpoints" "$dir/out/decisions" "$dir/out/pg.log" || :) | wc -l)
printf '    %-28s %s files\n' "a sensitive trait's value" "$sensitive"
cores=$(find "$dir" "$root" -maxdepth 1 -name 'core*' -type f | wc -l)
found=$hits hits=0
sql "ALTER TABLE customer ADD COLUMN name_open text"
sql "UPDATE customer SET name_open = '${first[0]}' WHERE ref = 'K000000'"
sql CHECKPOINT
"$pgbin/pg_dump" -h "$host" -U postgres -d steward -t customer >"$dir/out/dump.sql"
look "a column left open: dump" "$dir/out/dump.sql"
look "and data directory" "$data"
[ "$hits" = 2 ] || echo "FAIL the search does not find what lies open"
[ "$found" = 0 ] || echo "FAIL $found canaries are out"
[ "$sensitive" = 0 ] || echo "FAIL a sensitive value is out"
[ "$refs" = 0 ] || echo "FAIL $refs references of customers are in the ledger"
[ "$cores" = 0 ] || echo "FAIL there is a core file"
if [ "$hits" = 2 ] && [ "$found" = 0 ] && [ "$sensitive" = 0 ] && [ "$refs" = 0 ] && [ "$cores" = 0 ]; then
	echo "1 passed, 0 failed"
else
	echo "0 passed, 1 failed"
	exit 1
fi
