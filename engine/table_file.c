/* Reading a table file: the frame, and what is in it. Nothing is used before it is
 * checked. */
#include "engine/table_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/crc32c.h"
#include "engine/table_file_priv.h"
#include "engine/table_priv.h"

struct table_file {
	char *name;
	const char *data;
	size_t size;
	struct table_map *map; /* NULL: memory of somebody else's */
	const struct file_section *sections;
	uint32_t nsections, next;
	int deep; /* tables that are being read in one another */
};

static void tell_bad(const struct table_file *file, struct stw_err *err,
    const char *fmt, ...) STW_PRINTF(3, 4);

/* "FILE is not usable: why". */
static void
tell_bad(const struct table_file *file, struct stw_err *err, const char *fmt, ...)
{
	char why[240];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof why, fmt, ap);
	va_end(ap);
	(void)stw_fail(err, STW_INVALID, "%.160s is not usable: %s", file->name, why);
}

/* A macro, so that the analyzer sees what it gives. */
#define bad(file, err, ...) (tell_bad((file), (err), __VA_ARGS__), STW_INVALID)

/* ---- the frame ------------------------------------------------------------------- */
static enum stw_code
check_head(const struct table_file *file, uint32_t kind, struct file_head *head,
    struct stw_err *err)
{
	if (file->size < sizeof *head)
		return bad(file, err, "it is cut short: %zu bytes", file->size);
	memcpy(head, file->data, sizeof *head);
	if (memcmp(head->magic, FILE_MAGIC, sizeof head->magic) != 0)
		return bad(file, err, "it is no file of this program's");
	if (head->order != FILE_ORDER)
		return bad(file, err, "a machine of another byte order wrote it");
	if (head->version != TABLE_FILE_VERSION)
		return bad(file, err, "it is of version %u, and this program reads %d",
		    head->version, TABLE_FILE_VERSION);
	if (head->head_crc != crc32c(0, head, offsetof(struct file_head, head_crc)))
		return bad(file, err, "its head has been changed");
	if (head->kind != kind)
		return bad(file, err, "something else is in it");
	if (head->size != file->size)
		return bad(file, err, "it is cut short or longer: %zu of %llu bytes",
		    file->size, (unsigned long long)head->size);
	return STW_OK;
}

/* Sections follow one another, with nothing but zeros to align them. */
static bool
gap_fits(const struct table_file *file, uint64_t from, uint64_t to)
{
	if (to < from || to - from >= FILE_ALIGN || to > file->size)
		return false;
	for (; from < to; from++)
		if (file->data[from] != 0)
			return false;
	return true;
}

static enum stw_code
check_sections(const struct table_file *file, uint64_t directory, struct stw_err *err)
{
	uint64_t end = sizeof(struct file_head);

	for (uint32_t i = 0; i < file->nsections; i++) {
		const struct file_section *s = &file->sections[i];

		if (s->at % FILE_ALIGN != 0 || !gap_fits(file, end, s->at) ||
		    s->size > file->size - s->at)
			return bad(
			    file, err, "section %u lies outside of its place", i);
		if (s->crc != crc32c(0, file->data + s->at, s->size))
			return bad(file, err,
			    "section %u of %u (%.4s) has been changed: its checksum "
			    "differs",
			    i, file->nsections, (const char *)&s->tag);
		end = s->at + s->size;
	}
	if (!gap_fits(file, end, directory))
		return bad(file, err, "its directory does not follow its sections");
	return STW_OK;
}

static enum stw_code
check_frame(struct table_file *file, uint32_t kind, struct stw_err *err)
{
	struct file_head head;
	uint64_t size;
	enum stw_code rc = check_head(file, kind, &head, err);

	if (rc != STW_OK)
		return rc;
	size = head.nsections * (uint64_t)sizeof *file->sections;
	if (head.directory % FILE_ALIGN != 0 || head.directory > file->size ||
	    size != file->size - head.directory)
		return bad(file, err, "its directory lies outside of its place");
	file->sections = (const void *)(file->data + head.directory);
	file->nsections = head.nsections;
	if (head.directory_crc != crc32c(0, file->sections, size))
		return bad(file, err, "its directory has been changed");
	return check_sections(file, head.directory, err);
}

