#include "campaigns/number_ledger_store.h"

#include <string.h>

#include <sodium.h>

#include "campaigns/number_health_store.h"
#include "campaigns/number_priv.h"
#include "db/entry_json.h"
#include "db/ledger.h"
#include "engine/zone.h"
#include "segments/csv.h"

#define MAX_LINES 200000
#define MAX_ITEMS 40
#define MAX_CELL  200
#define FILE_MAX  ((size_t)64 * 1024 * 1024)

/* ---- reading the file ------------------------------------------------------------- */
enum list_column {
	C_NUMBER = 0,
	C_HOLDER,
	C_USER_ORG,
	C_KIND,
	C_LICENCE_NO,
	C_LICENCE_FROM,
	C_LICENCE_TO,
	C_PURPOSES,
	C_REGIONS,
	C_STATUS,
	COLUMNS
};

static const char *const headings[COLUMNS][2] = {
    [C_NUMBER] = {"number", "号码"},
    [C_HOLDER] = {"holder", "持有单位"},
    [C_USER_ORG] = {"user_org", "使用单位"},
    [C_KIND] = {"kind", "类型"},
    [C_LICENCE_NO] = {"licence_no", "许可证号"},
    [C_LICENCE_FROM] = {"licence_from", "有效期起"},
    [C_LICENCE_TO] = {"licence_to", "有效期止"},
    [C_PURPOSES] = {"purposes", "用途"},
    [C_REGIONS] = {"regions", "地区"},
    [C_STATUS] = {"status", "状态"},
};

static const char *const states[][2] = {{"active", "active"}, {"在用", "active"},
    {"suspended", "suspended"}, {"停用", "suspended"}, {"recalled", "recalled"},
    {"收回", "recalled"}, {"planned", "planned"}, {"预占", "planned"}};

struct line {
	const char *cells[COLUMNS]; /* NULL: empty or no such column */
	stw_day from, to;           /* to: exclusive */
	const char *lists[2][MAX_ITEMS];
	size_t nlists[2];
	struct line *next;
};

struct loader {
	const struct number_ledger_file *file;
	struct csv *csv;
	struct arena arena;
	int columns[COLUMNS]; /* -1: not there */
	struct line *first, **last;
	int lines;
	unsigned char hash[crypto_hash_sha256_BYTES];
	struct number_ledger_result result;
	struct number_policies policies;
	stw_usec now;
};

static const char *
file_name(const struct loader *l)
{
	return l->file->path != NULL ? l->file->path : "body";
}

static enum stw_code
bad_cell(
    const struct loader *l, enum list_column c, const char *wanted, struct stw_err *err)
{
	return stw_fail(err, STW_INVALID, "%s:%lld: column %s: %s", file_name(l),
	    (long long)csv_line(l->csv), headings[c][0], wanted);
}

static enum stw_code
find_columns(struct loader *l, struct stw_err *err)
{
	for (int c = 0; c < COLUMNS; c++) {
		l->columns[c] = csv_find_column(l->csv, headings[c][0]);
		if (l->columns[c] < 0)
			l->columns[c] = csv_find_column(l->csv, headings[c][1]);
	}
	if (l->columns[C_NUMBER] < 0 || l->columns[C_HOLDER] < 0)
		return stw_fail(err, STW_INVALID,
		    "%s:1: columns number and holder (号码, 持有单位) are wanted; "
		    "docs/numbers.md lists the others",
		    file_name(l));
	return STW_OK;
}

/* The carrier's name of an organisation as the registry writes it. */
static const char *
org_of(const struct loader *l, const char *name)
{
	for (int i = 0; name != NULL && i < l->file->nnames; i++)
		if (strcmp(l->file->names[2 * i], name) == 0)
			return l->file->names[2 * i + 1];
	return name;
}

