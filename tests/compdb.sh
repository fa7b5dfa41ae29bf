#!/bin/sh
# compdb.sh - writes compile_commands.json: compdb.sh "CC FLAGS" FILE...
set -eu
command=$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')
shift
comma=
echo '['
for file in "$@"; do
	printf '%s{"directory": "%s", "file": "%s", "command": "%s -c %s"}\n' \
	    "$comma" "$(pwd)" "$file" "$command" "$file"
	comma=,
done
echo ']'