void
table_file_seal(void *data, size_t size)
{
	struct file_head *head = data;
	struct file_section *sections;

	if (size < sizeof *head)
		return;
	head->size = size;
	if (head->directory % FILE_ALIGN == 0 && head->directory <= size &&
	    head->nsections <= (size - head->directory) / sizeof *sections) {
		sections = (void *)((char *)data + head->directory);
		for (uint32_t i = 0; i < head->nsections; i++)
			if (sections[i].at <= size &&
			    sections[i].size <= size - sections[i].at)
				sections[i].crc = crc32c(
				    0, (char *)data + sections[i].at, sections[i].size);
		head->directory_crc =
		    crc32c(0, sections, head->nsections * sizeof *sections);
	}
	head->head_crc = crc32c(0, head, offsetof(struct file_head, head_crc));
}

/* ---- opening --------------------------------------------------------------------- */
static struct table_file *
file_new(const char *name, const void *data, size_t size)
{
	struct table_file *file = stw_xalloc(sizeof *file);

	file->name = stw_xstrdup(name);
	file->data = data;
	file->size = size;
	return file;
}

enum stw_code
table_file_open_memory(const char *name, const void *data, size_t size, uint32_t kind,
    struct table_file **out, struct stw_err *err)
{
	struct table_file *file = file_new(name, data, size);
	enum stw_code rc = check_frame(file, kind, err);

	*out = NULL;
	if (rc == STW_OK)
		*out = file;
	else
		table_file_close(file);
	return rc;
}

static enum stw_code
map_file(int fd, const char *path, struct table_file **out, struct stw_err *err)
{
	struct stat st;
	void *data;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return stw_fail(err, STW_INVALID, "%.200s is not a file", path);
	if ((st.st_mode & 077) != 0)
		return stw_fail(err, STW_INVALID,
		    "others may read %.200s (mode %03o): chmod 600 it", path,
		    (unsigned)st.st_mode & 0777);
	if (st.st_size == 0)
		return stw_fail(
		    err, STW_INVALID, "%.200s is not usable: it is empty", path);
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return stw_fail(
		    err, STW_TEMPFAIL, "cannot map %.200s: %s", path, strerror(errno));
	(void)madvise(data, (size_t)st.st_size, MADV_WILLNEED); /* only a wish */
	*out = file_new(path, data, (size_t)st.st_size);
	(*out)->map = table_map_new(data, (size_t)st.st_size);
	return STW_OK;
}

enum stw_code
table_file_open(
    const char *path, uint32_t kind, struct table_file **out, struct stw_err *err)
{
	struct table_file *file = NULL;
	enum stw_code rc;
	int fd;

	*out = NULL;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return stw_fail(err, errno == ENOENT ? STW_NOT_FOUND : STW_INVALID,
		    "cannot open %.200s: %s", path, strerror(errno));
	rc = map_file(fd, path, &file, err);
	(void)close(fd);
	if (rc == STW_OK)
		rc = check_frame(file, kind, err);
	if (rc == STW_OK)
		*out = file;
	else
		table_file_close(file);
	return rc;
}

void
table_file_close(struct table_file *file)
{
	if (file == NULL)
		return;
	table_map_unref(file->map);
	free(file->name);
	free(file);
}

uint64_t
table_file_bytes(const struct table_file *file)
{
	return file->size;
}

/* ---- sections -------------------------------------------------------------------- */
enum stw_code
table_file_take(struct table_file *file, uint32_t tag, const void **data, size_t *size,
    struct stw_err *err)
{
	const struct file_section *s = &file->sections[file->next];

	*data = NULL;
	*size = 0;
	if (file->next == file->nsections)
		return bad(
		    file, err, "it ends where %.4s should follow", (const char *)&tag);
	if (s->tag != tag)
		return bad(file, err, "section %u is %.4s where %.4s should be",
		    file->next, (const char *)&s->tag, (const char *)&tag);
	file->next++;
	*data = file->data + s->at;
	*size = s->size;
	return STW_OK;
}

/* A section of exactly so many bytes. */
static enum stw_code
take_exactly(struct table_file *file, uint32_t tag, uint64_t want, const void **data,
    struct stw_err *err)
{
	size_t size;
	enum stw_code rc = table_file_take(file, tag, data, &size, err);

