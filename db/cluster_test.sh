#!/bin/sh
# cluster_test.sh - the private cluster starts wherever it may lie, comes back after being
# killed, and deletes nothing that is not its own.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d /tmp/stw-cluster-test-XXXXXX)
chmod 711 "$tmp"
passed=0
failed=0
cluster() {
	sh "$here/cluster.sh" "$@" 2>"$tmp/err"
}
finish() {
	for conf in "$tmp"/*/cluster.conf "$tmp"/*/*/cluster.conf; do
		[ ! -f "$conf" ] || cluster destroy "$(dirname "$conf")" || :
	done
	rm -rf "$tmp"
}
trap finish EXIT
# As in any shell program: an exit, so that the trap above runs.
trap 'exit 130' INT
trap 'exit 143' TERM

# check NAME COMMAND...: the command has to succeed
check() {
	name=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "$name: failed"
		[ ! -s "$tmp/err" ] || sed 's/^/    /' "$tmp/err"
	fi
}
fails_with() { # CODE COMMAND...
	want=$1
	shift
	rc=0
	"$@" >/dev/null || rc=$?
	[ $rc -eq "$want" ]
}
answers() { # DIR
	[ "$(psql "$(cluster conninfo "$1")" -X -A -t -c 'SELECT current_user')" = steward ]
}
setting() { # DIR NAME VALUE
	[ "$(psql "$(cluster conninfo "$1")" -X -A -t -c "SHOW $2")" = "$3" ]
}
postmaster() { # DIR
	cluster status "$1" | sed 's/.*pid=\([0-9]*\).*/\1/'
}
same_server() { # DIR PID
	[ "$(postmaster "$1")" = "$2" ]
}
kept() { # DIR
	[ "$(psql "$(cluster conninfo "$1")" -X -A -t -c 'SELECT v FROM kept')" = 7 ]
}

c=$tmp/a
check "nothing there has status 4" fails_with 4 cluster status "$c"
check "start" cluster start "$c" --fast
check "it answers as steward" answers "$c"
check "data checksums" setting "$c" data_checksums on
check "no TCP" setting "$c" listen_addresses ''
check "no parameters in its log" setting "$c" log_parameter_max_length 0
check "logical decoding" setting "$c" wal_level logical
pid=$(postmaster "$c")
check "starting twice" cluster start "$c"
check "is harmless" same_server "$c" "$pid"
psql "$(cluster conninfo "$c")" -X -q -c 'CREATE TABLE kept AS SELECT 7 AS v'
psql "$(cluster conninfo "$c") user=postgres" -X -q -c CHECKPOINT

kill -9 "$pid"
check "killed has status 3" fails_with 3 cluster status "$c"
check "start after kill -9" cluster start "$c"
check "the data are there" kept "$c"
check "and it is as fast as before" setting "$c" fsync off
check "stop" cluster stop "$c"
check "stop twice" cluster stop "$c"
check "stopped has status 3" fails_with 3 cluster status "$c"

# After a reboot or in a new container the number belongs to somebody else: to us here.
data=$(sed -n 's/^home=//p' "$c/cluster.conf")/pg
printf '%s\n%s\n0\n5432\n\n\n' $$ "$data" >"$data/postmaster.pid"
check "start with a foreign process in the pid file" cluster start "$c"
check "the data are still there" kept "$c"

long=$tmp/$(printf 'x%.0s' 1 2 3 4 5 6 7 8 9 10)$(printf '%0100d' 0)
check "a path too long for a socket, with a space and a quote" \
    cluster start "$long/a b'c" --fast
check "is reached all the same" answers "$long/a b'c"
run=$(sed -n 's/^run=//p' "$long/a b'c/cluster.conf")
check "destroy" cluster destroy "$long/a b'c"
check "removes its socket directory" test ! -e "$run"
check "and leaves the directory itself" test -d "$long/a b'c"

mkdir "$tmp/precious" "$tmp/precious/pg"
echo data >"$tmp/precious/pg/file"
check "destroy of a directory that is none" cluster destroy "$tmp/precious"
check "touches nothing" test -f "$tmp/precious/pg/file"
check "start over foreign files is refused" fails_with 1 cluster start "$tmp/precious"
check "and touches nothing" test -f "$tmp/precious/pg/file"
rm -f "$tmp/precious/cluster.conf"

if [ "$(id -u)" -eq 0 ]; then
	mkdir -m 700 "$tmp/closed"
	check "a place that the server cannot reach" cluster start "$tmp/closed/var" --fast
	check "is reached all the same, closed to others" answers "$tmp/closed/var"
	home=$(sed -n 's/^home=//p' "$tmp/closed/var/cluster.conf")
	check "destroy there" cluster destroy "$tmp/closed/var"
	check "removes the place elsewhere" test ! -e "$home"
fi

# shellcheck disable=SC2016 # the inner shell expands it
check "with: a cluster for one command" cluster with "$tmp/w" --fast -- \
    sh -c 'psql "$STW_TEST_CONNINFO" -X -q -c "SELECT 1" >/dev/null'
check "with: gone afterwards" test ! -e "$tmp/w"
check "with: the command's exit status" fails_with 9 \
    cluster with "$tmp/w" --fast -- sh -c 'exit 9'

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
