#include "segments/book.h"

#include <stdlib.h>
#include <string.h>

/* ---- shape ------------------------------------------------------------------- */
struct shape {
	const char *name;
	enum col_type type;
};

static const struct shape customer_cols[] = {
    [BOOK_REF] = {"ref", COL_STRING},
    [BOOK_GENDER] = {"gender", COL_STRING},
    [BOOK_DOB] = {"dob", COL_DATE},
    [BOOK_LANG] = {"lang", COL_STRING},
    [BOOK_COUNTRY] = {"country", COL_STRING},
    [BOOK_PROVINCE] = {"province", COL_STRING},
    [BOOK_CITY] = {"city", COL_STRING},
    [BOOK_ZONE] = {"zone", COL_STRING},
    [BOOK_ZONE_VERIFIED] = {"zone_verified", COL_BOOL},
    [BOOK_BRANCH] = {"branch", COL_STRING},
    [BOOK_MANAGER] = {"manager", COL_STRING},
    [BOOK_TIER] = {"tier", COL_STRING},
    [BOOK_OPENED_ON] = {"opened_on", COL_DATE},
    [BOOK_CLOSED_ON] = {"closed_on", COL_DATE},
    [BOOK_RISK_RATING] = {"risk_rating", COL_INT},
    [BOOK_RISK_ASSESSED_ON] = {"risk_assessed_on", COL_DATE},
    [BOOK_RISK_VALID] = {"risk_valid", COL_BOOL},
    [BOOK_DECEASED] = {"deceased", COL_BOOL},
    [BOOK_INCAPACITY] = {"incapacity", COL_BOOL},
    [BOOK_FRAUD_HOLD] = {"fraud_hold", COL_BOOL},
    [BOOK_LEGAL_HOLD] = {"legal_hold", COL_BOOL},
    [BOOK_COMPLAINT_OPEN] = {"complaint_open", COL_BOOL},
    [BOOK_PROFILING_OPT_OUT] = {"profiling_opt_out", COL_BOOL},
    [BOOK_PHONE_SHARED_BY] = {"phone_shared_by", COL_INT},
    [BOOK_HOUSEHOLD_SIZE] = {"household_size", COL_INT},
    [BOOK_STAGE] = {"stage", COL_STRING},
    [BOOK_STAGE_SINCE] = {"stage_since", COL_TIMESTAMP},
};

static const struct shape holding_cols[] = {
    [HOLDING_PRODUCT] = {"product", COL_STRING},
    [HOLDING_CLASS] = {"class", COL_STRING},
    [HOLDING_KIND] = {"kind", COL_STRING},
    [HOLDING_AMOUNT] = {"amount", COL_MONEY},
    [HOLDING_OPENED_ON] = {"opened_on", COL_DATE},
    [HOLDING_MATURITY_ON] = {"maturity_on", COL_DATE},
    [HOLDING_OPEN] = {"open", COL_BOOL},
    [HOLDING_RISK] = {"risk", COL_INT},
};

static const struct shape transaction_cols[] = {
    [TXN_AT] = {"at", COL_TIMESTAMP},
    [TXN_KIND] = {"kind", COL_STRING},
    [TXN_AMOUNT] = {"amount", COL_MONEY},
    [TXN_BALANCE] = {"balance", COL_MONEY},
};

static const struct shape interaction_cols[] = {
    [INTERACTION_AT] = {"at", COL_TIMESTAMP},
    [INTERACTION_KIND] = {"kind", COL_STRING},
    [INTERACTION_CHANNEL] = {"channel", COL_STRING},
};

static const struct shape outreach_cols[] = {
    [OUTREACH_AT] = {"at", COL_TIMESTAMP},
    [OUTREACH_CHANNEL] = {"channel", COL_STRING},
    [OUTREACH_KIND] = {"kind", COL_STRING},
    [OUTREACH_CAMPAIGN] = {"campaign", COL_STRING},
    [OUTREACH_DISPOSITION] = {"disposition", COL_STRING},
};

