/*
 * import_priv.h - what the files of the import share.
 *
 *   import_target.c       what can be imported: targets and their columns
 *   import_json.c         the document -> struct import_mapping
 *   import_document.c     which document
 *   import_expr.c         expressions: compile, look up, evaluate a row into cells
 *   import_shape.c        the columns of a file as the object `row`
 *   import_value.c        one value of the rule language -> one typed cell
 *   import_read.c         a thread that turns a file into batches of rows
 *   import_store.c        the run: what was here before, file by file, history
 *   import_file_store.c   one file: its transactions, its place after a crash
 *   import_write_store.c  cells -> COPY, sealed
 *   import_index_store.c  the numbers of a batch: exchange of the index key, suppression
 *   import_merge_store.c  what was copied -> the tables
 *   import_trait_store.c  fed traits: their types, that they were fed
 *   import_reject.c       rows that fell out -> a file to correct
 */
#ifndef STW_SEGMENTS_IMPORT_PRIV_H
#define STW_SEGMENTS_IMPORT_PRIV_H

#include "engine/arena.h"
#include "engine/phone.h"
#include "engine/rule.h"
#include "engine/zone.h"
#include "segments/csv.h"
#include "segments/import.h"
#include "segments/strmap.h"

#define IMPORT_MAX_DOCUMENT ((size_t)1 << 20)
#define IMPORT_MAX_COLUMNS  64 /* of a target */
#define IMPORT_MAX_LOOKUP   5000000
#define IMPORT_BATCH_ROWS   16384
#define IMPORT_CLOSE_LIMIT  10 /* percent of the open rows that a snapshot may close */
/* What is said of a run whose process was gone before its end. */
#define IMPORT_INTERRUPTED                                                            \
	"the process ended before the import did; what was committed stays, and the " \
	"same command goes on after it"

/* ---- targets ------------------------------------------------------------------------ */
enum import_type {
	IMPORT_TEXT = 0,
	IMPORT_INT,
	IMPORT_BOOL,
	IMPORT_DATE,
	IMPORT_INSTANT,
	IMPORT_MONEY,
	IMPORT_PHONE,
	IMPORT_DOUBLE,
	IMPORT_VALUE, /* of a fed trait whose type is not known: without a database */
};

/* How a cell goes into its stage table. */
enum import_put {
	IMPORT_PUT_PLAIN = 0,
	IMPORT_PUT_NONE, /* not by itself: customer, phone of a customer, ref of an event */
	IMPORT_PUT_NAME, /* name_sealed, name_mask */
	IMPORT_PUT_ID,   /* id_sealed */
	IMPORT_PUT_POINT, /* phone_sealed, phone_index, phone_mask, kind, region, zones */
	IMPORT_PUT_INDEX, /* phone_index */
	IMPORT_PUT_I16,
	IMPORT_PUT_HASH,     /* 64 hexadecimal digits; the statement decodes them */
	IMPORT_PUT_COUNTRY,  /* two capital letters */
	IMPORT_PUT_STATE,    /* up to three capital letters and digits */
	IMPORT_PUT_WEEKDAYS, /* "mon-fri" as bits; segments/contact_hours.h */
	IMPORT_PUT_MINUTE,   /* "18:00" as the minute of the day */
};

struct import_column {
	const char *name;
	enum import_type type;
	enum import_put put;
	bool required;
	int64_t min, max;     /* INT: range; TEXT: max is the length in bytes, 0: 200 */
	const char *choices;  /* TEXT: the words that are accepted; NULL: any */
	const char *fallback; /* value of a cell without one; NULL: none */
	bool key;             /* of what tells one row of the target from another */
};

/* What the rows of a file do to the rows that are there. */
enum import_mode {
	IMPORT_UPSERT = 0, /* put: new, or in place of the one with the same key */
	IMPORT_DELETE,     /* close, or remove: only keys are given */
	IMPORT_SNAPSHOT,   /* put, and then close what the file does not have */
};

