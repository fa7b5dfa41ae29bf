#!/bin/sh
# check_effects.sh - compares database, queue journals and ledger after a run.
#
#   check_effects.sh [--drained] [--ledger BINARY] CONNINFO JOURNAL...
#
# The facts are in check_effects.sql. --drained: nothing may be under way any more.
# --ledger: also runs `BINARY ledger verify`, with the settings of the environment.
# Exit: 0 all hold, 1 not.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
drained=0
bin=
while [ $# -gt 0 ]; do
	case $1 in
	--drained) drained=1 ;;
	--ledger)
		bin=$2
		shift
		;;
	*) break ;;
	esac
	shift
done
[ $# -ge 2 ] || {
	sed -n '4s/^# *//p' "$0" >&2
	exit 2
}
conninfo=$1
shift

script=$(mktemp)
trap 'rm -f "$script"' EXIT
{
	echo '\set ON_ERROR_STOP on'
	echo 'SET client_min_messages = warning;'
	echo 'CREATE TEMP TABLE seen_line (n bigint GENERATED ALWAYS AS IDENTITY, line text);'
	for journal; do
		# One column, whatever is in the line: no delimiter or quote ever occurs.
		printf "\\\\copy seen_line (line) FROM '%s' WITH (FORMAT csv, DELIMITER E'\\\\x01', QUOTE E'\\\\x02')\n" \
		    "$journal"
	done
	echo 'CREATE TEMP TABLE seen AS SELECT n, line::jsonb AS e FROM seen_line;'
	cat "$here/check_effects.sql"
} >"$script"
rc=0
said=$(psql -X -q -A -t -v drained=$drained -d "$conninfo" -f "$script") || rc=1
printf '%s\n' "$said"
case $said in
*' 0 findings') ;;
*) rc=1 ;;
esac
if [ -n "$bin" ]; then
	"$bin" ledger verify || rc=1
fi
exit $rc
