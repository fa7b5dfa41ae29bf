#!/bin/bash
# mutants_queries.sh - are the tests of statements worth anything? Takes one protection out of
# one statement at a time, and wants the test of its store to fail.
#
#   mutants_queries.sh LIST DIR OBJECTS ARCHIVE...
#
# LIST: tests/db/mutants.tsv; DIR: where the copies go; OBJECTS: where the tests' objects are
# (DIR/test_x.c.o); ARCHIVE: what they are linked with. The mutant's object stands before
# the archives, so that it is taken instead of theirs. CC, CFLAGS, LDFLAGS and LIBS as for the
# tests. ONLY=WORD takes the lines with that word. Wants a cluster (tests/with_cluster.sh).
#
# A fault that does not change exactly one line or does not compile is a failure. So is one
# that is not found, and a test that fails without one. Last line "N passed, N failed".
set -u
list=$1
dir=$2
objects=$3
shift 3

passed=0
failed=0
rm -rf "$dir"
mkdir -p "$dir"

build() { # TEST [MUTANT] ARCHIVE...
	local test=$1
	shift
	# shellcheck disable=SC2086
	$CC $LDFLAGS -o "$dir/test" "$objects/test_$test.c.o" "$@" $LIBS 2>"$dir/log" && return 0
	echo "does not link: $(head -n 1 "$dir/log")"
	return 1
}

# One mutant: prints what came of it; 0 when it was found.
try() { # TEST QUERY EXPRESSION ARCHIVE...
	local test=$1 query=$2 expression=$3 changed queries
	shift 3
	sed -E "$expression" "db/queries/$query.sql" >"$dir/$query.sql" || return 1
	changed=$(diff "db/queries/$query.sql" "$dir/$query.sql" | grep -c '^<')
	if [ "$changed" -ne 1 ]; then
		echo "changes $changed lines"
		return 1
	fi
	queries=$(printf '%s\n' db/queries/*.sql | LC_ALL=C sort | sed "s|^db/queries/$query.sql$|$dir/$query.sql|")
	# shellcheck disable=SC2086
	sh engine/embed.sh queries-c $queries >"$dir/mutant.c"
	# shellcheck disable=SC2086
	if ! $CC $CFLAGS -w -c -o "$dir/mutant.o" "$dir/mutant.c" 2>"$dir/log"; then
		echo "does not compile: $(head -n 1 "$dir/log")"
		return 1
	fi
	build "$test" "$dir/mutant.o" "$@" || return 1
	if timeout 300 "$dir/test" >"$dir/log" 2>&1; then
		echo "NOT FOUND"
		return 1
	fi
	if ! grep -qE '^[^ ]+\.c:[0-9]+:[FE]:' "$dir/log"; then
		echo "does not run: $(tail -n 1 "$dir/log")"
		return 1
	fi
	grep -oE -m 1 ':[FE]:[^:]+:[a-z0-9_]+' "$dir/log" | sed 's/.*://'
}

mapfile -t tests < <(grep -v '^#' "$list" | grep -F -- "${ONLY:-}" | cut -f1 | sort -u)
for test in "${tests[@]}"; do
	if build "$test" "$@" && timeout 300 "$dir/test" >"$dir/log" 2>&1; then
		passed=$((passed + 1))
		echo "test_$test passes as it is"
	else
		failed=$((failed + 1))
		echo "test_$test FAILS as it is: $(tail -n 1 "$dir/log")"
	fi
done
while IFS=$'\t' read -r test what query expression; do
	case $test$what in
	'' | '#'*) continue ;;
	esac
	case $test$what$query in
	*"${ONLY:-}"*) ;;
	*) continue ;;
	esac
	if out=$(try "$test" "$query" "$expression" "$@"); then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
	printf '%-46s %s\n' "$what" "$out"
done <"$list"
rm -rf "$dir"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
