#!/bin/sh
# with_cluster.sh - runs a command with a throwaway PostgreSQL cluster.
#
#   with_cluster.sh COMMAND...
#
# The command finds its cluster in STW_TEST_CONNINFO. Where that is set already, the
# outer one is used. The cluster goes when the command ends, also by a signal; what a
# kill -9 has left behind goes at the next call.
set -eu
[ -z "${STW_TEST_CONNINFO:-}" ] || exec "$@"

here=$(cd "$(dirname "$0")/.." && pwd)
base=$here/build/cluster
mkdir -p "$base"
for old in "$base"/*; do
	[ -d "$old" ] || continue
	if kill -0 "$(basename "$old")" 2>/dev/null; then
		continue
	fi
	sh "$here/db/cluster.sh" destroy "$old" || continue
	rm -rf "$old"
done
exec sh "$here/db/cluster.sh" with "$base/$$" --fast -- "$@"