static enum stw_code
read_list(struct loader *l, struct line *line, enum list_column c, struct stw_err *err)
{
	int at = c == C_PURPOSES ? 0 : 1;
	const char *text = line->cells[c];

	while (text != NULL && *text != '\0') {
		size_t len = strcspn(text, ";");

		if (line->nlists[at] == MAX_ITEMS)
			return bad_cell(l, c, "at most 40, separated by ;", err);
		if (len > 0)
			line->lists[at][line->nlists[at]++] =
			    arena_strndup(&l->arena, text, len);
		text += len + (text[len] == ';');
	}
	return STW_OK;
}

static enum stw_code
read_state(struct loader *l, struct line *line, struct stw_err *err)
{
	const char *word = line->cells[C_STATUS];

	for (size_t i = 0; word != NULL && i < STW_ARRAY_LEN(states); i++)
		if (strcmp(states[i][0], word) == 0) {
			line->cells[C_STATUS] = states[i][1];
			return STW_OK;
		}
	return word == NULL ? STW_OK
			    : bad_cell(l, C_STATUS,
				  "planned, active, suspended or recalled (预占, 在用, "
				  "停用, 收回)",
				  err);
}

static enum stw_code
read_line(struct loader *l, struct stw_err *err)
{
	struct line *line = arena_array(&l->arena, 1, sizeof *line);
	enum stw_code rc = STW_OK;

	for (int c = 0; c < COLUMNS; c++) {
		struct str cell = l->columns[c] < 0 ? (struct str){"", 0}
						    : csv_field(l->csv, l->columns[c]);

		if (cell.len > MAX_CELL)
			return bad_cell(
			    l, (enum list_column)c, "longer than 200 bytes", err);
		if (cell.len > 0)
			line->cells[c] = arena_strndup(&l->arena, cell.ptr, cell.len);
	}
	if (line->cells[C_NUMBER] == NULL ||
	    line->cells[C_NUMBER][strspn(line->cells[C_NUMBER], "+0123456789")] != '\0')
		return bad_cell(l, C_NUMBER, "digits are wanted", err);
	if (line->cells[C_HOLDER] == NULL)
		return bad_cell(l, C_HOLDER, "is empty", err);
	if (line->cells[C_KIND] != NULL && !number_kind_valid(line->cells[C_KIND]))
		return bad_cell(l, C_KIND, "no kind of number (docs/numbers.md)", err);
	line->cells[C_HOLDER] = org_of(l, line->cells[C_HOLDER]);
	line->cells[C_USER_ORG] = org_of(l, line->cells[C_USER_ORG]);
	if (line->cells[C_LICENCE_FROM] != NULL &&
	    stw_day_parse(str_of(line->cells[C_LICENCE_FROM]), &line->from) != STW_OK)
		return bad_cell(l, C_LICENCE_FROM, "a day like 2026-01-01", err);
	if (line->cells[C_LICENCE_TO] != NULL &&
	    stw_day_parse(str_of(line->cells[C_LICENCE_TO]), &line->to) != STW_OK)
		return bad_cell(l, C_LICENCE_TO, "a day like 2026-12-31", err);
	line->to++; /* the last valid day: ends with the next */
	rc = read_list(l, line, C_PURPOSES, err);
	if (rc == STW_OK)
		rc = read_list(l, line, C_REGIONS, err);
	if (rc == STW_OK)
		rc = read_state(l, line, err);
	*l->last = line;
	l->last = &line->next;
	return rc;
}

static enum stw_code
read_file(struct loader *l, struct stw_err *err)
{
	const struct csv_format format = {.trim = true, .max_rows = MAX_LINES};
	bool more = true;
	enum stw_code rc = l->file->path != NULL
			       ? csv_open(l->file->path, &format, &l->csv, err)
			       : csv_open_memory("body", l->file->text.ptr,
				     l->file->text.len, &format, &l->csv, err);
	crypto_hash_sha256_state hash;

	if (rc == STW_OK)
		rc = find_columns(l, err);
	(void)crypto_hash_sha256_init(&hash);
	while (rc == STW_OK && more) {
		rc = csv_next(l->csv, &more, err);
		if (rc != STW_OK || !more)
			break;
		l->lines++;
		rc = read_line(l, err);
		/* Of what was read, so that it is the same however it was packed. */
		for (int c = 0; rc == STW_OK && c < csv_columns(l->csv); c++) {
			struct str cell = csv_field(l->csv, c);
			uint32_t len = (uint32_t)cell.len;

			(void)crypto_hash_sha256_update(
			    &hash, (const unsigned char *)&len, sizeof len);
			(void)crypto_hash_sha256_update(
			    &hash, (const unsigned char *)cell.ptr, cell.len);
		}
	}
	(void)crypto_hash_sha256_final(&hash, l->hash);
	if (rc == STW_OK && l->lines == 0)
		rc = stw_fail(err, STW_INVALID,
		    "%s: has no line; a list without numbers would suspend them all",
		    file_name(l));
	return rc;
}

