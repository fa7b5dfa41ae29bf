#!/bin/bash
# test_connectors.sh - every preset against a stub that refuses what its vendor would refuse:
# a task is taken, one is put off, the second try is a duplicate or is found, a recall is
# taken, a wrong secret is refused; and documents that are wrong are told so.
set -eu

bin=${STW_TEST_BIN:-build/release/steward}
dir=$(mktemp -d /tmp/stw-connect-XXXXXX)
trap 'exec 9>&- 2>/dev/null || :; wait; rm -rf "$dir"' EXIT
export LC_ALL=C STEWARD_EGRESS=127.0.0.0/8
passed=0
failed=0

# ok WHAT COMMAND...: the command has to succeed; what it was about is in $dir/out.
ok() {
	local what=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		printf 'FAIL %s: %s\n' "$what" "$(cat "$dir/out" 2>/dev/null)"
		failed=$((failed + 1))
	fi
}
# The stub ends when its standard input does.
stub() {
	: >"$dir/log"
	: >"$dir/port"
	mkfifo "$dir/in"
	node tests/connect/stub.mjs "$1" "$dir/log" <"$dir/in" >"$dir/port" &
	exec 9>"$dir/in"
	rm "$dir/in"
	for _ in $(seq 100); do
		[ ! -s "$dir/port" ] || break
		sleep 0.05
	done
	url=http://127.0.0.1:$(cat "$dir/port")
}
stop() {
	exec 9>&-
	wait
}
send() { # PRESET COUNT -> the verdicts, one a line
	"$bin" connector test "$1" --settings "$dir/settings" --secret "$dir/secret" \
	    --url "$url${path:-}" --send --count "$2" | tail -n +2 | sed 's/ *$//'
}
want() { # WHAT EXPECTED GOT
	printf 'wanted:\n%s\ngot:\n%s\n' "$2" "$3" >"$dir/out"
	ok "$1" [ "$2" = "$3" ]
}
logged() { sed 's/7e57ab1e-0000-4000-8000-0*//; s/7e57ab1e0000400080000*//' "$dir/log" | tr '\n' ' '; }

path=
# ---- Twilio: no key of idempotency, found by attribute
printf '{"workspace_sid":"WS%032d","workflow_sid":"WW%032d"}' 0 0 >"$dir/settings"
echo '{"user":"SK1","password":"secret"}' >"$dir/secret"
stub twilio-taskrouter
want twilio "offer   201 accepted WT1
offer   429 retry
status  200 accepted WT1
status  200 absent
recall  200 accepted" "$(send twilio-taskrouter 2)"
want "twilio's log" "taken 1 busy 2 recalled WT1 " "$(logged)"
echo '{"user":"SK1","password":"other"}' >"$dir/secret"
want "twilio, wrong secret" "offer   401 retry
status  401 unknown" "$(send twilio-taskrouter 1)"
stop

# ---- Genesys: a token first, once for all requests
stub genesys-cloud
printf '{"login_url":"%s","type_id":"%s","queue_id":"%s"}' "$url" \
    11111111-1111-4111-8111-111111111111 22222222-2222-4222-8222-222222222222 >"$dir/settings"
echo '{"client_id":"client","client_secret":"secret"}' >"$dir/secret"
want genesys "offer   201 accepted wi-1
offer   429 retry
status  200 accepted wi-1
status  200 absent
recall  204 accepted" "$(send genesys-cloud 2)"
want "genesys's log" "token taken 1 busy 2 recalled wi-1 " "$(logged)"
echo '{"client_id":"client","client_secret":"other"}' >"$dir/secret"
send genesys-cloud 1 >"$dir/out" 2>&1 || :
ok "genesys, wrong secret" grep -q 'token endpoint answered 401' "$dir/out"
stop

# ---- Amazon: signed, and the same ClientToken is the same contact
stub amazon-connect
printf '{"region":"eu-west-1","instance_id":"%s","contact_flow_id":"%s","console_url":"https://x.example"}' \
    11111111-1111-4111-8111-111111111111 22222222-2222-4222-8222-222222222222 >"$dir/settings"