	if (rc == STW_OK && size != want)
		rc = bad(file, err, "section %u (%.4s) has %zu bytes, not %llu",
		    file->next - 1, (const char *)&tag, size, (unsigned long long)want);
	return rc;
}

enum stw_code
table_file_copy(
    struct table_file *file, uint32_t tag, void *to, size_t size, struct stw_err *err)
{
	const void *data;
	enum stw_code rc = take_exactly(file, tag, size, &data, err);

	if (rc == STW_OK)
		memcpy(to, data, size);
	return rc;
}

/* ---- columns --------------------------------------------------------------------- */
/* A column on its way in. */
struct reading {
	struct table_file *file;
	struct column *col;
	const char *table;
	size_t rows;
	uint32_t strings; /* of the dictionary */
};

#define bad_column(r, err, what) \
	bad((r)->file, (err), "%s.%s: %s", (r)->table, (r)->col->name, (what))

static bool
width_fits(enum col_type type, uint8_t width)
{
	switch (type) {
	case COL_BOOL:
		return width == 0;
	case COL_DOUBLE:
		return width == 8;
	case COL_STRING:
	case COL_DATE:
		return width <= 4;
	case COL_INT:
	case COL_TIMESTAMP:
	case COL_MONEY:
		return width <= 4 || width == 6 || width == 8;
	case COL_NONE:
		break;
	}
	return false;
}

/* Codes in two parts have a low one. */
static bool
low_bits_fit(const struct col_chunk *c)
{
	size_t low = c->width - chunk_high_size(c->width);

	return low == 0 ? c->low_bits == 0 : c->low_bits > 0 && c->low_bits <= 8 * low;
}

static bool
range_fits(const struct reading *r, const struct col_chunk *c)
{
	switch (r->col->type) {
	case COL_BOOL:
		return c->min >= 0 && c->max <= 1;
	case COL_DOUBLE:
		return c->min == 0 && c->max == 1;
	case COL_STRING:
		return c->min >= 0 && c->max < r->strings;
	case COL_DATE:
		return c->min >= TABLE_DAY_MIN && c->max <= TABLE_DAY_MAX;
	case COL_INT:
	case COL_TIMESTAMP:
	case COL_MONEY:
	case COL_NONE:
		break;
	}
	return true;
}

/* Base, step, least and greatest say one thing, so that every code that is not greater
 * than (max - base) / step is a value that can be. */
static bool
chunk_fits(const struct reading *r, const struct col_chunk *c, size_t n)
{
	bool codes = r->col->type != COL_BOOL && r->col->type != COL_DOUBLE;

	if (!width_fits(r->col->type, c->width) || !low_bits_fit(c) || c->missing > n ||
	    c->step == 0)
		return false;
	if (c->missing == n)
		return c->min == INT64_MAX && c->max == INT64_MIN && c->base == 0 &&
		       (c->width == 0 || c->width == 8);
	if (c->min > c->max || !range_fits(r, c))
		return false;
	if (c->width == 8 || !codes)
		return c->base == 0 && c->step == 1;
	if (c->width == 0)
		return c->base == c->min && c->min == c->max && c->step == 1;
	if (r->col->type == COL_STRING && c->base < 0)
		return false;
	return c->base <= c->min;
}

/* The greatest code of whole words of 64 rows, so that the compiler has loops of a fixed
 * length to make vectors of. */
#define MOST_CODE(most, type, words, code)                    \
	do {                                                  \
		for (size_t i = 0; i < (words)*64; i += 64) { \
			type m = 0;                           \
			for (size_t j = i; j < i + 64; j++) { \
				type v = (code);              \
				m = v > m ? v : m;            \
			}                                     \
			(most) = m > (most) ? m : (most);     \
		}                                             \
	} while (0)

