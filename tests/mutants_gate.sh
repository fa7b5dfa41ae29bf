#!/bin/bash
# mutants_gate.sh - is the proof of the gate worth anything? Puts faults into copies of its
# sources, one at a time, and wants each to be found by what proves the gate.
#
#   mutants_gate.sh LIST DIR MAIN TESTS ARCHIVE...
#
# LIST: tests/oracle/mutants.tsv; DIR: where the copies go; MAIN: the program's object; TESTS:
# those of the gate's unit tests; ARCHIVE: what all are linked with. A mutant's object stands
# before the archives, so that it is taken instead of theirs. CC, CFLAGS, LDFLAGS and LIBS
# as for the program. PICK=N tries N of them only, drawn by SEED (1); CASES: of the oracle.
#
# A fault that does not change exactly one line or does not compile is a failure. So is one that is
# not found: the packs' scenarios, a unit test or the oracle have to fail, or to die. The
# faultless program goes first: it has to pass them all. Last line "N passed, N failed".
set -u
list=$1
dir=$2
main=$3
tests=$4
shift 4
packs=campaigns/compliance/packs

passed=0
failed=0

link() { # OBJECT [MUTANT]
	local object=$1
	shift
	# shellcheck disable=SC2086
	$CC $LDFLAGS -o "$dir/$(basename "$object" .c.o)" "$object" "$@" $LIBS 2>"$dir/log"
}

program=$dir/$(basename "$main" .c.o)

# The unit tests, one after the other; each is linked when asked.
units() { # [MUTANT] ARCHIVE...
	local test
	for test in $tests; do
		if ! link "$test" "$@"; then
			echo "a linker that says: $(head -n 1 "$dir/log")"
			return
		fi
		if ! timeout 300 "$dir/$(basename "$test" .c.o)" >"$dir/log" 2>&1; then
			echo unit
			return
		fi
	done
}

# Which proof fails; empty when none does. The cheap ones first.
found() { # [MUTANT] ARCHIVE...
	local by
	if ! timeout 120 "$program" pack test >"$dir/log" 2>&1; then
		echo scenarios
		return
	fi
	by=$(units "$@")
	if [ -n "$by" ]; then
		echo "$by"
	elif ! timeout 900 node tests/oracle/run.mjs "$program" $packs --cases "${CASES:-10000}" \
	    --seed "${SEED:-1}" --brief >"$dir/log" 2>&1; then
		echo oracle
	fi
}

# One mutant: prints what came of it; 0 when it was found.
try() { # FILE EXPRESSION ARCHIVE...
	local file=$1 expression=$2 by
	shift 2
	rm -rf "$dir"
	mkdir -p "$dir/$(dirname "$file")"
	sed -E "$expression" "$file" >"$dir/$file" || return 1
	if [ "$(diff "$file" "$dir/$file" | grep -c '^>')" != 1 ]; then
		echo "does not change one line"
		return 1
	fi
	# shellcheck disable=SC2086
	if ! $CC -I"$dir" $CFLAGS -w -c -o "$dir/mutant.o" "$dir/$file" 2>"$dir/log"; then
		echo "does not compile: $(head -n 1 "$dir/log")"
		return 1
	fi
	if ! link "$main" "$dir/mutant.o" "$@"; then
		echo "does not link: $(head -n 1 "$dir/log")"
		return 1
	fi
	by=$(found "$dir/mutant.o" "$@")
	if [ -z "$by" ]; then
		echo "NOT FOUND"
		return 1
	fi
	echo "$by"
}

# All have to fit their sources, also those that are not tried.
while IFS=$'\t' read -r what file expression; do
	[ "$(sed -E "$expression" "$file" | diff "$file" - | grep -c '^>')" = 1 ] && continue
	echo "$what: does not change one line of $file"
	failed=$((failed + 1))
done < <(grep -v '^#' "$list")

rm -rf "$dir"
mkdir -p "$dir"
if ! link "$main" "$@"; then
	echo "the faultless program does not link: $(head -n 1 "$dir/log")"
	exit 1
fi
by=$(found "$@")
if [ -n "$by" ]; then
	echo "the faultless program is refused by: $by"
	cat "$dir/log"
	exit 1
fi

chosen() {
	if [ -n "${PICK:-}" ]; then
		grep -v '^#' "$list" | shuf -n "$PICK" --random-source=<(yes "${SEED:-1}")
	else
		grep -v '^#' "$list"
	fi
}
while IFS=$'\t' read -r what file expression; do
	[ -n "$what" ] || continue
	if out=$(try "$file" "$expression" "$@"); then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
	printf '%-64s %s\n' "$what" "$out"
done < <(chosen)
rm -rf "$dir"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
