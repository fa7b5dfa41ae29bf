#!/bin/bash
# check.sh - runs steps of `make check` one after the other, times them, adds up.
#
#   check.sh STEP...     each STEP is a make target; MAKE is the make to call
#
# All steps run, also after one has failed. A step that prints "N passed, N failed" brings
# these numbers, any other counts as one. The last line is the sum, in the same form.
# One throwaway cluster serves all steps (tests/with_cluster.sh).
set -u

logs=build/logs
mkdir -p "$logs"
passed=0
failed=0
failures=
began=$(date +%s%N)

seconds() { # since $1
	awk -v from="$1" -v to="$(date +%s%N)" 'BEGIN {printf "%.1f s", (to - from) / 1e9}'
}

for step in "$@"; do
	log=$logs/$step.log
	echo "== $step"
	start=$(date +%s%N)
	# shellcheck disable=SC2086
	${MAKE:-make} -s --no-print-directory "$step" </dev/null 2>&1 |
	    tee "$log" | sed -u -E '/^[0-9]+ passed, [0-9]+ failed$/d'
	rc=${PIPESTATUS[0]}
	read -r p f <<<"$(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$log" |
	    awk '{p += $1; f += $2} END {print p + 0, f + 0}')"
	if [ "$rc" -ne 0 ] && [ "$f" -eq 0 ]; then
		f=1
	elif [ "$rc" -eq 0 ] && [ $((p + f)) -eq 0 ]; then
		p=1
	fi
	passed=$((passed + p))
	failed=$((failed + f))
	if [ "$f" -ne 0 ]; then
		failures="$failures $step"
		echo "== $step FAILED: $p passed, $f failed, $(seconds "$start")"
	else
		echo "== $step ok: $p passed, $(seconds "$start")"
	fi
done

echo "== all steps: $(seconds "$began")"
[ -z "$failures" ] || echo "== failed:$failures"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