/* UINT64_MAX: a low part is greater than it can be. */
static uint64_t
most_code(const struct col_chunk *c, size_t words)
{
	const uint8_t *d8 = c->data;
	const uint16_t *d16 = c->data, *l16 = c->low;
	const uint32_t *d32 = c->data;
	uint64_t most = 0, low = 0;

	switch (c->width) {
	case 1:
		MOST_CODE(most, uint8_t, words, d8[j]);
		break;
	case 2:
		MOST_CODE(most, uint16_t, words, d16[j]);
		break;
	case 3:
		MOST_CODE(low, uint16_t, words, l16[j]);
		MOST_CODE(
		    most, uint32_t, words, (uint32_t)d8[j] << c->low_bits | l16[j]);
		break;
	case 4:
		MOST_CODE(low, uint16_t, words, l16[j]);
		MOST_CODE(
		    most, uint32_t, words, (uint32_t)d16[j] << c->low_bits | l16[j]);
		break;
	case 6:
		MOST_CODE(low, uint16_t, words, l16[j]);
		MOST_CODE(
		    most, uint64_t, words, (uint64_t)d32[j] << c->low_bits | l16[j]);
		break;
	default:
		break;
	}
	return low >> c->low_bits == 0 ? most : UINT64_MAX;
}

/* A BOOL's bits, a word at a time. */
static bool
bits_fit(const struct reading *r, const struct col_chunk *c, size_t first, size_t n)
{
	const uint64_t *bits = c->data, *valid = r->col->valid;

	for (size_t w = 0; w < (n + 63) / 64; w++) {
		size_t left = n - w * 64;
		uint64_t has = valid == NULL ? UINT64_MAX : valid[first / 64 + w];

		if (left < 64)
			has &= (UINT64_C(1) << left) - 1;
		if ((c->max == 0 && (bits[w] & has) != 0) ||
		    (c->min == 1 && (~bits[w] & has) != 0))
			return false;
	}
	return true;
}

/* The rows' values lie within what the chunk says of them. */
static bool
values_fit(const struct reading *r, const struct col_chunk *c, size_t first, size_t n)
{
	const struct column *col = r->col;

	if (col->type == COL_DOUBLE || c->missing == n)
		return true;
	if (col->type == COL_BOOL)
		return bits_fit(r, c, first, n);
	if (c->width != 8 && most_code(c, (n + 63) / 64) >
				 ((uint64_t)c->max - (uint64_t)c->base) / c->step)
		return false;
	if (c->width == 0 || (c->base == c->min && c->width != 8))
		return true;
	for (size_t i = 0; i < n; i++) {
		int64_t v = chunk_value(c, i);

		if ((v < c->min || v > c->max) && column_has(col, first + i))
			return false;
	}
	return true;
}

static size_t
count_bits(const uint64_t *words, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += (size_t)__builtin_popcountll(words[i]);
	return count;
}

static size_t
rows_of_chunk(size_t rows, size_t k)
{
	size_t left = rows - k * TABLE_CHUNK;

	return left < TABLE_CHUNK ? left : TABLE_CHUNK;
}

static enum stw_code
read_chunks(struct reading *r, struct col_pack *pack, struct stw_err *err)
{
	const struct file_chunk *chunks;
	const void *data;
	enum stw_code rc = take_exactly(
	    r->file, TAG_CHUNKS, pack->nchunks * (uint64_t)sizeof *chunks, &data, err);

	if (rc != STW_OK)
		return rc;
	chunks = data;
	for (size_t k = 0; k < pack->nchunks; k++) {
		struct col_chunk *c = &pack->chunks[k];
		size_t n = rows_of_chunk(pack->rows, k);

		*c = (struct col_chunk){.base = chunks[k].base,
		    .step = chunks[k].step,
		    .min = chunks[k].min,
		    .max = chunks[k].max,
		    .missing = chunks[k].missing,
		    .width = chunks[k].width,
		    .low_bits = chunks[k].low_bits};
		if (!chunk_fits(r, c, n))
			return bad_column(r, err, "what it says of its rows cannot be");
		pack->bytes += chunk_data_bytes(r->col->type, c->width, n) +
			       chunk_low_bytes(c->width, n);
		pack->missing += c->missing;
		pack->min = c->min < pack->min ? c->min : pack->min;
		pack->max = c->max > pack->max ? c->max : pack->max;
	}
	return STW_OK;
}

