#!/bin/sh
# layers_test.sh - shows that layers.sh fails where it has to, and only there.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
passed=0
failed=0

# check NAME WANT FILE CONTENT: one file added to a clean tree; WANT is ok or a part of
# the complaint.
check() {
	rm -rf "$tree/t"
	mkdir -p "$tree/t/engine" "$tree/t/$(dirname "$3")"
	printf '%s\n' '#include "engine/base.h"' >"$tree/t/engine/base.c"
	printf '%b\n' "$4" >"$tree/t/$3"
	if out=$(sh "$here/layers.sh" "$tree/t" 2>&1); then
		got=ok
	else
		got=$out
	fi
	case $2 in
	ok) [ "$got" = ok ] && good=1 || good=0 ;;
	*)
		case $got in
		"$3:"*"$2"*) good=1 ;;
		*) good=0 ;;
		esac
		;;
	esac
	if [ "$good" = 1 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "$1: wanted '$2', got: $got"
	fi
}

check "same room" ok db/a.c '#include "db/b.h"'
check "down" ok campaigns/a.c '#include "segments/b.h"\n#include "engine/c.h"'
check "tests see all" ok tests/unit/a.c '#include "api/b.h"\n#include "tests/lib/t.h"'
check "store includes db" ok segments/book_store.c '#include "db/db.h"'
check "generated header in db" ok db/a.h '#include "db_queries.h"'
check "up" "engine/ may not include db/" engine/a.c '#include "db/db.h"'
check "up by one" "db/ may not include segments/" db/a.c '#include "segments/b.h"'
check "up with blanks" "campaigns/ may not include api/" campaigns/c/a.c '  #  include "api/b.h"'
check "up into tests" "api/ may not include tests/" api/a.c '#include "tests/lib/t.h"'
check "up in a header" "segments/ may not include campaigns/" segments/a.h '#include "campaigns/b.h"'
check "up in C++" "engine/ may not include api/" engine/a.cc '#include "api/b.h"'
check "relative path" "paths start at the root" db/a.c '#include "b.h"'
check "dots" "paths start at the root" db/a.c '#include "../engine/b.h"'
check "generated header in engine" "may not include db/" engine/a.c '#include "db_queries.h"'
check "store header includes db" ok segments/book_store.h '#include "db/db.h"'
check "pure file includes db" "only *_store files" segments/book.c '#include "db/db.h"'
check "pure header includes db" "only *_store files" campaigns/compliance/gate.h '#include "db/db.h"'
check "include in a comment" ok engine/a.c '/*\n#include "api/b.h"\n*/'
check "jansson in api" ok api/a.c '#include <jansson.h>\njson_t *j;'
check "jansson in a json file" ok campaigns/pack_json.c '#include <jansson.h>\njson_t *j;'
check "jansson in a pure file" "jansson belongs" campaigns/pack.c '#include <jansson.h>'
check "json_t in a header" "jansson belongs" segments/a.h 'void f(const json_t *j);'
check "json_t in a comment" ok segments/a.h '/* no json_t here */'
check "select" "SQL in a C string" api/a.c 'f("SELECT 1");'
check "insert" "SQL in a C string" db/a.c 'f("INSERT INTO task VALUES (1)");'
check "update" "SQL in a C string" segments/a_store.c 'f(x, "WITH a AS (UPDATE task SET x = 1)");'
check "delete" "SQL in a C string" campaigns/a.c 'f("a\\"b DELETE FROM task");'
check "ddl" "SQL in a C string" db/a.c 'f("CREATE TABLE x ()");'
check "sql of a rule's clause" ok engine/rule_sql_list.c 'f("(SELECT x FROM y)");'
check "sql in another file of rules" "SQL in a C string" engine/rule_eval.c 'f("SELECT x");'
check "sql in another room" "SQL in a C string" db/rule_sql.c 'f("SELECT x");'
check "sql after a comment" "SQL in a C string" db/a.c 'a(); /* x */ f("SELECT x");'
check "sql in a comment" ok db/a.c '/* "SELECT 1" */ // "SELECT 1"'
check "http method" ok api/a.c 'f("DELETE"); g("UPDATE of a task failed");'
check "quote character" ok api/a.c "f('\"'); /* SELECT 1 */ g(1, '\"');"
check "session commands" ok db/a.c 'f("BEGIN"); f("COMMIT"); f("SET search_path = steward");'
check "sql in tests" ok tests/db/a.c 'f("SELECT 1");'
check "machine path" "a path of a machine" docs/a.md "see /wor""k/x"
check "home path" "a path of a machine" Makefile "X := /roo""t/x"
check "url with work in it" ok docs/a.md 'GET /v1/agents/wor''k/3'
check "registry in a lock file" "a registry" tests/browser/package-lock.json '"resolve''d": "x"'

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
