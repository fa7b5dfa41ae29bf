#!/bin/sh
# cluster.sh - a private PostgreSQL cluster in a directory, for the demo and the tests.
#
#   cluster.sh start DIR [--fast]       create it when needed, start it; harmless twice
#   cluster.sh stop DIR                 stop it; harmless when it does not run
#   cluster.sh status DIR               exit 0 running, 3 stopped, 4 no cluster there
#   cluster.sh conninfo DIR             what libpq needs to connect as role steward
#   cluster.sh destroy DIR              stop it and delete its data
#   cluster.sh with DIR [--fast] -- CMD a cluster for one command: STW_TEST_CONNINFO is
#                                       set, the cluster is destroyed afterwards
#
# No TCP port: connections come through a Unix socket in a directory of mode 0700, which
# is why pg_hba trusts them. The role steward owns the database steward and may create
# databases; the superuser is postgres.
#
# Run as root, the server runs as user postgres. A DIR which that user cannot reach (a
# clone below /root) keeps its data in /var/lib/steward, and DIR holds links to it.
# A socket path past the 107 bytes that the system allows moves to /tmp. Both places are
# remembered in DIR/cluster.conf.
#
# --fast is for throwaway data: no fsync, so a crash of the machine loses the cluster, and
# a crash of the server the last commits.
# Environment: STW_PG_BIN, the directory of initdb and pg_ctl, when it is not the usual.
set -eu
PATH=$PATH:/usr/sbin:/sbin

die() {
	printf 'cluster.sh: %s\n' "$*" >&2
	exit 1
}

usage() {
	sed -n '4,11s/^# *//p' "$0" >&2
	exit 2
}

# What the caller has set for another server must not lead us there.
unset PGHOST PGHOSTADDR PGPORT PGUSER PGDATABASE PGDATA PGSERVICE PGOPTIONS PGPASSFILE \
    PGSSLMODE PGTARGETSESSIONATTRS PGPASSWORD 2>/dev/null || :

# ---- who runs the server -------------------------------------------------------
if [ "$(id -u)" -eq 0 ]; then
	server_user=postgres
	as_server() {
		runuser -u "$server_user" -- "$@"
	}
else
	server_user=$(id -un)
	as_server() {
		"$@"
	}
fi

check_user() {
	if [ "$(id -u)" -eq 0 ]; then
		id -u postgres >/dev/null 2>&1 ||
		    die "no user postgres: install the postgresql package first"
	fi
}

# ---- the directory and what is remembered about it -----------------------------
remembered() {
	[ -f "$conf" ] && sed -n "s/^$1=//p" "$conf" | head -n 1
}

remember() {
	umask 022
	printf 'home=%s\nrun=%s\nfast=%s\n' "$home" "$run" "$fast" >"$conf.new"
	mv "$conf.new" "$conf"
}

open_dir() {
	[ -n "${1:-}" ] || usage
	if [ -d "$1" ]; then
		dir=$(cd "$1" && pwd -P)
	elif [ "$2" = create ]; then
		(umask 022 && mkdir -p "$1") || die "cannot make directory $1"
		dir=$(cd "$1" && pwd -P)
	else
		dir=$1
	fi
	conf=$dir/cluster.conf
	home=$(remembered home || :)
	run=$(remembered run || :)
	was_fast=$(remembered fast || :)
	data=${home:+$home/pg}
	# Root may also look after the cluster of a user.
	if [ "$(id -u)" -eq 0 ] && [ -n "$data" ] && [ -d "$data" ]; then
		server_user=$(stat -c %U "$data")
	fi
	# The server's user may be barred from the caller's working directory.
	cd /
}

lock_dir() {
	exec 9>"$dir/cluster.lock"
	flock -w 120 9 || die "another cluster.sh works on $dir"
}