static enum stw_code
read_data(struct reading *r, struct col_pack *pack, struct stw_err *err)
{
	const void *data;
	enum stw_code rc = take_exactly(r->file, TAG_DATA, pack->bytes, &data, err);
	const char *at = data;

	for (size_t k = 0; k < pack->nchunks && rc == STW_OK; k++) {
		pack->chunks[k].data = at;
		at += chunk_data_bytes(
		    r->col->type, pack->chunks[k].width, rows_of_chunk(pack->rows, k));
	}
	for (size_t k = 0; k < pack->nchunks && rc == STW_OK; k++) {
		size_t bytes = chunk_low_bytes(
		    pack->chunks[k].width, rows_of_chunk(pack->rows, k));

		pack->chunks[k].low = bytes == 0 ? NULL : at;
		at += bytes;
	}
	return rc;
}

static enum stw_code
read_valid(struct reading *r, const struct col_pack *pack, struct stw_err *err)
{
	size_t words = (r->rows + 63) / 64;
	enum stw_code rc;

	if (pack->missing == 0)
		return STW_OK;
	r->col->valid = stw_xalloc(words * sizeof *r->col->valid);
	rc = table_file_copy(
	    r->file, TAG_VALID, r->col->valid, words * sizeof *r->col->valid, err);
	if (rc != STW_OK)
		return rc;
	if (r->rows % 64 != 0 && r->col->valid[words - 1] >> r->rows % 64 != 0)
		return bad_column(r, err, "there are marks past its last row");
	for (size_t k = 0; k < pack->nchunks; k++) {
		size_t n = rows_of_chunk(r->rows, k);

		if (count_bits(r->col->valid + k * TABLE_CHUNK / 64, (n + 63) / 64) !=
		    n - pack->chunks[k].missing)
			return bad_column(
			    r, err, "its count of missing values is wrong");
	}
	return STW_OK;
}

static enum stw_code
read_pack(struct reading *r, struct stw_err *err)
{
	struct col_pack *pack = col_pack_blank(r->rows);
	enum stw_code rc;

	r->col->pack = pack; /* freed with the table */
	if (r->file->map != NULL)
		pack->map = table_map_ref(r->file->map);
	rc = read_chunks(r, pack, err);
	if (rc == STW_OK)
		rc = read_data(r, pack, err);
	if (rc == STW_OK)
		rc = read_valid(r, pack, err);
	for (size_t k = 0; k < pack->nchunks && rc == STW_OK; k++)
		if (!values_fit(r, &pack->chunks[k], k * TABLE_CHUNK,
			rows_of_chunk(r->rows, k)))
			rc = bad_column(
			    r, err, "a value lies outside of what is said of them");
	return rc;
}

/* ---- dictionaries ---------------------------------------------------------------- */
static bool
strings_fit(const uint64_t *starts, const char *bytes, size_t size, uint32_t count)
{
	if (starts[0] != 0 || starts[count] != size)
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (starts[i + 1] <= starts[i] || starts[i + 1] > size ||
		    bytes[starts[i + 1] - 1] != '\0')
			return false;
	return true;
}

/* Each string has one slot: half of them are free, so that a search ends. */
static bool
slots_fit(const uint32_t *slots, uint32_t nslots, uint32_t count)
{
	uint32_t used = 0;

	for (uint32_t i = 0; i < nslots; i++) {
		if (slots[i] > count)
			return false;
		used += slots[i] != 0;
	}
	return used == count;
}

static enum stw_code
read_dict(struct reading *r, uint32_t nslots, struct stw_err *err)
{
	const void *starts, *bytes, *slots;
	size_t size;
	enum stw_code rc;

	if (r->strings == 0 || nslots < 2 || (nslots & (nslots - 1)) != 0 ||
	    r->strings > nslots / 2)
		return bad_column(r, err, "its dictionary cannot be of that size");
	rc = take_exactly(
	    r->file, TAG_STARTS, ((uint64_t)r->strings + 1) * 8, &starts, err);
	if (rc == STW_OK)
		rc = table_file_take(r->file, TAG_BYTES, &bytes, &size, err);
	if (rc == STW_OK)
		rc =
		    take_exactly(r->file, TAG_SLOTS, nslots * (uint64_t)4, &slots, err);
	if (rc != STW_OK)
		return rc;
	if (!strings_fit(starts, bytes, size, r->strings) ||
	    !slots_fit(slots, nslots, r->strings))
		return bad_column(r, err, "its dictionary is not in order");
	r->col->dict =
	    col_dict_fixed(r->file->map, starts, bytes, r->strings, slots, nslots);
	return STW_OK;
}