static const struct child_shape {
	const char *name;   /* of the list */
	const char *record; /* of one element's type */
	const struct shape *cols;
	size_t ncols;
	uint64_t usual; /* elements a customer, for the estimate of what a rule costs */
} children[BOOK_CHILDREN] = {
    [BOOK_HOLDINGS] = {"holdings", "Holding", holding_cols, STW_ARRAY_LEN(holding_cols),
	10},
    [BOOK_TRANSACTIONS] = {"transactions", "Transaction", transaction_cols,
	STW_ARRAY_LEN(transaction_cols), 100},
    [BOOK_INTERACTIONS] = {"interactions", "Interaction", interaction_cols,
	STW_ARRAY_LEN(interaction_cols), 30},
    [BOOK_OUTREACH] = {"outreach", "Contact", outreach_cols,
	STW_ARRAY_LEN(outreach_cols), 30},
};

static void
add_columns(
    struct table *table, const struct shape *cols, size_t ncols, const char *currency)
{
	for (size_t i = 0; i < ncols; i++) {
		int col = table_add_column(table, cols[i].name, cols[i].type);

		STW_ASSERT((size_t)col == i);
		if (cols[i].type == COL_MONEY)
			memcpy(table->cols[col].currency, currency, 4);
	}
}

struct table *
book_customer_table(size_t cap, const char *currency)
{
	struct table *table = table_new("customers", cap);

	add_columns(table, customer_cols, STW_ARRAY_LEN(customer_cols), currency);
	return table;
}

struct table *
book_child_table(enum book_child child, size_t cap, const char *currency)
{
	struct table *table = table_new(children[child].name, cap);

	add_columns(table, children[child].cols, children[child].ncols, currency);
	return table;
}

void
book_add_fed_columns(
    struct table *table, const struct book_feds *feds, const char *currency)
{
	for (int i = 0; i < feds->count; i++) {
		const struct book_fed *fed = &feds->items[i];
		int col = table_add_column(table, fed->name, fed->type);

		if (fed->type == COL_MONEY)
			memcpy(table->cols[col].currency, currency, 4);
	}
}

struct book *
book_new(
    size_t customers, const char *currency, const struct zone *zone, stw_usec as_of)
{
	struct book *book = stw_xalloc(sizeof *book);

	STW_ASSERT(strlen(currency) == 3);
	memcpy(book->currency, currency, 4);
	book->zone = zone;
	book->as_of = as_of;
	book->last_bucket = -1;
	book->id_cap = customers < 16 ? 16 : customers;
	book->customer_id = stw_xalloc(book->id_cap * sizeof *book->customer_id);
	book->customers = book_customer_table(customers, currency);
	for (int c = 0; c < BOOK_CHILDREN; c++)
		STW_ASSERT(table_add_child(book->customers, children[c].name,
			       book_child_table((enum book_child)c, 0, currency)) == c);
	book->col_ref = BOOK_REF;
	book->col_stage = BOOK_STAGE;
	book->col_stage_since = BOOK_STAGE_SINCE;
	return book;
}

void
book_add_feds(struct book *book, const struct book_feds *feds)
{
	STW_ASSERT(book->customers->rows == 0 && book->nfed == 0);
	STW_ASSERT(book->customers->ncols == BOOK_CUSTOMER_COLS);
	book_add_fed_columns(book->customers, feds, book->currency);
	book->nfed = feds->count;
}

bool
book_has_feds(const struct book *book, const struct book_feds *feds)
{
	if (book->nfed != feds->count)
		return false;
	for (int i = 0; i < feds->count; i++) {
		const struct column *col =
		    &book->customers->cols[BOOK_CUSTOMER_COLS + i];

		if (strcmp(col->name, feds->items[i].name) != 0 ||
		    col->type != feds->items[i].type)
			return false;
	}
	return true;
}

void
book_free(struct book *book)
{
	if (book == NULL)
		return;
	table_free(book->customers);
	if (book->over == NULL)
		free(book->customer_id);
	free(book);
}

size_t
book_bytes(const struct book *book)
{
	size_t ids = book->over == NULL ? book->id_cap * sizeof *book->customer_id : 0;

	return sizeof *book + ids + table_bytes(book->customers);
}

