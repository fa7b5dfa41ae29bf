#include "segments/book_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "engine/arena.h"
#include "engine/embed.h"
#include "engine/table_file.h"
#include "segments/suggest.h"
#include "segments/trait.h"

#define KIND_BOOK   TABLE_FILE_TAG('B', 'O', 'O', 'K')
#define TAG_HEAD    TABLE_FILE_TAG('H', 'E', 'A', 'D')
#define TAG_FIRST   TABLE_FILE_TAG('F', 'I', 'R', 'S')
#define TAG_IDS     TABLE_FILE_TAG('I', 'D', 'S', ' ')
#define TAG_KEPT    TABLE_FILE_TAG('K', 'E', 'P', 'T') /* of a kept book only */
#define TAG_IMPORTS TABLE_FILE_TAG('I', 'M', 'P', 'S') /* where it is known */

#define CATALOGUE_HASH 32

struct book_head {
	char source[BOOK_FILE_SOURCE];
	unsigned char catalogue[CATALOGUE_HASH];
	stw_usec as_of;
	uint64_t position, customers;
	char currency[8];
	char zone[64];
	char model[64];
};

/* ---- what a book of this build is ------------------------------------------------- */
static void
hash_columns(crypto_generichash_state *state, const struct table *table, int ncols)
{
	for (int c = 0; c < ncols; c++) {
		const unsigned char type = (unsigned char)table->cols[c].type;

		(void)crypto_generichash_update(state,
		    (const unsigned char *)table->cols[c].name,
		    strlen(table->cols[c].name) + 1);
		(void)crypto_generichash_update(state, &type, 1);
	}
}

/* Of the columns that every book has and of the catalogue in the binary. */
static void
hash_catalogue(const struct table *customers, unsigned char out[CATALOGUE_HASH])
{
	const struct embed_file *traits = embed_find("segments/traits.json");
	crypto_generichash_state state;

	STW_ASSERT(traits != NULL);
	(void)crypto_generichash_init(&state, NULL, 0, CATALOGUE_HASH);
	hash_columns(&state, customers, BOOK_CUSTOMER_COLS);
	for (int c = 0; c < customers->nchildren; c++)
		hash_columns(&state, customers->children[c].table,
		    customers->children[c].table->ncols);
	(void)crypto_generichash_update(
	    &state, (const unsigned char *)traits->data, traits->len);
	(void)crypto_generichash_final(&state, out, CATALOGUE_HASH);
}

/* ---- saving ---------------------------------------------------------------------- */
static bool
copy_text(char *to, size_t size, const char *text)
{
	int len = snprintf(to, size, "%s", text);

	return len > 0 && (size_t)len < size;
}

static enum stw_code
make_head(const struct book *book, const char *source, const char *model,
    struct book_head *head, struct stw_err *err)
{
	memset(head, 0, sizeof *head);
	head->as_of = book->as_of;
	head->position = book->position;
	head->customers = book->customers->rows;
	hash_catalogue(book->customers, head->catalogue);
	if (!copy_text(head->source, sizeof head->source, source) ||
	    !copy_text(head->currency, sizeof head->currency, book->currency) ||
	    !copy_text(head->zone, sizeof head->zone, zone_name(book->zone)) ||
	    !copy_text(head->model, sizeof head->model, model))
		return stw_fail(err, STW_INVALID,
		    "a book of zone \"%.60s\" and lifecycle model \"%.60s\" cannot be "
		    "saved: a name is empty or too long",
		    zone_name(book->zone), model);
	return STW_OK;
}

enum stw_code
book_file_save(const struct book *book, const char *source, const char *model,
    const char *path, uint64_t *bytes, struct stw_err *err)
{
	struct table_file_out *out;
	struct book_head head;
	enum stw_code rc = make_head(book, source, model, &head, err);

	STW_ASSERT(book->over == NULL && !book->patch && book->dead == NULL);
	if (rc == STW_OK)
		rc = table_file_create(path, KIND_BOOK, &out, err);
	if (rc != STW_OK)
		return rc;
	table_file_put(out, TAG_HEAD, &head, sizeof head);
	table_file_put(out, TAG_FIRST, book->first, sizeof book->first);
	table_file_put(out, TAG_IDS, book->customer_id,
	    book->customers->rows * sizeof *book->customer_id);
	table_file_put_table(out, book->customers, BOOK_CUSTOMER_COLS + book->nfed);
	if (book->kept_of[0] != '\0')
		table_file_put(out, TAG_KEPT, book->kept_of, sizeof book->kept_of);
	if (book->imports != 0)
		table_file_put(out, TAG_IMPORTS, &book->imports, sizeof book->imports);
	return table_file_commit(out, bytes, err);
}

/* ---- opening --------------------------------------------------------------------- */
static bool
text_ends(const char *text, size_t size)
{
	return text[0] != '\0' && memchr(text, '\0', size) != NULL;
}

