#include "segments/trait_quality.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BASIS_POINTS 10000
/* An empty bin would make the index infinite; the usual floor. */
#define SHARE_FLOOR 0.0005

static const char *const breach_names[TRAIT_BREACHES] = {
    [TRAIT_GOOD] = "",
    [TRAIT_EMPTY] = "EMPTY",
    [TRAIT_STALE] = "STALE",
    [TRAIT_MISSING] = "MISSING",
    [TRAIT_RISE] = "RISE",
    [TRAIT_DRIFT] = "DRIFT",
};

const char *
trait_breach_name(enum trait_breach breach)
{
	return breach_names[breach];
}

bool
trait_breach_parse(struct str name, enum trait_breach *out)
{
	for (int i = TRAIT_EMPTY; i < TRAIT_BREACHES; i++) {
		if (str_eq_c(name, breach_names[i])) {
			*out = (enum trait_breach)i;
			return true;
		}
	}
	return false;
}

/* ---- looking ------------------------------------------------------------------------ */
/* A whole number in the order of the doubles; NaN comes after all of them. */
static int64_t
double_key(double v)
{
	int64_t bits;

	memcpy(&bits, &v, sizeof bits);
	return bits < 0 ? INT64_MIN - bits : bits;
}

/* FNV-1a: the same bin for the same text in every process. */
static int
text_bin(struct str s)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (unsigned char)s.ptr[i]) * 16777619u;
	return (int)((h ^ (h >> 16)) % TRAIT_BINS);
}

