#!/bin/bash
# import.sh - imports beside raw COPY, in one run: the rows that a file of the bank became,
# written as text, go into the same empty table with the same indexes by psql; then the
# bank's file by `steward import`. The whole command counts: start, hash, commit, statistics.
#
#   import.sh BINARY      ROWS: about how many transactions (1,000,000), ROUNDS: how often (3)
#
# One round is one of each, in turn, so that a busy machine slows both. The ratio that is
# printed is that of the rounds' medians; "client" is the CPU time of the importing process.
# FLOOR: fail below this share in percent (CHECK runs with few rows state a low one).
set -eu
bin=$(realpath "${1:?usage: import.sh BINARY}")
rows=${ROWS:-1000000} rounds=${ROUNDS:-3} floor=${FLOOR:-0}
dir=$(mktemp -d /tmp/steward-bench-import-XXXXXX)
trap 'rm -rf "$dir"' EXIT
base=${STW_TEST_CONNINFO:?run it through tests/with_cluster.sh}
name=bench_import_$$
psql -qXAt "$base" -c "CREATE DATABASE $name" >/dev/null
drop() {
	psql -qXAt "$base" -c "DROP DATABASE $name" >/dev/null 2>&1 || :
	rm -rf "$dir"
}
trap drop EXIT
STEWARD_DATABASE="$base dbname=$name"
export STEWARD_DATABASE STEWARD_STATE_DIR=$dir/state STEWARD_CLOCK=2026-11-23T02:00:00Z
mkdir -m 700 "$dir/state"
sql() {
	psql -qXAt "$STEWARD_DATABASE" -v ON_ERROR_STOP=1 -c 'SET search_path TO steward, public' "$@"
}
# Records that refuse to be emptied hang on customers: here they are empty anyway.
empty() { # TABLE...
	sql -c "DO \$\$ DECLARE t regclass; BEGIN
		FOR t IN SELECT DISTINCT tgrelid FROM pg_trigger WHERE tgfoid = 'append_only'::regproc LOOP
			EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', t);
		END LOOP;
		TRUNCATE $(echo "$*" | tr ' ' ,) CASCADE;
		FOR t IN SELECT DISTINCT tgrelid FROM pg_trigger WHERE tgfoid = 'append_only'::regproc LOOP
			EXECUTE format('ALTER TABLE %s ENABLE TRIGGER USER', t);
		END LOOP;
	END \$\$" 2>"$dir/notices" || {
		cat "$dir/notices" >&2
		exit 1
	}
}
msec() { date +%s%N | cut -c1-13; }
median() { sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }

"$bin" migrate >/dev/null 2>&1
customers=$((rows / 9 + 1))
"$bin" sample --customers $customers --seed 7 --as-of "$STEWARD_CLOCK" --out "$dir/book" >/dev/null 2>&1
"$bin" import "$dir/book" >/dev/null 2>&1

# The sample's mapping with this target alone.
one_target() { # TARGET
	mkdir -p "$dir/$1"
	ln -sf "$dir/book/"*.csv "$dir/$1/"
	node -e 'const m = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
		m.files = m.files.filter(f => f.target === process.argv[2]); m.name = "bench";
		console.log(JSON.stringify(m));' "$dir/book/mapping.json" "$1" >"$dir/$1/mapping.json"
}

printf '%-14s %10s %12s %12s %8s\n' target rows COPY/s import/s share
status=0
bench() { # TARGET TABLE...
	local target=$1 table n copy import share
	shift
	one_target "$target"
	for table; do
		sql -c "COPY $table TO STDOUT (FORMAT csv)" >"$dir/$table.text"
	done
	n=$(sql -c "SELECT count(*) FROM $1")
	: >"$dir/copy"
	: >"$dir/import"
	for _ in $(seq "$rounds"); do
		local began
		empty "$@"
		began=$(msec)
		for table; do
			sql -c "COPY $table FROM STDIN (FORMAT csv)" <"$dir/$table.text"
		done
		echo $(($(msec) - began)) >>"$dir/copy"
		empty "$@" import_run
		began=$(msec)
		"$bin" import "$dir/$target" >"$dir/log" 2>&1 || {
			cat "$dir/log" >&2
			exit 1
		}
		echo $(($(msec) - began)) >>"$dir/import"
		[ "$(sql -c "SELECT count(*) FROM $1")" = "$n" ] || {
			echo "import.sh: $1 has not the rows it had" >&2
			exit 1
		}
	done
	copy=$(median <"$dir/copy") import=$(median <"$dir/import")
	share=$((100 * copy / import))
	printf '%-14s %10d %12d %12d %7d%%\n' "$target" "$n" $((n * 1000 / copy)) $((n * 1000 / import)) "$share"
	[ "$share" -ge "$floor" ] || status=1
}
bench txn txn
bench holding holding
bench interaction interaction
bench customer customer customer_key customer_permission
[ "$status" -eq 0 ] || echo "import.sh: below $floor % of COPY" >&2
exit "$status"