static enum stw_code
differs(const char *path, const char *what, const char *is, const char *want,
    struct stw_err *err)
{
	return stw_fail(err, STW_INVALID,
	    "%.160s is not usable: it was saved with %s %.64s, and now it is %.64s",
	    path, what, is, want);
}

static enum stw_code
check_want(const char *path, const struct book_head *head,
    const struct book_file_want *want, struct stw_err *err)
{
	if (want->source != NULL && strcmp(want->source, head->source) != 0)
		return stw_fail(err, STW_INVALID,
		    "%.160s is not usable: it was saved from another database", path);
	if (want->currency != NULL && strcmp(want->currency, head->currency) != 0)
		return differs(path, "currency", head->currency, want->currency, err);
	if (want->zone != NULL && strcmp(want->zone, head->zone) != 0)
		return differs(path, "zone", head->zone, want->zone, err);
	if (want->model != NULL && strcmp(want->model, head->model) != 0)
		return differs(path, "lifecycle model", head->model, want->model, err);
	if (want->max_age < 0)
		return STW_OK;
	if (head->as_of > want->now)
		return stw_fail(err, STW_INVALID,
		    "%.160s is not usable: it was saved later than the clock says it is",
		    path);
	if (want->now - head->as_of > want->max_age)
		return stw_fail(err, STW_INVALID,
		    "%.160s is not usable: it is %lld s old, and %lld s are allowed",
		    path, (long long)((want->now - head->as_of) / STW_USEC_SEC),
		    (long long)(want->max_age / STW_USEC_SEC));
	return STW_OK;
}

static enum stw_code
read_head(struct table_file *file, const char *path, struct book_head *head,
    struct stw_err *err)
{
	enum stw_code rc = table_file_copy(file, TAG_HEAD, head, sizeof *head, err);

	if (rc == STW_OK && (!text_ends(head->source, sizeof head->source) ||
				!text_ends(head->zone, sizeof head->zone) ||
				!text_ends(head->model, sizeof head->model) ||
				strnlen(head->currency, sizeof head->currency) != 3))
		rc = stw_fail(err, STW_INVALID,
		    "%.160s is not usable: its head is not in order", path);
	return rc;
}

/* Rows ascend bucket by bucket, and within one by customer_id. */
static bool
order_fits(const struct book *book)
{
	size_t rows = book->customers->rows;

	if (book->first[0] != 0 || book->first[BOOK_BUCKETS] != rows)
		return false;
	for (int b = 0; b < BOOK_BUCKETS; b++) {
		if (book->first[b] > book->first[b + 1] || book->first[b + 1] > rows)
			return false;
		for (size_t r = book->first[b] + 1; r < book->first[b + 1]; r++)
			if (book->customer_id[r - 1] >= book->customer_id[r])
				return false;
	}
	return true;
}

static bool
same_columns(
    const struct table *a, const struct table *b, int ncols, const char *currency)
{
	if (strcmp(a->name, b->name) != 0 || a->ncols < ncols)
		return false;
	for (int c = 0; c < ncols; c++)
		if (strcmp(a->cols[c].name, b->cols[c].name) != 0 ||
		    a->cols[c].type != b->cols[c].type ||
		    (a->cols[c].type == COL_MONEY &&
			strcmp(a->cols[c].currency, currency) != 0))
			return false;
	return true;
}

/* Columns past those that every book has are of fed traits. */
static bool
feds_fit(const struct table *table, const char *currency)
{
	for (int c = BOOK_CUSTOMER_COLS; c < table->ncols; c++) {
		const struct column *col = &table->cols[c];

		if (!code_valid(str_of(col->name)) ||
		    table_find_column(table, col->name) != c ||
		    (col->type == COL_MONEY && strcmp(col->currency, currency) != 0))
			return false;
	}
	return true;
}

static void
feds_text(const struct table *table, struct buf *to)
{
	for (int c = BOOK_CUSTOMER_COLS; c < table->ncols; c++)
		buf_printf(to, "%s%s:%s", c == BOOK_CUSTOMER_COLS ? "" : ",",
		    table->cols[c].name, trait_type_name(table->cols[c].type));
}

static enum stw_code
check_feds(
    const char *path, const struct table *table, const char *want, struct stw_err *err)
{
	struct buf text;
	bool same;

	if (want == NULL)
		return STW_OK;
	buf_init(&text);
	feds_text(table, &text);
	same = strcmp(text.len == 0 ? "" : text.data, want) == 0;
	buf_fini(&text);
	return same ? STW_OK
		    : stw_fail(err, STW_INVALID,
			  "%.160s is not usable: the bank's fed traits are others now",
			  path);
}

/* The table is what book_new makes, and perhaps fed traits. */
static bool
shape_fits(const struct table *table, const struct table *want, const char *currency)
{
	if (!same_columns(table, want, BOOK_CUSTOMER_COLS, currency) ||
	    !feds_fit(table, currency) || table->nchildren != want->nchildren)
		return false;
	for (int c = 0; c < want->nchildren; c++) {
		const struct table *child = want->children[c].table;

		if (!same_columns(
			table->children[c].table, child, child->ncols, currency) ||
		    table->children[c].table->ncols != child->ncols ||
		    table->children[c].table->nchildren != 0)
			return false;
	}
	return true;
}