/* ---- tables ---------------------------------------------------------------------- */
static bool
name_fits(const char name[FILE_NAME])
{
	return name[0] != '\0' && memchr(name, '\0', FILE_NAME) != NULL;
}

/* The table has no row yet: its columns are made empty and then filled. */
static enum stw_code
read_column(
    struct table_file *file, struct table *table, size_t rows, struct stw_err *err)
{
	struct reading r = {.file = file, .table = table->name, .rows = rows};
	struct file_column c;
	enum stw_code rc = table_file_copy(file, TAG_COLUMN, &c, sizeof c, err);
	int col;

	if (rc != STW_OK)
		return rc;
	if (!name_fits(c.name) || c.type <= COL_NONE || c.type > COL_MONEY ||
	    (c.type == COL_MONEY && memchr(c.currency, '\0', 4) != c.currency + 3) ||
	    table_find_column(table, c.name) >= 0)
		return bad(file, err, "%s: a column without name or type", table->name);
	col = table_add_column(table, c.name, (enum col_type)c.type);
	r.col = &table->cols[col];
	r.strings = c.strings;
	free(r.col->flat);
	free(r.col->valid);
	r.col->flat = NULL;
	r.col->valid = NULL;
	if (c.type == COL_MONEY)
		memcpy(r.col->currency, c.currency, sizeof r.col->currency);
	rc = read_pack(&r, err);
	if (rc == STW_OK && c.type == COL_STRING) {
		col_dict_free(r.col->dict);
		r.col->dict = NULL;
		rc = read_dict(&r, c.slots, err);
	}
	return rc;
}

static enum stw_code
read_child(
    struct table_file *file, struct table *table, size_t rows, struct stw_err *err)
{
	size_t size = (rows + 1) * sizeof(uint32_t);
	const void *data;
	const uint32_t *offsets;
	struct table *child;
	enum stw_code rc = take_exactly(file, TAG_OFFSETS, size, &data, err);
	int c;

	if (rc == STW_OK)
		rc = table_file_table(file, &child, err);
	if (rc != STW_OK)
		return rc;
	c = table_add_child(table, child->name, child);
	free(table->children[c].offsets);
	table->children[c].offsets = stw_xalloc(size);
	memcpy(table->children[c].offsets, data, size);
	offsets = table->children[c].offsets;
	if (offsets[0] != 0 || offsets[rows] != child->rows)
		return bad(file, err, "%s: its rows do not add up", child->name);
	for (size_t i = 0; i < rows; i++)
		if (offsets[i] > offsets[i + 1])
			return bad(
			    file, err, "%s: its rows are not in order", child->name);
	return STW_OK;
}

static enum stw_code
read_table(struct table_file *file, const struct file_table *head, struct table *table,
    struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	for (uint32_t i = 0; i < head->ncols && rc == STW_OK; i++)
		rc = read_column(file, table, head->rows, err);
	for (uint32_t i = 0; i < head->nchildren && rc == STW_OK; i++)
		rc = read_child(file, table, head->rows, err);
	table->rows = table->cap = head->rows;
	return rc;
}

enum stw_code
table_file_table(struct table_file *file, struct table **out, struct stw_err *err)
{
	struct file_table head;
	struct table *table;
	enum stw_code rc = table_file_copy(file, TAG_TABLE, &head, sizeof head, err);

	*out = NULL;
	if (rc != STW_OK)
		return rc;
	if (head.rows > UINT32_MAX || head.ncols == 0 || head.ncols > FILE_COLS ||
	    head.nchildren > FILE_KIDS || !name_fits(head.name) ||
	    file->deep == FILE_DEEP)
		return bad(file, err, "a table of that shape cannot be");
	table = table_new(head.name, 0);
	file->deep++;
	rc = read_table(file, &head, table, err);
	file->deep--;
	if (rc == STW_OK)
		*out = table;
	else
		table_free(table);
	return rc;
}
