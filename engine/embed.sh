#!/bin/sh
# embed.sh - writes the generated sources that carry files inside the binary.
#   embed.sh files FILE...      assembler: one .incbin a file, and the table of engine/embed.h
#   embed.sh queries-h FILE...  enum db_query_id, one DB_Q_NAME a file of db/queries
#   embed.sh queries-c FILE...  their names and texts
set -eu
what=$1
shift
case $what in
files)
	echo '	.section .rodata'
	i=0
	for f in "$@"; do
		printf '\t.balign 16\nembed_d%d:\n\t.incbin "%s"\nembed_e%d:\n\t.byte 0\nembed_n%d:\n\t.asciz "%s"\n' \
		    $i "$f" $i $i "$f"
		i=$((i + 1))
	done
	echo '	.section .data.rel.ro,"aw"'
	echo '	.balign 8'
	echo '	.globl embed_files'
	echo 'embed_files:'
	j=0
	while [ $j -lt $i ]; do
		printf '\t.quad embed_n%d\n\t.quad embed_d%d\n\t.quad embed_e%d - embed_d%d\n' $j $j $j $j
		j=$((j + 1))
	done
	echo '	.section .rodata'
	echo '	.balign 8'
	echo '	.globl embed_count'
	echo 'embed_count:'
	printf '\t.quad %d\n' $i
	echo '	.section .note.GNU-stack,"",@progbits'
	;;
queries-h)
	echo '/* Generated from db/queries/ by engine/embed.sh. */'
	echo '#ifndef STW_GEN_DB_QUERIES_H'
	echo '#define STW_GEN_DB_QUERIES_H'
	echo 'enum db_query_id {'
	for f in "$@"; do
		n=$(basename "$f" .sql | tr a-z- A-Z_)
		echo "	DB_Q_$n,"
	done
	echo '	DB_Q_COUNT'
	echo '};'
	echo 'extern const char *const db_query_names[];'
	echo 'extern const char *const db_query_texts[];'
	echo '#endif'
	;;
queries-c)
	echo '/* Generated from db/queries/ by engine/embed.sh. */'
	echo '#include "db_queries.h"'
	echo 'const char *const db_query_names[] = {'
	for f in "$@"; do echo "	\"$(basename "$f" .sql)\","; done
	echo '	0};'
	echo 'const char *const db_query_texts[] = {'
	for f in "$@"; do
		sed -e '/^[[:space:]]*--/d' -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/	"/' -e 's/$/\\n"/' "$f"
		echo '	,'
	done
	echo '	0};'
	;;
*)
	echo "embed.sh: unknown job $what" >&2
	exit 2
	;;
esac