echo '{"access_key_id":"AKID","secret_access_key":"secret/+"}' >"$dir/secret"
want amazon "offer   200 accepted contact-1
offer   429 retry
recall  200 accepted" "$(send amazon-connect 2)"
want "amazon again" "offer   200 accepted contact-1
offer   200 accepted contact-2
recall  404 accepted
recall  200 accepted" "$(send amazon-connect 2)"
want "amazon's log" \
    "taken 1 busy 2 recalled contact-1 duplicate 1 taken 2 refused: nothing to recall: contact-1 recalled contact-2 " \
    "$(logged)"
echo '{"access_key_id":"AKID","secret_access_key":"secret/-"}' >"$dir/secret"
want "amazon, wrong secret" "offer   403 retry" "$(send amazon-connect 1)"
stop

# ---- Huawei: 20 numbers a call, a second between two
stub huawei-aicc
echo '{"vdn_id":"1","campaign_id":"100001"}' >"$dir/settings"
echo '{"access_key":"ak1","secret_key":"sk1"}' >"$dir/secret"
want huawei "25 offer   200 accepted" "$(send huawei-aicc 25 | uniq -c | sed 's/^ *//')"
want "huawei's log" 25 "$(grep -c taken "$dir/log")"
sleep 1
want "huawei again" "offer   200 retry" "$(send huawei-aicc 1)"
stop

# ---- one's own JSON, and native
stub generic
echo '{}' >"$dir/settings"
echo '{"token":"token-1"}' >"$dir/secret"
want generic "offer   201 accepted G1
status  200 accepted
recall  204 accepted" "$(send generic 1)"
want "generic again" "offer   409 duplicate G1
status  200 accepted
recall  404 accepted" "$(send generic 1)"
stop
stub native
printf 'whsec_%s' "$(printf 'k%.0s' $(seq 32) | base64)" >"$dir/secret"
path=/tasks
want native "offer   202 accepted
offer   503 retry
recall  202 accepted
recall  404 accepted" "$(send native 2)"
stop
path=

# ---- an address that the egress list does not have
url=http://127.0.0.1:9
want egress "offer     0 retry: address not allowed by the setting egress" \
    "$(STEWARD_EGRESS=10.0.0.0/8 send native 1 | grep offer)"

# ---- documents
"$bin" connector list >"$dir/out"
ok "seven are listed" [ "$(grep -c ' v1 ' "$dir/out")" = 7 ]
for preset in native generic rabbitmq twilio-taskrouter genesys-cloud amazon-connect huawei-aicc; do
	"$bin" connector show $preset >"$dir/$preset.json"
	rc=0
	"$bin" connector test "$dir/$preset.json" >"$dir/out" || rc=$?
	ok "$preset's examples" [ $rc -eq 0 ]
	ok "$preset shows no secret" [ "$(grep -c ZXhhbXBsZ "$dir/out")" = 0 ]
done
sed 's/"dedupes"/"dedups"/' "$dir/native.json" >"$dir/bad.json"
rc=0
"$bin" connector test "$dir/bad.json" >"$dir/out" 2>&1 || rc=$?
ok "the exit code of a wrong document" [ $rc -eq 2 ]
ok "the place of the fault" grep -q '/dedups: unknown key "dedups"' "$dir/out"
LC_ALL=zh_CN.UTF-8 "$bin" connector test "$dir/bad.json" >"$dir/out" 2>&1 || :
ok "the same in Chinese" grep -q '未知的键“dedups”' "$dir/out"
sed 's/"verdict": "refused"/"verdict": "accepted"/' "$dir/native.json" >"$dir/bad.json"
rc=0
"$bin" connector test "$dir/bad.json" >"$dir/out" 2>&1 || rc=$?
ok "the exit code of an example that fails" [ $rc -eq 4 ]
ok "what was expected" \
    grep -q 'FAIL withdrawn meanwhile: verdict: expected accepted, is refused' "$dir/out"

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
