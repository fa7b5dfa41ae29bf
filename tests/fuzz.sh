#!/bin/bash
# fuzz.sh - runs fuzz targets for a while each.
#
#   fuzz.sh SECONDS PROGRAM...
#
# FUZZ_SEED=n repeats a run; without it each run goes its own way.
# PROGRAM is build/fuzz/tests/fuzz/fuzz_NAME. Seeds come from tests/fuzz/corpus/NAME;
# what is found new is kept in build/fuzz/corpus/NAME, an input that breaks something in
# build/fuzz/found/NAME-*.
set -u

seconds=$1
shift
passed=0
failed=0
for program in "$@"; do
	name=$(basename "$program")
	name=${name#fuzz_}
	seeds=tests/fuzz/corpus/$name
	grown=build/fuzz/corpus/$name
	log=build/fuzz/$name.log
	mkdir -p "$grown" build/fuzz/found
	dict=tests/fuzz/$name.dict
	args=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
	    -artifact_prefix="build/fuzz/found/$name-")
	[ -z "${FUZZ_SEED:-}" ] || args+=(-seed="$FUZZ_SEED")
	[ ! -f "$dict" ] || args+=(-dict="$dict")
	[ ! -d "$seeds" ] || grown="$grown $seeds"
	# shellcheck disable=SC2086
	if timeout $((seconds + 120)) "$program" "${args[@]}" $grown >"$log" 2>&1 </dev/null; then
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
		printf '  ok    fuzz %-20s %s runs in %s s\n' "$name" "${runs:-?}" "$seconds"
		passed=$((passed + 1))
	else
		printf '  FAIL  fuzz %s\n' "$name"
		tail -n 60 "$log" | sed 's/^/        /'
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