# ---- the server's programs -------------------------------------------------------
# The cluster's own major version when it exists, else the newest.
find_bin() {
	want=
	if [ -n "$data" ] && [ -f "$data/PG_VERSION" ]; then
		want=$(cat "$data/PG_VERSION")
	fi
	bin=${STW_PG_BIN:-}
	if [ -z "$bin" ] && [ -n "$want" ] && [ -x "/usr/lib/postgresql/$want/bin/pg_ctl" ]; then
		bin=/usr/lib/postgresql/$want/bin
	fi
	if [ -z "$bin" ]; then
		bin=$(ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin 2>/dev/null |
		    sort -t/ -k5 -V | tail -n 1)
	fi
	if [ -z "$bin" ] && command -v pg_config >/dev/null 2>&1; then
		bin=$(pg_config --bindir)
	fi
	if [ -z "$bin" ] || [ ! -x "$bin/pg_ctl" ]; then
		die "no PostgreSQL server found: install postgresql, or set STW_PG_BIN"
	fi
	major=$("$bin/postgres" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
	[ "$major" -ge 15 ] || die "PostgreSQL $major in $bin is too old: 15 or newer is needed"
	if [ -n "$want" ] && [ "$want" != "$major" ]; then
		die "$data was made by PostgreSQL $want, found is $major: install" \
		    "postgresql-$want or run pg_upgrade"
	fi
}

# ---- is it running? ----------------------------------------------------------------
# Prints the postmaster's process id. A pid file alone proves nothing: after a power
# cut or a container restart the number may belong to anybody.
server_pid() {
	[ -n "$data" ] || return 1
	pid=$(as_server head -n 1 "$data/postmaster.pid" 2>/dev/null) || return 1
	[ -n "$pid" ] && [ -d "/proc/$pid" ] || return 1
	tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qxF -e "$data" || return 1
	echo "$pid"
}

is_ready() {
	"$bin/pg_isready" -q -h "$run" -U postgres -d postgres -t 3 >/dev/null 2>&1
}

# ---- making it -----------------------------------------------------------------------
# Where the data may live: DIR itself when the server's user can reach it.
choose_home() {
	if as_server test -x "$dir"; then
		home=$dir
	elif [ "$fast" = 1 ]; then
		home=$(mktemp -d /tmp/stw-cluster-XXXXXX)
		chmod 711 "$home"
	else
		mkdir -p -m 755 /var/lib/steward
		as_server test -x /var/lib/steward ||
		    die "user $server_user can reach neither $dir nor /var/lib/steward"
		home=$(mktemp -d /var/lib/steward/cluster-XXXXXX)
		chmod 711 "$home"
		printf '%s\n' "$dir" >"$home/belongs-to"
		echo "cluster.sh: user $server_user cannot reach $dir; data is in $home" >&2
	fi
	data=$home/pg
}

own() {
	[ "$(id -u)" -ne 0 ] || chown "$server_user" "$@"
}

# "run/.s.PGSQL.5432" has to fit sun_path, and the path has to survive libpq's and the
# server's list syntax. A directory in /tmp is made anew at each start, since anybody
# could have taken its name after a reboot.
choose_run() {
	case $run in
	/tmp/stw-run-*) rm -rf "$run" ;;
	esac
	run=$home/run
	bytes=$(printf '%s/.s.PGSQL.5432' "$run" | wc -c)
	case $run in
	*[!A-Za-z0-9_./+-]*) bytes=999 ;;
	esac
	if [ "$bytes" -gt 107 ]; then
		run=$(mktemp -d /tmp/stw-run-XXXXXX)
	else
		mkdir -p "$run"
	fi
	own "$run"
	chmod 700 "$run"
}

make_data() {
	[ ! -f "$data/PG_VERSION" ] || return 0
	[ -z "$(ls -A "$data" 2>/dev/null)" ] ||
	    die "$data is not empty and not a cluster: an earlier initdb was cut short;" \
	        "look, then: cluster.sh destroy $dir"
	mkdir -p "$data"
	own "$data"
	chmod 700 "$data"
	sync=
	[ "$fast" = 0 ] || sync=--no-sync
	# shellcheck disable=SC2086
	as_server "$bin/initdb" -D "$data" -k $sync -U postgres --auth=trust \
	    --encoding=UTF8 --locale=C.UTF-8 --no-instructions >"$log.initdb" 2>&1 9>&- || {
		cat "$log.initdb" >&2
		as_server rm -rf "$data"
		die "initdb failed"
	}
	rm -f "$log.initdb"
	as_server sh -c 'echo "include '\''steward.conf'\''" >>"$1/postgresql.conf"' sh "$data"
}

# Errors stay out of the server's log: their text can quote a row. log_min_messages=log
# keeps starts, checkpoints and crashes.
write_settings() {
	if [ "$fast" = 1 ]; then
		durability="fsync = off
full_page_writes = off
synchronous_commit = off
shared_buffers = 48MB
max_wal_size = 512MB
max_slot_wal_keep_size = 2GB
checkpoint_timeout = 30min"
	else
		durability="fsync = on
full_page_writes = on
synchronous_commit = on
shared_buffers = 256MB
max_wal_size = 4GB
max_slot_wal_keep_size = 10GB
checkpoint_timeout = 15min
maintenance_work_mem = 256MB"
	fi
	as_server sh -c 'cat >"$1/steward.conf"' sh "$data" <<-CONF
	# Written by cluster.sh at each start; change postgresql.conf instead.
	listen_addresses = ''
	unix_socket_directories = '$run'
	port = 5432
	max_connections = 60
	$durability
	wal_level = logical
	wal_compression = on
	work_mem = 16MB
	random_page_cost = 1.1
	jit = off
	timezone = 'UTC'
	log_timezone = 'UTC'
	log_min_messages = log
	log_min_error_statement = panic
	log_error_verbosity = terse
	log_parameter_max_length = 0
	log_parameter_max_length_on_error = 0
	idle_in_transaction_session_timeout = '5min'
	client_connection_check_interval = '2s'
	CONF
}

clear_stale_pid() {
	as_server test -f "$data/postmaster.pid" || return 0
	echo "cluster.sh: $data was not shut down; recovering" >&2
	rm -f "$data/postmaster.pid"
}

