#!/bin/sh
# layers.sh - proves what the rooms may know of each other.
#
#   layers.sh [TREE]
#
# 1. An include points to the same room or one further down:
#    engine < db < segments < campaigns < api < tests. Paths start at the root.
# 2. In segments/ and campaigns/ only *_store files include db/.
# 3. jansson appears only in api/, in *_json.c files, and in tests.
# 4. No SQL in a string of a C file: statements live in db/queries. (tests/ may, and
#    engine/rule_sql*.c, which writes the clause of a checked rule.)
# 5. No path of somebody's machine and no address of a package registry in the tree.
#
# Prints FILE:LINE: what is wrong. Exit: 0 clean, 1 not. layers_test.sh shows it fail.
set -eu
cd "${1:-.}"

found=$(mktemp)
trap 'rm -f "$found"' EXIT

if git rev-parse --is-inside-work-tree >/dev/null 2>&1 && [ -e .git ]; then
	files=$(git ls-files -co --exclude-standard)
else
	files=$(find . -type f | sed 's,^\./,,')
fi
present() { # those of stdin that exist: git lists deleted ones too
	while IFS= read -r f; do
		[ ! -f "$f" ] || printf '%s\n' "$f"
	done
}
sources=$(printf '%s\n' "$files" |
    grep -E '^(engine|db|segments|campaigns|api|tests)/.*\.(c|h|cc)$' | present || :)

if [ -z "$sources" ]; then
	echo "layers: no C file found in $(pwd)"
	exit 1
fi

# ---- 1 to 4: C files --------------------------------------------------------------
# A small lexer: comments are dropped, strings are looked at one by one.
# shellcheck disable=SC2016
printf '%s\n' "$sources" | tr '\n' '\0' | xargs -0 awk '
function complain(what) { printf "%s:%d: %s\n", FILENAME, FNR, what }
function room_of(path) { return path ~ /\// ? substr(path, 1, index(path, "/") - 1) : "" }
function is_sql(s) {
	return s ~ /(^|[^A-Za-z])(SELECT +[A-Za-z0-9$*(]|INSERT +INTO|DELETE +FROM)/ ||
	    s ~ /(^|[^A-Za-z])UPDATE +[a-z_]+( +AS +[a-z]+)? +SET/ ||
	    s ~ /(^|[^A-Za-z])(CREATE|ALTER|DROP|TRUNCATE) +(TABLE|INDEX|SCHEMA|DATABASE)/
}
BEGIN {
	n = split("engine db segments campaigns api tests", names, " ")
	for (i = 1; i <= n; i++) level[names[i]] = i
}
FNR == 1 {
	comment = 0
	room = room_of(FILENAME)
	base = FILENAME
	sub(/.*\//, "", base)
	writes_clauses = room == "engine" && base ~ /^rule_sql(_[a-z]+)?\.c$/
}
!comment && /^[ \t]*#[ \t]*include[ \t]*"/ {
	path = $0
	sub(/^[^"]*"/, "", path)
	sub(/".*/, "", path)
	to = room_of(path)
	if (path == "db_queries.h")
		to = "db"
	if (!(to in level)) {
		complain("include \"" path "\": paths start at the root, with a room")
		next
	}
	if (level[to] > level[room])
		complain(room "/ may not include " to "/ (\"" path "\")")
	if (to == "db" && (room == "segments" || room == "campaigns") &&
	    base !~ /_store\.[ch]$/)
		complain("only *_store files include db/ in " room "/")
	next
}
{
	code = ""
	line = $0
	while (line != "") {
		if (comment) {
			at = index(line, "*/")
			if (!at) break
			line = substr(line, at + 2)
			comment = 0
			continue
		}
		if (!match(line, /"|\047|\/\*|\/\//)) {
			code = code line
			break
		}
		code = code substr(line, 1, RSTART - 1)
		mark = substr(line, RSTART, RLENGTH)
		line = substr(line, RSTART + RLENGTH)
		if (mark == "//") break
		if (mark == "/*") { comment = 1; continue }
		text = ""
		while (line != "" && substr(line, 1, 1) != mark) {
			step = substr(line, 1, 1) == "\\" ? 2 : 1
			text = text substr(line, 1, step)
			line = substr(line, step + 1)
		}
		line = substr(line, 2)
		if (mark == "\"" && room != "tests" && !writes_clauses && is_sql(text))
			complain("SQL in a C string; statements live in db/queries/")
	}
	if (code ~ /json_t([^a-z_]|$)|<jansson\.h>/ &&
	    room != "api" && room != "tests" && base !~ /_json\.c$/)
		complain("jansson belongs in api/ and in *_json.c files")
}' >>"$found"

# ---- 5: every text file -------------------------------------------------------------
# The brackets keep the patterns from finding themselves.
printf '%s\n' "$files" | present | grep -v -E '^LICENSE$' | tr '\n' '\0' |
    xargs -0 grep -nIE \
        '(^|[^A-Za-z0-9_.<-])/(wor[k]|roo[t])/|/tm[p]/(bash_|claude)|registry\.npmj[s]|"resolve[d]":' \
        2>/dev/null | sed -E 's/^([^:]*:[0-9]+):.*/\1: a path of a machine or a registry/' >>"$found" || :

if [ -s "$found" ]; then
	cat "$found"
	exit 1
fi
echo "layers: $(printf '%s\n' "$sources" | wc -l) C files in order"