/* ---- into the database ----------------------------------------------------------------- */
static enum stw_code
check_newest(struct db *db, const struct loader *l, struct stw_err *err)
{
	const struct db_param params[] = {db_text(l->file->carrier),
	    db_bytes(l->hash, sizeof l->hash), db_day(l->file->as_of)};
	char day[STW_DAY_TEXT];
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(db, DB_Q_NUMBER_SNAPSHOT_LOCK, NULL, 0, NULL, err);

	if (rc == STW_OK)
		rc = db_query(db, DB_Q_NUMBER_SNAPSHOT_NEWEST, params,
		    DB_NPARAMS(params), &rows, err);
	if (rc == STW_OK && db_rows_count(rows) == 1) {
		if (db_get_bool(rows, 0, 1))
			rc = stw_fail(err, STW_CONFLICT,
			    "%s: this list of %s is there already", file_name(l),
			    l->file->carrier);
		else if (db_get_day(rows, 0, 0) > l->file->as_of)
			rc = stw_fail(err, STW_CONFLICT,
			    "%s: %s has given a list of %s already; an older one changes "
			    "nothing",
			    file_name(l), l->file->carrier,
			    stw_day_format(db_get_day(rows, 0, 0), day));
	}
	db_rows_free(rows);
	return rc;
}

static void
put_text_or_null(struct db_copy_in *copy, const char *text)
{
	if (text == NULL)
		db_put_null(copy);
	else
		db_put_text(copy, str_of(text));
}

static void
put_line(struct db_copy_in *copy, const struct uuid *id, const struct line *line)
{
	db_put_row(copy, 11);
	db_put_uuid(copy, id->b);
	for (int c = C_NUMBER; c <= C_LICENCE_NO; c++)
		put_text_or_null(copy, line->cells[c]);
	if (line->cells[C_LICENCE_FROM] == NULL)
		db_put_null(copy);
	else
		db_put_day(copy, line->from);
	if (line->cells[C_LICENCE_TO] == NULL)
		db_put_null(copy);
	else
		db_put_day(copy, line->to);
	for (int i = 0; i < 2; i++)
		if (line->nlists[i] == 0)
			db_put_null(copy);
		else
			db_put_texts(copy, line->lists[i], line->nlists[i]);
	put_text_or_null(copy, line->cells[C_STATUS]);
}

static enum stw_code
store_lines(struct db *db, struct loader *l, struct stw_err *err)
{
	struct db_copy_in *copy;
	char id[UUID_TEXT];
	const struct db_param params[] = {
	    db_text(uuid_format(&l->result.snapshot_id, id)), db_text(l->file->carrier),
	    db_day(l->file->as_of), db_bytes(l->hash, sizeof l->hash), db_usec(l->now),
	    db_text(l->file->by), db_i64(l->lines)};
	enum stw_code rc = db_query(
	    db, DB_Q_NUMBER_SNAPSHOT_INSERT, params, DB_NPARAMS(params), NULL, err);

	if (rc == STW_OK)
		rc = db_copy_in_begin(db, DB_Q_NUMBER_SNAPSHOT_COPY, &copy, err);
	if (rc != STW_OK)
		return rc;
	for (const struct line *line = l->first; line != NULL; line = line->next)
		put_line(copy, &l->result.snapshot_id, line);
	rc = db_copy_in_end(copy, NULL, err);
	if (rc == STW_CONFLICT)
		rc = stw_fail(
		    err, STW_INVALID, "%s: a number is in it twice", file_name(l));
	return rc;
}