launch() {
	tries=0
	# After a kill -9 of the postmaster alone, its children need a moment to notice.
	until as_server "$bin/pg_ctl" start -D "$data" -l "$log" -w -t 120 -s \
	    >/dev/null 2>&1 9>&-; do
		tries=$((tries + 1))
		if [ $tries -ge 5 ]; then
			tail -n 15 "$log" >&2
			die "PostgreSQL did not start; its log is $log"
		fi
		sleep 1
	done
}

sql() {
	"$bin/psql" -X -q -A -t -h "$run" -U postgres -d postgres -v ON_ERROR_STOP=1 -c "$1"
}

make_database() {
	[ "$(sql "SELECT count(*) FROM pg_roles WHERE rolname = 'steward'")" = 1 ] ||
	    sql "CREATE ROLE steward LOGIN CREATEDB REPLICATION"
	[ "$(sql "SELECT count(*) FROM pg_database WHERE datname = 'steward'")" = 1 ] ||
	    sql "CREATE DATABASE steward OWNER steward"
}

# ---- commands ----------------------------------------------------------------------
cmd_start() {
	check_user
	open_dir "${1:-}" create
	lock_dir
	find_bin
	if server_pid >/dev/null && is_ready; then
		return 0
	fi
	fast=$was_fast
	[ "${2:-}" != --fast ] || fast=1
	fast=${fast:-0}
	if [ -n "$home" ] && [ ! -d "$home" ]; then
		die "$home, where the data of $dir was, is gone; if it is lost for good:" \
		    "cluster.sh destroy $dir"
	fi
	[ -n "$home" ] || choose_home
	data=$home/pg
	log=$home/pg.log
	if pid=$(server_pid); then
		# Alive and not answering: starting up after a crash, most likely.
		"$bin/pg_isready" -q -h "$run" -t 60 || die "process $pid does not answer on $run"
		return 0
	fi
	choose_run
	remember
	if [ "$home" != "$dir" ]; then
		ln -sfn "$home/pg" "$dir/pg"
		ln -sfn "$home/pg.log" "$dir/pg.log"
		ln -sfn "$run" "$dir/run"
	fi
	: >>"$log"
	own "$log"
	chmod 600 "$log"
	make_data
	find_bin
	write_settings
	clear_stale_pid
	launch
	make_database
}

cmd_stop() {
	check_user
	open_dir "${1:-}" keep
	[ -f "$conf" ] || return 0
	lock_dir
	find_bin
	server_pid >/dev/null || return 0
	as_server "$bin/pg_ctl" stop -D "$data" -m fast -w -t 60 -s 9>&- ||
	    as_server "$bin/pg_ctl" stop -D "$data" -m immediate -w -t 30 -s 9>&-
}

cmd_status() {
	check_user
	open_dir "${1:-}" keep
	if [ ! -f "$conf" ]; then
		echo "no cluster in $dir"
		return 4
	fi
	find_bin
	if pid=$(server_pid) && is_ready; then
		echo "running pid=$pid data=$data socket=$run fast=$was_fast"
	else
		echo "stopped data=$data"
		return 3
	fi
}

cmd_conninfo() {
	open_dir "${1:-}" keep
	[ -f "$conf" ] || die "no cluster in $dir: run cluster.sh start $dir"
	echo "host=$run port=5432 user=steward dbname=steward"
}

# Deletes only what cluster.conf says is ours.
cmd_destroy() {
	check_user
	open_dir "${1:-}" keep
	[ -f "$conf" ] || return 0
	[ ! -d "$data" ] || cmd_stop "$dir"
	rm -rf "$home/pg" "$home/run" "$home/pg.log"
	if [ "$home" != "$dir" ]; then
		rm -f "$home/belongs-to"
		rmdir "$home" 2>/dev/null || :
	fi
	case $run in
	/tmp/stw-run-*) rm -rf "$run" ;;
	esac
	for link in "$dir/pg" "$dir/run" "$dir/pg.log"; do
		[ ! -L "$link" ] || rm -f "$link"
	done
	rm -f "$conf" "$dir/cluster.lock"
}

cmd_with() {
	where=${1:-}
	[ $# -ge 2 ] || usage
	shift
	mode=
	if [ "$1" = --fast ]; then
		mode=--fast
		shift
	fi
	[ "${1:-}" = -- ] && [ $# -ge 2 ] || usage
	shift
	here=$(pwd)
	self=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
	mkdir -p "$where"
	where=$(cd "$where" && pwd -P)
	[ ! -f "$where/cluster.conf" ] || die "$where has a cluster already: it would be destroyed"
	trap 'cd /; sh "$self" destroy "$where"; rmdir "$where" 2>/dev/null || :' EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	# shellcheck disable=SC2086
	sh "$self" start "$where" $mode
	STW_TEST_CONNINFO=$(sh "$self" conninfo "$where")
	export STW_TEST_CONNINFO
	cd "$here"
	rc=0
	"$@" || rc=$?
	exit $rc
}

[ $# -ge 1 ] || usage
command=$1
shift
case $command in
start | stop | status | conninfo | destroy | with) "cmd_$command" "$@" ;;
*) usage ;;
esac
