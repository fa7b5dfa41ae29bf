#!/bin/bash
# check.sh - Go's public packages read what Steward publishes, and the other way round.
#
#   check.sh STEWARD
#
# Needs golang-go and golang-golang-x-mod-dev (make check-interop installs them) and a
# cluster (STW_TEST_CONNINFO).
set -u
cd "$(dirname "$0")/../.." || exit 1
bin=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cluster=${STW_TEST_CONNINFO:?}
passed=0
failed=0
dir=$(mktemp -d /tmp/stw-interop-XXXXXX)
db=steward_interop_$$
trap 'psql -qAtX -d "$cluster dbname=postgres" -c "DROP DATABASE IF EXISTS $db WITH (FORCE)" \
    >/dev/null 2>&1; rm -rf "$dir"' EXIT

check() { # WHAT COMMAND...
	local what=$1
	shift
	if "$@" >"$dir/out" 2>&1; then
		passed=$((passed + 1))
		echo "ok   $what: $(tail -n 1 "$dir/out")"
	else
		failed=$((failed + 1))
		echo "FAIL $what"
		sed 's/^/    /' "$dir/out"
	fi
}

fails() { # COMMAND...: it has to refuse
	! "$@"
}

# Debian's package is a GOPATH, not a module; nothing is fetched.
GOPATH=/usr/share/gocode GO111MODULE=off GOCACHE=$dir/cache GOFLAGS='' \
    go build -o "$dir/tlogcheck" tests/interop/tlogcheck.go || exit 1

psql -qAtX -d "$cluster dbname=postgres" -c "CREATE DATABASE $db" >/dev/null || exit 1
export STEWARD_DATABASE="$cluster dbname=$db" STEWARD_STATE_DIR=$dir STEWARD_LOG_LEVEL=warn
export STEWARD_LEDGER_ORIGIN=bank.example/outreach
append() {
	psql -qAtX -d "$STEWARD_DATABASE" -c "INSERT INTO ledger_outbox
	    (bucket, kind, entry) SELECT -1, 'x', convert_to('{\"id\":\"' || i || '\",\"x\":\"' ||
	    repeat('y', i % 400) || '\"}', 'UTF8') FROM generate_series(1, $1) i" &&
	    "$bin" ledger seal && "$bin" ledger export "$dir/log"
}
if ! { "$bin" migrate && "$bin" setup --demo; } >"$dir/setup" 2>&1; then
	cat "$dir/setup"
	exit 1
fi
"$bin" ledger key >"$dir/vkey" || exit 1

for n in 1 254 1 1 400 3000; do
	append $n >"$dir/append" || { cat "$dir/append"; exit 1; }
	check "Go reads the log, $n entries on" "$dir/tlogcheck" read "$dir/log" "$dir/vkey"
done
"$bin" ledger key rotate >"$dir/vkeys" 2>/dev/null || exit 1
append 100 >"$dir/append" || { cat "$dir/append"; exit 1; }
tail -n 1 "$dir/vkeys" >"$dir/old"
head -n 1 "$dir/vkeys" >"$dir/new"
check "while the key is exchanged with the old one" "$dir/tlogcheck" read "$dir/log" "$dir/old"
check "and with the new one" "$dir/tlogcheck" read "$dir/log" "$dir/new"
check "and with both" "$dir/tlogcheck" read "$dir/log" "$dir/vkeys"
printf x | dd of="$dir/log/tile/entries/003" bs=1 seek=700 conv=notrunc 2>/dev/null
check "Go finds a changed entry" fails "$dir/tlogcheck" read "$dir/log" "$dir/new"
check "and so do we" fails "$bin" ledger verify --dir "$dir/log" --key "$dir/new"

for n in 1 255 256 257 1000 66000; do
	rm -rf "$dir/go"
	"$dir/tlogcheck" write "$dir/go" go.example/log $n >"$dir/go.vkey" || exit 1
	check "we read Go's log of $n entries" "$bin" ledger verify --dir "$dir/go" \
	    --key "$dir/go.vkey"
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
