#!/bin/bash
# measure.sh - how long each step of the main job takes, and how much memory, for a made-up
# book: CUSTOMERS=1000000 make measure. Not part of make check. With BOOK=DIR an existing
# cluster with an imported book is measured from the tick on and kept.
set -eu
bin=$(realpath "${1:?usage: measure.sh BINARY}")
customers=${CUSTOMERS:-20000}
command -v /usr/bin/time >/dev/null || {
	echo "measure: GNU time is needed (Debian package time)" >&2
	exit 1
}

if [ -n "${BOOK:-}" ]; then
	dir=$BOOK
else
	dir=$(mktemp -d /tmp/steward-measure-XXXXXX)
fi
queue=
finish() {
	[ -z "$queue" ] || kill -TERM "$queue" 2>/dev/null || :
	if [ -z "${BOOK:-}" ]; then
		sh db/cluster.sh destroy "$dir" >/dev/null 2>&1 || :
		rm -rf "$dir"
	fi
}
trap finish EXIT

mkdir -p "$dir/state"
chmod 700 "$dir/state"
sh db/cluster.sh start "$dir" >/dev/null
STEWARD_DATABASE=$(sh db/cluster.sh conninfo "$dir")
export STEWARD_DATABASE STEWARD_STATE_DIR=$dir/state STEWARD_CLOCK=2026-11-23T02:00:00Z
export STEWARD_EGRESS=127.0.0.0/8

step() { # NAME COMMAND...: one line with wall time, CPU time and memory of the process
	local name=$1
	shift
	/usr/bin/time -o "$dir/time" -f '%e %U %M' "$@" >"$dir/$name.log" 2>&1 || {
		tail -n 5 "$dir/$name.log" >&2
		exit 1
	}
	awk -v name="$name" '{printf "%-10s %9.1f s wall %8.1f s CPU %7.0f MB\n", name, $1, $2, $3 / 1000}' "$dir/time"
}

echo "$customers customers, load $(cut -d' ' -f1 /proc/loadavg), $(nproc) cores"
"$bin" migrate >/dev/null
if [ -z "${BOOK:-}" ]; then
	step sample "$bin" sample --customers "$customers" --seed 7 --as-of "$STEWARD_CLOCK" --out "$dir/book"
	step import "$bin" import "$dir/book"
fi
step setup "$bin" setup --demo --tokens "$dir/tokens"
rm -f "$dir/port"
"$bin" queue-sim --listen 127.0.0.1:0 --port-file "$dir/port" --journal "$dir/journal" \
    --secret-file "$dir/state/queue-secret" >"$dir/queue.log" 2>&1 &
queue=$!
while [ ! -s "$dir/port" ]; do
	kill -0 "$queue"
	sleep 0.1
done
"$bin" setup --demo --tokens "$dir/tokens" --queue "http://127.0.0.1:$(cat "$dir/port")" >/dev/null
step book "$bin" book count
step segments "$bin" segments
step plan "$bin" plan
step dispatch "$bin" dispatch ${LIMIT:+--limit-sec "$LIMIT"}
step verify "$bin" ledger verify
grep -hE '^(plan|dispatch|the ledger)' "$dir"/*.log || :
