#!/bin/bash
# test_upgrade.sh - databases that released stewards left (tests/upgrade) are brought to this
# one: migrated without a loss, the same schema as a fresh one has, their ledger whole, their
# decisions replayed byte for byte, and the main job goes on in them.
set -u
cd "$(dirname "$0")/../.." || exit 1
bin=${STW_TEST_BIN:?}
cluster=${STW_TEST_CONNINFO:?}
passed=0
failed=0
dir=$(mktemp -d /tmp/stw-upgrade-XXXXXX)
db=steward_upgrade_$$
fresh=steward_fresh_$$
admin() { psql -qAtX -d "$cluster dbname=postgres" -c "$1"; }
finish() {
	admin "DROP DATABASE IF EXISTS $db WITH (FORCE)"
	admin "DROP DATABASE IF EXISTS $fresh WITH (FORCE)"
	rm -rf "$dir"
}
trap 'finish >/dev/null 2>&1' EXIT

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
	psql -qAtX -d "$cluster dbname=$db" -c "$1"
}
# Rows of every table, but for what a migration may fill: the list of migrations itself.
counts() {
	sql "SELECT relname, (xpath('/row/n/text()', query_to_xml(
	    format('SELECT count(*) AS n FROM public.%I', relname), false, true, '')))[1]
	    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
	    AND relname NOT LIKE '%migration%' ORDER BY 1"
}
# By name; a dump may bracket a check in another way.
schema() { # DATABASE: columns, constraints, indexes, triggers and functions
	psql -qAtX -d "$cluster dbname=$1" -c "
	    SELECT table_name, column_name, data_type, is_nullable, column_default
	    FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2" -c "
	    SELECT conrelid::regclass::text, conname, translate(pg_get_constraintdef(oid), '()', '') FROM pg_constraint
	    WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2" -c "
	    SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1" -c "
	    SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger
	    WHERE NOT tgisinternal ORDER BY 1, 2" -c "
	    SELECT proname, md5(prosrc) FROM pg_proc
	    WHERE pronamespace = 'public'::regnamespace ORDER BY 1, 2"
}
kept() { # nothing that was counted before has become less
	join -t '|' "$dir/before" "$dir/after" | awk -F '|' '$3 < $2 { print; bad = 1 } END { exit bad }' &&
	    [ "$(join -t '|' -v 1 "$dir/before" "$dir/after" | wc -l)" -eq 0 ] &&
	    [ "$(wc -l <"$dir/before")" -gt 50 ]
}

export STEWARD_LOG_LEVEL=warn STEWARD_EGRESS=127.0.0.0/8
admin "CREATE DATABASE $fresh" >/dev/null || exit 1
check "a fresh database" env STEWARD_DATABASE="$cluster dbname=$fresh" STEWARD_STATE_DIR="$dir" \
    "$bin" migrate
schema "$fresh" >"$dir/schema.fresh"

for dump in tests/upgrade/*.sql.gz; do
	release=$(basename "$dump" .sql.gz)
	admin "CREATE DATABASE $db" >/dev/null || exit 1
	zcat "$dump" | psql -qX -v ON_ERROR_STOP=1 -d "${cluster/user=steward/user=postgres} dbname=$db" \
	    -c 'SET ROLE steward' -f - >"$dir/restore" 2>&1 || {
		cat "$dir/restore"
		exit 1
	}
	rm -rf "$dir/state"
	tar -C "$dir" -xzf "tests/upgrade/$release.state.tar.gz"
	chmod 700 "$dir/state"
	export STEWARD_DATABASE="$cluster dbname=$db" STEWARD_STATE_DIR=$dir/state
	export STEWARD_CLOCK=2026-11-24T10:00:00+08:00
	counts >"$dir/before"
	check "$release is migrated" "$bin" migrate
	check "$release: and again, nothing to do" "$bin" migrate
	counts >"$dir/after"
	check "$release: nothing is lost" kept
	schema "$db" >"$dir/schema"
	check "$release: its schema is that of a fresh one" diff "$dir/schema.fresh" "$dir/schema"
	check "$release: its ledger is whole" "$bin" ledger verify
	check "$release: its decisions replay" "$bin" ledger replay --since 2026-11-01T00:00:00+08:00
	check "$release: names open under its keys" "$bin" contact list C00000001 --by upgrade
	check "$release: the setup goes on" "$bin" setup --demo --queue http://127.0.0.1:1
	n=$(sql 'SELECT count(*) FROM decision')
	check "$release: the main job goes on" "$bin" run --limit-sec 3
	check "$release: with decisions (there were $n)" [ "$(sql 'SELECT count(*) FROM decision')" -gt "$n" ]
	check "$release: and the ledger with it" "$bin" ledger verify
	admin "DROP DATABASE $db WITH (FORCE)" >/dev/null
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
