#!/bin/bash
# run_test.sh - shows that run.sh counts right and hides no failure.
# The scripts are in single quotes on purpose.
# shellcheck disable=SC2016
set -u
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0
failed=0

# check NAME WANT_CODE WANT_LAST_LINE WANT_PART SCRIPT...: each SCRIPT is a program
check() {
	local name=$1 code=$2 last=$3 part=$4 n=0 out rc
	shift 4
	rm -rf "$tmp/t"
	mkdir -p "$tmp/t"
	for script in "$@"; do
		n=$((n + 1))
		printf '#!/bin/bash\n%s\n' "$script" >"$tmp/t/p$n"
		chmod +x "$tmp/t/p$n"
	done
	out=$(bash "$here/run.sh" --jobs 2 --timeout 1 --logs "$tmp/t/logs" "$tmp"/t/p* 2>/dev/null)
	rc=$?
	if [ $rc -eq "$code" ] && [ "$(tail -n 1 <<<"$out")" = "$last" ] &&
	    [[ $out == *"$part"* ]]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf '%s: exit %d\n%s\n' "$name" $rc "$out"
	fi
}

check "all pass" 0 "3 passed, 0 failed" "ok" 'echo "100%: Checks: 3, Failures: 0, Errors: 0"'
check "two programs add up" 0 "7 passed, 0 failed" "ok" \
    'echo "100%: Checks: 3, Failures: 0, Errors: 0"' 'echo "4 passed, 0 failed"'
check "two suites in a program add up" 0 "5 passed, 0 failed" "ok" \
    'echo "100%: Checks: 3, Failures: 0, Errors: 0"; echo "100%: Checks: 2, Failures: 0, Errors: 0"'
check "failures and errors count" 1 "1 passed, 2 failed" "the reason" \
    'echo the reason; echo "33%: Checks: 3, Failures: 1, Errors: 1"; exit 1'
check "a failing first suite shows" 1 "3 passed, 1 failed" "FAIL" \
    'echo "50%: Checks: 2, Failures: 1, Errors: 0"; echo "100%: Checks: 2, Failures: 0, Errors: 0"; exit 1'
check "a failure in one of two" 1 "4 passed, 1 failed" "FAIL" \
    'echo "50%: Checks: 2, Failures: 1, Errors: 0"; exit 1' 'echo "3 passed, 0 failed"'
check "failure with exit 0" 1 "1 passed, 2 failed" "exit code 0" \
    'echo "50%: Checks: 2, Failures: 1, Errors: 0"'
check "good totals, bad exit" 1 "2 passed, 1 failed" "exit code 3" \
    'echo "100%: Checks: 2, Failures: 0, Errors: 0"; exit 3'
check "no totals" 1 "0 passed, 1 failed" "no totals" 'echo hello'
check "ran no test" 1 "0 passed, 1 failed" "ran no test" \
    'echo "100%: Checks: 0, Failures: 0, Errors: 0"'
check "killed" 1 "0 passed, 1 failed" "signal 11" 'kill -SEGV $$'
check "killed after good totals" 1 "2 passed, 1 failed" "signal 6" \
    'echo "2 passed, 0 failed"; kill -ABRT $$'
check "too slow" 1 "0 passed, 1 failed" "longer than 1 s" 'sleep 5'
check "absent program" 1 "0 passed, 1 failed" "exit code 127" 'exec /nonexistent'
check "node reporter" 1 "2 passed, 1 failed" "FAIL" \
    'printf "# pass 2\n# fail 1\n# cancelled 0\n"; exit 1'

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
