#!/bin/bash
# run.sh - runs test programs and adds up what they say.
#
#   run.sh [--jobs N] [--timeout SEC] [--logs DIR] PROGRAM...
#
# A program is a libcheck program, or any that ends with a line "N passed, N failed", or
# a node:test file (*.mjs). One line a program; the output of one that fails follows in
# full; last comes "N passed, N failed". A program that dies, times out, says nothing or
# runs no test counts as a failure of its own, whatever it printed before.
# WRAP is a command to run each program under.
#
# Exit: 0 when nothing failed, 1 otherwise.
set -u

jobs=1
limit=300
logs=build/logs
while [ $# -gt 0 ]; do
	case $1 in
	--jobs) jobs=$2 ;;
	--timeout) limit=$2 ;;
	--logs) logs=$2 ;;
	--one) break ;;
	--*)
		echo "run.sh: unknown option $1" >&2
		exit 2
		;;
	*) break ;;
	esac
	shift 2
done

# ---- one program: runs in a child, so that several can run at a time ------------
count() { # PATTERN FILE: the number in the last line that matches
	sed -nE "s/$1/\\1/p" "$2" | tail -n 1
}

run_one() {
	local program=$1 name log start end rc passed=0 failed=0 checks bad errors why=
	name=$(basename "$program")
	log=$logs/$name.log
	start=$(date +%s%N)
	case $program in
	*.mjs) set -- node --test --test-reporter=tap "$program" ;;
	*.sh) set -- bash "$program" ;;
	*) set -- "$program" ;;
	esac
	# shellcheck disable=SC2086
	timeout --kill-after=10 "$limit" ${WRAP:-} "$@" >"$log" 2>&1 </dev/null
	rc=$?
	end=$(date +%s%N)

	checks=$(count '^[0-9]+%: Checks: ([0-9]+), Failures: [0-9]+, Errors: [0-9]+$' "$log")
	if [ -n "$checks" ]; then
		# A program may run several suites, each with its line.
		read -r checks bad errors <<<"$(sed -nE \
		    's/^[0-9]+%: Checks: ([0-9]+), Failures: ([0-9]+), Errors: ([0-9]+)$/\1 \2 \3/p' \
		    "$log" | awk '{c += $1; f += $2; e += $3} END {print c, f, e}')"
		failed=$((bad + errors))
		passed=$((checks - failed))
	elif grep -qE '^# pass [0-9]+$' "$log"; then
		passed=$(count '^# pass ([0-9]+)$' "$log")
		failed=$(($(count '^# fail ([0-9]+)$' "$log") + \
		    $(count '^# cancelled ([0-9]+)$' "$log")))
	elif grep -qE '^[0-9]+ passed, [0-9]+ failed$' "$log"; then
		passed=$(count '^([0-9]+) passed, [0-9]+ failed$' "$log")
		failed=$(count '^[0-9]+ passed, ([0-9]+) failed$' "$log")
	else
		why="printed no totals"
	fi
	if [ $rc -eq 124 ] || [ $rc -eq 137 ]; then
		why="ran longer than $limit s"
	elif [ $rc -ge 128 ]; then
		why="ended by signal $((rc - 128))"
	elif [ -z "$why" ] && [ $((passed + failed)) -eq 0 ]; then
		why="ran no test"
	elif [ $rc -ne 0 ] && [ "$failed" -eq 0 ]; then
		why="exit code $rc"
	elif [ $rc -eq 0 ] && [ "$failed" -ne 0 ]; then
		why="failures, and yet exit code 0"
	fi
	[ -z "$why" ] || failed=$((failed + 1))

	printf '%d %d\n' "$passed" "$failed" >"$log.count"
	{
		if [ "$failed" -eq 0 ]; then
			printf '  ok    '
		else
			printf '  FAIL  '
		fi
		printf '%-34s %5d passed' "$name" "$passed"
		[ "$failed" -eq 0 ] || printf ', %d failed' "$failed"
		[ -z "$why" ] || printf ' (%s)' "$why"
		awk -v ns=$((end - start)) 'BEGIN {printf "  %.2f s\n", ns / 1e9}'
		if [ "$failed" -ne 0 ]; then
			sed 's/^/        /' "$log"
			echo "        ($log)"
		fi
	} >"$log.line"
	# One write, so that lines of programs that end together stay whole.
	cat "$log.line"
	rm -f "$log.line"
}

if [ "${1:-}" = --one ]; then
	run_one "$2"
	exit 0
fi

# ---- all of them -------------------------------------------------------------------
if [ $# -eq 0 ]; then
	echo "run.sh: no test program was given" >&2
	exit 2
fi
mkdir -p "$logs"
for program in "$@"; do
	rm -f "$logs/$(basename "$program")".log*
done

# A signal ends the children too: they are in this group when make started us, and
# xargs passes the end on otherwise.
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; exit 130' INT
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; exit 143' TERM
printf '%s\0' "$@" | xargs -0 -n 1 -P "$jobs" \
    bash "$0" --timeout "$limit" --logs "$logs" --one &
pid=$!
wait "$pid"
rc=$?

passed=0
failed=0
for program in "$@"; do
	log=$logs/$(basename "$program").log
	if [ -f "$log.count" ]; then
		read -r p f <"$log.count"
		passed=$((passed + p))
		failed=$((failed + f))
	else
		echo "  FAIL  $(basename "$program") left no result"
		failed=$((failed + 1))
	fi
done
if [ $rc -ne 0 ] && [ $failed -eq 0 ]; then
	failed=1
fi
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