/* ---- rows -------------------------------------------------------------------- */
size_t
book_append(struct book *book, int bucket, int64_t customer_id)
{
	size_t row = book->customers->rows;

	STW_ASSERT(bucket >= 0 && bucket < BOOK_BUCKETS && row < UINT32_MAX);
	STW_ASSERT(bucket > book->last_bucket ||
		   (bucket == book->last_bucket && row > 0 &&
		       customer_id > book->customer_id[row - 1]));
	book->last_bucket = bucket;
	if (row == book->id_cap) {
		book->id_cap *= 2;
		book->customer_id = stw_xrealloc(
		    book->customer_id, book->id_cap * sizeof *book->customer_id);
	}
	book->customer_id[row] = customer_id;
	(void)table_append(book->customers);
	for (int b = bucket + 1; b <= BOOK_BUCKETS; b++)
		book->first[b] = (uint32_t)(row + 1);
	return row;
}

/* ---- order of child rows ------------------------------------------------------- */
struct timed {
	stw_usec at;
	size_t from; /* row before sorting; also breaks ties, so the sort is stable */
};

static int
timed_cmp(const void *a, const void *b)
{
	const struct timed *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->from < y->from ? -1 : 1;
}

/* Moves the rows of one column: row first + i becomes the one that was at order[i]. */
static void
permute(
    struct column *col, const struct timed *order, size_t first, size_t n, char *room)
{
	size_t size = column_size(col);
	char *data = col->flat;
	bool *valid = (bool *)(room + n * sizeof(int64_t));

	for (size_t i = 0; i < n; i++) {
		memcpy(room + i * size, data + order[i].from * size, size);
		valid[i] = column_has(col, order[i].from);
	}
	memcpy(data + first * size, room, n * size);
	for (size_t i = 0; i < n && col->valid != NULL; i++) {
		uint64_t bit = UINT64_C(1) << ((first + i) & 63);

		if (valid[i])
			col->valid[(first + i) >> 6] |= bit;
		else
			col->valid[(first + i) >> 6] &= ~bit;
	}
}

/* By column 0, the instant; rows of one instant stay as they came. */
static void
sort_by_time(struct table *table, size_t first)
{
	const stw_usec *at = table->cols[0].flat;
	size_t n = table->rows - first, i = 1;
	struct timed *order;
	char *room;

	while (i < n && at[first + i - 1] <= at[first + i])
		i++;
	if (i >= n)
		return;
	order = stw_xalloc(n * sizeof *order);
	room = stw_xalloc(n * (sizeof(int64_t) + sizeof(bool)));
	for (i = 0; i < n; i++)
		order[i] = (struct timed){at[first + i], first + i};
	qsort(order, n, sizeof *order, timed_cmp);
	for (int c = 0; c < table->ncols; c++)
		permute(&table->cols[c], order, first, n, room);
	free(order);
	free(room);
}

void
book_sort_children(struct table *table, enum book_child child, size_t first)
{
	if (child != BOOK_HOLDINGS)
		sort_by_time(table, first);
}

void
book_end_children(struct book *book, enum book_child child, size_t row)
{
	struct table_child *c = &book->customers->children[child];

	STW_ASSERT(row < book->customers->rows && c->table->rows <= UINT32_MAX);
	book_sort_children(c->table, child, c->offsets[row]);
	c->offsets[row + 1] = (uint32_t)c->table->rows;
}

size_t
book_find(const struct book *book, int bucket, int64_t customer_id)
{
	size_t lo, hi;

	if (bucket < 0 || bucket >= BOOK_BUCKETS)
		return SIZE_MAX;
	lo = book->first[bucket];
	hi = book->first[bucket + 1];
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (book->customer_id[mid] < customer_id)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == book->first[bucket + 1] || book->customer_id[lo] != customer_id ||
	    book_is_dead(book, lo))
		return SIZE_MAX;
	return lo;
}

size_t
book_find_ref(const struct book *book, struct str ref)
{
	const struct column *col = &book->customers->cols[BOOK_REF];
	uint32_t code = col_dict_find(col->dict, ref);
	int bucket;

	if (code == UINT32_MAX)
		return SIZE_MAX;
	/* References are distinct and added in row order after the dictionary's "", so
	 * this guess nearly always holds. */
	if (code > 0 && code - 1 < book->customers->rows &&
	    column_code(col, code - 1) == code && !book_is_dead(book, code - 1))
		return code - 1;
	bucket = customer_bucket(ref);
	for (size_t row = book->first[bucket]; row < book->first[bucket + 1]; row++) {
		if (column_code(col, row) == code && column_has(col, row) &&
		    !book_is_dead(book, row))
			return row;
	}
	return SIZE_MAX;
}

