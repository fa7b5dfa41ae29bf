/*
 * segment.h - named rules, who they match, and segment("...") for other rules.
 *
 * Purpose    A segment is a code, a name in two languages and a rule over the book,
 *            which may use other segments; or a name for customers whom something else
 *            than a rule finds (struct segment_source). A segment_host holds the
 *            segments of one book with their members and answers segment("...") for any
 *            rule env over it.
 * Rules      Segments are evaluated so that those a rule uses come first; a cycle is
 *            named ("a -> b -> a"); an empty rule is refused (it would match everybody).
 *            An undecided row is not a member and is counted. A segment whose rule fails
 *            keeps the members of its last good evaluation; one that never had a good
 *            one makes the rules that ask for it undecided. A rule that fails for every
 *            customer (segments/rule_fault.h) is a rule that fails.
 * Parts      Of a book in parts each has a host of its own, with the same segments in the
 *            same order; they are evaluated together, and dead rows are members of nothing.
 * Ownership  segment_host_fini frees the bitmaps; texts belong to the arena the segments
 *            were loaded in.
 * Errors     INVALID, with line and column inside the rule.
 * Threads    Readers may share a host after segments_evaluate.
 */
#ifndef STW_SEGMENTS_SEGMENT_H
#define STW_SEGMENTS_SEGMENT_H

#include "segments/book.h"
#include "segments/progress.h"

#define SEGMENT_MAX_DOCUMENT ((size_t)64 * 1024)

enum segment_kind {
	SEGMENT_RULE = 0, /* members are those who match */
	SEGMENT_LIST,     /* members were uploaded */
	SEGMENT_COMPUTED, /* members are found by the program: overdue promises, ... */
	SEGMENT_KINDS     /* how many */
};
const char *segment_kind_name(enum segment_kind kind);
/* SEGMENT_KINDS: no such kind. */
enum segment_kind segment_kind_parse(struct str text);

/* What a document or a row says: {"code", "name": {"zh", "en"}, "rule"}. */
struct segment_def {
	int64_t segment_id; /* 0: not stored */
	const char *code;   /* [a-z][a-z0-9_]{0,62} */
	const char *name_zh, *name_en;
	const char *rule; /* "" unless the kind is SEGMENT_RULE */
	int version;      /* 0: not stored */
	enum segment_kind kind;
};

/* segment_json.c. Checks all but the rule's meaning. */
enum stw_code segment_parse(struct str json, struct arena *arena,
    struct segment_def *out, struct stw_err *err) STW_MUST_USE;
/* SHA-256 of the rule's text: what a version's content is. */
void segment_hash(const struct segment_def *def, unsigned char out[32]);

struct segment {
	struct segment_def def;
	struct bitmap members; /* before evaluation: as stored */
	struct bitmap undecided;
	bool known;             /* members are those of some good evaluation */
	bool failing;           /* the last evaluation of everybody failed */
	bool evaluated;         /* members and undecided are of this one */
	struct stw_err failure; /* code STW_OK: none; else why not evaluated */
};

/* Where the members of a kind come from when no rule decides. fill gets two bitmaps of the
 * book's rows, all clear, and sets the members and those nobody can tell about (dead rows
 * are taken out after it); of a book in parts it is asked for one after the other. Or it
 * fails, which is the segment's failure: it keeps the members of its last good evaluation.
 * Such segments are filled before any rule runs, so that rules may ask for them. It must
 * not change the host. */
struct segment_source {
	enum stw_code (*fill)(void *arg, const struct segment_def *def,
	    const struct book *book, stw_usec now, struct bitmap *members,
	    struct bitmap *undecided, struct stw_err *err);
	void *arg;
};

struct segment_hosts;

struct segment_host {
	const struct book *book;
	const struct segment_hosts *all; /* that it is one of; NULL: it is alone */
	struct segment *segments;
	int count;
	/* One a kind, SEGMENT_RULE's unused. Without one (fill NULL) the segments of the kind
	 * fail, visibly. */
	struct segment_source sources[SEGMENT_KINDS];
};

/* One a part. It stays where it is while it is used. */
struct segment_hosts {
	struct segment_host items[BOOK_PARTS_MAX];
	int count;
};

/* Nobody is a member yet. defs are copied, their texts borrowed. */
void segment_host_init(struct segment_host *host, const struct book *book,
    const struct segment_def *defs, int count);
void segment_host_fini(struct segment_host *host);
void segment_hosts_init(struct segment_hosts *hosts, const struct book_parts *parts,
    const struct segment_def *defs, int count);
void segment_hosts_fini(struct segment_hosts *hosts);
struct segment *segment_host_find(const struct segment_host *host, struct str code);

/* Callbacks for rule_env_segments, rule_eval_ctx and rule_columns_ctx: pass the host. */
bool segment_known(void *host, struct str code);
bool segment_contains(
    void *host, const char *code, const struct rule_value *member, bool *known);
const struct bitmap *segment_rows(void *host, const char *code);
/* A context for rule_columns_* over the host's book, and one for rule_eval. */
struct rule_columns_ctx segment_columns_ctx(
    const struct segment_host *host, stw_usec now);
struct rule_eval_ctx segment_eval_ctx(
    const struct segment_host *host, size_t row, stw_usec now, struct arena *arena);

/* Can def be a segment beside those of the host (replacing one of the same code)?
 * Compiles the rule; names unknown segments, with the nearest known one, and cycles. */
enum stw_code segment_check(const struct segment_host *host,
    const struct segment_def *def, struct stw_err *err) STW_MUST_USE;

/* Evaluates all, in order of use. A segment's own fault is in its failure, the same in all
 * parts. The sources of the first host are asked. */
void segments_evaluate(
    struct segment_host *host, stw_usec now, const struct progress *progress);
void segments_evaluate_parts(
    struct segment_hosts *hosts, stw_usec now, const struct progress *progress);
/* How many are in the i-th segment, in all parts, and how many nobody can tell of. */
int64_t segment_hosts_members(const struct segment_hosts *hosts, int i);
int64_t segment_hosts_undecided(const struct segment_hosts *hosts, int i);

/* The code of a segment whose rule asks for `code`; NULL: none does. */
const char *segment_user(const struct segment_host *host, const char *code);
/* "1:14: no segment ..."; appends. */
void segment_failure_print(const struct segment *segment, struct buf *to);

#endif