static enum stw_code
read_book(struct table_file *file, const char *path, const struct book_head *head,
    struct book *book, struct stw_err *err)
{
	unsigned char hash[CATALOGUE_HASH];
	struct table *table;
	const void *ids;
	size_t size;
	enum stw_code rc;

	rc = table_file_copy(file, TAG_FIRST, book->first, sizeof book->first, err);
	if (rc == STW_OK)
		rc = table_file_take(file, TAG_IDS, &ids, &size, err);
	if (rc == STW_OK)
		rc = table_file_table(file, &table, err);
	if (rc != STW_OK)
		return rc;
	hash_catalogue(book->customers, hash);
	if (memcmp(hash, head->catalogue, sizeof hash) != 0) {
		table_free(table);
		return stw_fail(err, STW_INVALID,
		    "%.160s is not usable: a program with another catalogue of traits "
		    "saved it",
		    path);
	}
	if (!shape_fits(table, book->customers, book->currency) ||
	    size != table->rows * sizeof *book->customer_id) {
		table_free(table);
		return stw_fail(err, STW_INVALID,
		    "%.160s is not usable: its tables are not those of a book", path);
	}
	table_free(book->customers);
	book->customers = table;
	book->nfed = table->ncols - BOOK_CUSTOMER_COLS;
	free(book->customer_id);
	book->id_cap = table->rows < 16 ? 16 : table->rows;
	book->customer_id = stw_xalloc(book->id_cap * sizeof *book->customer_id);
	memcpy(book->customer_id, ids, size);
	if (!order_fits(book))
		return stw_fail(err, STW_INVALID,
		    "%.160s is not usable: its customers are not in order", path);
	for (int b = 0; b < BOOK_BUCKETS; b++)
		if (book->first[b + 1] > book->first[b])
			book->last_bucket = b;
	return STW_OK;
}

/* What a file need not have. */
static void
read_kept(struct table_file *file, struct book *book)
{
	const void *data;
	struct stw_err none;
	size_t size;

	if (table_file_take(file, TAG_KEPT, &data, &size, &none) == STW_OK &&
	    size == sizeof book->kept_of && text_ends(data, size))
		memcpy(book->kept_of, data, size);
	if (table_file_take(file, TAG_IMPORTS, &data, &size, &none) == STW_OK &&
	    size == sizeof book->imports)
		memcpy(&book->imports, data, size);
}

static enum stw_code
open_book(struct table_file *file, const char *path, const struct book_file_want *want,
    struct book **out, struct book_file_info *info, struct stw_err *err)
{
	const struct zone *zone;
	struct book_head head;
	struct book *book;
	enum stw_code rc = read_head(file, path, &head, err);

	if (rc == STW_OK)
		rc = check_want(path, &head, want, err);
	if (rc == STW_OK && zone_find(head.zone, &zone, NULL) != STW_OK)
		rc = stw_fail(err, STW_INVALID,
		    "%.160s is not usable: there is no zone %.64s here", path,
		    head.zone);
	if (rc != STW_OK)
		return rc;
	book = book_new(0, head.currency, zone, head.as_of);
	book->position = head.position;
	rc = read_book(file, path, &head, book, err);
	if (rc == STW_OK)
		rc = check_feds(path, book->customers, want->feds, err);
	if (rc != STW_OK) {
		book_free(book);
		return rc;
	}
	read_kept(file, book);
	*out = book;
	if (info != NULL) {
		*info = (struct book_file_info){.as_of = head.as_of,
		    .position = head.position,
		    .bytes = table_file_bytes(file),
		    .customers = book->customers->rows};
		memcpy(info->source, head.source, sizeof info->source);
		memcpy(info->currency, head.currency, sizeof info->currency);
		memcpy(info->zone, head.zone, sizeof info->zone);
		memcpy(info->model, head.model, sizeof info->model);
	}
	return STW_OK;
}

enum stw_code
book_file_open(const char *path, const struct book_file_want *want, struct book **out,
    struct book_file_info *info, struct stw_err *err)
{
	struct table_file *file;
	enum stw_code rc = table_file_open(path, KIND_BOOK, &file, err);

	*out = NULL;
	if (rc != STW_OK)
		return rc;
	rc = open_book(file, path, want, out, info, err);
	table_file_close(file);
	return rc;
}

enum stw_code
book_file_open_memory(const void *data, size_t size, const struct book_file_want *want,
    struct book **out, struct stw_err *err)
{
	struct table_file *file;
	enum stw_code rc =
	    table_file_open_memory("the file", data, size, KIND_BOOK, &file, err);

	*out = NULL;
	if (rc != STW_OK)
		return rc;
	rc = open_book(file, "the file", want, out, NULL, err);
	table_file_close(file);
	return rc;
}
