#!/bin/bash
# make.sh - keeps a database as this steward leaves it, for the upgrades of later ones.
#
#   sh tests/with_cluster.sh bash tests/upgrade/make.sh BINARY
#
# Writes tests/upgrade/<number of the newest migration>.sql.gz, and beside it the state
# directory with the keys, which protect nothing but made-up people. To be called once for
# each release that has a new migration, before the next one is begun; test_upgrade.sh
# then upgrades all that are here. It holds all that the main job leaves: a book, tasks,
# decisions, an outcome, a withdrawal, a complaint, a review, a ledger.
set -euo pipefail
cd "$(dirname "$0")/../.."
bin=$(realpath "${1:?usage: make.sh BINARY}")
cluster=${STW_TEST_CONNINFO:?run it through tests/with_cluster.sh}
newest=$(basename "$(printf "%s\n" db/migrations/*.sql | tail -n 1)" | cut -c1-4)
out=$PWD/tests/upgrade/$newest
[ ! -e "$out.sql.gz" ] || {
	echo "make.sh: $out.sql.gz is there already" >&2
	exit 1
}
db=steward_upgrade_$$
dir=$(mktemp -d /tmp/stw-upgrade-XXXXXX)
pids=()
finish() {
	[ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || :
	wait || :
	psql -qAtX -d "$cluster dbname=postgres" -c "DROP DATABASE IF EXISTS $db WITH (FORCE)" >/dev/null 2>&1
	rm -rf "$dir"
}
trap finish EXIT
psql -qAtX -d "$cluster dbname=postgres" -c "CREATE DATABASE $db"
mkdir -m 700 "$dir/state"
export STEWARD_DATABASE="$cluster dbname=$db" STEWARD_STATE_DIR=$dir/state STEWARD_LOG_LEVEL=warn
export STEWARD_EGRESS=127.0.0.0/8 STEWARD_CLOCK=2026-11-23T10:00:00+08:00

wait_for() { # FILE
	for _ in $(seq 300); do
		[ ! -s "$1" ] || return 0
		sleep 0.1
	done
	cat "$dir"/*.log >&2
	exit 1
}

"$bin" migrate
"$bin" sample --customers 150 --seed 7 --as-of "$STEWARD_CLOCK" --out "$dir/book"
"$bin" import "$dir/book"
"$bin" setup --demo --tokens "$dir/tokens"
"$bin" serve --dispatch false --listen 127.0.0.1:0 --port-file "$dir/api.port" >"$dir/api.log" 2>&1 &
pids+=($!)
wait_for "$dir/api.port"
api=http://127.0.0.1:$(cat "$dir/api.port")
"$bin" queue-sim --listen 127.0.0.1:0 --port-file "$dir/queue.port" --journal "$dir/journal" \
    --secret-file "$dir/state/queue-secret" --checkpoints "$dir/state/steward.checkpoints" \
    --api "$api" --token-file "$dir/tokens.agents" >"$dir/queue.log" 2>&1 &
pids+=($!)
wait_for "$dir/queue.port"
"$bin" run --queue "http://127.0.0.1:$(cat "$dir/queue.port")" --wait-sec 60
"$bin" consent grant C00000001 --purpose marketing --channel VOICE --form written --by release
"$bin" consent withdraw C00000002 --purpose marketing --channel VOICE --form oral --by release
"$bin" ledger verify
kill "${pids[@]}"
wait || :
pids=()

pg_dump -d "$STEWARD_DATABASE" --no-owner | gzip -9n >"$out.sql.gz"
rm -f "$dir/state"/*.lock
tar -C "$dir" --sort=name --mtime=@0 --owner=0 --group=0 -cf - state | gzip -9n >"$out.state.tar.gz"
ls -l "$out".*