int
book_bucket_of(const struct book *book, size_t row)
{
	int lo = 0, hi = BOOK_BUCKETS - 1;

	STW_ASSERT(row < book->customers->rows);
	while (lo < hi) {
		int mid = (lo + hi) / 2;

		if (row < book->first[mid + 1])
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

void
book_set_stage(struct book *book, size_t row, struct str stage, stw_usec since)
{
	table_set_string(book->customers, book->col_stage, row, stage);
	table_set_int(book->customers, book->col_stage_since, row, since);
}

/* ---- parts ------------------------------------------------------------------- */
struct book *
book_over(const struct book *rows, stw_usec as_of)
{
	struct book *book = stw_xalloc(sizeof *book);

	*book = *rows;
	book->over = rows;
	book->as_of = as_of;
	book->customers = table_over(rows->customers);
	table_own(book->customers, rows->col_stage);
	table_own(book->customers, rows->col_stage_since);
	table_pack(book->customers);
	return book;
}

size_t
book_customers(const struct book *book)
{
	return book->customers->rows -
	       (book->dead == NULL ? 0 : bitmap_count(book->dead));
}

struct book_parts
book_parts_of(struct book *book)
{
	return (struct book_parts){.books = {book}, .count = 1};
}

int64_t
book_parts_customers(const struct book_parts *parts)
{
	int64_t n = 0;

	for (int i = 0; i < parts->count; i++)
		n += (int64_t)book_customers(parts->books[i]);
	return n;
}

/* ---- rules ------------------------------------------------------------------- */
struct rule_env *
book_env(const struct book *book, struct arena *arena,
    bool (*known)(void *host, struct str code), void *host)
{
	struct rule_env *env = rule_env_new(arena);
	int slot = rule_env_var(
	    env, "customer", rule_type_of_table(arena, book->customers, "Customer"));

	STW_ASSERT(slot == 0);
	for (int c = 0; c < BOOK_CHILDREN; c++) {
		const struct table_child *child = &book->customers->children[c];

		slot = rule_env_var(env, children[c].name,
		    rule_type_list(arena,
			rule_type_of_table(arena, child->table, children[c].record)));
		STW_ASSERT(slot == c + 1);
		rule_env_length(env, children[c].name, children[c].usual);
	}
	rule_env_currency(env, book->currency);
	if (known != NULL)
		rule_env_segments(env, known, host);
	return env;
}

const char *
book_list_of(const char *record)
{
	if (strcmp(record, "Customer") == 0)
		return "customer";
	for (int c = 0; c < BOOK_CHILDREN; c++) {
		if (strcmp(record, children[c].record) == 0)
			return children[c].name;
	}
	return NULL;
}

const struct rule_binding *
book_bindings(const struct book *book, int *count)
{
	static const struct rule_binding bindings[1 + BOOK_CHILDREN] = {
	    {.slot = 0, .self = true, .child = -1},
	    {.slot = 1 + BOOK_HOLDINGS, .child = BOOK_HOLDINGS},
	    {.slot = 1 + BOOK_TRANSACTIONS, .child = BOOK_TRANSACTIONS},
	    {.slot = 1 + BOOK_INTERACTIONS, .child = BOOK_INTERACTIONS},
	    {.slot = 1 + BOOK_OUTREACH, .child = BOOK_OUTREACH},
	};

	(void)book; /* every book has the same children */
	*count = (int)STW_ARRAY_LEN(bindings);
	return bindings;
}

const struct rule_value *
book_vars(const struct book *book, size_t row, struct arena *arena)
{
	struct rule_value *vars = arena_array(arena, 1 + BOOK_CHILDREN, sizeof *vars);

	vars[0] = rule_row(book->customers, row);
	for (int c = 0; c < BOOK_CHILDREN; c++)
		vars[c + 1] = rule_children(book->customers, c, row);
	return vars;
}
