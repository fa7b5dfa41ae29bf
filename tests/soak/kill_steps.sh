#!/bin/bash
# kill_steps.sh - kills `steward dispatch` at every system call of a cycle that pushes one
# task, and shows that nothing is lost or done twice.
#
#   kill_steps.sh BINARY [--step N] [--last N] [--seed S] [--keep]
#
# strace counts the calls of one cycle, by name; then for each name and each k up to its
# count a task falls due, and a dispatcher is killed (SIGKILL, before the call is made) at
# its k-th call of that name. What the dead leave behind is not tidied up in between. When
# all have died, an undisturbed dispatcher takes over once their leases have run out.
# Every task has to have reached its queue once, every push has to have been decided and
# covered first, and the ledger has to be whole: check_effects.sh.
# --step N kills at every N-th of them only, from one that the seed chooses, and at the
# --last N of each name, where the push and what is written after it are: the short form.
# Exit: 0 all holds, 1 not. Ends with "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
bin=$(realpath "${1:?usage: kill_steps.sh BINARY [--step N] [--last N] [--seed S] [--keep]}")
shift
step=1 last=0 seed=$((RANDOM * 32768 + RANDOM)) keep=no
while [ $# -gt 0 ]; do
	case $1 in
	--step) step=$2 && shift ;;
	--last) last=$2 && shift ;;
	--seed) seed=$2 && shift ;;
	--keep) keep=yes ;;
	*)
		sed -n '5s/^# *//p' "$0" >&2
		exit 2
		;;
	esac
	shift
done
command -v strace >/dev/null || {
	echo "kill_steps: strace is not installed: make deps-check"
	echo "0 passed, 1 failed"
	exit 1
}
passed=0 failed=0
dir=$(mktemp -d /tmp/stw-steps-XXXXXX)
chmod 711 "$dir"
queue=
finish() {
	trap - EXIT INT TERM HUP
	[ -z "$queue" ] || kill -9 "$queue" 2>/dev/null
	wait 2>/dev/null
	sh db/cluster.sh destroy "$dir/cluster"
	if [ $keep = yes ]; then echo "kept $dir (without its cluster)"; else rm -rf "$dir"; fi
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
die() {
	echo "kill_steps: $*"
	tail -n 5 "$dir"/*.log 2>/dev/null
	echo "$passed passed, $((failed + 1)) failed"
	exit 1
}
check() { # WHAT COMMAND...
	local what=$1
	shift
	if "$@" >"$dir/out" 2>&1; then
		passed=$((passed + 1))
		echo "ok   $what"
	else
		failed=$((failed + 1))
		echo "FAIL $what"
		sed 's/^/    /' "$dir/out" | head -n 20
	fi
}

# ---- a world: planned tasks, none of them due yet ------------------------------------------
mkdir -m 700 "$dir/state"
sh db/cluster.sh start "$dir/cluster" --fast || die "no cluster"
db=$(sh db/cluster.sh conninfo "$dir/cluster")
sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 -d "${db/user=steward/user=postgres}" "$@"; }
export STEWARD_DATABASE=$db STEWARD_STATE_DIR=$dir/state STEWARD_LOG_LEVEL=warn \
    STEWARD_CLOCK=2026-11-23T10:00:00+08:00 STEWARD_EGRESS=127.0.0.0/8
# A task for about fifteen customers, and more deaths than there are calls do not occur.
{
	"$bin" migrate &&
	    "$bin" sample --customers $((2000 + 600 * last + 50000 / step)) --seed 7 --as-of "$STEWARD_CLOCK" \
	        --out "$dir/book" &&
	    "$bin" import "$dir/book" &&
	    "$bin" setup --demo --tokens "$dir/tokens" --queue http://127.0.0.1:1 &&
	    "$bin" plan
} >"$dir/setup.log" 2>&1 || die "setup failed"
"$bin" queue-sim --listen 127.0.0.1:0 --port-file "$dir/queue.port" --journal "$dir/journal" \
    --secret-file "$dir/state/queue-secret" --checkpoints "$dir/state/steward.checkpoints" \
    >"$dir/queue.log" 2>&1 </dev/null &
queue=$!
for _ in $(seq 200); do [ -s "$dir/queue.port" ] || sleep 0.05; done
# What a number may be used for in a day is not what is tried here.
sql -c "UPDATE queue SET url = 'http://127.0.0.1:$(cat "$dir/queue.port")/tasks', timeout_ms = 1500,
    dedupes = true" -c "SET session_replication_role = replica" \
    -c "UPDATE caller_number SET daily_cap = 1000000, hourly_cap = 1000000" \
    -c "CREATE TABLE later AS SELECT row_number() OVER () AS n, * FROM task_ready" \
    -c "DELETE FROM task_ready" || die "queues"
at=0
due() {
	at=$((at + 1))
	sql -c "WITH one AS (DELETE FROM later WHERE n = $at RETURNING *)
	    INSERT INTO task_ready (bucket, task_id, queue_id, due_at, priority)
	    SELECT bucket, task_id, queue_id, due_at, priority FROM one"
}
# The leases of the dead end at once, but never one that lives: nobody else runs.
release() { sql -c "UPDATE task_ready SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL"; }

# ---- the calls of one cycle -------------------------------------------------------------------
due
strace -f -qq -o "$dir/trace" "$bin" dispatch >"$dir/first.log" 2>&1 || die "the first dispatch failed"
grep -q '1 accepted' "$dir/first.log" || die "the first dispatch pushed nothing: $(cat "$dir/first.log")"
# strace counts in each thread; a thread's own calls are not told apart here, so a count is
# that of the thread with the most.
awk '{ sub(/\(.*/, "", $2); if ($2 ~ /^[a-z_0-9]+$/) n[$2 " " $1]++ }
    END { for (k in n) { split(k, a, " "); if (n[k] > most[a[1]]) most[a[1]] = n[k] }
    for (c in most) if (c !~ /^(exit|exit_group|execve|rt_sigreturn)$/) print c, most[c] }' \
    "$dir/trace" | sort >"$dir/calls"
