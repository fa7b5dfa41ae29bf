#!/bin/bash
# rabbitmq.sh - the preset `rabbitmq` against the real server: what is published is in the
# queue as it was meant, and every other answer means what the preset says.
#
#   rabbitmq.sh STEWARD
#
# Needs rabbitmq-server (make check-rabbitmq installs it). The node has a name, ports, an
# epmd and a directory of its own, and ends with this script.
set -u
bin=$1
dir=$(mktemp -d /tmp/stw-rabbit-XXXXXX)
chmod 755 "$dir"
failed=0
port() {
	node -e 'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => {
	    console.log(s.address().port); s.close(); })'
}
amqp=$(port)
http=$(port)
ERL_EPMD_PORT=$(port)
RABBITMQ_DIST_PORT=$(port)
export ERL_EPMD_PORT RABBITMQ_DIST_PORT ERL_EPMD_ADDRESS=127.0.0.1 HOME=$dir
export RABBITMQ_NODENAME=steward$$@localhost RABBITMQ_MNESIA_BASE=$dir/mnesia
export RABBITMQ_LOG_BASE=$dir/log RABBITMQ_CONFIG_FILE=$dir/rabbitmq
export RABBITMQ_ENABLED_PLUGINS_FILE=$dir/plugins RABBITMQ_PID_FILE=$dir/pid
echo '[rabbitmq_management].' >"$dir/plugins"
cat >"$dir/rabbitmq.conf" <<CONF
listeners.tcp.1 = 127.0.0.1:$amqp
management.tcp.ip = 127.0.0.1
management.tcp.port = $http
CONF
# shellcheck disable=SC2317 # called by the trap
finish() {
	[ ! -s "$dir/pid" ] || kill "$(cat "$dir/pid")" 2>/dev/null
	wait
	epmd -kill >/dev/null 2>&1 # its port is ERL_EPMD_PORT
	rm -rf "$dir"
}
trap finish EXIT
api() { # METHOD PATH [BODY]
	curl -sS -m 20 -u guest:guest -X "$1" "http://127.0.0.1:$http/api/$2" ${3:+-d "$3"}
}
want() { # WHAT EXPECTED GOT
	if [ "$2" = "$3" ]; then
		echo "ok   $1"
	else
		failed=1
		printf 'FAIL %s: wanted:\n%s\ngot:\n%s\n' "$1" "$2" "$3"
	fi
}
send() {
	STEWARD_EGRESS=127.0.0.0/8 LC_ALL=C "$bin" connector test rabbitmq --settings \
	    "$dir/settings" --secret "$dir/secret" --url "http://127.0.0.1:$http" --send |
	    tail -n +2 | sed 's/ *$//'
}

/usr/lib/rabbitmq/bin/rabbitmq-server >"$dir/out" 2>&1 &
for _ in $(seq 600); do
	api GET overview >/dev/null 2>&1 && break
	sleep 0.2
done
if ! api GET overview >/dev/null; then
	cat "$dir/out"
	exit 1
fi
api PUT exchanges/%2F/steward '{"type":"direct","durable":true}'
api PUT queues/%2F/tasks '{"durable":true}'
api POST bindings/%2F/e/steward/q/tasks '{"routing_key":"tasks"}' >/dev/null

echo '{"vhost":"/","exchange":"steward","routing_key":"tasks"}' >"$dir/settings"
echo '{"user":"guest","password":"guest"}' >"$dir/secret"
want "offer and recall are routed" "offer   200 accepted
recall  200 accepted" "$(send)"
api POST queues/%2F/tasks/get '{"count":9,"ackmode":"ack_requeue_false","encoding":"auto"}' \
    >"$dir/messages"
want "both are in the queue, persistent, named, as CloudEvents" \
    "cn.steward.task.offered.v1 2 application/cloudevents+json true true connector_test
cn.steward.task.recalled.v1 2 application/cloudevents+json true false" \
    "$(node -e '
	for (const m of JSON.parse(require("node:fs").readFileSync(process.argv[1]))) {
		const p = m.properties, e = JSON.parse(m.payload);
		console.log(p.type, p.delivery_mode, p.content_type,
		    e.type === p.type && e.id === p.message_id,
		    Number(p.expiration) > 3500000 && Number(p.expiration) <= 3600000,
		    e.data.campaign?.code ?? "");
	}' "$dir/messages" | sed 's/ *$//')"
echo '{"vhost":"/","exchange":"steward","routing_key":"nobody"}' >"$dir/settings"
want "no queue is bound" "offer   200 retry
recall  200 retry" "$(send)"
echo '{"vhost":"/","exchange":"none","routing_key":"tasks"}' >"$dir/settings"
want "no such exchange is the queue's trouble, not the task's" "offer   400 retry
recall  400 retry" "$(send)"
echo '{"vhost":"none","exchange":"steward","routing_key":"tasks"}' >"$dir/settings"
want "no such virtual host neither" "offer   401 retry
recall  401 retry" "$(send)"
echo '{"user":"guest","password":"wrong"}' >"$dir/secret"
echo '{"user":"guest","password":"wrong"}' >"$dir/secret"
want "wrong password" "offer   401 retry
recall  401 retry" "$(send)"
exit $failed
