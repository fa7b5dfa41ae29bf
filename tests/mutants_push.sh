#!/bin/bash
# mutants_push.sh - are the tests of dispatch worth anything? Takes its protections out of
# copies of the sources and statements, one at a time, and wants the named test to fail.
#
#   mutants_push.sh LIST DIR BUILD ARCHIVE...
#
# LIST: tests/push/mutants.tsv; DIR: where the copies go; BUILD: build/release; ARCHIVE: what
# test programs are linked with. A mutant's object stands before the archives, so that it is
# taken instead of theirs. CC, CFLAGS, LDFLAGS and LIBS as for the program. The tests of the
# database need a cluster (with_cluster.sh). PICK=N tries N of them only, drawn by SEED (1).
#
# A fault that does not change exactly one line or does not compile is a failure, and so is
# one that is not found, or a test that fails without it. Last line "N passed, N failed".
set -u
list=$1
dir=$2
build=$3
shift 3
passed=0
failed=0

# The mutated object, or nothing for a test without a fault.
compile() { # FILE EXPRESSION
	local file=$1 expression=$2 source=$dir/$1
	mkdir -p "$dir/$(dirname "$file")"
	sed -E "$expression" "$file" >"$source"
	case $file in
	*.sql)
		mkdir -p "$dir/all/db/queries"
		cp db/queries/*.sql "$dir/all/db/queries/"
		cp "$source" "$dir/all/$file"
		root=$PWD
		(cd "$dir/all" && sh "$root/engine/embed.sh" queries-c db/queries/*.sql) >"$dir/queries.c" || return 1
		source=$dir/queries.c
		;;
	esac
	# shellcheck disable=SC2086
	$CC -I"$dir" $CFLAGS -w -Wno-overlength-strings -c -o "$dir/mutant.o" "$source" 2>"$dir/log"
}
# Passes the test? CASE "-": all of it.
passes() { # TEST CASE OBJECT... ARCHIVE...
	local test=$1 case=$2
	shift 2
	# shellcheck disable=SC2086
	if ! $CC $LDFLAGS -o "$dir/test" "$build/tests/$test.c.o" "$@" $LIBS 2>"$dir/log"; then
		echo "does not link: $(head -n 1 "$dir/log")"
		return 0
	fi
	[ "$case" != - ] && export CK_RUN_CASE=$case
	timeout 300 "$dir/test" >"$dir/log" 2>&1
	local rc=$?
	unset CK_RUN_CASE
	[ $rc -eq 0 ]
}
try() { # TEST CASE FILE EXPRESSION ARCHIVE...
	local test=$1 case=$2 file=$3 expression=$4 said
	shift 4
	rm -rf "$dir"
	mkdir -p "$dir"
	if [ ! -e "$dir.ok/${test##*/} $case" ]; then
		if ! passes "$test" "$case" "$@"; then
			echo "FAILS WITHOUT A FAULT: $(grep -m 1 ':F:\|:E:' "$dir/log")"
			return 1
		fi
		if ! grep -q '^100%: Checks: [1-9]' "$dir/log"; then
			echo "NO SUCH TEST"
			return 1
		fi
		: >"$dir.ok/${test##*/} $case"
	fi
	if ! compile "$file" "$expression"; then
		echo "does not compile: $(head -n 1 "$dir/log")"
		return 1
	fi
	if passes "$test" "$case" "$dir/mutant.o" "$@"; then
		echo "NOT FOUND"
		return 1
	fi
	said=$(grep -m 1 ':F:\|:E:' "$dir/log")
	echo "${said:-died}" | cut -c 1-100
}

rm -rf "$dir.ok"
mkdir -p "$dir.ok"
# All have to fit their sources, also those that are not tried.
while IFS=$'\t' read -r what _ _ file expression; do
	[ "$(sed -E "$expression" "$file" | diff "$file" - | grep -c '^[<>]')" = 2 ] && continue
	echo "$what: does not change one line of $file"
	failed=$((failed + 1))
done < <(grep -v '^#' "$list")

chosen() {
	if [ -n "${PICK:-}" ]; then
		grep -v '^#' "$list" | shuf -n "$PICK" --random-source=<(yes "${SEED:-1}")
	else
		grep -v '^#' "$list"
	fi
}
while IFS=$'\t' read -r what test case file expression; do
	if out=$(try "$test" "$case" "$file" "$expression" "$@"); then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
	printf '%-58s %s\n' "$what" "$out"
done < <(chosen)
rm -rf "$dir" "$dir.ok"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