struct import_target_def {
	const char *name;
	const struct import_column *columns; /* ends with a NULL name */
	const char *parent; /* column that refers to a customer; or NULL */
	unsigned modes;     /* bits 1 << enum import_mode */
	const char
	    *scope; /* column by which a snapshot may speak of some rows; or NULL */
	const char
	    *closes; /* column that says whether it is over; NULL: it is removed */
	const char *why_not; /* of a mode that is not there */
	bool open;           /* further columns are named by the document: traits */
};
const struct import_target_def *import_target_def(enum import_target target);
/* May its rows be told apart by their key columns? */
bool import_target_has_key(enum import_target target);
int import_column_find(const struct import_target_def *def, const char *name);

/* ---- the document -------------------------------------------------------------------- */
struct import_expr {
	struct str text;  /* .ptr NULL: not given */
	const char *path; /* in the document: "files[2].columns.dob" */
	struct rule *rule;
};

/* Fields of `row`, or of an object in it: a column, or minus the number of a group. */
struct import_group {
	int *to;
	int nfields;
};

struct import_source {
	const char *file;
	struct csv_format format;
	bool learned; /* the format's names are what files of JSON were found to have */
	const struct import_group *groups; /* [0] is the row; made by compiling */
};

enum import_keep { IMPORT_KEEP_LAST = 0, IMPORT_KEEP_FIRST };

struct import_lookup {
	const char *name, *path;
	struct import_source source;
	struct import_expr key, value, where;
	enum import_keep keep; /* of several rows with one key */
	struct strmap map;
	bool loaded;
};

struct import_file {
	const char *path; /* in the document */
	struct import_source source;
	enum import_target target;
	const struct import_target_def
	    *def;                 /* the target's; of traits the file's own */
	const int64_t *trait_ids; /* by column, of fed traits; NULL: not looked up */
	struct import_expr where;
	struct import_expr columns[IMPORT_MAX_COLUMNS]; /* by the target's columns */
	const char *region;                             /* of phone numbers */
	bool skip_bad_phone;
	bool synthetic; /* of the document's section of made-up data */
	enum import_mode mode;
	const struct str
	    *scope; /* of a snapshot: values of the scope column; NULL: all */
	size_t nscope;
	int close_limit;      /* percent */
	bool unique;          /* a key that comes twice is a bad row */
	int64_t commit_every; /* rows a transaction; 0: the file is one */
};

struct import_mapping {
	char name[64];
	char currency[4];
	const struct zone *zone;
	bool shift_to_as_of;
	stw_day shift_from;
	int64_t shift_days; /* decided by import_mapping_parse with as_of */
	bool uses_clock;    /* the result depends on as_of */
	struct import_lookup *lookups;
	int nlookups;
	struct import_file *files;
	int nfiles;
	struct str document;
};

/* The document of a run: a path, the name of one that ships with Steward ("berka"), or
 * NULL: dir/mapping.json, else the one that ships and whose files are all in dir. */
enum stw_code import_document_find(const char *mapping, const char *dir,
    struct arena *arena, struct str *out, struct stw_err *err) STW_MUST_USE;
/* Fills *out from the arena; lookups hold memory of their own: import_mapping_fini. */
enum stw_code import_mapping_parse(struct str json, stw_usec as_of, struct arena *arena,
    struct import_mapping *out, struct stw_err *err) STW_MUST_USE;
void import_mapping_fini(struct import_mapping *mapping);

/* ---- expressions ----------------------------------------------------------------------- */
struct import_cell {
	bool has;
	int64_t i; /* INT, BOOL, DATE, INSTANT, MONEY */
	double d;  /* DOUBLE */
	struct str s;
	const struct phone *phone;
};

struct import_ctx {
	const struct import_mapping *mapping;
	stw_usec as_of;
	struct arena row; /* of one row's evaluation; reset for each */
};

/* What is wrong with a row; the texts name columns, never values of people. */
struct import_fault {
	char column[64];
	char reason[240];
};

/* `row` of a file: a record and the shape of it; the object's row number is the group that
 * is looked at. Without csv and names any column is taken to exist. */
struct import_row_view {
	const struct csv *csv;
	const struct import_group *groups;
};
extern const struct rule_object_ops import_row_ops;
enum stw_code import_row_type(struct import_source *source, const struct csv *csv,
    struct arena *arena, const struct rule_type **out,
    struct stw_err *err) STW_MUST_USE;

/* A column of delimited text as an expression names it: row.city, row.`\u57ce\u5e02`. */
void import_column_print(const char *name, struct buf *to);