static bool
suspends(const struct number_policies *p, const char *kind)
{
	const struct {
		const char *kind;
		bool suspends;
	} kinds[] = {{"new", p->on_new}, {"gone", p->on_gone},
	    {"changed", p->on_changed}, {"holder", p->on_holder},
	    {"licence", p->on_licence}, {"status", p->on_status}};

	for (size_t i = 0; i < STW_ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].kind, kind) == 0)
			return kinds[i].suspends;
	return false;
}

static enum stw_code
store_difference(struct db *db, struct loader *l, const struct db_rows *rows, int r,
    int64_t *suspended_id, struct stw_err *err)
{
	const char *kind = db_get_text(rows, r, 2, &l->arena);
	const char *field = db_get_text(rows, r, 3, &l->arena);
	struct uuid id = uuid_new(l->now);
	char text[UUID_TEXT], snapshot[UUID_TEXT];
	int64_t number_id = db_get_i64(rows, r, 0);
	bool stop = number_id != 0 && suspends(&l->policies, kind);
	/* Several fields of one number: suspended once. */
	bool first = stop && *suspended_id != number_id &&
		     strcmp(db_get_str(rows, r, 6).ptr, "active") == 0;
	const struct db_param params[] = {db_text(uuid_format(&id, text)),
	    db_text(uuid_format(&l->result.snapshot_id, snapshot)),
	    db_text(db_get_text(rows, r, 1, &l->arena)),
	    number_id == 0 ? db_null() : db_i64(number_id), db_text(kind),
	    db_text(field), db_text(db_get_text(rows, r, 4, &l->arena)),
	    db_text(db_get_text(rows, r, 5, &l->arena)),
	    db_bool(first || (stop && *suspended_id == number_id)), db_usec(l->now)};
	enum stw_code rc = STW_OK;

	if (first) {
		const struct number_suspension what = {.number_id = number_id,
		    .by = "ledger",
		    .actor = "steward",
		    .reason = arena_printf(&l->arena, "the list of %s differs: %s",
			l->file->carrier, field),
		    .cooldown_until = STW_USEC_NEVER,
		    .evidence =
			arena_printf(&l->arena, "{\"difference\":\"%s\"}", text)};

		rc = number_suspend(db, &what, l->now, err);
		*suspended_id = number_id;
		l->result.suspended++;
	}
	if (rc == STW_OK)
		rc = db_query(db, DB_Q_NUMBER_DIFFERENCE_INSERT, params,
		    DB_NPARAMS(params), NULL, err);
	l->result.differences++;
	return rc;
}

/* Half a file would suspend half of the bank's numbers. */
static enum stw_code
check_gone(struct db *db, const struct loader *l, struct stw_err *err)
{
	char id[UUID_TEXT];
	const struct db_param params[] = {db_text(l->file->carrier),
	    db_text(uuid_format(&l->result.snapshot_id, id))};
	struct db_rows *rows = NULL;
	int64_t all, gone;
	enum stw_code rc = db_query_one(
	    db, DB_Q_NUMBER_OF_CARRIER, params, DB_NPARAMS(params), &rows, err);

	if (rc != STW_OK)
		return rc;
	all = db_get_i64(rows, 0, 0);
	gone = db_get_i64(rows, 0, 1);
	db_rows_free(rows);
	if (2 * gone <= all || l->file->all_gone)
		return STW_OK;
	return stw_fail(err, STW_CONFLICT,
	    "%s: %lld of the %lld numbers of %s are not in it; was the file cut? If they are "
	    "gone, say --all",
	    file_name(l), (long long)gone, (long long)all, l->file->carrier);
}

