/*
 * rule_source_priv.h - between the reading and the printing half of the formatter.
 *
 * Purpose    rule_source.c reads the tokens and their comments and finds out what
 *            belongs together (pieces); rule_source_print.c sets them on lines. Pieces
 *            follow the text, not the tree: macros and brackets are as written.
 * Ownership  All of it lives in one arena.
 */
#ifndef STW_ENGINE_RULE_SOURCE_PRIV_H
#define STW_ENGINE_RULE_SOURCE_PRIV_H

#include "engine/rule_priv.h"
#include "engine/rule_source.h"

struct comment {
	struct str text; /* from // to the end of its line */
	struct comment *next;
};

struct comments {
	struct comment *first, *last;
	int count;
};

struct word {
	struct token tok;
	struct str text;        /* as it will be printed */
	struct comments above;  /* on lines of their own, before it */
	struct comments behind; /* on its line, after it */
	struct word *prev, *next;
	int width;     /* columns; of the last line when it has several */
	bool tall;     /* has a line break inside */
	int above_to;  /* comments above this word and those before it */
	int behind_to; /* the same for comments behind */
	int tall_to;   /* the same for words with line breaks */
};

enum piece_kind {
	PIECE_WORD = 0, /* first */
	PIECE_PREFIX,   /* op, kids[0]: -x, !x, ?x */
	PIECE_CHAIN,    /* kids with ops between them, all of one level */
	PIECE_COND,     /* c ? a : c ? a : b; ops ? and : in turn */
	PIECE_BRACKET,  /* ( kids[0] ) */
	PIECE_ITEMS,    /* first: the opening mark; kids; ops: commas; last: closes */
	PIECE_ENTRY,    /* key : value of a map */
	PIECE_PATH,     /* kids[0], then PIECE_STEPs */
	PIECE_STEP,     /* .name, .name(...), [...]: op the dot (NULL: index), kids */
};

/* How tightly a piece holds together: the grammar's levels. */
enum bind {
	BIND_COND = 0,
	BIND_OR,
	BIND_AND,
	BIND_COMPARE,
	BIND_ADD,
	BIND_MULTIPLY,
	BIND_UNARY,
	BIND_PRIMARY,
};

struct piece {
	enum piece_kind kind;
	enum bind bind;
	struct word *first, *last;
	struct word *op; /* PREFIX, STEP */
	struct piece **kids;
	int nkids, kids_cap;
	struct word **ops;
	int nops, ops_cap;
	int width;   /* when it stands on one line */
	bool broken; /* cannot: a comment or a long string is inside */
};

/* All of `from` goes to the end of `to`. */
void comments_append(struct comments *to, struct comments *from);

/* end: the word after the last, which may have comments too. */
void rule_source_print(struct piece *root, struct word *end, struct buf *to);

#endif
