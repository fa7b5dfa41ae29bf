#!/bin/bash
# mutants.sh - is the property test worth anything? Puts faults into copies of the
# executors, one at a time, and wants each to be found.
#
#   mutants.sh LIST DIR OBJECT ARCHIVE...
#
# LIST: tests/property/mutants.tsv; DIR: where the copies go; OBJECT: the property test's;
# ARCHIVE: what it is linked with. A mutant's object stands before the archives, so that it
# is taken instead of theirs. CC, CFLAGS, LDFLAGS and LIBS as for the program. EVERY=N takes
# each N-th fault only.
#
# A fault that does not apply or does not compile is a failure. So is one that is not found:
# the test has to say that the executors differ, or to die. Last line "N passed, N failed".
set -u
list=$1
dir=$2
object=$3
shift 3

passed=0
failed=0
number=0

# One mutant: prints what came of it; 0 when it was found.
try() { # EXECUTOR FILE UNITS EXPRESSION
	local executor=$1 file=$2 units=$3 expression=$4 unit objects='' rc every=1
	shift 4
	rm -rf "$dir"
	mkdir -p "$dir/$(dirname "$file")"
	sed -E "$expression" "$file" >"$dir/$file" || return 1
	if cmp -s "$file" "$dir/$file"; then
		echo "does not apply"
		return 1
	fi
	[ "$units" != - ] || units=$file
	for unit in $units; do
		[ -f "$dir/$unit" ] || cp "$unit" "$dir/$unit"
		# shellcheck disable=SC2086
		if ! $CC -I"$dir" $CFLAGS -w -c -o "$dir/$unit.o" \
		    "$dir/$unit" 2>"$dir/log"; then
			echo "does not compile: $(head -n 1 "$dir/log")"
			return 1
		fi
		objects="$objects $dir/$unit.o"
	done
	# shellcheck disable=SC2086
	if ! $CC $LDFLAGS -o "$dir/mutant" "$object" $objects "$@" $LIBS 2>"$dir/log"; then
		echo "does not link: $(head -n 1 "$dir/log")"
		return 1
	fi
	# PostgreSQL need not be asked about columns.
	[ "$executor" = sql ] || every=1000000
	SEED=${SEED:-1} timeout 300 "$dir/mutant" --checks 4000000 --every $every --shrink no \
	    >"$dir/log" 2>&1
	rc=$?
	if grep -q '^the executors differ' "$dir/log" || { [ $rc -ge 128 ] && [ $rc -ne 137 ]; }; then
		grep -oE '^[0-9]+ rules' "$dir/log" | tail -n 1
		return 0
	fi
	echo "NOT FOUND: $(tail -n 1 "$dir/log")"
	return 1
}

while IFS=$'\t' read -r executor what file units expression; do
	case $executor in
	'' | '#'*) continue ;;
	esac
	number=$((number + 1))
	[ $((number % ${EVERY:-1})) -eq 0 ] || continue
	if out=$(try "$executor" "$file" "$units" "$expression" "$@"); then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
	printf '%-8s %-46s %s\n' "$executor" "$what" "$out"
done <"$list"
rm -rf "$dir"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