static enum stw_code
compare(struct db *db, struct loader *l, struct stw_err *err)
{
	char id[UUID_TEXT];
	const struct db_param find[] = {
	    db_text(uuid_format(&l->result.snapshot_id, id)), db_text(l->file->carrier),
	    db_text(l->file->zone)};
	const struct db_param synced[] = {find[0], db_usec(l->now)};
	struct db_rows *rows = NULL;
	int64_t suspended_id = 0;
	enum stw_code rc = check_gone(db, l, err);

	if (rc == STW_OK)
		rc = db_query(
		    db, DB_Q_NUMBER_SYNCED, synced, DB_NPARAMS(synced), NULL, err);
	if (rc == STW_OK)
		rc = db_query(db, DB_Q_NUMBER_DIFFERENCE_FIND, find, DB_NPARAMS(find),
		    &rows, err);
	for (int r = 0; rc == STW_OK && r < db_rows_count(rows); r++)
		rc = store_difference(db, l, rows, r, &suspended_id, err);
	db_rows_free(rows);
	return rc;
}

static enum stw_code
note_import(struct db *db, const struct loader *l, struct stw_err *err)
{
	char id[UUID_TEXT], day[STW_DAY_TEXT], hex[sizeof l->hash * 2 + 1];
	const struct entry_field fields[] = {ENTRY_TEXT("carrier", l->file->carrier),
	    ENTRY_TEXT("as_of", stw_day_format(l->file->as_of, day)),
	    ENTRY_TEXT("actor", l->file->by), ENTRY_INT("lines", l->lines),
	    ENTRY_INT("differences", l->result.differences),
	    ENTRY_INT("suspended", l->result.suspended),
	    ENTRY_TEXT(
		"sha256", sodium_bin2hex(hex, sizeof hex, l->hash, sizeof l->hash))};
	struct buf entry;
	enum stw_code rc;

	buf_init(&entry);
	entry_write("number_ledger", uuid_format(&l->result.snapshot_id, id), l->now,
	    fields, (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(
	    db, -1, "number_ledger", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

static enum stw_code
import_work(struct db *db, void *arg, struct stw_err *err)
{
	struct loader *l = arg;
	enum stw_code rc = check_newest(db, l, err);

	l->result.lines = l->lines;
	l->result.snapshot_id = uuid_new(l->now);
	if (rc == STW_OK)
		rc = number_policies_load(db, &l->policies, err);
	if (rc == STW_OK)
		rc = store_lines(db, l, err);
	if (rc == STW_OK)
		rc = compare(db, l, err);
	return rc == STW_OK ? note_import(db, l, err) : rc;
}

/* Suspensions take part in the one transaction of the file. */
static enum stw_code
import_all(struct db *db, struct loader *l, struct stw_err *err)
{
	bool lent = db_in_transaction(db);
	enum stw_code rc;

	if (lent) /* the caller's */
		return import_work(db, l, err);
	rc = db_begin(db, err);
	if (rc != STW_OK)
		return rc;
	db_lend(db, true);
	rc = import_work(db, l, err);
	db_lend(db, false);
	if (rc == STW_OK)
		return db_commit(db, err);
	db_rollback(db);
	return rc;
}

enum stw_code
number_ledger_import(struct db *db, const struct number_ledger_file *file, stw_usec now,
    struct number_ledger_result *out, struct stw_err *err)
{
	struct loader l = {.file = file, .now = now};
	const struct zone *zone;
	enum stw_code rc;

	if (file->path == NULL && file->text.len > FILE_MAX)
		return stw_fail(err, STW_INVALID, "the list is longer than 64 MiB");
	rc = zone_find(file->zone, &zone, err);
	if (rc != STW_OK)
		return rc;
	arena_init(&l.arena);
	l.last = &l.first;
	rc = read_file(&l, err);
	if (rc == STW_OK)
		rc = import_all(db, &l, err);
	if (rc == STW_OK)
		*out = l.result;
	csv_close(l.csv);
	arena_fini(&l.arena);
	return rc;
}

/* ---- differences ---------------------------------------------------------------------------- */
static void
difference_from(
    const struct db_rows *rows, int r, struct arena *arena, struct number_difference *d)
{
	d->id = db_get_text(rows, r, 0, arena);
	d->carrier = db_get_text(rows, r, 1, arena);
	d->as_of = db_get_day(rows, r, 2);
	d->number = db_get_text(rows, r, 3, arena);
	d->number_id = db_get_i64(rows, r, 4);
	d->kind = db_get_text(rows, r, 5, arena);
	d->field = db_get_text(rows, r, 6, arena);
	d->was = db_get_text(rows, r, 7, arena);
	d->is_now = db_get_text(rows, r, 8, arena);
	d->suspended = db_get_bool(rows, r, 9);
	d->found_at = db_get_usec(rows, r, 10);
	d->settled_by = db_get_text(rows, r, 11, arena);
	d->settled_at =
	    db_is_null(rows, r, 12) ? STW_USEC_NEVER : db_get_usec(rows, r, 12);
	d->note = db_get_text(rows, r, 13, arena);
}

enum stw_code
number_differences(struct db *db, bool open_only,
    const struct number_difference *before, int limit, struct arena *arena,
    struct number_difference **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_bool(open_only),
	    db_usec(before == NULL ? STW_USEC_MAX : before->found_at),
	    db_text(
		before == NULL ? "ffffffff-ffff-ffff-ffff-ffffffffffff" : before->id),
	    db_i64(limit)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(
	    db, DB_Q_NUMBER_DIFFERENCE_LIST, params, DB_NPARAMS(params), &rows, err);

	*count = rc == STW_OK ? db_rows_count(rows) : 0;
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	for (int r = 0; r < *count; r++)
		difference_from(rows, r, arena, &(*out)[r]);
	db_rows_free(rows);
	return rc;
}

struct settle_arg {
	const struct uuid *id;
	const char *by, *note;
	stw_usec now;
};

static enum stw_code
settle_work(struct db *db, void *arg, struct stw_err *err)
{
	const struct settle_arg *a = arg;
	char id[UUID_TEXT];
	const struct db_param params[] = {db_text(uuid_format(a->id, id)),
	    db_text(a->by), db_usec(a->now), db_text(a->note)};
	const struct entry_field fields[] = {
	    ENTRY_TEXT("what", "settled"), ENTRY_TEXT("actor", a->by)};
	struct buf entry;
	enum stw_code rc = db_query_one(
	    db, DB_Q_NUMBER_SETTLEMENT_INSERT, params, DB_NPARAMS(params), NULL, err);

	if (rc == STW_NOT_FOUND)
		return stw_fail(err, STW_CONFLICT,
		    "there is no difference %s, or it is settled already", id);
	if (rc != STW_OK)
		return rc;
	buf_init(&entry);
	entry_write(
	    "number_ledger", id, a->now, fields, (int)STW_ARRAY_LEN(fields), &entry);
	rc = ledger_append(
	    db, -1, "number_ledger", (struct str){entry.data, entry.len}, err);
	buf_fini(&entry);
	return rc;
}

enum stw_code
number_difference_settle(struct db *db, const struct uuid *id, const char *by,
    const char *note, stw_usec now, struct stw_err *err)
{
	struct settle_arg arg = {id, by, note, now};

	if (note == NULL || note[0] == '\0')
		return stw_fail(err, STW_INVALID, "say what was found: a note");
	return number_in_tx(db, settle_work, &arg, err);
}

enum stw_code
number_ledger_changes(struct db *db, const char *carrier, struct arena *arena,
    struct number_ledger_change **out, int *count, struct stw_err *err)
{
	const struct db_param params[] = {db_text(carrier)};
	struct db_rows *rows = NULL;
	enum stw_code rc = db_query(
	    db, DB_Q_NUMBER_SNAPSHOT_CHANGES, params, DB_NPARAMS(params), &rows, err);

	*count = rc == STW_OK ? db_rows_count(rows) : 0;
	*out = arena_array(arena, (size_t)*count, sizeof **out);
	for (int r = 0; r < *count; r++)
		(*out)[r] = (struct number_ledger_change){
		    db_get_text(rows, r, 0, arena), db_get_text(rows, r, 1, arena),
		    db_get_text(rows, r, 2, arena), db_get_text(rows, r, 3, arena)};
	db_rows_free(rows);
	return rc;
}