total=$(awk '{ n += $2 } END { print n }' "$dir/calls")
RANDOM=$((seed % 32768))
first=$((RANDOM % step))
echo "kill_steps: seed $seed; one cycle makes $total calls of $(wc -l <"$dir/calls") kinds; killing at one in $step, and at the last $last of each"

# ---- the deaths ------------------------------------------------------------------------------
n=0 died=0 lived=0
while read -r call most; do
	for ((k = 1; k <= most; k++)); do
		n=$((n + 1))
		[ $(((n - 1) % step)) -eq "$first" ] || [ "$k" -gt $((most - last)) ] || continue
		due
		# The shell says of every one that it was killed: not here.
		{
			strace -f -qq -o /dev/null -e trace="$call" \
			    -e "inject=$call:signal=SIGKILL:when=$k" "$bin" dispatch >>"$dir/dispatch.log"
			code=$?
		} 2>/dev/null
		case $code in
		137) died=$((died + 1)) ;;
		0) lived=$((lived + 1)) ;; # fewer calls this time: a shorter wait, a file in place
		*) die "at $call $k: the dispatcher failed by itself" ;;
		esac
		release
	done
done <"$dir/calls"
echo "     $died died, $lived made fewer calls and lived"
check "most have died" [ $((died * 10)) -ge $(((died + lived) * 8)) ]

# ---- who takes over ----------------------------------------------------------------------------
under_way="SELECT count(*) FROM task WHERE state = 'sending'"
for _ in $(seq 30); do
	release
	"$bin" dispatch --limit-sec 20 >>"$dir/after.log" 2>&1 || die "the dispatcher after them failed"
	waiting=$(sql -c "SELECT count(*) FROM task_ready WHERE due_at <= '2026-11-23T02:05:00Z'")
	[ "$waiting" != 0 ] || break
	sql -c "UPDATE task_ready SET due_at = '2026-11-23T01:00:00Z' WHERE due_at <= '2026-11-23T02:05:00Z'"
done
check "nothing that is due waits any more" [ "$waiting" = 0 ]
check "nothing is half sent" [ "$(sql -c "$under_way")" = 0 ]
queued=$(sql -c "SELECT count(*) FROM task WHERE state = 'queued'")
check "nine tenths of $at tasks are at their queue, the gate put off the others ($queued)" \
    [ $((queued * 10)) -ge $((at * 9)) ]
check "and were taken there once" [ "$(grep -c '"event":"accepted"' "$dir/journal")" = "$queued" ]
"$bin" ledger seal >>"$dir/after.log" 2>&1 || die "the last seal failed"
check "effects, decisions and ledger agree" sh tests/api/check_effects.sh --ledger "$bin" "$db" "$dir/journal"
kill -TERM "$queue"
wait "$queue" || die "the queue did not end well"
queue=
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