static int
cut_bin(const struct trait_spread *spread, int64_t key)
{
	int lo = 0, hi = spread->ncuts;

	while (lo < hi) {
		int mid = (lo + hi) / 2;

		if (key <= spread->cuts[mid])
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

static int
key_cmp(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void
add_cut(int64_t cut, struct trait_spread *out)
{
	if (out->ncuts < TRAIT_BINS - 1 &&
	    (out->ncuts == 0 || cut > out->cuts[out->ncuts - 1]))
		out->cuts[out->ncuts++] = cut;
}

static int64_t
nth_of(const int64_t *keys, size_t n, size_t i)
{
	return keys[(i * n) / TRAIT_BINS];
}

/* Cuts into equal shares. A value that fills several shares, or all that there is, has a
 * bin of its own, so that what comes below it later is not counted with it: one cut before
 * it and one at it. There is room: two of its shares make one cut less. */
static void
make_cuts(int64_t *keys, size_t n, struct trait_spread *out)
{
	qsort(keys, n, sizeof *keys, key_cmp);
	for (size_t i = 1; i < TRAIT_BINS; i++) {
		int64_t cut = nth_of(keys, n, i);

		if (cut > INT64_MIN &&
		    (cut == keys[0] ||
			(i + 1 < TRAIT_BINS && cut == nth_of(keys, n, i + 1))))
			add_cut(cut - 1, out);
		add_cut(cut, out);
	}
}

/* Rows, evenly chosen from those that are not dead. */
struct sample {
	struct place {
		const struct column *col;
		size_t row;
	} * items;
	size_t count;
};

static bool
is_dead(const struct trait_rows *rows, int part, size_t row)
{
	return rows->dead[part].bits != 0 && bitmap_get(&rows->dead[part], row);
}

static struct sample
sample_take(const struct trait_rows *rows, int col, size_t total)
{
	size_t step = total / TRAIT_SAMPLE_MAX + 1, at = 0;
	struct sample sample = {
	    .items = stw_xalloc((total / step + 1) * sizeof *sample.items)};

	for (int p = 0; p < rows->count; p++) {
		for (size_t row = 0; row < rows->tables[p]->rows; row++) {
			if (is_dead(rows, p, row) || at++ % step != 0)
				continue;
			sample.items[sample.count++] =
			    (struct place){&rows->tables[p]->cols[col], row};
		}
	}
	return sample;
}

static void
spread_numbers(const struct sample *sample, const struct trait_spread *base,
    struct trait_spread *out)
{
	int64_t *keys = stw_xalloc((sample->count + 1) * sizeof *keys);
	size_t n = 0;

	for (size_t i = 0; i < sample->count; i++) {
		const struct column *col = sample->items[i].col;
		size_t row = sample->items[i].row;

		if (column_has(col, row))
			keys[n++] = col->type == COL_DOUBLE
					? double_key(column_double(col, row))
					: column_int(col, row);
	}
	if (base != NULL && base->ncuts > 0) {
		memcpy(out->cuts, base->cuts, sizeof out->cuts);
		out->ncuts = base->ncuts;
	} else if (n > 0) {
		make_cuts(keys, n, out);
	}
	out->nbins = out->ncuts > 0 ? out->ncuts + 1 : 0;
	for (size_t i = 0; i < n && out->nbins > 0; i++)
		out->bins[cut_bin(out, keys[i])]++;
	free(keys);
}

static void
spread_words(const struct sample *sample, struct trait_spread *out)
{
	out->nbins = TRAIT_BINS;
	for (size_t i = 0; i < sample->count; i++) {
		const struct column *col = sample->items[i].col;
		size_t row = sample->items[i].row;

		if (!column_has(col, row))
			continue;
		if (col->type == COL_BOOL)
			out->bins[column_int(col, row)]++;
		else
			out->bins[text_bin(
			    col_dict_get(col->dict, column_code(col, row)))]++;
	}
}

/* Counts one part; *newest: the largest value, INT64_MIN while there is none. */
static void
look_at_part(const struct trait_rows *rows, int part, int col, int64_t *newest,
    struct trait_look *out)
{
	const struct table *table = rows->tables[part];
	const struct column *column = &table->cols[col];
	const struct col_pack *pack = column->pack;
	bool dated = column->type == COL_DATE || column->type == COL_TIMESTAMP;

	STW_ASSERT(pack != NULL);
	if (rows->dead[part].bits == 0) {
		out->total += (int64_t)table->rows;
		out->missing += (int64_t)pack->missing;
		if (dated && pack->rows > 0 && pack->min <= pack->max &&
		    pack->max > *newest)
			*newest = pack->max;
		return;
	}
	for (size_t row = 0; row < table->rows; row++) {
		if (is_dead(rows, part, row))
			continue;
		out->total++;
		if (!column_has(column, row))
			out->missing++;
		else if (dated && column_int(column, row) > *newest)
			*newest = column_int(column, row);
	}
}

void
trait_look_at(const struct trait_rows *rows, int col, const struct zone *zone,
    bool spread, const struct trait_spread *base, struct trait_look *out)
{
	enum col_type type = rows->tables[0]->cols[col].type;
	int64_t newest = INT64_MIN;
	struct sample sample;

	*out = (struct trait_look){.newest = STW_USEC_NEVER};
	for (int p = 0; p < rows->count; p++)
		look_at_part(rows, p, col, &newest, out);
	if (newest != INT64_MIN)
		out->newest =
		    type == COL_DATE ? zone_instant(zone, (stw_day)newest, 0) : newest;
	if (!spread)
		return;
	sample = sample_take(rows, col, (size_t)out->total);
	if (type == COL_STRING || type == COL_BOOL)
		spread_words(&sample, &out->spread);
	else
		spread_numbers(&sample, base, &out->spread);
	free(sample.items);
}

/* ---- rows ---------------------------------------------------------------------------- */
/* The child rows of dead customers. */
static void
bury_children(const struct table *customers, const struct bitmap *dead, int child,
    struct bitmap *out)
{
	const uint32_t *offsets = customers->children[child].offsets;

	bitmap_init(out, customers->children[child].table->rows);
	for (size_t row = bitmap_next(dead, 0); row != SIZE_MAX;
	     row = bitmap_next(dead, row + 1))
		for (size_t i = offsets[row]; i < offsets[row + 1]; i++)
			bitmap_set(out, i);
}

void
trait_rows_init(struct trait_rows *rows, const struct book_parts *parts, const char *of)
{
	*rows = (struct trait_rows){.count = parts->count};
	for (int p = 0; p < parts->count; p++) {
		const struct table *customers = parts->books[p]->customers;
		const struct bitmap *dead = parts->books[p]->dead;
		int child = table_find_child(customers, of);

		rows->tables[p] =
		    child < 0 ? customers : customers->children[child].table;
		if (dead == NULL)
			continue;
		if (child < 0) {
			bitmap_init(&rows->dead[p], dead->bits);
			bitmap_copy(&rows->dead[p], dead);
		} else {
			bury_children(customers, dead, child, &rows->dead[p]);
		}
	}
}

void
trait_rows_fini(struct trait_rows *rows)
{
	for (int p = 0; p < rows->count; p++)
		bitmap_fini(&rows->dead[p]);
}

bool
trait_has_age(const struct trait *trait)
{
	return trait_is_fed(trait) || trait->type == COL_DATE ||
	       trait->type == COL_TIMESTAMP;
}

/* ---- judging ------------------------------------------------------------------------ */
static int64_t
share_bp(const struct trait_look *look)
{
	return look->total == 0 ? 0 : look->missing * BASIS_POINTS / look->total;
}

static double
total_of(const struct trait_spread *spread)
{
	int64_t sum = 0;

	for (int i = 0; i < spread->nbins; i++)
		sum += spread->bins[i];
	return (double)sum;
}

int64_t
trait_drift(const struct trait_spread *base, const struct trait_spread *now)
{
	double nbase = total_of(base), nnow = total_of(now), psi = 0;

	if (base->nbins != now->nbins || nbase == 0 || nnow == 0)
		return 0;
	for (int i = 0; i < base->nbins; i++) {
		double p = fmax((double)base->bins[i] / nbase, SHARE_FLOOR);
		double q = fmax((double)now->bins[i] / nnow, SHARE_FLOOR);

		psi += (q - p) * log(q / p);
	}
	return (int64_t)llround(psi * 1000);
}

static struct trait_finding
found(enum trait_breach breach, int64_t measured, int64_t allowed)
{
	return (struct trait_finding){breach, measured, allowed};
}

/* Nothing of it can be too old yet, which is no reason to call it fresh. */
static bool
never_fed(const struct trait *trait, const struct trait_limits *limits)
{
	return trait_is_fed(trait) && trait->fed_at == STW_USEC_NEVER &&
	       limits->max_age_hours != TRAIT_NO_LIMIT;
}

struct trait_finding
trait_judge(const struct trait *trait, const struct trait_limits *limits,
    const struct trait_look *look, const struct trait_look *base, stw_usec now)
{
	int64_t missing = share_bp(look), n;

	if (trait->own && look->total > 0 && look->missing == look->total &&
	    (limits->max_missing_bp == TRAIT_NO_LIMIT || never_fed(trait, limits)))
		return found(TRAIT_EMPTY, missing, BASIS_POINTS - 1);
	if (limits->max_age_hours != TRAIT_NO_LIMIT && look->newest != STW_USEC_NEVER) {
		n = (now - look->newest) / STW_USEC_HOUR;
		if (n > limits->max_age_hours)
			return found(TRAIT_STALE, n, limits->max_age_hours);
	}
	if (limits->max_missing_bp != TRAIT_NO_LIMIT &&
	    missing > limits->max_missing_bp)
		return found(TRAIT_MISSING, missing, limits->max_missing_bp);
	if (base == NULL)
		return found(TRAIT_GOOD, 0, 0);
	n = missing - share_bp(base);
	if (limits->max_rise_bp != TRAIT_NO_LIMIT && n > limits->max_rise_bp)
		return found(TRAIT_RISE, n, limits->max_rise_bp);
	n = trait_drift(&base->spread, &look->spread);
	if (limits->max_drift != TRAIT_NO_LIMIT && n > limits->max_drift)
		return found(TRAIT_DRIFT, n, limits->max_drift);
	return found(TRAIT_GOOD, 0, 0);
}

/* ---- words --------------------------------------------------------------------------- */
static void
add_percent(struct buf *to, int64_t bp)
{
	buf_printf(to, "%" PRId64 ".%02" PRId64 " %%", bp / 100, bp % 100);
}

static void
add_shares(struct buf *to, const struct trait_finding *f, const char *before,
    const char *between, const char *after)
{
	buf_add_c(to, before);
	add_percent(to, f->measured);
	buf_add_c(to, between);
	add_percent(to, f->allowed);
	buf_add_c(to, after);
}

void
trait_finding_print(const struct trait_finding *f, bool zh, struct buf *to)
{
	switch (f->breach) {
	case TRAIT_GOOD:
		buf_add_c(to, zh ? "正常" : "nothing is wrong");
		break;
	case TRAIT_EMPTY:
		buf_add_c(to, zh ? "没有任何客户有值" : "no customer has a value");
		break;
	case TRAIT_STALE:
		buf_printf(to,
		    zh ? "最新的值是 %" PRId64 " 小时前的,最多允许 %" PRId64 " 小时"
		       : "the newest value is %" PRId64 " hours old, at most %" PRId64
			 " are allowed",
		    f->measured, f->allowed);
		break;
	case TRAIT_MISSING:
		add_shares(to, f, zh ? "缺失 " : "",
		    zh ? ",最多允许 " : " have no value, at most ", zh ? "" : " may");
		break;
	case TRAIT_RISE:
		add_shares(to, f,
		    zh ? "缺失比例上升 " : "the share without a value rose by ",
		    zh ? ",最多允许 " : ", at most ", zh ? "" : " is allowed");
		break;
	case TRAIT_DRIFT:
		buf_printf(to,
		    zh ? "分布偏移 %" PRId64 ".%03" PRId64 ",最多允许 %" PRId64
			 ".%03" PRId64
		       : "the values drifted by %" PRId64 ".%03" PRId64
			 ", at most %" PRId64 ".%03" PRId64 " is allowed",
		    f->measured / 1000, f->measured % 1000, f->allowed / 1000,
		    f->allowed % 1000);
		break;
	case TRAIT_BREACHES:
		STW_ASSERT(!"not a breach");
	}
}