/* csv NULL: without data, any column name is taken to exist. */
enum stw_code import_compile_file(const struct import_mapping *mapping,
    struct import_file *file, const struct csv *csv, struct arena *arena,
    struct stw_err *err) STW_MUST_USE;
enum stw_code import_compile_lookup(const struct import_mapping *mapping,
    struct import_lookup *lookup, const struct csv *csv, struct arena *arena,
    struct stw_err *err) STW_MUST_USE;
/* Reads the whole file of each lookup under dir. */
enum stw_code import_lookups_load(struct import_ctx *ctx,
    struct import_mapping *mapping, const char *dir, struct arena *arena,
    struct stw_err *err) STW_MUST_USE;

enum import_row { IMPORT_ROW_OK = 0, IMPORT_ROW_SKIPPED, IMPORT_ROW_BAD };
/* Evaluates the csv's row: cells (one a column of the target) live in batch. A phone that
 * was dropped (skip_bad_phone) is counted in *phones_skipped. */
enum import_row import_row_read(struct import_ctx *ctx, const struct import_file *file,
    const struct csv *csv, struct arena *batch, struct import_cell *cells,
    int64_t *phones_skipped, struct import_fault *fault);

/* At the edge: the place of an error is in its text, once. */
void import_err_place(enum stw_code rc, struct stw_err *err);

/* ---- reading a file ------------------------------------------------------------------ */
struct import_bad {
	int64_t line, last; /* of the file: where the record begins and ends */
	const char *column, *reason;
};

struct import_batch_row {
	int64_t line, last;
	uint32_t who; /* the writer's: place in refs */
	bool dropped; /* the writer found that it cannot go in */
	struct import_cell *cells;
};

struct import_who; /* import_write_store.h */

/* What the reader hands over at a time. */
struct import_batch {
	struct arena arena; /* cells, texts, reasons */
	struct import_batch_row *rows;
	size_t count;
	struct import_bad *bad;
	size_t nbad;
	int64_t skipped, phones_skipped;
	/* how far the file is read with this batch */
	int64_t read; /* records, bad and skipped ones too */
	int64_t line; /* where the last of them ends */
	int64_t bytes;
	bool ended;       /* nothing comes after this */
	enum stw_code rc; /* not STW_OK: reading broke off after these rows */
	struct stw_err err;
	/* the writer's */
	struct strmap refs; /* entry k is who[k] */
	struct import_who *who;
};

/* A thread that reads and evaluates ahead while its caller writes; csv, ctx and file are
 * its alone until import_reader_close. The first `skip` records are passed over: they were
 * dealt with before. most: rows a batch, 0: as many as is good. */
struct import_reader;
enum stw_code import_reader_open(struct import_ctx *ctx, const struct import_file *file,
    struct csv *csv, int64_t skip, int64_t most, struct import_reader **out,
    struct stw_err *err) STW_MUST_USE;
/* The next batch, waited for; the one before goes back to the reader. After a batch that
 * says ended or has an rc there is none. */
struct import_batch *import_reader_next(struct import_reader *reader);
void import_reader_close(struct import_reader *reader); /* NULL is fine */

/* ---- rows that fell out ----------------------------------------------------------------- */
struct import_reject {
	int file_no; /* in the mapping */
	int64_t line, last;
	const char *column, *reason;
};
/* The lines of rows (of one source, by line) as they are in dir, each after what was wrong
 * with it, as a file of the same name in to, mode 0600. */
enum stw_code import_rejects_write(const struct import_source *source, const char *dir,
    const char *to, const struct import_reject *rows, size_t count,
    struct stw_err *err) STW_MUST_USE;

/* ---- cells ------------------------------------------------------------------------------- */
/* False with a reason when v does not make a cell of this column. A missing v gives a
 * cell without value. */
bool import_cell_of(const struct rule_value *v, const struct import_column *column,
    const struct import_mapping *mapping, struct arena *arena, struct import_cell *out,
    char *reason, size_t reason_len);
/* Result types that import_cell_of can take for the column. */
bool import_type_fits(const struct import_column *column, enum rule_kind kind);
const char *import_type_wants(const struct import_column *column);

#endif
